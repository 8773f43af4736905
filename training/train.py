"""Trains the ranker in two stages. Every stage writes checkpoints and goes on from the last one after a kill.

  python train.py pretrain --catalogue PATH [--catalogue PATH …] --out runs/pretrain
  python train.py finetune --catalogue PATH --ratings PATH --start runs/pretrain --out runs/final
  python train.py crossvalidate (the same flags): one model for each fold, scores of the held-out queries in folds.json
"""
import argparse
import json
import random
import time
from pathlib import Path

import torch
import yaml
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from transformers import get_linear_schedule_with_warmup

import data
import metrics
from model import BiEncoder, CrossEncoder, base_folder, encode, load_tokenizer, score
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


def batches(ratings, products, queries, settings, rng):
    """Batches of (queries, texts, grades 0..1). For pairwise and listwise loss a batch is part of one query."""
    cfg, size = settings["finetune"], settings["batch"]
    rows = [(q, product_text(products[d]), g / 3) for q in queries for d, g in ratings[q] if d in products]
    if cfg["loss"] == "bce":
        rng.shuffle(rows)
        parts = [rows[i:i + size] for i in range(0, len(rows), size)]
    else:
        parts = []
        for q in queries:
            mine = [r for r in rows if r[0] == q]
            rng.shuffle(mine)
            parts += [mine[i:i + size] for i in range(0, len(mine), size)]
        rng.shuffle(parts)
    for part in parts:
        pairs = [data.augment(q, t, cfg, rng) for q, t, _ in part]
        yield [q for q, _ in pairs], [t for _, t in pairs], torch.tensor([g for _, _, g in part])


def judged(model, tokenizer, ratings, products, queries, max_tokens):
    """{query: [(score, grade)]} over the rated products, in order of docid."""
    rows = [(q, d, g) for q in queries for d, g in sorted(ratings[q]) if d in products]
    scores = score(model, tokenizer, [q for q, _, _ in rows], [product_text(products[d]) for _, d, _ in rows], max_tokens)
    out = {}
    for (q, d, g), s in zip(rows, scores):
        out.setdefault(q, []).append((s, g))
    return out


