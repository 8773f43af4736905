"""Compares rankers on graded ratings, side by side: each is asked to order the rated products of each query.

  floorwalker eval relevance --first-stage --catalogue PATH --ratings PATH --scores runs/before.json
  python evaluate.py --catalogue PATH --ratings PATH --before runs/before.json --run runs/cv --out report.md

BM25 and the bi-encoder's cosine are computed here, --before is what the server ranks by without the model. --run is
the folder of a cross-validation: no query is judged by a model that has seen its ratings. The model is measured before it saw
any rating, fine-tuned, and in the server's blend, whose share for the model is chosen for each fold on the other folds. Products are ordered by docid before scoring, so that ties
don't depend on the grade; queries without a product of grade 1 to 3 are left out of nDCG. Products that nobody rated
take no part.
"""
import argparse
import json
import math
import re
from collections import Counter
from pathlib import Path

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


SHARES = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def blend(before, cross, share):
    """The server's blend (ranking/blend.go): the model's share of the relevance, and the business features on top."""
    out = {}
    for query, rows in cross.items():
        if query in before["scores"]:
            out[query] = [(share * c + (1 - share) * relevance + (score - relevance), grade) for (c, grade), (score, _), relevance
                          in zip(rows, before["scores"][query], before["relevance"][query], strict=True)]
    return out


def blended(before, cross, settings):
    """The blend of held-out scores, each fold's with the share that is best for the other folds, and those shares."""
    by_share = {share: blend(before, cross, share) for share in SHARES}
    values = {share: {q: metrics.ndcg(pairs) for q, pairs in scored.items()} for share, scored in by_share.items()}
    out, chosen = {}, []
    for held in data.folds(cross, settings["folds"], settings["seed"]):
        best = max(SHARES, key=lambda share: metrics.mean(v for q, v in values[share].items() if q not in held))
        chosen.append(best)
        out.update({q: by_share[best][q] for q in held if q in by_share[best]})
    return out, chosen, {share: metrics.mean(v.values()) for share, v in values.items()}


def compare(rankers, settings):
    """Rows of a table: each measure's mean with its interval, and the gain in nDCG over the first ranker, paired. Only
    queries that every ranker has ordered are measured."""
    first = next(iter(rankers))
    queries = sorted(set.intersection(*(set(scored) for scored in rankers.values())))
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
    parser.add_argument("--before", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--also", action="append", default=[], metavar="NAME=FILE[,FILE…]",
                        help="scores of another ranker, as eval relevance --scores writes them; of one file for each fold, say, "
                        "that the server wrote with that fold's model and ratings")
    parser.add_argument("--out")
    args = parser.parse_args()
    settings = data.read_settings(args.settings)
    products, ratings = data.load_products(args.catalogue), data.load_ratings(args.ratings)
    before = json.loads(Path(args.before).read_text())
    start, folds = (read_scores(Path(args.run) / name) for name in ("start.json", "folds.json"))
    both, chosen, curve = blended(before, folds, settings)
    rankers = {
        "MiniLM cosine": cosine(products, ratings, settings), "BM25": bm25(products, ratings),
        "the server without the model": {q: [tuple(p) for p in pairs] for q, pairs in before["scores"].items()},
        "the model before it saw a rating": start, "fine-tuned": folds, "fine-tuned, in the blend": both}
    for item in args.also:
        name, files = item.split("=", 1)
        rankers[name] = {q: p for file in files.split(",") for q, p in read_scores(Path(file)).items()}
    text = table(compare(rankers, settings))
    text += f"\nThe model's share in the server's blend, chosen for each fold on the other folds: {', '.join(map(str, chosen))}.\n\n"
    text += "| share | " + " | ".join(map(str, curve)) + " |\n" + "|---" * (len(curve) + 1) + "|\n"
    text += "| nDCG@10 | " + " | ".join(f"{value:.4f}" for value in curve.values()) + " |\n"
    last = list(rankers)[-1]
    text += f"\n{last}, against the server without the model. " + changes(before, rankers[last])
    if args.out:
        Path(args.out).write_text(text)
    print(text)


def read_scores(path):
    return {q: [tuple(p) for p in pairs] for q, pairs in json.loads(path.read_text())["scores"].items()}


def changes(before, after, most=8):
    """The queries that gain and lose the most nDCG@10."""
    moved = sorted((metrics.ndcg(after[q]) - metrics.ndcg(before["scores"][q]), q) for q in after)
    better, worse = [m for m in reversed(moved) if m[0] > 0.005], [m for m in moved if m[0] < -0.005]
    told = [f"{what}: " + ", ".join(f"{q} {gain:+.2f}" for gain, q in some[:most]) + "." for what, some in
            ((f"Of {len(moved)} queries {len(better)} gain", better), (f"{len(worse)} lose", worse)) if some]
    return "\n".join(told) + "\n"


if __name__ == "__main__":
    main()
