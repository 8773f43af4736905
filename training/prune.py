"""What it costs and saves to prune the ranker: the hidden units between each layer's two feed-forward matrices that weigh least are
taken out. Each fold's model of a cross-validation is pruned and asked for the order of the queries that it has not seen.

  python prune.py --catalogue PATH --ratings PATH --run runs/cv --shares 0 0.1 0.25 0.5

Prints nDCG@10 for each share, and the bytes and the time (50 candidates of 48 tokens) of the int8 file of fold 0's model.
"""
import argparse
import copy
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import data
import metrics
import served
import train
from export import INPUTS, quantized, to_onnx
from model import base_folder, encode, load_tokenizer


@torch.no_grad()
def pruned(model, share):
    """A copy without that share of each layer's hidden units, by the product of the norms of what leads in and out."""
    model = copy.deepcopy(model)
    for layer in model.bert.encoder.layer:
        into, out = layer.intermediate.dense, layer.output.dense
        weight = into.weight.norm(dim=1) * out.weight.norm(dim=0)
        keep = torch.topk(weight, round(len(weight) * (1 - share))).indices.sort().values
        into.weight, into.bias = (torch.nn.Parameter(p[keep]) for p in (into.weight, into.bias))
        out.weight = torch.nn.Parameter(out.weight[:, keep])
        into.out_features = out.in_features = len(keep)
    return model


def cost(model, settings, runs=20):
    """(bytes, median milliseconds) of the int8 file with two threads."""
    tokenizer = load_tokenizer(base_folder(settings["base"]))
    with tempfile.TemporaryDirectory() as folder:
        to_onnx(model, tokenizer, Path(folder) / "whole.onnx", settings["max_tokens"])
        small = quantized(Path(folder) / "whole.onnx", Path(folder) / "small.onnx")
        session = served.session(small)
        enc = encode(tokenizer, ["wireless mouse"] * 50, ["word " * 100] * 50, settings["max_tokens"])
        took = []
        for _ in range(runs):
            began = time.perf_counter()
            session.run(None, {n: enc[n].numpy() for n in INPUTS})
            took.append(1000 * (time.perf_counter() - began))
        return small.stat().st_size, float(np.median(took))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", default=train.HERE / "settings.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--catalogue", required=True)
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.1, 0.25, 0.5])
    args = parser.parse_args()
    settings = data.read_settings(args.settings, args.set + ["finetune.frozen=0"])
    torch.set_num_threads(settings["threads"])
    ratings = data.load_ratings(args.ratings)
    rated = train.Rated(settings, data.load_products(args.catalogue), ratings, None)
    print("| share pruned | judged nDCG@10 | bytes | ms |\n|---|---|---|---|")
    for share in args.shares:
        values, price = [], None
        for fold, held in enumerate(data.folds(ratings, settings["folds"], settings["seed"])):
            model = train.make_model(settings, settings["finetune"], train.read_start(Path(args.run) / f"fold{fold}.pt"))
            model = pruned(model, share).eval()
            values += [metrics.ndcg(p) for p in rated.scored(model, held).values()]
            price = price or cost(model, settings)
        print(f"| {share:.0%} | {metrics.mean(values):.4f} | {price[0]:,} | {price[1]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
