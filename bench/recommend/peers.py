"""Lists of ten by PyPI's implicit (item-kNN and ALS) for `floorwalker eval recommend --peers`.

Each model learns from the split that `floorwalker eval recommend --write-split DIR` wrote. Its settings are chosen on the
validation month by recall@10; then it learns from everything before the test's cut and recommends to all customers who
bought something before it. What a customer has bought may be recommended again: a next basket holds many such products.

    python peers.py DIR > peers.jsonl
"""

import csv
import json
import sys
from collections import defaultdict

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from scipy.sparse import csr_matrix

DEPTH = 10


class Split:
    """What may be learnt from, and what was bought next."""

    def __init__(self, folder, name):
        baskets = defaultdict(set)
        with open(f"{folder}/{name}-before.csv", newline="") as f:
            for row in csv.DictReader(f):
                baskets[row["customer"], row["sku"]].add(row["invoice"])
        self.customers = {c: i for i, c in enumerate(sorted({c for c, _ in baskets}))}
        self.skus = sorted({s for _, s in baskets})
        at = {s: i for i, s in enumerate(self.skus)}
        rows = [self.customers[c] for c, _ in baskets]
        columns = [at[s] for _, s in baskets]
        counts = np.array([len(v) for v in baskets.values()], dtype=np.float32)
        self.matrix = csr_matrix((counts, (rows, columns)), shape=(len(self.customers), len(self.skus)))
        self.next = defaultdict(set)
        with open(f"{folder}/{name}-next.csv", newline="") as f:
            for row in csv.DictReader(f):
                self.next[row["customer"]].add(row["sku"])

    def lists(self, model, matrix):
        model.fit(matrix, show_progress=False)
        known = sorted(c for c in self.next if c in self.customers)
        rows = [self.customers[c] for c in known]
        items, _ = model.recommend(rows, matrix[rows], N=DEPTH, filter_already_liked_items=False)
        return {c: [self.skus[i] for i in found if i >= 0] for c, found in zip(known, items)}

    def recall(self, lists):
        return float(np.mean([len(self.next[c] & set(found)) / len(self.next[c]) for c, found in lists.items()]))


def binary(m):
    m = m.copy()
    m.data[:] = 1
    return m


def candidates():
    """Every setting that is tried, by the name that the report uses."""
    for k in (20, 100, 400):
        for weigh in (binary, lambda m: m):
            yield "implicit item-kNN", lambda k=k: CosineRecommender(K=k), weigh
            yield "implicit item-kNN", lambda k=k: TFIDFRecommender(K=k), weigh
            yield "implicit item-kNN", lambda k=k: BM25Recommender(K=k), weigh
    for factors in (64, 128, 256):
        for alpha in (1.0, 10.0, 40.0):
            yield ("implicit ALS", lambda f=factors: AlternatingLeastSquares(factors=f, regularization=0.05, iterations=15, random_state=1),
                   lambda m, a=alpha: m * a)


def main(folder):
    validation, test = Split(folder, "validation"), Split(folder, "test")
    best = {}
    for name, make, weigh in candidates():
        recall = validation.recall(validation.lists(make(), weigh(validation.matrix)))
        print(f"{name}: validation recall@10 {recall:.4f}", file=sys.stderr)
        if recall > best.get(name, (0,))[0]:
            best[name] = recall, make, weigh
    for name, (_, make, weigh) in best.items():
        for customer, items in test.lists(make(), weigh(test.matrix)).items():
            print(json.dumps({"model": name, "customer": customer, "items": items}))


if __name__ == "__main__":
    main(sys.argv[1])
