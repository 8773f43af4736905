"""Turns the weights of a run into a model folder that the server loads: ONNX, int8, with manifest and card.

  python export.py --run runs/final --name ranker-icecat-1 --card runs/final/card.json --out ../models/ranker

Checks before it writes: ONNX fp32 against PyTorch (largest difference of a score at most 1e-3), the int8 file
at most 30 MB and its order of the test pairs that of fp32 (--ratings: nDCG@10 at most 0.005 lower).
"""
import argparse
import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn

import data
import metrics
import served
from model import Ranker, base_folder, encode, load_tokenizer
from text import product_text
from train import read_start

LARGEST_FILE = 30_000_000
LARGEST_DIFFERENCE = 1e-3
LARGEST_LOSS = 0.005
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]

PROBES = [
    ("running shoes", "Nordlauf Trail Runner 2. running shoes. Light and grippy."), ("mug", ""), ("", "A lamp"), ("", ""),
    ("usb c cable", "Cable, 2 m. " * 80), ("无线鼠标", "Wireless mouse, black"), ("wireless mouse", "无线鼠标 黑色"),
    ("27 inch monitor", "Monitor 27 inch, 4K"), ("laptop", "Laptop sleeve 15 inch, grey"), ("laptop", "Notebook 15 inch, 16 GB, 512 GB SSD"),
    ("gift 🎁 for mum", "Scented candle 🕯️, lavender"), ("Café crème", "CAFE CREME biscuits, 200 g"), ("toner", "Nordprint TN-2110 toner cartridge, black"),
    ("a query that is longer than what a shopper would ever write into the search box of a shop " * 4, "Garden hose, 20 m"),
    ("\ufffd\u200b\u00ad", "\u0000 odd \u202e text"), ("[SEP] [CLS]", "[SEP] in a text"),
]


class Served(nn.Module):
    """The ranker with the output that the server reads: logits of shape [batch, 1]."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids, attention_mask, token_type_ids).unsqueeze(-1)


def to_onnx(model, tokenizer, path, max_tokens):
    example = encode(tokenizer, ["a query", "b"], ["a product", "another one"], max_tokens)
    torch.onnx.export(Served(model).eval(), tuple(example[n] for n in INPUTS), str(path), input_names=INPUTS,
                      output_names=["logits"], opset_version=17, dynamo=False,
                      dynamic_axes={n: {0: "batch", 1: "sequence"} for n in INPUTS} | {"logits": {0: "batch"}})


def quantized(whole, small):
    """Writes the int8 form of a graph and returns its path."""
    quantize_dynamic(whole, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    return small


def run_onnx(session, tokenizer, pairs, max_tokens, batch=16):
    """Relevance of each pair, in order."""
    out = []
    for start in range(0, len(pairs), batch):
        part = pairs[start:start + batch]
        enc = encode(tokenizer, [q for q, _ in part], [t for _, t in part], max_tokens)
        logits = session.run(["logits"], {n: enc[n].numpy() for n in INPUTS})[0][:, 0]
        out += (1 / (1 + np.exp(-logits))).tolist()
    return out


@torch.no_grad()
def run_torch(model, tokenizer, pairs, max_tokens):
    model.eval()
    return [torch.sigmoid(model(**encode(tokenizer, [q], [t], max_tokens)))[0].item() for q, t in pairs]


def judged(session, tokenizer, ratings, products, max_tokens):
    """Mean nDCG@10 of the ratings, as the file orders them."""
    values = []
    for query, rows in sorted(ratings.items()):
        rows = [(d, g) for d, g in sorted(rows) if d in products]
        scores = run_onnx(session, tokenizer, [(query, product_text(products[d])) for d, _ in rows], max_tokens)
        values.append(metrics.ndcg([(s, g) for s, (_, g) in zip(scores, rows)]))
    return metrics.mean(values)


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def write_card(folder, name, facts, sums):
    rows = "\n".join(f"| `{f}` | {(folder / f).stat().st_size:,} | `{s}` |" for f, s in sorted(sums.items()))
    told = "\n".join(f"- {key}: {value}" for key, value in facts.items())
    (folder / "card.md").write_text(f"""# {name}

