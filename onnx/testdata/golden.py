"""Writes what Hugging Face's tokenizers make of generated texts, for the Go tests to compare with.

    pip install tokenizers==0.23.3
    python golden.py ../../models/all-minilm-l6-v2 ../../models/bge-small-zh-v1.5 | gzip -9n > tokens.jsonl.gz
    python golden.py --seed 8 MODEL_FOLDER... | gzip > other.jsonl.gz    # FLOORWALKER_TOKENS=other.jsonl.gz go test

Every line: the model's folder name, the text as hex of its bytes (it may be broken UTF-8), for a pair
the second text, the limit of tokens (0: none), the ids and where token type 1 begins.
The texts are made here; none is taken from a data set.
"""
import argparse
import json
import pathlib
import random
import unicodedata

from tokenizers import Tokenizer

WORDS = """running shoes wireless mouse espresso machine stainless-steel frying pan 27-inch monitor usb-c cable
waterproof jacket under $80 women's size 42.5 noise-cancelling headphones baby's first puzzle 3.5mm jack
unbelievably antidisestablishmentarianism thermo-insulated re-chargeable 100% cotton t-shirt @home #1 A/B
O'Neill's naïve café crème brûlée jalapeño Ångström façade Zürich İstanbul straße ſharp ﬁne Ⅷ ① ½ x² CO₂
Ελληνικά ΣΊΣΥΦΟΣ привет ёлка йод наушники العربية مَرْحَبًا שָׁלוֹם हिन्दी ไทย Tiếng Việt ﷺ
無線マウス ワイヤレス パソコン ｶﾀｶﾅ 가방 운동화 서울 무선""".split()
HAN = "无线鼠标蓝牙耳机跑步鞋红色连衣裙手机充电器电脑显示器便宜一点的咖啡机女士外套尺码退货运费保修㐀𠀀𪜀豈丽"
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧", "🇨🇳", "❤️", "🛒", "✈︎", "☕", "🧦🧦", "1️⃣"]
CONTROL = ["\x00", "\x01", "\x0b", "\x0c", "\x1f", "\x7f", "\x85", "\xa0", "\u00ad", "\u200b", "\u200d", "\u202e",
           "\u2028", "\u3000", "\ufeff", "\ufffd", "\ue000", "\t", "\n", "\r\n", "\u0301", "\u0308\u0323"]
BROKEN = [b"\xff", b"\xc3", b"\xe4\xb8", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"]
SPECIAL = ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "[sep]", "[MASK", "[[SEP]]", "##ing", "# #", "[ SEP ]"]
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["，", "。", "、", "“", "”", "…", "—", "¿", "·", "₹", "€", "™", "°"]


def piece(rng: random.Random) -> bytes:
    """One fragment of a text."""
    kind = rng.random()
    if kind < 0.40:
        word = rng.choice(WORDS)
        if rng.random() < 0.2:
            word = rng.choice([word.upper(), word.title(), word[::-1], unicodedata.normalize("NFD", word)])
        return word.encode()
    if kind < 0.55:
        return "".join(rng.choice(HAN) for _ in range(rng.randint(1, 8))).encode()
    if kind < 0.65:
        return rng.choice(PUNCTUATION).encode() * rng.randint(1, 3)
    if kind < 0.72:
        return rng.choice(EMOJI).encode()
    if kind < 0.79:
        return rng.choice(CONTROL).encode()
    if kind < 0.84:
        return rng.choice(BROKEN)
    if kind < 0.88:
        return rng.choice(SPECIAL).encode()
    if kind < 0.90:
        return "".join(rng.choice("abcdefgh") for _ in range(rng.choice([30, 99, 100, 101, 300]))).encode()
    if kind < 0.94:
        return str(rng.randint(0, 10**rng.randint(1, 12))).encode()
    while True:  # any code point at all
        code = rng.choice([rng.randrange(0x20, 0x3000), rng.randrange(0x3000, 0x30000), rng.randrange(0xE0000, 0x110000)])
        if not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code)) != "Cn":
            return chr(code).encode()


def text(rng: random.Random) -> bytes:
    """A text of up to thirty fragments; the empty one is among them."""
    parts = [piece(rng) for _ in range(rng.choice([0, 1, 2, 3, 5, 8, 12, 30]))]
    return b"".join(p + rng.choice([b" ", b" ", b" ", b"", b"  ", b"\n"]) for p in parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=5000, help="cases a model")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    for folder in args.models:
        rng = random.Random(f"{args.seed}-{folder.name}")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        for number in range(args.count):
            limit = rng.choice([0, 0, 8, 9, 16, 33, 64])
            if limit:
                tokenizer.enable_truncation(limit, strategy="longest_first")
            else:
                tokenizer.no_truncation()
            first, second = text(rng), text(rng) if number % 3 == 0 else None
            pair = None if second is None else second.decode(errors="replace")
            encoding = tokenizer.encode(first.decode(errors="replace"), pair)
            second_from = encoding.type_ids.index(1) if 1 in encoding.type_ids else len(encoding.ids)
            case = {"model": folder.name, "text": first.hex(), "limit": limit, "ids": encoding.ids, "second_from": second_from}
            if second is not None:
                case["pair"] = second.hex()
            print(json.dumps(case, separators=(",", ":")))


if __name__ == "__main__":
    main()
