"""Trains the ranker in two stages. A run that was killed goes on from what it has finished.

  python train.py pretrain --catalogue PATH [--catalogue PATH …] --out runs/pretrain
  python train.py validate (the same flags as below): tells nDCG@10 after each epoch on a part of the queries outside fold 0
  python train.py crossvalidate --catalogue PATH --ratings PATH --start runs/pretrain --out runs/cv
  python train.py finetune (the same flags): one model from all ratings, in weights.pt

crossvalidate trains as finetune does, once a fold, and writes the scores of the held-out queries to folds.json.
"""
import argparse
import json
import random
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from transformers import get_linear_schedule_with_warmup

import data
import metrics
from model import BiEncoder, Ranker, Read, base_folder, load_tokenizer, score
from text import product_text


def listwise(logits, grades, k=10):
    """LambdaLoss for nDCG@k over one query's products (Wang et al., CIKM 2018, NDCG-Loss2++ weights)."""
    order = torch.argsort(logits, descending=True)
    s, g = logits[order], grades[order]
    ranks = torch.arange(1, len(s) + 1, dtype=s.dtype)
    discount = 1 / torch.log2(ranks + 1)
    ideal = (torch.sort(g, descending=True)[0][:k] * discount[:k]).sum().clamp(min=1e-6)
    gain = (g[:, None] - g[None, :]).clamp(min=0) / ideal
    weight = gain * (discount[:, None] - discount[None, :]).abs() + gain * 0.1
    return (weight * nn.functional.softplus(-(s[:, None] - s[None, :]))).sum()


def pairwise(logits, grades):
    """RankNet over one query's products: a better grade should score higher."""
    better = (grades[:, None] > grades[None, :]).float()
    loss = better * nn.functional.softplus(-(logits[:, None] - logits[None, :]))
    return loss.sum() / better.sum().clamp(min=1)


def loss_of(logits, own, targets, weights):
    """The loss of a batch: logits [queries, products]; own [queries, products] says which products were given for which
    query, and targets holds their relevance 0..1.

    Binary cross-entropy on what is own, the losses that rank over each query's own, and for the products of the other
    queries cross-entropy with 0, unless the model already holds them for possible: nobody has said that they are not.
    """
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    loss = weights["bce"] * entropy[own].mean()
    others = ~own & (logits.detach() < 0)
    if weights["others"] and others.any():
        loss = loss + weights["others"] * entropy[others].mean()
    for of, weight in ((pairwise, weights["pairwise"]), (listwise, weights["listwise"])):
        if weight:
            loss = loss + weight * sum(of(row[mine], target[mine]) for row, mine, target in zip(logits, own, targets)) / len(logits)
    return loss


def optimise(model, steps, cfg):
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    head = [p for n, p in trained if n.startswith("weigh")]
    body = [p for n, p in trained if not n.startswith("weigh")]
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


def make_pairs(settings, catalogues, path, embed):
    """The first stage's pairs, made once: each catalogue has its share by the root of its size."""
    if not path.exists():
        cfg = settings["pretrain"]
        synonyms = data.read_synonyms(Path(__file__).parent / cfg["synonyms"])
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

    def logits(self, model, batch):
        """(logits, own, targets) of a batch of groups (query, [(product text, target)])."""
        products = [self.product[text] for _, some in batch for text, _ in some]
        hidden, mask = self.products.batch(products)
        asked, asked_mask = self.queries.batch([self.query[q] for q, _ in batch])
        logits = model.compare(model.finish(asked, asked_mask), asked_mask, model.finish(hidden, mask), mask)
        own, targets, at = torch.zeros_like(logits, dtype=torch.bool), torch.zeros_like(logits), 0
        for row, (_, some) in enumerate(batch):
            own[row, at:at + len(some)] = True
            targets[row, at:at + len(some)] = torch.tensor([target for _, target in some])
            at += len(some)
        return logits, own, targets


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


