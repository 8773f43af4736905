"""What customers take up: foretells from the ranker's features, the fine-tuned BERT's score and the customer's liking among them, what is
done with a product that is shown, by LightGBM, exported to ONNX for Go.

    floorwalker export-lists > lists.jsonl
    python takeup.py lists.jsonl --out takeup
    floorwalker serve --takeup takeup

Nothing is 0, a click 0.1, a cart 0.5, a purchase 1, as the server weighs them. The place in the list is a feature of its own; the
server asks what would be done in the first, so that a product is not held to be better because it stood there. The latest fifth of the
lists is held out: where the trees foretell it no better than places and the ranker's own relevance do, nothing is written.

    python takeup.py --simulated 20000 --out …      # lists of a world whose truth is known
"""

import argparse
import json
from pathlib import Path

import lightgbm as lgb
import numpy as np

SEED = 20261127
UNKNOWN = -9.0
# ranking.TakeupFeatures
FEATURES = ["semantic", "words", "kind", "cross", "text", "rating", "in_stock", "margin", "freshness", "delivery", "relevance", "personal", "position"]
DEPTH = 10

CARD = """# takeup

Trees that foretell from the ranker's features what customers do with a product that they are shown.

- Source: trained by `training/takeup.py` (LightGBM)
- Licence: Apache-2.0
- Data: {data}
- Held out: {held}
- Inputs: `features`, float [batch, 13], as `ranking.TakeupFeatures`, -9 for what is not known; output: 0 for nothing to 1 for a purchase
"""


def gain(card):
    return 1.0 if card["bought"] else 0.5 if card["carted"] else 0.1 if card["clicked"] else 0.0


def rows_of(lists):
    """Features, gains and the sizes of the lists whose features are known."""
    rows, gains, sizes = [], [], []
    for one in lists:
        cards = [c for c in one["cards"] if len(c.get("features") or []) in (len(FEATURES) - 2, len(FEATURES) - 1)]
        for c in cards:
            known = [UNKNOWN if v is None else v for v in c["features"]]
            rows.append(known + [0.0] * (len(FEATURES) - 1 - len(known)) + [c["position"]])  # from before liking was a feature
            gains.append(gain(c))
        if cards:
            sizes.append(len(cards))
    return np.array(rows, np.float32).reshape(-1, len(FEATURES)), np.array(gains), sizes


def ndcg(scores, gains, sizes):
    """Mean nDCG@10 of the lists in which something was taken up."""
    discounts, found, at = 1 / np.log2(np.arange(2, DEPTH + 2)), [], 0
    for n in sizes:
        own = gains[at:at + n]
        if own.any():
            said = own[np.argsort(-scores[at:at + n], kind="stable")][:DEPTH]
            best = np.sort(own)[::-1][:DEPTH]
            found.append((said * discounts[:len(said)]).sum() / (best * discounts[:len(best)]).sum())
        at += n
    return float(np.mean(found)) if found else 0.0


def fit(x, y, features=None):
    params = dict(objective="regression", num_leaves=15, learning_rate=0.05, min_child_samples=100, lambda_l2=5.0, feature_fraction=0.8,
                  bagging_fraction=0.8, bagging_freq=1, num_threads=1, seed=SEED, verbosity=-1)
    kept = list(range(len(FEATURES))) if features is None else [FEATURES.index(f) for f in features]
    return lgb.train(params, lgb.Dataset(x[:, kept], y), 200), kept


def first(x):
    """The rows as if each stood in the first place."""
    moved = x.copy()
    moved[:, FEATURES.index("position")] = 1
    return moved


def simulated(n, seed=SEED):
    """Lists of a world where what is taken up is known: customers look less further down, and take what both fits and is to
    their taste, which no sum of the two says."""
    random = np.random.default_rng(seed)
    looked = 1 / np.arange(1, 9) ** 0.7
    lists, truths = [], []
    for _ in range(n):
        f = random.random((24, len(FEATURES) - 1))
        f[:, FEATURES.index("personal")] = 2 * random.random(24) - 1
        f[:, FEATURES.index("rating")] = 2 * random.random(24) - 1
        f[:, FEATURES.index("kind")] = random.random(24) < 0.5
        f[:, FEATURES.index("in_stock")] = 1
        relevance = 0.56 * f[:, 0] + 0.16 * f[:, 1] + 0.08 * f[:, 2] + 0.2 * f[:, 3]
        f[:, FEATURES.index("relevance")] = relevance
        order = np.argsort(-(relevance + 0.02 * f[:, 5] + 0.06 * f[:, 11]))[:8]
        f = f[order]
        fits = 1 / (1 + np.exp(-12 * (f[:, 10] - 0.6)))
        likes = 1 / (1 + np.exp(-8 * f[:, 11]))
        takes = 0.5 * fits * likes
        clicked = random.random(8) < looked * takes
        bought = clicked & (random.random(8) < 0.3 * likes * (f[:, 5] > 0))
        unread = random.random(8) < 0.1
        lists.append({"query": "x", "cards": [{"sku": str(i), "position": i + 1, "clicked": bool(clicked[i]), "carted": False, "bought": bool(bought[i]),
                                               "features": [None if k == 3 and unread[i] else float(v) for k, v in enumerate(f[i])]} for i in range(8)]})
        truths.append(takes * (0.1 + 0.9 * 0.3 * likes * (f[:, 5] > 0)))
    return lists, truths


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("lists", nargs="?")
    args.add_argument("--simulated", type=int)
    args.add_argument("--out", required=True)
    args = args.parse_args()
    if bool(args.lists) == bool(args.simulated):
        raise SystemExit("Name the lists, or how many to simulate.")
    truths = None
    if args.simulated:
        lists, truths = simulated(args.simulated)
        data = f"{args.simulated} simulated lists: a test's, not a shop's"
    else:
        from behaviour_log import read_lists
        lists, data = read_lists(args.lists), "a shop's own lists, `floorwalker export-lists`"
    cut = len(lists) * 4 // 5
    x, y, _ = rows_of(lists[:cut])
    hx, hy, sizes = rows_of(lists[cut:])
    taken = int((y > 0).sum())
    if taken < 500 or not (hy > 0).any():
        raise SystemExit(f"{taken} products were taken up of {len(y)} whose features are known; 500 are needed, and some of the latest fifth.")
    model, _ = fit(x, y)
    plain, kept = fit(x, y, ["relevance", "position"])
    ours, theirs = (float(np.mean((said - hy) ** 2)) for said in (model.predict(hx), plain.predict(hx[:, kept])))
    served = -hx[:, FEATURES.index("position")]
    held = f"mean squared error {ours:.5f}, by relevance and place alone {theirs:.5f}; nDCG@{DEPTH} of what was taken up {ndcg(model.predict(first(hx)), hy, sizes):.4f}, in the order that was served {ndcg(served, hy, sizes):.4f}"
    if truths:
        truth = np.concatenate(truths[cut:])
        held += f"; of the simulated truth {ndcg(model.predict(first(hx)), truth, sizes):.4f} and {ndcg(served, truth, sizes):.4f}"
    print(held, flush=True)
    if ours >= theirs:
        raise SystemExit("The trees foretell no better than relevance and place: nothing is written.")
    from trees import ship
    probes = np.random.default_rng(SEED).choice(len(hx), min(40, len(hx)), replace=False)
    ship(model, Path(args.out), "takeup", FEATURES, first(hx)[probes], CARD.format(data=data, held=held))


if __name__ == "__main__":
    main()
