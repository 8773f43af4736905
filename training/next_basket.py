"""Next baskets: puts the server's candidates for a customer in a better order, by LightGBM, exported to ONNX for Go.

    floorwalker eval recommend --transactions FILE --write-features runs/basket
    python next_basket.py runs/basket --out ../models/next-basket
    floorwalker eval recommend --transactions FILE --learned ../models/next-basket

Candidates and features are the server's own (behaviour/candidates.go). It learns from two months, each foretold from what was
known before it, and chooses its settings on a third; the month that docs/behaviour.md reports is in none of them.
"""

import argparse
import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

from trees import ship

SEED = 20261127

CARD = """# next-basket

Trees that put the server's candidates for a customer who bought before in the order in which the next basket may hold them.

- Source: trained by `training/next_basket.py` (LightGBM 4.6.0)
- Licence: Apache-2.0
- Data: UCI Online Retail (CC BY 4.0), what was known before 1 August, 1 September and 1 October 2011 and the month after each
- Limits: one wholesale gift shop, whose customers buy again and again
- Measured: docs/behaviour.md, on the month from 1 November 2011
- Inputs: `features`, float [batch, 17], as `behaviour.FeatureNames`; output: the last figure orders, higher first
"""
DEPTH = 10


def read(path):
    t = pd.read_csv(path)
    names = list(t.columns[3:])
    groups = t.groupby("customer", sort=False).size().to_numpy()
    return t[names].to_numpy(np.float32), t["in_next_basket"].astype(int).to_numpy(), groups, t.groupby("customer", sort=False)["next_basket"].first().to_numpy(), names


def judge(said, truth, groups, sizes):
    """Mean recall@10 and nDCG@10 over customers, as `floorwalker eval recommend` has them."""
    recall, ndcg, at = [], [], 0
    discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
    for n, size in zip(groups, sizes):
        order = np.argsort(-said[at:at + n], kind="stable")[:DEPTH]
        hits = truth[at:at + n][order]
        recall.append(hits.sum() / size)
        ndcg.append((hits * discounts[:len(hits)]).sum() / discounts[:min(size, DEPTH)].sum())
        at += n
    return float(np.mean(recall)), float(np.mean(ndcg))


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("features")
    args.add_argument("--out", required=True)
    args = args.parse_args()
    folder = Path(args.features)
    parts = [read(folder / name) for name in ("learn-1.csv", "learn-2.csv")]
    x, y, groups = (np.concatenate([p[i] for p in parts]) for i in range(3))
    vx, vy, vgroups, vsizes, names = read(folder / "validation.csv")
    print("linear", *(f"{v:.4f}" for v in judge(vx[:, names.index("score")], vy, vgroups, vsizes)))

    best = None
    for objective in ("binary", "lambdarank"):
        for leaves in (7, 15):
            params = dict(objective=objective, num_leaves=leaves, learning_rate=0.05, min_child_samples=200, feature_fraction=0.7, bagging_fraction=0.7,
                          bagging_freq=1, lambda_l2=5.0, num_threads=1, seed=SEED, verbosity=-1, lambdarank_truncation_level=20)
            model = lgb.train(params, lgb.Dataset(x, y, group=groups), 200)
            for rounds in (50, 100, 200):
                recall, ndcg = judge(model.predict(vx, num_iteration=rounds), vy, vgroups, vsizes)
                if best is None or recall + ndcg > best[0]:
                    best = recall + ndcg, params, rounds
                    print(objective, leaves, rounds, f"{recall:.4f} {ndcg:.4f}", flush=True)
    _, params, rounds = best
    # The validation month is the latest: the model that is shipped has learnt from it too.
    model = lgb.train(params, lgb.Dataset(np.concatenate([x, vx]), np.concatenate([y, vy]), group=np.concatenate([groups, vgroups])), rounds)
    gain = model.feature_importance("gain")
    # What is exported orders: its figure is the sum of its trees, whatever they were learnt for.
    model = lgb.Booster(model_str=model.model_to_string().replace("objective=lambdarank", "objective=regression").replace("objective=binary sigmoid:1", "objective=regression"))
    ship(model, Path(args.out), "next-basket", names, vx[:: len(vx) // 40], CARD)
    print(json.dumps({"objective": params["objective"], "num_leaves": params["num_leaves"], "rounds": rounds,
                      "gain": {n: round(float(g / gain.sum()), 3) for n, g in sorted(zip(names, gain), key=lambda p: -p[1])}}))


if __name__ == "__main__":
    main()