def step_on(model, texts, batch, optimizer, schedule, cfg):
    """One step; returns its loss."""
    loss = loss_of(*texts.logits(model, batch), cfg["loss"])
    optimizer.zero_grad(), loss.backward(), nn.utils.clip_grad_norm_(model.parameters(), cfg["clip"])
    optimizer.step(), schedule.step()
    return loss.item()


def pretrain(settings, catalogues, out):
    """First stage: generated queries over the catalogues; the targets come from what kind of thing a product is."""
    cfg, checkpoint = settings["pretrain"], Path(out) / "checkpoint.pt"
    folder = base_folder(settings["base"])
    tokenizer = load_tokenizer(folder)
    saved = torch.load(checkpoint, weights_only=False) if checkpoint.exists() else None
    if saved and saved["done"]:
        return
    embed = BiEncoder(folder, tokenizer, settings["max_tokens"]).embed
    pairs = make_pairs(settings, catalogues, Path(out) / "pairs.json", embed)
    torch.manual_seed(settings["seed"])
    model = Ranker(folder, cfg["dropout"], cfg["frozen"])
    texts = Texts(model, tokenizer, [q for q, _, _ in pairs], [t for _, t, _ in pairs], settings)
    groups, rng = data.by_query(pairs), random.Random(settings["seed"])
    parts = [part for _ in range(cfg["epochs"]) for part in batches(groups, cfg["batch"], rng)]
    optimizer, schedule = optimise(model, len(parts), cfg)
    step = 0
    if saved:
        model.load_state_dict(saved["model"]), optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        step = saved["step"]
    writer, progress, first, smooth = SummaryWriter(out), Progress("pretrain"), step, None
    model.train()
    while step < len(parts):
        loss = step_on(model, texts, parts[step], optimizer, schedule, cfg)
        step += 1
        smooth = loss if smooth is None else 0.95 * smooth + 0.05 * loss
        writer.add_scalar("pretrain/loss", loss, step)
        progress(step - first, len(parts) - first, smooth)
        if step % 25 == 0 or step == len(parts):
            save(checkpoint, model=model.state_dict(), optimizer=optimizer.state_dict(), schedule=schedule.state_dict(),
                 step=step, done=step == len(parts))
    writer.close()


class Rated:
    """The rated pairs and the generated ones that are trained on beside them, read by the frozen layers once.

    rows[query] holds (grade, [(query, text) as it is and altered copies]). Products are in order of docid, so that ties
    do not depend on the grade.
    """

    def __init__(self, settings, products, ratings, start):
        cfg, rng = settings["finetune"], random.Random(settings["seed"])
        self.folder = base_folder(settings["base"])
        self.start = torch.load(Path(start) / "checkpoint.pt", weights_only=False)["model"] if start else None
        self.rows, self.replayed = {}, []
        for query, rated in sorted(ratings.items()):
            altered = [data.alter_query(query, cfg, rng) for _ in range(cfg["altered_copies"])]
            for docid, grade in sorted(rated):
                if docid in products:
                    text = product_text(products[docid])
                    copies = [(query, text)] + [(q, data.alter_text(text, cfg, rng)) for q in altered]
                    self.rows.setdefault(query, []).append((grade, copies))
        if start and cfg["replayed"]:
            generated = json.loads((Path(start) / "pairs.json").read_text())
            self.replayed = data.by_query(generated)[:cfg["replayed"]]
        pairs = [pair for rows in self.rows.values() for _, copies in rows for pair in copies]
        queries = [q for q, _ in pairs] + [q for q, _ in self.replayed]
        texts = [t for _, t in pairs] + [t for _, some in self.replayed for t, _ in some]
        self.texts = Texts(self.model(settings), load_tokenizer(self.folder), queries, texts, settings)

    def model(self, settings):
        """A model at the start of the second stage."""
        model = Ranker(self.folder, settings["finetune"]["dropout"], settings["finetune"]["frozen"])
        if self.start:
            model.load_state_dict(self.start)
        return model

    def scored(self, model, queries):
        """{query: [(score, grade)]}"""
        queries = [q for q in queries if q in self.rows]
        groups = [(self.texts.query[q], [self.texts.product[copies[0][1]] for _, copies in self.rows[q]]) for q in queries]
        scores = score(model, self.texts.queries, self.texts.products, groups)
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
            writer.add_scalar("finetune/loss", step_on(model, rated.texts, part, optimizer, schedule, cfg), step)
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
    """The mean of the weights of a few models that differ by their seed, and of those that the BERT came with: one model to
    run, steadier than each and nearer to what it knew of words that no rating speaks of (WiSE-FT, Wortsman et al. 2022)."""
    cfg, kept = settings["finetune"], []
    for n in range(cfg["seeds"]):
        writer = SummaryWriter(Path(out) / f"seed{n}")
        kept.append(train_once(settings, rated, train, settings["seed"] + n, writer))
        writer.close()
    model = rated.model(settings)
    came = Ranker(rated.folder).state_dict()
    model.load_state_dict({k: cfg["came_with"] * came[k] + (1 - cfg["came_with"]) * torch.stack([w[k] for w in kept]).mean(0)
                           if v.is_floating_point() else v for k, v in kept[0].items()})
    return model


