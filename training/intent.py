"""Purchase intent: how likely a visit ends in a purchase, by LightGBM, exported to ONNX for Go.

    python intent.py ../../shared/data/online-shoppers/sessions.csv.gz --out ../models/purchase-intent
    floorwalker eval intent --sessions FILE

A visit is to learn from, to choose rounds by or to judge by the checksum of its line's number, 6 to 2 to 2. `reference` is
LightGBM on all columns, categories told as such; `served` is the one that is exported, where categories are numbers like others. The report
says AUC, Brier score and expected calibration error of both on the part that nothing was chosen on; Go says the same of what it serves.
"""

import argparse
import json
import zlib
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score

from trees import ship

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
VISITORS = ["New_Visitor", "Returning_Visitor", "Other"]
CATEGORIES = ["Month", "OperatingSystems", "Browser", "Region", "TrafficType", "VisitorType", "Weekend"]
SEED = 20261126

CARD = """# purchase-intent

Trees that say how likely a visit to a shop ends in a purchase, from pages looked at, durations, bounce and exit rates and the visitor.

- Source: trained by `training/intent.py` (LightGBM 4.6.0)
- Licence: Apache-2.0
- Data: UCI Online Shoppers Purchasing Intention (CC BY 4.0), 60 % of 12,330 visits, 20 % to choose by
- Limits: one shop, one year; the columns are those of a web analytics service
- Measured: {measured}
- Inputs: `features`, float [batch, 17], in the order of `config.json`; months from 0, visitors new, returning, other from 0; output: the
  last figure is the probability
"""


def read(path):
    t = pd.read_csv(path)
    t["Month"] = t["Month"].map(MONTHS.index)
    t["VisitorType"] = t["VisitorType"].map(VISITORS.index)
    t["Weekend"] = t["Weekend"].astype(str).str.upper().eq("TRUE").astype(int)
    bought = t.pop("Revenue").astype(str).str.upper().isin(["1", "TRUE"]).astype(int)
    return t.astype(np.float32), bought.to_numpy(), np.array([zlib.crc32(str(i).encode()) % 10 for i in range(len(t))])


def calibration_error(truth, said, bins=10):
    """Expected calibration error over bins of equally many visits."""
    order = np.argsort(said, kind="stable")
    return float(sum(len(b) * abs(truth[b].mean() - said[b].mean()) for b in np.array_split(order, bins)) / len(truth))


def judge(truth, said):
    random = np.random.default_rng(1)
    draws = [roc_auc_score(truth[i], said[i]) for i in (random.integers(0, len(truth), len(truth)) for _ in range(1000))]
    return {"auc": round(float(roc_auc_score(truth, said)), 4), "auc_ci95": [round(float(x), 4) for x in np.quantile(draws, [0.025, 0.975])],
            "brier": round(float(brier_score_loss(truth, said)), 4), "ece": round(calibration_error(truth, said), 4)}


def fit(train, train_y, valid, valid_y, categories):
    best = None
    for leaves in (7, 15, 31):
        for rate in (0.03, 0.06):
            params = dict(objective="binary", metric="binary_logloss", num_leaves=leaves, learning_rate=rate, min_child_samples=40, feature_fraction=0.8,
                          bagging_fraction=0.8, bagging_freq=1, lambda_l2=1.0, num_threads=1, seed=SEED, verbosity=-1)
            model = lgb.train(params, lgb.Dataset(train, train_y, categorical_feature=categories), 600,
                              valid_sets=[lgb.Dataset(valid, valid_y, categorical_feature=categories)], callbacks=[lgb.early_stopping(40, verbose=False)])
            auc = roc_auc_score(valid_y, model.predict(valid))
            if best is None or auc > best[0]:
                best = auc, model, dict(num_leaves=leaves, learning_rate=rate, rounds=model.best_iteration)
    return best[1], best[2]


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("sessions")
    args.add_argument("--out", required=True)
    args = args.parse_args()
    x, y, part = read(args.sessions)
    learn, valid, test = part < 6, (part == 6) | (part == 7), part > 7

    reference, reference_settings = fit(x[learn], y[learn], x[valid], y[valid], CATEGORIES)
    served, served_settings = fit(x[learn].to_numpy(), y[learn], x[valid].to_numpy(), y[valid], "auto")
    report = {"visits": len(x), "bought": round(float(y.mean()), 4), "judged": int(test.sum()),
              "reference": judge(y[test], reference.predict(x[test])) | reference_settings,
              "served": judge(y[test], served.predict(x[test].to_numpy())) | served_settings}
    s = report["served"]
    measured = f"AUC {s['auc']} [{s['auc_ci95'][0]}, {s['auc_ci95'][1]}], Brier {s['brier']}, calibration error {s['ece']} on {report['judged']:,} visits that nothing was chosen on; \
LightGBM that is told which columns are categories: AUC {report['reference']['auc']}"
    ship(served, Path(args.out), "purchase-intent", list(x.columns), x[valid].to_numpy()[:40], CARD.format(measured=measured))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