class Checkpoints:
    """The state of a run in one file, replaced whole, so that a kill at any moment leaves a usable one."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / "checkpoint.pt"

    def save(self, **state):
        temporary = self.path.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(self.path)

    def load(self):
        return torch.load(self.path, weights_only=False) if self.path.exists() else None


def optimise(model, steps, learning_rate, weight_decay, warmup):
    decay = [p for n, p in model.named_parameters() if p.ndim > 1]
    rest = [p for n, p in model.named_parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": weight_decay},
                                   {"params": rest, "weight_decay": 0.0}], lr=learning_rate)
    return optimizer, get_linear_schedule_with_warmup(optimizer, int(warmup * steps), steps)


def progress(step, steps, loss, began):
    left = (time.time() - began) / max(step, 1) * (steps - step)
    print(f"\r{step}/{steps} steps, loss {loss:.4f}, {left / 60:.1f} min left ", end="", flush=True)


def pretrain(settings, catalogues, out):
    """First stage: generated queries over the catalogues; the targets come from what kind of thing a product is."""
    cfg = settings["pretrain"]
    folder = base_folder(settings["base"])
    tokenizer = load_tokenizer(folder)
    checkpoints = Checkpoints(out)
    saved = checkpoints.load()
    if saved and saved["done"]:
        return
    pairs_file = Path(out) / "pairs.json"
    if pairs_file.exists():
        pairs = json.loads(pairs_file.read_text())
    else:
        encoder = BiEncoder(folder, tokenizer, settings["max_tokens"])
        synonyms = data.read_synonyms(Path(__file__).parent / cfg["synonyms"])
        whole, pairs = sum(len(c) ** 0.5 for c in catalogues), []
        for products in catalogues:
            share = {**cfg, "pairs": int(cfg["pairs"] * len(products) ** 0.5 / whole)}
            pairs += data.generated_pairs(list(products.values()), encoder.embed, synonyms, share, settings["seed"])
        random.Random(settings["seed"]).shuffle(pairs)
        pairs_file.write_text(json.dumps(pairs))
    torch.manual_seed(settings["seed"])
    model = CrossEncoder(folder)
    steps = cfg["epochs"] * (len(pairs) // settings["batch"])
    optimizer, schedule = optimise(model, steps, cfg["learning_rate"], 0.01, 0.05)
    step = 0
    if saved:
        model.load_state_dict(saved["model"]), optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        step = saved["step"]
    writer, began, first = SummaryWriter(out), time.time(), step
    model.train()
    while step < steps:
        at = (step * settings["batch"]) % (len(pairs) - settings["batch"] + 1)
        part = pairs[at:at + settings["batch"]]
        logits = model(**encode(tokenizer, [p[0] for p in part], [p[1] for p in part], settings["max_tokens"]))
        loss = nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor([p[2] for p in part]))
        optimizer.zero_grad(), loss.backward(), nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(), schedule.step()
        step += 1
        if step % 10 == 0:
            progress(step - first, steps - first, loss.item(), began)
            writer.add_scalar("pretrain/loss", loss.item(), step)
        if step % 100 == 0 or step == steps:
            checkpoints.save(model=model.state_dict(), optimizer=optimizer.state_dict(),
                             schedule=schedule.state_dict(), step=step, done=step == steps)
    writer.close()


def finetune(settings, products, ratings, train, valid, start, out):
    """Second stage on graded ratings; keeps the weights of the best validation epoch, or the last without one."""
    cfg = settings["finetune"]
    folder = base_folder(settings["base"])
    tokenizer = load_tokenizer(folder)
    checkpoints = Checkpoints(out)
    saved = checkpoints.load()
    torch.manual_seed(settings["seed"])
    model = CrossEncoder(folder, cfg["dropout"])
    if start:
        model.load_state_dict(torch.load(Path(start) / "checkpoint.pt", weights_only=False)["model"])
    rows = sum(len(ratings[q]) for q in train)
    steps = cfg["epochs"] * (rows // settings["batch"] + 1)
    optimizer, schedule = optimise(model, steps, cfg["learning_rate"], cfg["weight_decay"], cfg["warmup"])
    state = {"epoch": 0, "best": -1.0, "stale": 0, "weights": None, "done": False}
    if saved:
        model.load_state_dict(saved["model"]), optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        state = saved["state"]
    writer, began = SummaryWriter(out), time.time()
    while not state["done"]:
        epoch = state["epoch"]
        rng = random.Random(settings["seed"] * 1000 + epoch)
        model.train()
        for i, (queries, texts, grades) in enumerate(batches(ratings, products, train, settings, rng)):
            logits = model(**encode(tokenizer, queries, texts, settings["max_tokens"]))
            if cfg["loss"] == "bce":
                loss = nn.functional.binary_cross_entropy_with_logits(logits, grades)
            else:
                loss = {"pairwise": pairwise, "listwise": listwise}[cfg["loss"]](logits, grades)
            optimizer.zero_grad(), loss.backward(), nn.utils.clip_grad_norm_(model.parameters(), cfg["clip"])
            optimizer.step(), schedule.step()
            if i % 10 == 0:
                done = epoch * (rows // settings["batch"] + 1) + i
                progress(done, steps, loss.item(), began)
                writer.add_scalar("finetune/loss", loss.item(), done)
        state["epoch"] += 1
        if valid:
            value = metrics.mean(metrics.ndcg(p) for p in judged(model, tokenizer, ratings, products, valid,
                                                                 settings["max_tokens"]).values())
            writer.add_scalar("finetune/valid_ndcg10", value, state["epoch"])
            print(f"\nepoch {state['epoch']}: validation nDCG@10 {value:.4f}")
            if value > state["best"]:
                state.update(best=value, stale=0, weights={k: v.clone() for k, v in model.state_dict().items()})
            else:
                state["stale"] += 1
        state["done"] = state["epoch"] >= cfg["epochs"] or (valid and state["stale"] >= cfg["patience"])
        checkpoints.save(model=model.state_dict(), optimizer=optimizer.state_dict(), schedule=schedule.state_dict(),
                         state=state)
    writer.close()
    if state["weights"]:
        model.load_state_dict(state["weights"])
    return model, tokenizer


def crossvalidate(settings, products, ratings, start, out):
    """One model a fold; writes every held-out query's scores, from which evaluate.py makes its report."""
    results = {}
    parts = data.folds(ratings, settings["folds"], settings["seed"])
    for i, held in enumerate(parts):
        done = Path(out) / f"fold{i}.json"
        if not done.exists():
            train = [q for part in parts if part is not held for q in part]
            model, tokenizer = finetune(settings, products, ratings, train, None, start, Path(out) / f"fold{i}")
            scored = judged(model, tokenizer, ratings, products, held, settings["max_tokens"])
            done.write_text(json.dumps({"held": data.fingerprint(held), "train": data.fingerprint(train),
                                        "scores": scored}))
            (Path(out) / f"fold{i}" / "checkpoint.pt").unlink()
        results.update(json.loads(done.read_text())["scores"])
        values = [metrics.ndcg(p) for p in results.values()]
        print(f"\nfolds 0..{i}: judged nDCG@10 {metrics.mean(values):.4f} over {len(values)} queries")
    values = [metrics.ndcg(p) for p in results.values()]
    low, high = metrics.interval(values, settings["bootstrap"], settings["seed"])
    summary = {"ndcg@10": metrics.mean(values), "ci95": [low, high], "queries": len([v for v in values if v is not None])}
    (Path(out) / "folds.json").write_text(json.dumps({"summary": summary, "scores": results}))
    print(json.dumps(summary))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["pretrain", "finetune", "crossvalidate"])
    parser.add_argument("--settings", default=Path(__file__).parent / "settings.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--catalogue", action="append", required=True, metavar="PATH")
    parser.add_argument("--ratings")
    parser.add_argument("--start", help="folder of a run to start from")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    settings = yaml.safe_load(Path(args.settings).read_text())
    for item in args.set:
        key, value = item.split("=", 1)
        place, *rest = key.split(".")
        if rest:
            settings[place][rest[0]] = yaml.safe_load(value)
        else:
            settings[place] = yaml.safe_load(value)
    torch.set_num_threads(settings["threads"])
    catalogues = [data.load_products(path) for path in args.catalogue]
    Path(args.out).mkdir(parents=True, exist_ok=True)
    if args.stage == "pretrain":
        return pretrain(settings, catalogues, args.out)
    products = {sku: p for c in catalogues for sku, p in c.items()}
    ratings = data.load_ratings(args.ratings)
    if args.stage == "crossvalidate":
        return crossvalidate(settings, products, ratings, args.start, args.out)
    model, _ = finetune(settings, products, ratings, sorted(ratings), None, args.start, args.out)
    torch.save({"model": model.state_dict()}, Path(args.out) / "weights.pt")


if __name__ == "__main__":
    main()
