"""Compares rankers on graded ratings, side by side: each is asked to order the rated products of each query.

  python evaluate.py --catalogue PATH --ratings PATH --scores fine-tuned=runs/cv/folds.json --out report.md

BM25 and the bi-encoder's cosine are computed here; --scores adds cross-validated scores as train.py writes them,
so that no query is judged by a model that has seen it. Products are ordered by docid before scoring, so that ties
don't depend on the grade; queries without a product of grade 1 to 3 are left out of nDCG. Products that nobody rated
take no part.
"""
import argparse
import json
import math
import re
from collections import Counter
from pathlib import Path

import yaml

import data
import metrics
from text import search_text, whole_text

MEASURES = {"nDCG@10": metrics.ndcg, "MAP": metrics.average_precision, "AUC": metrics.auc, "accuracy": metrics.accuracy}
WORD = re.compile(r"\w+")


def bm25(products, ratings, k1=1.2, b=0.75):
    """{query: [(score, grade)]}; word statistics come from the whole catalogue."""
    words = {sku: Counter(WORD.findall(whole_text(p).lower())) for sku, p in products.items()}
    lengths = {sku: sum(w.values()) for sku, w in words.items()}
    mean_length = sum(lengths.values()) / len(lengths)
    documents = Counter(w for counted in words.values() for w in counted)

    def score(query, sku):
        total = 0.0
        for w in set(WORD.findall(query.lower())):
            n, f = documents[w], words[sku][w]
            idf = math.log(1 + (len(words) - n + 0.5) / (n + 0.5))
            total += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * lengths[sku] / mean_length))
        return total
    return {q: [(score(q, d), g) for d, g in sorted(rows) if d in products] for q, rows in ratings.items()}


def cosine(products, ratings, settings):
    """{query: [(score, grade)]} of the bi-encoder as it comes, with the text that the server embeds."""
    import torch
    from model import BiEncoder, base_folder, load_tokenizer
    torch.set_num_threads(settings["threads"])
    folder = base_folder(settings["base"])
    encoder = BiEncoder(folder, load_tokenizer(folder), settings["max_tokens"])
    skus = sorted({d for rows in ratings.values() for d, _ in rows if d in products})
    at = {sku: i for i, sku in enumerate(skus)}
    docs = encoder.embed([search_text(products[s]) for s in skus])
    asked = dict(zip(ratings, encoder.embed(list(ratings))))
    return {q: [(float(docs[at[d]] @ asked[q]), g) for d, g in sorted(rows) if d in products] for q, rows in ratings.items()}


def compare(rankers, settings):
    """Rows of a table: each measure's mean with its interval, and the gain in nDCG over the first ranker, paired."""
    first = next(iter(rankers))
    queries = sorted(rankers[first])
    rows = []
    for name, scored in rankers.items():
        row = {"ranker": name}
        for measure, of in MEASURES.items():
            if measure == "accuracy" and name in ("BM25", "MiniLM cosine"):
                continue  # their scores are no probabilities
            values = [of(scored[q]) for q in queries]
            row[measure] = (metrics.mean(values), *metrics.interval(values, settings["bootstrap"], settings["seed"]))
        pairs = [(metrics.ndcg(scored[q]), metrics.ndcg(rankers[first][q])) for q in queries]
        gains = [a - b for a, b in pairs if a is not None and b is not None]
        row["gain"] = (metrics.mean(gains), *metrics.interval(gains, settings["bootstrap"], settings["seed"]))
        rows.append(row)
    return rows


def table(rows):
    head = ["ranker", *MEASURES, "nDCG gain over the first"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [f"{row[m][0]:.4f} [{row[m][1]:.3f}, {row[m][2]:.3f}]" if m in row else "" for m in MEASURES]
        gain = "{:+.4f} [{:+.3f}, {:+.3f}]".format(*row["gain"])
        lines.append("| " + " | ".join([row["ranker"], *cells, gain]) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", default=Path(__file__).parent / "settings.yaml")
    parser.add_argument("--catalogue", required=True, metavar="PATH")
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--scores", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--out")
    args = parser.parse_args()
    settings = yaml.safe_load(Path(args.settings).read_text())
    products, ratings = data.load_products(args.catalogue), data.load_ratings(args.ratings)
    rankers = {"MiniLM cosine": cosine(products, ratings, settings), "BM25": bm25(products, ratings)}
    for item in args.scores:
        name, file = item.split("=", 1)
        rankers[name] = {q: [tuple(p) for p in pairs] for q, pairs in json.loads(Path(file).read_text())["scores"].items()}
    text = table(compare(rankers, settings))
    if args.out:
        Path(args.out).write_text(text)
    print(text)


if __name__ == "__main__":
    main()
