"""SHAP's values of the words of 50 pairs, with which a Go test compares the server's own attributions.

  python shap_words.py --model ../models/ranker --catalogue ../demo/catalogue.jsonl.gz --out ../ranking/testdata/shap.json

Both spread the score over the words by what each adds in random orders: the server (ranking/attribution.go) in as many as an operator
waits for, SHAP here in more. Both read the same int8 file; SHAP one pair at a time.
"""
import argparse
import hashlib
import json
import random
from pathlib import Path

import numpy as np
import shap
from tokenizers import Tokenizer

import data
import served
from text import first_words, product_text

LONGEST = 70  # characters of a product's text: SHAP asks for the score of very many shortened ones
ORDERS = 100    # in which the words are added, and taken away again; with 20 the values are still of a rank correlation of 0.84 with those of 60


def pairs_of(products, n, seed):
    """Pairs of a query, the ending of a title, and a product: its own, one of the same department, any."""
    rng, products = random.Random(seed), list(products.values())
    pairs = []
    while len(pairs) < n:
        p = rng.choice(products)
        words = data.words_of(p["title"].split(",")[0])
        if len(words) < 2:
            continue
        near = [o for o in products if o.get("category") == p.get("category")]
        other = (p, rng.choice(near), rng.choice(products))[len(pairs) % 3]
        pairs.append((" ".join(words[-rng.choice((2, 3)):]), first_words(product_text(other), LONGEST)))
    return pairs


def values(score, query, text, seed):
    """(score, SHAP's value of each word), the query's words first, as a permutation explainer finds them against no words at all."""
    asked, given = query.split(), text.split()
    words, seen = asked + given, {}

    def scores(masks):
        out = []
        for mask in masks.astype(bool):
            key = mask.tobytes()
            if key not in seen:
                kept = [w for w, m in zip(words, mask) if m]
                n = int(mask[:len(asked)].sum())
                seen[key] = score(" ".join(kept[:n]), " ".join(kept[n:]))
            out.append(seen[key])
        return np.array(out)
    explainer = shap.PermutationExplainer(scores, np.zeros((1, len(words))), seed=seed)
    found = explainer(np.ones((1, len(words))), max_evals=ORDERS * 2 * (len(words) + 1), silent=True)
    return float(scores(np.ones((1, len(words))))[0]), found.values[0].tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a model folder as export.py writes it")
    parser.add_argument("--catalogue", required=True)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    score, version = reader(Path(args.model))
    out = []
    for n, (query, text) in enumerate(pairs_of(data.load_products(args.catalogue), args.pairs, args.seed)):
        whole, found = values(score, query, text, args.seed)
        out.append({"query": query, "text": text, "score": round(whole, 6), "values": [round(v, 5) for v in found]})
        print(f"{n + 1}/{args.pairs}", flush=True)
    Path(args.out).write_text(json.dumps({"model": version, "pairs": out}, indent=1, ensure_ascii=False) + "\n")


def reader(folder):
    """(score, SHA-256) of a model folder: score(query, text) is its relevance."""
    session = served.session(folder / "model.onnx", 1)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(json.loads((folder / "config.json").read_text())["max_tokens"], strategy="longest_first")

    def score(query, text):
        enc = tokenizer.encode(query, text)
        fed = {"input_ids": enc.ids, "attention_mask": enc.attention_mask, "token_type_ids": enc.type_ids}
        logit = session.run(["logits"], {name: np.array([row], dtype=np.int64) for name, row in fed.items()})[0][0, 0]
        return float(1 / (1 + np.exp(-logit)))
    return score, hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
