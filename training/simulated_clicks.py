"""What learning from clicks is worth where the truth is known. Customers are made up who look at the first places more than at the later ones and
click and buy what people graded well; the click head learns from what they clicked, and is asked for the order of queries that no
list was shown for, fold by fold. Real customers are not like that: this says whether the stage works, not what a shop gains.

  python simulated_clicks.py --catalogue PATH --ratings PATH --before runs/before.json --start runs/pretrain --out runs/clicks

The lists are in the order of --before (`floorwalker eval relevance --first-stage --scores`), a part of them shuffled, so that places and products can be
told apart.
"""
import argparse
import json
import random
import subprocess
import sys
from pathlib import Path

import data
import metrics
import train

# How often a product of each grade is clicked when it is looked at, and bought when it is clicked.
CLICKED, BOUGHT = (0.05, 0.15, 0.4, 0.6), (0.0, 0.02, 0.1, 0.2)
SHOWN, SHUFFLED = 24, 0.3


def lists(queries, ratings, products, before, visits, rng):
    """Lists as `floorwalker export-lists` writes them."""
    for query in queries:
        rated = [(d, g) for d, g in sorted(ratings[query]) if d in products]
        if query not in before or len(before[query]) != len(rated):
            continue  # nothing of it fits, so that it was not measured
        order = sorted(range(len(rated)), key=lambda i: -before[query][i][0])
        for _ in range(visits):
            shown = rng.sample(order, len(order)) if rng.random() < SHUFFLED else order
            cards = []
            for place, i in enumerate(shown[:SHOWN], 1):
                sku, grade = rated[i]
                clicked = rng.random() < CLICKED[grade] / place ** 0.7
                bought = clicked and rng.random() < BOUGHT[grade]
                cards.append({"sku": sku, "position": place, "clicked": clicked, "carted": bought, "bought": bought})
            yield {"query": query, "model": "simulated", "cards": cards}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", default=train.HERE / "settings.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    for name in ("catalogue", "ratings", "before", "start", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--folds", type=int, help="do only the first ones")
    parser.add_argument("--visits", type=int, default=100, help="of each query")
    args = parser.parse_args()
    settings = data.read_settings(args.settings, args.set)
    products, ratings = data.load_products(args.catalogue), data.load_ratings(args.ratings)
    before = json.loads(Path(args.before).read_text())["scores"]
    rated = train.Rated(settings, products, ratings, args.start)
    values = {"before": [], "relevance": [], "click": []}
    for fold, held in enumerate(data.folds(ratings, settings["folds"], settings["seed"])[:args.folds]):
        out = Path(args.out) / f"fold{fold}"
        out.mkdir(parents=True, exist_ok=True)
        with open(out / "lists.jsonl", "w", encoding="utf-8") as f:
            for one in lists(sorted(set(ratings) - set(held)), ratings, products, before, args.visits, random.Random(settings["seed"] + fold)):
                f.write(json.dumps(one) + "\n")
        changed = [part for item in args.set for part in ("--set", item)]
        subprocess.run([sys.executable, str(train.HERE / "train.py"), "clicks", "--settings", str(args.settings), *changed, "--catalogue", args.catalogue, "--lists",
                        str(out / "lists.jsonl"), "--start", args.start, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
        model = rated.model(settings)
        values["before"] += ndcg(rated.scored(model, held))
        model.load_state_dict(train.read_start(out)["model"])
        for head in ("relevance", "click"):
            values[head] += ndcg(rated.scored(model, held, head))
        print(f"folds 0..{fold}: " + ", ".join(f"{head} {metrics.mean(some):.4f}" for head, some in values.items()), flush=True)
    print("| order by | nDCG@10 |\n|---|---|")
    for head, some in values.items():
        low, high = metrics.interval(some, settings["bootstrap"], settings["seed"])
        print(f"| {head} | {metrics.mean(some):.4f} [{low:.3f}, {high:.3f}] |")


def ndcg(scored):
    return [metrics.ndcg(pairs) for pairs in scored.values()]


if __name__ == "__main__":
    main()
