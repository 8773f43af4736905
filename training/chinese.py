"""Makes what a Chinese ranker is trained and judged on, and judges it. Nobody has rated Chinese results, so all of it is generated or
translated: queries by the server's tables of shopping terms, products word by word where the catalogue has no Chinese text.

  python chinese.py make --pairs runs/pretrain/pairs.json --demo ../demo/catalogue.jsonl.gz --catalogue PATH --ratings PATH --out runs/zh
  python train.py pretrain --set base=runs/bge-small-zh --set whole=first --set pretrain.frozen=2 --out runs/zh
  python train.py crossvalidate (the same settings) --set finetune.frozen=3 --catalogue runs/zh/catalogue.jsonl --ratings runs/zh/ratings.csv \\
      --start runs/zh --out runs/zh-cv
  python train.py crossvalidate --catalogue PATH --ratings runs/zh/back.csv --start runs/pretrain --out runs/back-cv
  python chinese.py judge --made runs/zh --chinese runs/zh-cv --english runs/back-cv --start runs/pretrain --set base=runs/bge-small-zh --set whole=first

The English way is what the server does without a Chinese ranker: the query is translated, and the English ranker reads the English text.
Both ways are judged on the human grades of the translated queries, and on generated pairs about kinds of things that the Chinese ranker has not
been asked for (the English one has).
"""
import argparse
import csv
import json
import re
import zlib
from pathlib import Path

import data
import metrics
import train
from augment import Terms
from model import base_folder, load_tokenizer, score
from text import PAIR_CHARACTERS, first_words, product_text, text_of

HERE = Path(__file__).parent
APART = re.compile(r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])")
HELD = 20  # per cent of the kinds that are asked for


def together(text):
    """Chinese is written without spaces."""
    return APART.sub("", text)


def word_by_word(text, terms, most=4):
    """The text with every phrase that the tables know in Chinese; names, numbers and what no table knows stay."""
    words, out, at = text.split(), [], 0
    while at < len(words):
        for n in range(min(most, len(words) - at), 0, -1):
            said = " ".join(words[at:at + n]).strip(",.()").lower()
            found = next((terms.chinese[form] for form in (said, said.removesuffix("s"), said.removesuffix("es")) if form in terms.chinese), None)
            if found:
                out.append(found[0])
                break
        else:
            n = 1
            out.append(words[at])
        at += n
    return together(" ".join(out))


def chinese_text(product):
    """What a Chinese ranker reads of a product with Chinese texts; empty where it has none."""
    title, more = ((product.get(part) or {}).get("zh", "") for part in ("titles", "descriptions"))
    brand = text_of(product, "brand")
    return first_words(". ".join(filter(None, [title if not title or brand in title else f"{brand} {title}", more])), PAIR_CHARACTERS) if title else ""


def translated_pairs(pairs, texts, terms):
    """(pairs to learn, pairs to judge by): Chinese ones [(query, text, target)], and to judge by ((Chinese query, the same back in English),
    [(Chinese text, English text, target)]) of what has Chinese texts of its own (texts) and a kind that is not learnt."""
    learnt, held = [], []
    for query, some in data.by_query(pairs):
        said = terms.translate(query, "zh")
        back = said and terms.translate(said, "en")
        if not back:
            continue
        if zlib.crc32(data.singular(query.split()[-1]).encode()) % 100 >= HELD:
            learnt += [(together(said), texts.get(t) or word_by_word(t, terms), target) for t, target in some]
        elif all(t in texts for t, _ in some):
            held.append(((together(said), back), [(texts[t], t, target) for t, target in some]))
    return learnt, held


