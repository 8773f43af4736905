"""Trains the ranker in stages. A run that was killed goes on from what it has finished.

  python train.py match --matching FOLDER --out runs/match
  python train.py pretrain --catalogue PATH [--catalogue PATH …] [--start runs/match] --out runs/pretrain
  python train.py distill --start runs/pretrain --out runs/student
  python train.py validate --catalogue PATH --ratings PATH --start runs/pretrain --out runs/valid
  python train.py crossvalidate (the same flags) --out runs/cv
  python train.py finetune (the same flags) --out runs/final
  python train.py clicks --catalogue PATH --lists PATH --start runs/final --out runs/clicks

validate tells nDCG@10 after each epoch on a part of the queries outside fold 0. crossvalidate trains as finetune does, once a
fold, and writes the scores of the held-out queries to folds.json. match, pretrain, distill and clicks may be started by
torchrun; each process then takes its share of the batches.
"""
import argparse
import json
import os
import random
import time
from pathlib import Path

import torch
from torch import distributed, nn
from torch.utils.tensorboard import SummaryWriter
from transformers import get_linear_schedule_with_warmup

import behaviour_log
import data
import losses
import metrics
from augment import Terms, alter_query, alter_text
from model import BiEncoder, Ranker, Read, base_folder, load_tokenizer, score
from text import product_text

HERE = Path(__file__).parent


class Workers:
    """The processes that torchrun started, or this one alone."""

    def __init__(self, device):
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        if self.count > 1:
            distributed.init_process_group("nccl" if device == "cuda" else "gloo")

    def average(self, parameters):
        """Makes each gradient the mean over the processes."""
        if self.count > 1:
            for p in parameters:
                if p.requires_grad:
                    p.grad = torch.zeros_like(p) if p.grad is None else p.grad
                    distributed.all_reduce(p.grad)
                    p.grad /= self.count

    def wait(self):
        if self.count > 1:
            distributed.barrier()


def optimise(model, steps, cfg):
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    head = [p for n, p in trained if n.startswith("heads")]
    body = [p for n, p in trained if not n.startswith("heads")]
    optimizer = torch.optim.AdamW([
        {"params": [p for p in body if p.ndim > 1], "weight_decay": cfg["weight_decay"], "lr": cfg["learning_rate"]},
        {"params": [p for p in body if p.ndim <= 1], "weight_decay": 0.0, "lr": cfg["learning_rate"]},
        {"params": head, "weight_decay": 0.0, "lr": cfg["head_learning_rate"]}])
    return optimizer, get_linear_schedule_with_warmup(optimizer, int(cfg["warmup"] * steps), steps)


class Progress:
    """A line that says how far a stage is, at most once in ten seconds."""

    def __init__(self, what):
        self.what, self.began, self.told = what, time.time(), 0.0

    def __call__(self, done, whole, loss=None):
        now = time.time()
        if now - self.told < 10 and done < whole:
            return
        self.told = now
        left = (now - self.began) / max(done, 1) * (whole - done) / 60
        print(f"{self.what}: {done}/{whole}" + (f", loss {loss:.4f}" if loss is not None else "") + f", {left:.1f} min left", flush=True)


def save(path, **state):
    """Replaces the file whole, so that a kill at any moment leaves a usable one."""
    temporary = Path(path).with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def read_start(path):
    """The weights that a stage starts from, of the folder of an earlier one or of a file; None for those of the BERT."""
    if not path:
        return None
    path = Path(path)
    if path.is_dir():
        path = path / "weights.pt" if (path / "weights.pt").exists() else path / "checkpoint.pt"
    return torch.load(path, weights_only=False)


def make_model(settings, cfg, start):
    """A model with the weights of start, which may be a student of fewer layers."""
    layers = start and start.get("layers")
    folder = base_folder(settings["base"])
    frozen = min(cfg["frozen"], len(layers) - 1) if layers else cfg["frozen"]
    model = Ranker(folder, cfg["dropout"], frozen, layers, settings["precision"] == "bf16", settings["whole"])
    if start:
        model.load_state_dict(start["model"])
    return model.to(device_of(settings))


def device_of(settings):
    """cuda, by torchrun each process its own, or cpu."""
    return f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if settings["device"] == "cuda" else settings["device"]


