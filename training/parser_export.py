"""Writes the adapter of a run as the folder that the server loads: a GGUF file that Ollama takes, with its manifest.

  python parser_export.py --base FOLDER/SmolLM2-135M-Instruct.Q4_1.gguf --run runs/parser --out ../models/smollm2-parser

Tensors are named and laid out as llama.cpp's convert_lora_to_gguf.py does it: NAME.weight.lora_a [rank, in] and
NAME.weight.lora_b [out, rank], with the rows of q and k in the order that llama.cpp turns positions in.
"""
import argparse
import hashlib
import json
import re
from pathlib import Path

import gguf
import torch

LARGEST_FILE = 10_000_000

NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def turned(weight, heads):
    """Rows of q or k from the halves that transformers keeps apart to the pairs that llama.cpp turns."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def write_adapter(adapter, settings, heads, heads_kv, path):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(settings["alpha"]))
    for name, weight in sorted(adapter.items()):
        layer, module, part = re.fullmatch(r"base_model\.model\.model\.layers\.(\d+)\.(.+)\.lora_([AB])\.weight", name).groups()
        weight = weight.float()
        if part == "B" and module.endswith(("q_proj", "k_proj")):
            weight = turned(weight, heads if module.endswith("q_proj") else heads_kv)
        writer.add_tensor(f"blk.{layer}.{NAMES[module]}.weight.lora_{part.lower()}", weight.to(torch.float16).contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def base_facts(path):
    """(attention heads, heads of keys and values, number of weights) of a GGUF file."""
    reader = gguf.GGUFReader(path)
    number = {key: int(reader.fields[f"llama.attention.{key}"].contents()) for key in ("head_count", "head_count_kv")}
    return number["head_count"], number["head_count_kv"], sum(int(t.n_elements) for t in reader.tensors)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--base", required=True, help="the small model's GGUF file")
    arguments.add_argument("--run", type=Path, required=True, help="the folder that parser_train.py wrote")
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    kept = torch.load(options.run / "best.pt", weights_only=True)
    heads, heads_kv, weights = base_facts(options.base)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "adapter.gguf"
    write_adapter(kept["adapter"], kept["settings"], heads, heads_kv, path)
    if path.stat().st_size > LARGEST_FILE:
        raise SystemExit(f"the adapter has {path.stat().st_size} bytes, at most {LARGEST_FILE} are shipped")
    (options.out / "config.json").write_text(json.dumps({"family": "llama", "parameters": weights}) + "\n")
    files = {name: sha256(options.out / name) for name in ("adapter.gguf", "config.json")}
    (options.out / "manifest.json").write_text(json.dumps({"files": files}, indent=2) + "\n")
    print(json.dumps({"step": kept["step"], "valid": kept["valid"], "bytes": path.stat().st_size, "files": files}))


if __name__ == "__main__":
    main()