def make(args, settings):
    terms = Terms(HERE / settings["terms"], settings["seed"])
    texts = {product_text(p): chinese_text(p) for p in data.load_products(args.demo).values() if chinese_text(p)}
    learnt, held = translated_pairs(json.loads(Path(args.pairs).read_text()), texts, terms)
    products, ratings = data.load_products(args.catalogue), data.load_ratings(args.ratings)
    rated = {docid for rows in ratings.values() for docid, _ in rows}
    out = Path(args.out)
    (out / "pairs.json").write_text(json.dumps(learnt))
    (out / "held.json").write_text(json.dumps(held))
    with open(out / "catalogue.jsonl", "w", encoding="utf-8") as f:
        for sku in sorted(rated & set(products)):
            p = products[sku]
            f.write(json.dumps({"sku": sku, "brand": text_of(p, "brand")} | {
                part: word_by_word(text_of(p, part), terms) for part in ("title", "category", "description")}, ensure_ascii=False) + "\n")
    said = 0
    with open(out / "ratings.csv", "w", newline="", encoding="utf-8") as to, open(out / "back.csv", "w", newline="", encoding="utf-8") as back:
        writers = csv.writer(to), csv.writer(back)
        for writer in writers:
            writer.writerow(["query", "docid", "rating"])
        seen = {"": None}
        for query, rows in sorted(ratings.items()):
            chinese = terms.translate(query, "zh") or ""
            english = terms.translate(chinese, "en") if chinese else None
            if together(chinese) in seen or not english or english in seen:
                continue
            seen[together(chinese)] = seen[english] = query
            said += 1
            for row in rows:
                writers[0].writerow([together(chinese), *row])
                writers[1].writerow([english, *row])
    print(f"{len(learnt)} pairs to learn, {len(held)} generated and {said} of {len(ratings)} rated queries to judge by")


def order_of(settings, start, groups):
    """nDCG@10 of each group (query, [(text, target)]) by the model of a run, or by the BERT as it comes."""
    state = train.read_start(start)
    model = train.make_model(settings, settings["pretrain"], state)
    texts = train.Texts(model, load_tokenizer(base_folder(settings["base"])), [q for q, _ in groups], [t for _, some in groups for t, _ in some], settings)
    scores = score(model, texts.queries, texts.products, [(texts.query[q], [texts.product[t] for t, _ in some]) for q, some in groups])
    return [metrics.ndcg(list(zip(one, [target for _, target in some]))) for one, (_, some) in zip(scores, groups)]


def judge(args, settings):
    english = data.read_settings(args.settings)
    made = Path(args.made)
    products, ratings = data.load_products(made / "catalogue.jsonl"), data.load_ratings(made / "ratings.csv")
    graded = [(q, [(product_text(products[d]), g) for d, g in sorted(rows) if d in products]) for q, rows in sorted(ratings.items())]
    held = json.loads((made / "held.json").read_text())
    chinese = [(q, [(t, target) for t, _, target in some]) for (q, _), some in held]
    back = [(q, [(t, target) for _, t, target in some]) for (_, q), some in held]

    def of(run, name):
        return [metrics.ndcg(pairs) for pairs in json.loads((Path(run) / name).read_text())["scores"].values()]
    rows = {
        "bge-small-zh as it comes": (order_of(settings, None, graded), order_of(settings, None, chinese)),
        "bge-small-zh, generated pairs": (of(args.chinese, "start.json"), order_of(settings, args.made, chinese)),
        "bge-small-zh, generated pairs and the grades of the other folds": (of(args.chinese, "folds.json"), None),
        "translated into English, generated pairs": (of(args.english, "start.json"), order_of(english, args.start, back)),
        "translated into English, generated pairs and the grades of the other folds": (of(args.english, "folds.json"), None)}
    print(f"| ranker | {len(graded)} translated queries, people's grades | {len(held)} generated queries |\n|---|---|---|")
    for name, columns in rows.items():
        cells = ["" if values is None else "{:.3f} [{:.3f}, {:.3f}]".format(
            metrics.mean(values), *metrics.interval(values, settings["bootstrap"], settings["seed"])) for values in columns]
        print(f"| {name} | {cells[0]} | {cells[1]} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["make", "judge"])
    parser.add_argument("--settings", default=HERE / "settings.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    for name in ("pairs", "demo", "catalogue", "ratings", "out", "made", "chinese", "english", "start"):
        parser.add_argument(f"--{name}")
    args = parser.parse_args()
    settings = data.read_settings(args.settings, args.set)
    if args.what == "make":
        Path(args.out).mkdir(parents=True, exist_ok=True)
        make(args, settings)
    else:
        judge(args, settings)


if __name__ == "__main__":
    main()
