"""Compares rankers on graded ratings, side by side: each is asked to order the rated products of each query.

  floorwalker eval relevance --first-stage --catalogue PATH --ratings PATH --scores runs/before.json
  python evaluate.py --catalogue PATH --ratings PATH --before runs/before.json --run runs/cv --out measured.md

The baselines are computed here, --before is what the server ranks by without the model. --run is the folder of a
cross-validation: no query is judged by a model that has seen its ratings. The model is measured before it saw any rating,
fine-tuned, as an ensemble by weights and by scores, and in the server's blend, whose share for the model is chosen for each
fold on the other folds. Products are ordered by docid before scoring, so that ties don't depend on the grade; queries
without a product of grade 1 to 3 are left out of nDCG. Products that nobody rated take no part. Beside the table a picture
is written.
"""
import argparse
import json
from pathlib import Path

import baselines
import data
import metrics

MEASURES = {"nDCG@10": metrics.ndcg, "MAP": metrics.average_precision, "AUC": metrics.auc}

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
        columns = {measure: [of(scored[q]) for q in queries] for measure, of in MEASURES.items()}
        columns["accuracy"] = list(accuracies({q: scored[q] for q in queries}, settings).values())
        for measure, values in columns.items():
            row[measure] = (metrics.mean(values), *metrics.interval(values, settings["bootstrap"], settings["seed"]))
        pairs = [(metrics.ndcg(scored[q]), metrics.ndcg(rankers[first][q])) for q in queries]
        gains = [a - b for a, b in pairs if a is not None and b is not None]
        row["gain"] = (metrics.mean(gains), *metrics.interval(gains, settings["bootstrap"], settings["seed"]))
        rows.append(row)
    return rows


def accuracies(scored, settings):
    """{query: share of its products on the right side of a threshold}, the threshold of each fold being the best for the
    queries of the others: not every ranker's scores are probabilities."""
    out = {}
    for held in data.folds(scored, settings["folds"], settings["seed"]):
        pairs = sorted((s, g >= 2) for q, some in scored.items() if q not in held for s, g in some)
        right = below = sum(good for _, good in pairs)  # all of them taken for relevant
        threshold = pairs[0][0]
        for at, (value, good) in enumerate(pairs):
            below += -1 if good else 1
            if below > right and (at + 1 == len(pairs) or pairs[at + 1][0] > value):
                right, threshold = below, pairs[at + 1][0] if at + 1 < len(pairs) else value + 1
        out.update({q: metrics.accuracy(scored[q], threshold=threshold) for q in held})
    return out


def table(rows):
    head = ["ranker", *MEASURES, "accuracy", "nDCG gain over the first"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [f"{row[m][0]:.4f} [{row[m][1]:.3f}, {row[m][2]:.3f}]" for m in (*MEASURES, "accuracy")]
        gain = "{:+.4f} [{:+.3f}, {:+.3f}]".format(*row["gain"])
        lines.append("| " + " | ".join([row["ranker"], *cells, gain]) + " |")
    return "\n".join(lines) + "\n"


def picture(rows, path):
    """Bars of nDCG@10 with their intervals."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(8, 0.4 * len(rows) + 0.8), layout="constrained")
    values = [row["nDCG@10"] for row in reversed(rows)]
    axes.barh([row["ranker"].strip("*") for row in reversed(rows)], [v for v, _, _ in values], color="#4a7fb5",
              xerr=[[v - low for v, low, _ in values], [high - v for v, _, high in values]], ecolor="#333", capsize=2)
    axes.set_xlim(min(low for _, low, _ in values) - 0.02, 1)
    axes.set_xlabel("judged nDCG@10, 95% interval over queries")
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", default=Path(__file__).parent / "settings.yaml")
    parser.add_argument("--catalogue", required=True, metavar="PATH")
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--before", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--also", action="append", default=[], metavar="NAME=FILE[,FILE…]",
                        help="scores of another ranker: folds.json of another run, or as eval relevance --scores writes them; or one file "
                        "for each fold in their order, that the server wrote with that fold's model: of each the held-out queries count")
    parser.add_argument("--out")
    args = parser.parse_args()
    settings = data.read_settings(args.settings)
    products, ratings = data.load_products(args.catalogue), data.load_ratings(args.ratings)
    before = json.loads(Path(args.before).read_text())
    start, folds = (read_scores(Path(args.run) / name) for name in ("start.json", "folds.json"))
    both, chosen, curve = blended(before, folds, settings)
    rankers = {
        "MiniLM cosine": baselines.cosine(products, ratings, settings), "BM25": baselines.bm25(products, ratings),
        "MiniLM cross-encoder, untuned": baselines.untuned_cross_encoder(products, ratings, settings),
        "TF-IDF, logistic regression": baselines.tfidf(products, ratings, settings),
        "LightGBM LambdaMART, hand features": baselines.lambdamart(products, ratings, settings),
        "the server without the model": read_scores(Path(args.before)),
        "the model before it saw a rating": start,
        "fine-tuned, one seed": read_scores(Path(args.run) / "folds.json", "single"),
        "fine-tuned, scores averaged": read_scores(Path(args.run) / "folds.json", "scores_averaged"),
        "fine-tuned, weights averaged": folds, "the same in the blend": both}
    for item in args.also:
        name, files = item.split("=", 1)
        rankers[name] = held_out([read_scores(Path(file)) for file in files.split(",")], data.folds(ratings, settings["folds"], settings["seed"]))
    rows = compare(rankers, settings)
    text = table(rows)
    text += f"\nThe model's share in the server's blend, chosen for each fold on the other folds: {', '.join(map(str, chosen))}.\n\n"
    text += "| share | " + " | ".join(map(str, curve)) + " |\n" + "|---" * (len(curve) + 1) + "|\n"
    text += "| nDCG@10 | " + " | ".join(f"{value:.4f}" for value in curve.values()) + " |\n"
    last = list(rankers)[-1]
    text += f"\n{last}, against the server without the model. " + changes(before, rankers[last])
    if args.out:
        out = Path(args.out)
        picture(rows, out.with_suffix(".png"))
        out.write_text(f"<!-- written by evaluate.py -->\n![nDCG@10 of each ranker]({out.with_suffix('.png').name})\n\n{text}")
    print(text)


def held_out(scored, folds):
    """The scores of one ranker; or, where there is one a fold, in the order of the folds, of each those of the queries that it was not
    trained on."""
    if len(scored) == 1:
        return scored[0]
    return {q: some[q] for some, held in zip(scored, folds, strict=True) for q in held if q in some}


def read_scores(path, kind="scores"):
    return {q: [tuple(p) for p in pairs] for q, pairs in json.loads(path.read_text())[kind].items()}


def changes(before, after, most=8):
    """The queries that gain and lose the most nDCG@10."""
    moved = sorted((metrics.ndcg(after[q]) - metrics.ndcg(before["scores"][q]), q) for q in after)
    better, worse = [m for m in reversed(moved) if m[0] > 0.005], [m for m in moved if m[0] < -0.005]
    told = [f"{what}: " + ", ".join(f"{q} {gain:+.2f}" for gain, q in some[:most]) + "." for what, some in
            ((f"Of {len(moved)} queries {len(better)} gain", better), (f"{len(worse)} lose", worse)) if some]
    return "\n".join(told) + "\n"


if __name__ == "__main__":
    main()