def crossvalidate(settings, products, ratings, start, out):
    """One model a fold; writes every held-out query's scores, from which evaluate.py makes its report, and to
    start.json those of the model that it starts from, which has seen no rating."""
    results, rated = {}, None
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
            model = finetune(settings, rated, train, Path(out) / f"fold{i}")
            scored = rated.scored(model, held)
            save(Path(out) / f"fold{i}.pt", model=model.state_dict())
            done.write_text(json.dumps({"held": data.fingerprint(held), "train": data.fingerprint(train), "scores": scored}))
        results.update(json.loads(done.read_text())["scores"])
        values = [metrics.ndcg(p) for p in results.values()]
        print(f"folds 0..{i}: judged nDCG@10 {metrics.mean(values):.4f} over {len(values)} queries", flush=True)
        progress(i + 1, len(parts))
    values = [metrics.ndcg(p) for p in results.values()]
    low, high = metrics.interval(values, settings["bootstrap"], settings["seed"])
    summary = {"ndcg@10": metrics.mean(values), "ci95": [low, high], "queries": len([v for v in values if v is not None])}
    (Path(out) / "folds.json").write_text(json.dumps({"summary": summary, "settings": settings["finetune"], "scores": results}))
    print(json.dumps(summary))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["pretrain", "validate", "crossvalidate", "finetune"])
    parser.add_argument("--settings", default=Path(__file__).parent / "settings.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--catalogue", action="append", required=True, metavar="PATH")
    parser.add_argument("--ratings")
    parser.add_argument("--start", help="folder of a run to start from")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    settings = data.read_settings(args.settings, args.set)
    torch.set_num_threads(settings["threads"])
    catalogues = [data.load_products(path) for path in args.catalogue]
    Path(args.out).mkdir(parents=True, exist_ok=True)
    if args.stage == "pretrain":
        return pretrain(settings, catalogues, args.out)
    products = {sku: p for c in catalogues for sku, p in c.items()}
    ratings = data.load_ratings(args.ratings)
    if args.stage == "crossvalidate":
        return crossvalidate(settings, products, ratings, args.start, args.out)
    rated = Rated(settings, products, ratings, args.start)
    if args.stage == "validate":
        _, *rest = data.folds(ratings, settings["folds"], settings["seed"])
        train, valid = data.validation_split([q for part in rest for q in part], settings["seed"])
        train_once(settings, rated, train, settings["seed"], SummaryWriter(args.out), valid)
        return
    model = finetune(settings, rated, sorted(ratings), args.out)
    save(Path(args.out) / "weights.pt", model=model.state_dict())


if __name__ == "__main__":
    main()