def make_pairs(settings, catalogues, path):
    """The first stage's pairs, made once: each catalogue has its share by the root of its size."""
    if not path.exists():
        cfg, folder = settings["pretrain"], base_folder(settings["base"])
        embed = BiEncoder(folder, load_tokenizer(folder), settings["max_tokens"], settings["precision"] == "bf16").embed
        synonyms = data.read_synonyms(HERE / settings["synonyms"])
        whole, pairs = sum(len(c) ** 0.5 for c in catalogues), []
        for products in catalogues:
            share = {**cfg, "pairs": int(cfg["pairs"] * len(products) ** 0.5 / whole)}
            pairs += data.generated_pairs(list(products.values()), embed, synonyms, share, settings["seed"])
        random.Random(settings["seed"]).shuffle(pairs)
        path.write_text(json.dumps(pairs))
    return json.loads(path.read_text())


class Texts:
    """Queries and product texts with what the frozen layers make of them, each read once."""

    def __init__(self, model, tokenizer, queries, products, settings):
        queries, products = sorted(set(queries)), sorted(set(products))
        self.query, self.product = {q: i for i, q in enumerate(queries)}, {p: i for i, p in enumerate(products)}
        self.queries = Read(model, tokenizer, queries, settings["max_tokens"] // 2, queries=True)
        self.products = Read(model, tokenizer, products, settings["max_tokens"] - 4, progress=Progress("read"))

    def compare(self, model, batch):
        """(comparisons, own, figures) of a batch of groups (query, [(product text, figure, …)]): own [queries, products] says
        which products were given for which query, and figures is a list of [queries, products], 0 where not own."""
        products = [self.product[text] for _, some in batch for text, *_ in some]
        hidden, mask, ids = self.products.batch(products)
        asked, asked_mask, asked_ids = self.queries.batch([self.query[q] for q, _ in batch])
        found = model.compare((model.finish(asked, asked_mask), asked_mask, asked_ids), (model.finish(hidden, mask), mask, ids))
        own = torch.zeros(found.shape[:2], dtype=torch.bool, device=found.device)
        figures, at = [torch.zeros(found.shape[:2], device=found.device) for _ in batch[0][1][0][1:]], 0
        for row, (_, some) in enumerate(batch):
            own[row, at:at + len(some)] = True
            for figure, values in zip(figures, zip(*(values for _, *values in some))):
                figure[row, at:at + len(some)] = torch.tensor(values, dtype=torch.float)
            at += len(some)
        return found, own, figures

    def relevance_loss(self, model, batch, weights):
        found, own, (targets,) = self.compare(model, batch)
        return losses.relevance(model.heads["relevance"](found).squeeze(-1), own, targets, weights)


def batches(groups, size, rng):
    """Batches of groups with about as many products as size; a long group is parted."""
    parts = []
    for query, some in groups:
        some = list(some)
        rng.shuffle(some)
        parts += [(query, some[i:i + size // 3]) for i in range(0, len(some), size // 3)]
    rng.shuffle(parts)
    out, held = [[]], 0
    for part in parts:
        if held + len(part[1]) > size and out[-1]:
            out.append([])
            held = 0
        out[-1].append(part)
        held += len(part[1])
    return out


def step_on(model, loss, optimizer, schedule, cfg, workers=None):
    """One step; returns its loss."""
    optimizer.zero_grad()
    loss.backward()
    if workers:
        workers.average(model.parameters())
    nn.utils.clip_grad_norm_(model.parameters(), cfg["clip"])
    optimizer.step(), schedule.step()
    return loss.item()


def long_stage(name, settings, out, model, parts, loss_of, workers):
    """Runs a stage over its batches with checkpoints, from which it goes on after a kill as if there had been none: the
    seed of each step's dropout is the step's number. loss_of tells the loss of a batch."""
    cfg, checkpoint = settings[name], Path(out) / "checkpoint.pt"
    steps = len(parts) // workers.count
    optimizer, schedule = optimise(model, steps, cfg)
    step = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(saved["model"]), optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        step = saved["step"]
    workers.wait()  # who is late must not read what the first has written meanwhile
    writer = SummaryWriter(out) if workers.rank == 0 else None
    progress, first, smooth = Progress(name), step, None
    model.train()
    while step < steps:
        place = step * workers.count + workers.rank
        torch.manual_seed(settings["seed"] * 1_000_003 + place)
        loss = step_on(model, loss_of(parts[place]), optimizer, schedule, cfg, workers)
        step += 1
        smooth = loss if smooth is None else 0.95 * smooth + 0.05 * loss
        if writer:
            writer.add_scalar(f"{name}/loss", loss, step)
            progress(step - first, steps - first, smooth)
            if step % 25 == 0 or step == steps:
                save(checkpoint, model=model.state_dict(), layers=model.layers, optimizer=optimizer.state_dict(),
                     schedule=schedule.state_dict(), step=step, done=step == steps)
    if writer:
        writer.close()
    workers.wait()


def is_done(out):
    checkpoint = Path(out) / "checkpoint.pt"
    return checkpoint.exists() and torch.load(checkpoint, weights_only=False)["done"]


def on_pairs(name, settings, pairs, start, out, workers):
    """A stage that learns relevance from pairs (query, product text, target)."""
    cfg = settings[name]
    model = make_model(settings, cfg, read_start(start))
    tokenizer = load_tokenizer(base_folder(settings["base"]))
    texts = Texts(model, tokenizer, [q for q, _, _ in pairs], [t for _, t, _ in pairs], settings)
    groups, rng = data.by_query(pairs), random.Random(settings["seed"])
    parts = [part for _ in range(cfg["epochs"]) for part in batches(groups, cfg["batch"], rng)]
    long_stage(name, settings, out, model, parts, lambda part: texts.relevance_loss(model, part, cfg["loss"]), workers)


def distill(settings, start, out, workers):
    """A student of some of the teacher's layers learns to score as the teacher does, on the texts of the teacher's stage."""
    cfg, teacher = settings["distill"], read_start(start)
    folder = base_folder(settings["base"])
    tokenizer = load_tokenizer(folder)
    pairs = json.loads((Path(start) / "pairs.json").read_text())
    if workers.rank == 0:
        (Path(out) / "pairs.json").write_text(json.dumps(pairs))
    student = make_model(settings, cfg, {"model": some_layers(teacher["model"], cfg["layers"]), "layers": cfg["layers"]})
    master = make_model(settings, {**settings["pretrain"], "dropout": 0.0}, teacher).eval()
    own, theirs = (Texts(m, tokenizer, [q for q, _, _ in pairs], [t for _, t, _ in pairs], settings) for m in (student, master))
    groups, rng = data.by_query(pairs), random.Random(settings["seed"])
    parts = [part for _ in range(cfg["epochs"]) for part in batches(groups, cfg["batch"], rng)]

    def loss_of(part):
        with torch.no_grad():
            taught = master.heads["relevance"](theirs.compare(master, part)[0]).squeeze(-1)
        return losses.distilled(student.heads["relevance"](own.compare(student, part)[0]).squeeze(-1), taught)
    long_stage("distill", settings, out, student, parts, loss_of, workers)


def some_layers(weights, layers):
    """The weights of a model that has only the named layers."""
    out = {}
    for name, value in weights.items():
        before, mark, after = name.partition("encoder.layer.")
        if not mark:
            out[name] = value
            continue
        number, rest = after.split(".", 1)
        if int(number) in layers:
            out[f"{before}{mark}{layers.index(int(number))}.{rest}"] = value
    return out


def clicks(settings, products, lists, start, out, workers):
    """The click head, the conversion head and the encoder that they share learn from lists that customers saw. The relevance
    head is held to what it said before of the same pairs, so that the score does not drift."""
    cfg, begin = settings["clicks"], read_start(start)
    seen = behaviour_log.groups(behaviour_log.read_lists(lists), products)
    if not seen:
        raise SystemExit(f"{lists}: no list with a query and products of the catalogue")
    model, before = (make_model(settings, cfg, begin) for _ in range(2))
    before.eval()
    texts = Texts(model, load_tokenizer(base_folder(settings["base"])), [q for q, _ in seen], [t for _, some in seen for t, *_ in some], settings)
    rng = random.Random(settings["seed"])
    parts = [part for _ in range(cfg["epochs"]) for part in batches(seen, cfg["batch"], rng)]

    def loss_of(part):
        found, own, (attractive, shown, bought, clicked) = texts.compare(model, part)
        click, conversion, relevance = (model.heads[h](found).squeeze(-1) for h in ("click", "conversion", "relevance"))
        with torch.no_grad():
            held = before.heads["relevance"](texts.compare(before, part)[0]).squeeze(-1)
        return losses.behaviour(click, conversion, own, attractive, shown, bought, clicked) + cfg["held"] * losses.distilled(relevance, held)
    long_stage("clicks", settings, out, model, parts, loss_of, workers)


class Rated:
    """The rated pairs and the generated ones that are trained on beside them, read by the frozen layers once.

    rows[query] holds (grade, [(query, text) as it is and altered copies]). Products are in order of docid, so that ties
    do not depend on the grade.
    """

    def __init__(self, settings, products, ratings, start):
        cfg, rng = settings["finetune"], random.Random(settings["seed"])
        self.folder = base_folder(settings["base"])
        self.start = read_start(start)
        self.rows, self.replayed = {}, []
        synonyms, terms = data.read_synonyms(HERE / settings["synonyms"]), Terms(HERE / settings["terms"], settings["seed"])
        for query, rated in sorted(ratings.items()):
            altered = [alter_query(query, cfg, rng, synonyms, terms) for _ in range(cfg["altered_copies"])]
            for docid, grade in sorted(rated):
                if docid in products:
                    text = product_text(products[docid])
                    copies = [(query, text)] + [(q, alter_text(text, cfg, rng)) for q in altered]
                    self.rows.setdefault(query, []).append((grade, copies))
        if start and cfg["replayed"] and (Path(start) / "pairs.json").exists():
            generated = json.loads((Path(start) / "pairs.json").read_text())
            self.replayed = data.by_query(generated)[:cfg["replayed"]]
        pairs = [pair for rows in self.rows.values() for _, copies in rows for pair in copies]
        queries = [q for q, _ in pairs] + [q for q, _ in self.replayed]
        texts = [t for _, t in pairs] + [t for _, some in self.replayed for t, _ in some]
        self.texts = Texts(self.model(settings), load_tokenizer(self.folder), queries, texts, settings)

    def model(self, settings):
        """A model at the start of the second stage."""
        return make_model(settings, settings["finetune"], self.start)

    def scored(self, model, queries, head="relevance"):
        """{query: [(score, grade)]}"""
        queries = [q for q in queries if q in self.rows]
        groups = [(self.texts.query[q], [self.texts.product[copies[0][1]] for _, copies in self.rows[q]]) for q in queries]
        scores = score(model, self.texts.queries, self.texts.products, groups, head)
        return {q: list(zip(some, [grade for grade, _ in self.rows[q]])) for q, some in zip(queries, scores)}

    def batches(self, queries, settings, epoch, rng):
        """An epoch's batches: the rated products of the queries, of which copies take turns, and the replayed groups."""
        cfg = settings["finetune"]
        copy = epoch % (cfg["altered_copies"] + 1)
        groups = [(self.rows[q][0][1][copy][0], [(copies[copy][1], grade / 3) for grade, copies in self.rows[q]])
                  for q in queries if q in self.rows]
        return batches(groups + self.replayed, cfg["batch"], rng)


def train_once(settings, rated, train, seed, writer, valid=()):
    """One model from the queries in train. With queries in valid it stops early and keeps the best epoch's weights."""
    cfg = settings["finetune"]
    torch.manual_seed(seed)
    model = rated.model(settings)
    epochs = [rated.batches(train, settings, epoch, random.Random(seed * 1000 + epoch)) for epoch in range(cfg["epochs"])]
    optimizer, schedule = optimise(model, sum(map(len, epochs)), cfg)
    step, best, stale, weights = 0, -1.0, 0, None
    for epoch, parts in enumerate(epochs):
        model.train()
        for part in parts:
            step += 1
            loss = rated.texts.relevance_loss(model, part, cfg["loss"])
            writer.add_scalar("finetune/loss", step_on(model, loss, optimizer, schedule, cfg), step)
        if valid:
            value = metrics.mean(metrics.ndcg(p) for p in rated.scored(model, valid).values())
            writer.add_scalar("finetune/valid_ndcg10", value, epoch)
            print(f"epoch {epoch + 1}: validation nDCG@10 {value:.4f}", flush=True)
            if value > best:
                best, stale, weights = value, 0, {k: v.clone() for k, v in model.state_dict().items()}
            else:
                stale += 1
                if stale >= cfg["patience"]:
                    break
    return weights or model.state_dict()


def finetune(settings, rated, train, out):
    """(model, single): models that differ by their seed, and one whose weights are their mean. The encoder of each is drawn
    towards that which the BERT came with, which knows of words that no rating speaks of (WiSE-FT, Wortsman et al. 2022)."""
    cfg, kept = settings["finetune"], []
    came = make_model(settings, cfg, None).state_dict() if not (rated.start and rated.start.get("layers")) else rated.start["model"]
    for n in range(cfg["seeds"]):
        writer = SummaryWriter(Path(out) / f"seed{n}")
        weights = train_once(settings, rated, train, settings["seed"] + n, writer)
        writer.close()
        kept.append({k: torch.lerp(v, came[k].to(v.device), cfg["came_with"]) if k.startswith("bert") and v.is_floating_point() else v
                     for k, v in weights.items()})
    mean = {k: torch.stack([w[k] for w in kept]).mean(0) if v.is_floating_point() else v for k, v in kept[0].items()}

    def loaded(weights):
        model = rated.model(settings)
        model.load_state_dict(weights)
        return model
    return loaded(mean), [loaded(weights) for weights in kept]


def crossvalidate(settings, products, ratings, start, out):
    """One model a fold; writes every held-out query's scores, from which evaluate.py makes its report, and to
    start.json those of the model that it starts from, which has seen no rating."""
    results, rated = {"scores": {}, "single": {}, "scores_averaged": {}}, None
    parts = data.folds(ratings, settings["folds"], settings["seed"])
    progress = Progress("crossvalidate")
    for i, held in enumerate(parts):
        done = Path(out) / f"fold{i}.json"
        if not done.exists():
            if rated is None:
                rated = Rated(settings, products, ratings, start)
                scored = rated.scored(rated.model(settings), sorted(ratings))
                (Path(out) / "start.json").write_text(json.dumps({"scores": scored}))
                print(f"start: judged nDCG@10 {metrics.mean(metrics.ndcg(p) for p in scored.values()):.4f}", flush=True)
            train = [q for part in parts if part is not held for q in part]
            model, single = finetune(settings, rated, train, Path(out) / f"fold{i}")
            scored, each = rated.scored(model, held), [rated.scored(one, held) for one in single]
            save(Path(out) / f"fold{i}.pt", model=model.state_dict(), layers=model.layers)
            done.write_text(json.dumps({"held": data.fingerprint(held), "train": data.fingerprint(train), "scores": scored,
                                        "single": each[0], "scores_averaged": averaged(each)}))
        fold = json.loads(done.read_text())
        for kind, found in results.items():
            found.update(fold[kind])
        values = [metrics.ndcg(p) for p in results["scores"].values()]
        print(f"folds 0..{i}: judged nDCG@10 {metrics.mean(values):.4f} over {len(values)} queries", flush=True)
        progress(i + 1, len(parts))
    values = [metrics.ndcg(p) for p in results["scores"].values()]
    low, high = metrics.interval(values, settings["bootstrap"], settings["seed"])
    summary = {"ndcg@10": metrics.mean(values), "ci95": [low, high], "queries": len([v for v in values if v is not None])}
    (Path(out) / "folds.json").write_text(json.dumps({"summary": summary, "settings": settings["finetune"], **results}))
    print(json.dumps(summary))


def averaged(each):
    """{query: [(score, grade)]} with the mean of the scores of several models."""
    return {q: [(sum(scored[q][i][0] for scored in each) / len(each), grade) for i, (_, grade) in enumerate(rows)]
            for q, rows in each[0].items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["match", "pretrain", "distill", "validate", "crossvalidate", "finetune", "clicks"])
    parser.add_argument("--settings", default=HERE / "settings.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--catalogue", action="append", default=[], metavar="PATH")
    parser.add_argument("--matching", help="folder of pairs of matching products")
    parser.add_argument("--ratings")
    parser.add_argument("--lists", help="what `floorwalker export-lists` wrote")
    parser.add_argument("--start", help="folder of a run to start from")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    settings = data.read_settings(args.settings, args.set)
    torch.set_num_threads(settings["threads"])
    Path(args.out).mkdir(parents=True, exist_ok=True)
    if is_done(args.out):
        return
    workers = Workers(settings["device"])
    if workers.count > 1 and args.stage not in ("match", "pretrain", "distill", "clicks"):
        raise SystemExit(f"{args.stage} runs in one process")
    if args.stage == "match":
        return on_pairs("match", settings, data.matching_pairs(args.matching, "train"), args.start, args.out, workers)
    if args.stage == "distill":
        return distill(settings, args.start, args.out, workers)
    catalogues = [data.load_products(path) for path in args.catalogue]
    if args.stage == "pretrain":
        if workers.rank:
            workers.wait()  # the first makes the pairs
        pairs = make_pairs(settings, catalogues, Path(args.out) / "pairs.json")
        if not workers.rank:
            workers.wait()
        return on_pairs("pretrain", settings, pairs, args.start, args.out, workers)
    products = {sku: p for c in catalogues for sku, p in c.items()}
    if args.stage == "clicks":
        return clicks(settings, products, args.lists, args.start, args.out, workers)
    ratings = data.load_ratings(args.ratings)
    if args.stage == "crossvalidate":
        return crossvalidate(settings, products, ratings, args.start, args.out)
    rated = Rated(settings, products, ratings, args.start)
    if args.stage == "validate":
        train, valid = data.inner_split(ratings, settings)
        train_once(settings, rated, train, settings["seed"], SummaryWriter(args.out), valid)
        return
    model, _ = finetune(settings, rated, sorted(ratings), args.out)
    save(Path(args.out) / "weights.pt", model=model.state_dict(), layers=model.layers)


if __name__ == "__main__":
    main()
