"""Lets the server read products once for all queries: says in a model folder's config.json how texts that were read apart are compared.

  python apart.py --model ../models/ranker

The ranker's graph reads query and product in one pass, apart from each other, and compares them at the end (model.py). The
server can run it on single texts, keep what it makes of a product, and do the comparison itself. For that it must know
which value inside the graph holds the token vectors, and how the comparisons are weighed. Both are found in the graph as it
is exported, int8 or not; the weights by least squares over pairs, because quantization has changed them. Nothing is written
where the graph's own scores are not met.
"""
import argparse
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from tokenizers import Tokenizer

import served

NAMES = ("whole", "near", "stands")  # as in model.py
# By how much scores may differ from the graph's own, on average and at most, of pairs that are not cut. An int8 graph scales
# its activations by all that it reads at once, so that a text alone comes out a little otherwise than in a pair.
USUAL, LARGEST = 0.01, 0.1


def token_vectors(graph):
    """The name of the value that holds the last layer's token vectors: what is scaled to length one and multiplied with its own
    transpose."""
    made_by = {out: node for node in graph.node for out in node.output}
    for node in graph.node:
        if node.op_type != "MatMul":
            continue
        right = made_by.get(node.input[1])
        if right is None or right.op_type != "Transpose" or right.input[0] != node.input[0]:
            continue
        scaled = made_by.get(node.input[0])
        if scaled is not None and scaled.op_type == "Div":
            return scaled.input[0]
    raise SystemExit("the graph does not compare texts that it has read apart")


def read(session, ids, second_from):
    """(logit, token vectors) of one text or pair."""
    feed = {"input_ids": np.array([ids], dtype=np.int64), "attention_mask": np.ones((1, len(ids)), dtype=np.int64),
            "token_type_ids": np.array([[0] * second_from + [1] * (len(ids) - second_from)], dtype=np.int64)}
    logits, vectors = session.run(None, feed)
    return float(logits.reshape(-1)[0]), vectors[0]


def unit(rows):
    return rows / np.sqrt(np.maximum((rows ** 2).sum(-1, keepdims=True), 1e-12))


def comparisons(asked_ids, asked, given_ids, given):
    """The comparisons of one query and one product, in the order of NAMES."""
    whole = float((unit(asked.mean(0)) * unit(given.mean(0))).sum())
    words = unit(asked)[1:]
    if not len(words):
        return [whole, 0.0, 0.0]
    cosines = words @ unit(given).T
    same = np.array(asked_ids[1:])[:, None] == np.array(given_ids)[None, :]
    return [whole, float(cosines.max(1).mean()), float(same.any(1).mean())]


def pairs_of(folder, wanted, seed):
    """Pairs of titles' endings and texts from the probes and from the words of the vocabulary."""
    probes = [(p["query"], p["text"]) for p in json.loads((folder / "probes.json").read_text())]
    rng = np.random.default_rng(seed)
    kinds = ("mouse pad", "laptop", "running shoes", "coffee mug", "usb c cable", "monitor", "printer", "backpack", "desk lamp", "garden hose",
             "wireless keyboard", "toner cartridge", "hiking boots", "kettle", "phone case", "headphones", "office chair", "camera", "tent", "knife")
    about = ("black", "for travel", "15 inch", "with lid", "set of two", "waterproof", "by Nordlauf", "blue, light and durable",
             "fits all models. Comes with a cable and a case", "made of steel")
    made = []
    while len(made) < wanted:
        query, text = rng.choice(kinds), f"{rng.choice(kinds)} {rng.choice(about)}. {rng.choice(about)}"
        made.append((str(query), str(text)))
    return probes + made


def fit(session, tokenizer, pairs, limit, only):
    """(weights, bias, differences of the scores) over the pairs that are not cut."""
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    rows, logits = [], []
    for query, text in pairs:
        q = tokenizer.encode(query, add_special_tokens=False).ids
        p = tokenizer.encode(text, add_special_tokens=False).ids
        if len(q) + len(p) + 3 > limit or sep in q + p or cls in q + p:
            continue
        logit, _ = read(session, [cls, *q, sep, *p, sep], len(q) + 2)
        _, asked = read(session, [cls, *q], len(q) + 1)
        _, given = read(session, [sep, *p, sep], 1)
        rows.append(comparisons([cls, *q], asked, [cls, *p, sep], given))
        logits.append(logit)
    rows, logits = np.array(rows), np.array(logits)
    used = [i for i, name in enumerate(NAMES) if name in only]
    known = np.c_[rows[:, used], np.ones(len(rows))]
    solved, *_ = np.linalg.lstsq(known, logits, rcond=None)
    score = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    return dict(zip([NAMES[i] for i in used], solved)), float(solved[-1]), np.abs(score(logits) - score(known @ solved))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a model folder as export.py writes it; its config.json, manifest and card are changed")
    parser.add_argument("--only", nargs="*", default=NAMES, help="the comparisons that the model has, where not all")
    args = parser.parse_args()
    folder = Path(args.model)
    model = onnx.load(folder / "model.onnx")
    tensor = token_vectors(model.graph)
    model.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
    session = served.session(model.SerializeToString())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    config = json.loads((folder / "config.json").read_text())
    weights, bias, off = fit(session, tokenizer, pairs_of(folder, 400, 1), config["max_tokens"], args.only)
    print(f"{len(off)} pairs, scores differ by {off.mean():.4f} on average and {off.max():.4f} at most: "
          + ", ".join(f"{k} {w:.4f}" for k, w in weights.items()) + f", bias {bias:.4f}")
    if off.mean() > USUAL or off.max() > LARGEST:
        raise SystemExit("nothing written: what is compared apart is not what the graph compares")
    width = read(session, [0, 0], 1)[1].shape[-1]
    config["apart"] = {"tensor": tensor, "width": width, "weights": {k: round(float(w), 5) for k, w in weights.items()},
                       "bias": round(bias, 5)}
    rewrite(folder, config)


def rewrite(folder, config):
    """Puts the configuration in place, and its new sum into manifest and card."""
    manifest, card = json.loads((folder / "manifest.json").read_text()), (folder / "card.md").read_text()
    before = manifest["files"]["config.json"]
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    data = (folder / "config.json").read_bytes()
    manifest["files"]["config.json"] = hashlib.sha256(data).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    row = re.compile(r"^\| `config.json` \|.*$", re.MULTILINE)
    if before not in card or not row.search(card):
        raise SystemExit("the card does not hold config.json's sum")
    (folder / "card.md").write_text(row.sub(f"| `config.json` | {len(data):,} | `{manifest['files']['config.json']}` |", card))


if __name__ == "__main__":
    main()
