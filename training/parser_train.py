"""Trains a LoRA adapter with which the small language model parses utterances.

  python parser_train.py --base FOLDER/SmolLM2-135M-Instruct.Q4_1.gguf --pairs runs/parser --out runs/parser

The base is the file that the server serves, so that the adapter learns around its quantisation too. A killed run goes on
from its last checkpoint. Loss on the answer alone; the best by validation is kept in best.pt.
"""
import argparse
import json
import math
import random
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from peft.helpers import disable_input_dtype_casting
from torch.nn.functional import cross_entropy
from torch.utils.tensorboard import SummaryWriter
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

import data
import parser_text

IGNORED = -100


def load_base(gguf):
    """The small model and its tokenizer out of the GGUF file, in bfloat16."""
    gguf = Path(gguf)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    plain = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16, quantization_config=plain)
    return model, tokenizer


def with_adapter(model, settings):
    layers = list(range(settings["first_layer"], model.config.num_hidden_layers))
    config = LoraConfig(r=settings["rank"], lora_alpha=settings["alpha"], target_modules=settings["modules"], layers_to_transform=layers, task_type="CAUSAL_LM")
    return get_peft_model(model, config)


def word_ids(tokenizer):
    """{intent: the one token of its word}; an error where a word is more than one token or two share one."""
    ids = {}
    for intent, word in parser_text.WORDS.items():
        tokens = tokenizer(word, add_special_tokens=False)["input_ids"]
        if len(tokens) != 1 or tokens[0] in ids.values():
            raise ValueError(f"the word {word!r} for {intent} is not one token of its own: {tokens}")
        ids[intent] = tokens[0]
    return ids


def encode(tokenizer, pair):
    """Token ids and labels of one pair. An answer that is not whole ends where nothing more is known."""
    prompt = tokenizer(pair["prompt"], add_special_tokens=False)["input_ids"]
    answer = tokenizer(pair["answer"], add_special_tokens=False)["input_ids"]
    if pair["whole"]:
        answer = answer + [tokenizer.eos_token_id]
    return prompt + answer, [IGNORED] * len(prompt) + answer


def batches(encoded, size, chance):
    """Batches of about the same length, in an order drawn by chance."""
    order = list(range(len(encoded)))
    chance.shuffle(order)
    out = []
    for start in range(0, len(order), size * 32):
        part = sorted(order[start:start + size * 32], key=lambda i: len(encoded[i][0]))
        out += [part[i:i + size] for i in range(0, len(part), size)]
    chance.shuffle(out)
    return out


def padded(rows, pad):
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows])
    labels = torch.tensor([labels + [IGNORED] * (longest - len(labels)) for _, labels in rows])
    return ids, labels, (torch.arange(longest) < torch.tensor([[len(ids)] for ids, _ in rows])).long()


def answer_logits(model, ids, mask, labels):
    """Logits and labels at the answer's places alone, since the vocabulary's layer is a fifth of the work; and which of them
    are the intents'."""
    inner = model.get_base_model()
    with disable_input_dtype_casting(model), torch.autocast("cpu", torch.bfloat16):
        hidden = inner.model(input_ids=ids, attention_mask=mask).last_hidden_state[:, :-1]
        target = labels[:, 1:]
        at = target != IGNORED
        logits = inner.lm_head(hidden[at]).float()
    before = torch.cat([torch.zeros_like(at[:, :1]), at[:, :-1]], dim=1)
    return logits, target[at], ~before[at]


def weighed_loss(logits, target, first, rest):
    """Mean loss of the intents, and a share of that of the words after them."""
    loss = cross_entropy(logits, target, reduction="none")
    return loss[first].mean() + (rest * loss[~first].mean() if bool((~first).any()) else 0)