A BERT of 6 layers, 384 wide, that reads a query and a product in one pass, apart from each other, compares them as a whole and
word by word, and says how relevant the product is.

{told}
- Inputs: `input_ids`, `attention_mask`, `token_type_ids`, int64 [batch, sequence]; output `logits`, float [batch, 1]; the sigmoid gives 0 to 1

| file | bytes | SHA-256 |
|---|---:|---|
{rows}

`manifest.json` holds the same sums; a file that differs is refused when the model is loaded.
""")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", default=Path(__file__).parent / "settings.yaml")
    parser.add_argument("--run", required=True, help="folder that holds weights.pt, or the file itself")
    parser.add_argument("--name", required=True)
    parser.add_argument("--card", required=True, help='JSON object of what the card says: {"Source": …, "Licence": …, "Data": …}')
    parser.add_argument("--catalogue", action="append", default=[], metavar="PATH")
    parser.add_argument("--ratings")
    parser.add_argument("--fp32", metavar="FOLDER", help="write the model before its int8 form there as well")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    settings = data.read_settings(args.settings)
    facts = json.loads(Path(args.card).read_text())
    for said in ("Source", "Licence", "Data"):
        if said not in facts:
            raise SystemExit(f"the card does not say {said}")
    limit, folder = settings["max_tokens"], base_folder(settings["base"])
    tokenizer, start = load_tokenizer(folder), read_start(args.run)
    model = Ranker(folder, layers=start.get("layers"), whole=settings["whole"])
    model.load_state_dict(start["model"])

    with tempfile.TemporaryDirectory() as temporary:
        whole, small = Path(temporary) / "fp32.onnx", Path(temporary) / "model.onnx"
        to_onnx(model, tokenizer, whole, limit)
        full = served.session(whole)
        reference = run_torch(model, tokenizer, PROBES, limit)
        difference = max(abs(a - b) for a, b in zip(run_onnx(full, tokenizer, PROBES, limit, 1), reference))
        print(f"ONNX fp32 and PyTorch differ by at most {difference:.2e}")
        if difference > LARGEST_DIFFERENCE:
            raise SystemExit("not exported: ONNX and PyTorch differ")
        quantized(whole, small)
        if small.stat().st_size > LARGEST_FILE:
            raise SystemExit(f"not exported: {small.stat().st_size:,} bytes")
        less = served.session(small)
        if args.ratings:
            products = {}
            for item in args.catalogue:
                products |= data.load_products(item)
            ratings = data.load_ratings(args.ratings)
            before = judged(full, tokenizer, ratings, products, limit)
            after = judged(less, tokenizer, ratings, products, limit)
            print(f"nDCG@10 fp32 {before:.4f}, int8 {after:.4f}")
            if before - after > LARGEST_LOSS:
                raise SystemExit("not exported: int8 loses too much")
            facts["Change by int8"] = f"nDCG@10 {after - before:+.4f} on the ratings that it was trained on"
        written = [(args.out, small, run_onnx(less, tokenizer, PROBES, limit, 1))]
        if args.fp32:
            written.append((args.fp32, whole, reference))
        for out, graph, scores in written:
            write_folder(Path(out), graph, Path(folder) / "tokenizer.json", args.name, limit, scores, facts)
            print(f"{out}: {graph.stat().st_size:,} bytes")


def write_folder(out, graph, tokenizer, name, limit, scores, facts):
    """A folder that the server loads. probes.json holds pairs with their scores: of this very file for int8, of PyTorch
    for fp32; the Go tests compare with them."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(graph, out / "model.onnx")
    shutil.copy(tokenizer, out / "tokenizer.json")
    config = {"name": name, "task": "relevance", "max_tokens": limit, "position_limit": 512}
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    probes = [{"query": q, "text": t, "score": round(s, 6)} for (q, t), s in zip(PROBES, scores)]
    (out / "probes.json").write_text(json.dumps(probes, indent=1) + "\n")
    sums = {f: sha256(out / f) for f in ("config.json", "model.onnx", "tokenizer.json", "probes.json")}
    (out / "manifest.json").write_text(json.dumps({"files": sums}, indent=2) + "\n")
    write_card(out, name, facts, sums)


if __name__ == "__main__":
    main()