@torch.no_grad()
def validate(model, tokenizer, pairs, words, batch=32):
    """Accuracy of the intents by set, and the mean loss of the intent's token."""
    model.eval()
    choices, right, total, losses = torch.tensor(sorted(words.values())), {}, {}, []
    rows = sorted(((encode(tokenizer, p), p["set"]) for p in pairs), key=lambda r: len(r[0][0]))
    for start in range(0, len(rows), batch):
        part = rows[start:start + batch]
        ids, labels, mask = padded([r for r, _ in part], tokenizer.pad_token_id or 0)
        logits, target, _ = answer_logits(model, ids, mask, labels)
        losses += cross_entropy(logits, target, reduction="none").tolist()
        for guess, truth, (_, name) in zip(choices[logits[:, choices].argmax(1)].tolist(), target.tolist(), part, strict=True):
            right[name] = right.get(name, 0) + (guess == truth)
            total[name] = total.get(name, 0) + 1
    model.train()
    return {**{name: round(right[name] / total[name], 4) for name in sorted(total)}, "loss": round(sum(losses) / len(losses), 4)}


def train(pairs, valid, model, tokenizer, settings, seed, out):
    words = word_ids(tokenizer)
    encoded = [encode(tokenizer, p) for p in pairs]
    order = [b for epoch in range(settings["epochs"]) for b in batches(encoded, settings["batch"], random.Random(seed + epoch))]
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings["learning_rate"], weight_decay=settings["weight_decay"])
    warm = max(1, int(settings["warmup"] * len(order)))
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: min((n + 1) / warm, 0.5 + 0.5 * math.cos(math.pi * min(n / len(order), 1))))
    step, best, checkpoint = 0, math.inf, out / "last.pt"
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        set_peft_model_state_dict(model, kept["adapter"])
        optimizer.load_state_dict(kept["optimizer"])
        rate.load_state_dict(kept["rate"])
        torch.set_rng_state(kept["chance"])
        step, best = kept["step"], kept["best"]
    board = SummaryWriter(out)
    model.train()
    tokens, began = 0, time.monotonic()
    for step in range(step, len(order)):
        ids, labels, mask = padded([encoded[i] for i in order[step]], tokenizer.pad_token_id or 0)
        loss = weighed_loss(*answer_logits(model, ids, mask, labels), settings["rest"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, settings["clip"])
        optimizer.step()
        rate.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += int(mask.sum())
        board.add_scalar("loss", loss.item(), step)
        if (step + 1) % settings["every"] == 0 or step + 1 == len(order):
            report = validate(model, tokenizer, valid[:settings["validated"]], words)
            print(json.dumps({"step": step + 1, "of": len(order), "train_loss": round(loss.item(), 4), **report,
                              "tokens_per_second": round(tokens / (time.monotonic() - began))}), flush=True)
            for name, value in report.items():
                board.add_scalar("valid/" + name, value, step)
            adapter = get_peft_model_state_dict(model)
            if report["loss"] < best:
                best = report["loss"]
                save({"adapter": adapter, "settings": settings, "step": step + 1, "valid": report}, out / "best.pt")
            save({"adapter": adapter, "optimizer": optimizer.state_dict(), "rate": rate.state_dict(), "chance": torch.get_rng_state(),
                  "step": step + 1, "best": best}, checkpoint)
    board.close()


def save(state, path):
    """In one step: a run that is killed leaves the old file or the new one."""
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def read_lines(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--base", required=True, help="the small model's GGUF file")
    arguments.add_argument("--pairs", type=Path, required=True, help="the folder that parser_data.py wrote")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--settings", default=Path(__file__).parent / "settings.yaml")
    arguments.add_argument("--set", action="append", default=[], metavar="STAGE.KEY=VALUE")
    options = arguments.parse_args()
    whole = data.read_settings(options.settings, options.set)
    torch.set_num_threads(whole["parser"]["threads"])
    torch.manual_seed(whole["seed"])
    options.out.mkdir(parents=True, exist_ok=True)
    model, tokenizer = load_base(options.base)
    valid = read_lines(options.pairs / "valid.jsonl")
    random.Random(whole["seed"]).shuffle(valid)
    train(read_lines(options.pairs / "train.jsonl")[:whole["parser"]["pairs"]], valid, with_adapter(model, whole["parser"]), tokenizer,
          whole["parser"], whole["seed"], options.out)


if __name__ == "__main__":
    main()
