"""Makes what the small model learns to parse from: prompts and answers, and a validation part.

  python parser_data.py --catalogue ../demo/catalogue.jsonl.gz --catalogue ../../shared/data/icecat/products.jsonl.gz \\
      --data ../../shared/data --out runs/parser

Sources: the parser's exemplars with other products, brands, colours and materials out of the catalogues in their places;
the training part of CLINC, four fifths of Bitext and of WebShop (no product marked there: the intent alone is learned).
What shares five words in a row with a held-out case is left out. English alone: see README.md.
"""
import argparse
import hashlib
import json
import random
import re
from collections import Counter
from pathlib import Path

import data
import parser_text
import public_sets
from public_sets import ROOT

RUN = 5  # words in a row that no held-out case may share


def read_exemplars(path):
    """(intent, topic, [(text, mark)]) of each line; the mark is "" where a piece has none."""
    intent = topic = ""
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line.startswith("=="):
            intent, topic = [*line[2:].split(), ""][:2]
        elif line and not line.startswith("# "):
            pieces = re.findall(r"\[(\w) ([^\]]*)\]|([^\[]+)", line)
            yield intent, topic, [(text or plain, mark) for mark, text, plain in pieces]


def runs(text):
    """Each run of RUN words, as agent/understanding/heldout_test.go counts them; a Chinese character is a word."""
    words = re.findall(r"[\u4e00-\u9fff]|(?:(?![\u4e00-\u9fff_])[\w'])+", text.lower())
    return {" ".join(words[i:i + RUN]) for i in range(len(words) - RUN + 1)}


class Vocabulary:
    """Words of the catalogues: kinds of product, brands, colours, materials, titles."""

    def __init__(self, paths):
        kinds, brands, colours, materials = Counter(), Counter(), Counter(), Counter()
        self.titles = []
        for path in paths:
            for product in map(json.loads, data.open_text(path)):
                attributes = product.get("attributes", {})
                brand = product.get("brand") or product.get("supplier") or ""
                kinds[attributes.get("type") or small_end(product["title"])] += 1
                brands[brand] += 1
                for colour in (attributes.get("colour", ""), product.get("attr_t_product_colour", ""), product.get("attr_t_product_color", "")):
                    colours[colour.lower()] += 1
                materials[attributes.get("material", "").lower()] += 1
                self.titles.append((product["title"], brand))
        plain = re.compile(r"^[a-z][a-z' -]{2,28}$")
        self.kinds = sorted(k for k, n in kinds.items() if n > 1 and plain.match(k) and len(k.split()) < 4 and not data.NO_KINDS & set(k.split()))
        self.brands = sorted(b for b in brands if 1 < len(b) < 20 and "[" not in b)
        self.colours = sorted(c for c, n in colours.items() if plain.match(c) and n > 2 and len(c.split()) < 3)
        self.materials = sorted(m for m in materials if plain.match(m) and len(m.split()) < 3)


def small_end(title):
    """The kind that stands in small letters behind brand and name: "ACME X200 screen protector"."""
    words = []
    for word in reversed(re.split(r",| - | for | with ", title)[0].split()):
        if not re.fullmatch(r"[a-z][a-z-]+", word):
            break
        words.insert(0, word)
    return " ".join(words)


COLOURS = "black white red blue green yellow grey gray pink purple brown silver gold beige navy orange turquoise burgundy olive".split()
MATERIALS = "leather suede cotton wool linen silk denim canvas steel wood wooden oak bamboo glass ceramic plastic metal velvet rubber aluminum".split()


def plural(noun):
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun if noun.endswith("s") else noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"


class Maker:
    """Makes variants of an exemplar, each in a conversation that suits its intent. Chance is seeded."""

    def __init__(self, vocabulary, seed):
        self.v, self.chance, self.seed = vocabulary, random.Random(seed), seed

    def noun(self, old):
        noun = self.chance.choice(self.v.kinds)
        return plural(noun) if old.endswith("s") and not old.endswith("ss") else noun

    def swap(self, text, mark):
        pick = self.chance.choice
        if mark == "p":
            return self.noun(text)
        if mark == "b":
            return pick(self.v.brands)
        if mark == "c" and len(text) > 1:
            return pick(COLOURS if self.chance.random() < 0.7 else self.v.colours)
        if mark == "m":
            return pick(MATERIALS if self.chance.random() < 0.7 else self.v.materials)
        if mark == "x":
            return pick([pick(COLOURS), pick(MATERIALS), pick(self.v.brands), text])
        return text

    def slip(self, text):
        """Two letters of a long word swapped, one lost, or one doubled."""
        words = text.split(" ")
        i = self.chance.randrange(len(words))
        w = words[i]
        if len(w) > 4 and w.isalpha():
            k = self.chance.randrange(1, len(w) - 2)
            words[i] = self.chance.choice([w[:k] + w[k + 1] + w[k] + w[k + 2:], w[:k] + w[k + 1:], w[:k] + w[k] + w[k:]])
        return " ".join(words)

    def noise(self, pieces):
        """Other spelling: a capital, an end mark, a slip of the finger, a polite word."""
        pieces, chance = list(pieces), self.chance
        text, mark = pieces[0]
        if chance.random() < 0.4 and mark != "b":
            pieces[0] = (text[:1].upper() + text[1:], mark)
        if chance.random() < 0.1:
            pieces.insert(0, (chance.choice(["hi, ", "hello ", "hey ", "ok ", "okay, ", "well ", "sorry, ", "please "]), ""))
        if chance.random() < 0.08 and "?" not in pieces[-1][0]:
            pieces.append((chance.choice([" please", " thanks", ", please", " thank you"]), ""))
        if chance.random() < 0.15:
            i = chance.randrange(len(pieces))
            if not pieces[i][1]:
                pieces[i] = (self.slip(pieces[i][0]), "")
        text, mark = pieces[-1]
        if chance.random() < 0.3 and text[-1] not in "?!.":
            pieces.append((chance.choice(".!?"), ""))
        elif chance.random() < 0.3 and not mark and text.rstrip("?!."):
            pieces[-1] = (text.rstrip("?!."), "")
        return pieces

    # How often products are on the screen, and how often something was said before though nothing is.
    SHOWN = {"search": 0.35, "refine": 0.85, "recommend": 0.2, "compare": 0.97, "product_question": 0.95, "add_to_cart": 0.95, "remove_from_cart": 0.35}
    TALKED = {"search": 0.1, "refine": 1.0, "recommend": 0.1, "compare": 0, "product_question": 0, "add_to_cart": 0, "remove_from_cart": 0}

    def talk(self, intent, pieces):
        """What was said before and what is on the screen."""
        chance = self.chance
        shown, talked = self.SHOWN.get(intent, 0.25), self.TALKED.get(intent, 0.15)
        about = next((text for text, mark in pieces if mark == "p" and intent == "refine"), None) or chance.choice(self.v.kinds)
        titles, history = [], []
        if chance.random() < max(shown, talked):
            if chance.random() < 0.85 or intent == "refine":
                history = [chance.choice(["%", "i need a %", "looking for %", "show me %"]).replace("%", about)]
            if chance.random() < shown / max(shown, talked):
                for _ in range(chance.randint(2 if intent == "compare" else 1, 4)):
                    brand = chance.choice(self.v.brands) if chance.random() < 0.7 else ""
                    title = f"{brand} {about.title()} {chance.randint(100, 999)}".strip()
                    titles.append(chance.choice(self.v.titles)[0] if chance.random() < 0.3 else title)
                if intent in ("compare", "product_question", "add_to_cart", "remove_from_cart") or intent == "refine" and chance.random() < 0.4:
                    named = [text for text, mark in pieces if mark in "pbmx" and mark]
                    for i, text in enumerate(named[:len(titles)]):
                        titles[i] = f"{text} {titles[i]}"
        return titles, history

    def pair(self, intent, topic, pieces, known=True):
        """A prompt and its answer. Where the details are not known, the answer ends after the intent."""
        titles, history = self.talk(intent, pieces)
        text = "".join(t for t, _ in pieces)
        return {"text": text, "history": history, "prompt": parser_text.prompt(text, titles, history),
                "answer": parser_text.answer(intent, details(intent, topic, pieces) if known else ()), "whole": known}


def details(intent, topic, pieces):
    """The marked pieces that belong to the intent, in the order of DETAILS."""
    marks = {"search": "pbcmax", "refine": "pbcmax", "recommend": "pbcmax", "compare": "pbc", "product_question": "pbc", "add_to_cart": "pbc",
             "remove_from_cart": "pbc", "return_refund": "p", "complaint": "p", "order_status": "p"}.get(intent, "")
    found = [(mark, parser_text.clean(text)) for mark in marks for text, m in pieces if m == mark]
    return found + ([("t", topic)] if intent == "faq" and topic else [])


def public(folder, settings, chance):
    """(intent, text) of the public sets' training parts, drawn by chance."""
    groups = {}
    for text, theirs, ours in public_sets.clinc(folder, "train", "oos_train"):
        groups.setdefault(("clinc", theirs, ours), []).append(text)
    for text, theirs, ours, out in public_sets.bitext(folder):
        if ours and not out:
            groups.setdefault(("bitext", theirs, ours), []).append(text)
    groups["webshop", "", "search"] = [wish for wish, out in public_sets.webshop(folder) if not out]
    measured = {text for text, _, _ in public_sets.clinc(folder, "test", "oos_test")}  # a few stand in two of its parts
    for (source, _, ours), texts in sorted(groups.items()):
        for text in chance.sample(sorted(texts), min(settings["per_" + source], len(texts))):
            if text not in measured:
                yield ours, text


def validation(folder, settings, chance):
    """Cases that nothing is learned from: those that the parser may be tuned on, and CLINC's validation part."""
    for line in (ROOT / "eval/understanding_dev.jsonl").open(encoding="utf-8"):
        case = json.loads(line)
        if case["lang"] == "en":
            yield "dev", case
    rows = list(public_sets.clinc(folder, "val", "oos_val"))
    for n, (text, _, ours) in enumerate(chance.sample(rows, settings["from_clinc_validation"])):
        yield "clinc", {"id": f"v{n}", "lang": "en", "shown": [], "history": [], "text": text, "intent": ours, "slots": {}}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--catalogue", action="append", required=True, help="in the import format, or Icecat's")
    arguments.add_argument("--data", type=Path, required=True, help="the folder with bitext/, clinc-oos/ and webshop/")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--settings", default=Path(__file__).parent / "settings.yaml")
    arguments.add_argument("--set", action="append", default=[], metavar="STAGE.KEY=VALUE")
    options = arguments.parse_args()
    whole = data.read_settings(options.settings, options.set)
    settings, seed = whole["parser"], whole["seed"]

    maker, pairs = Maker(Vocabulary(options.catalogue), seed), []
    for intent, topic, pieces in read_exemplars(ROOT / "agent/understanding/exemplars/en.txt"):
        for _ in range(settings["variants"]):
            if maker.chance.random() < settings["as_it_is"]:
                pairs.append(maker.pair(intent, topic, pieces))
            else:
                pairs.append(maker.pair(intent, topic, maker.noise([(maker.swap(text, mark), mark) for text, mark in pieces])))
    for intent, text in public(options.data, settings, maker.chance):
        pairs.append(maker.pair(intent, "", [(text, "")], known=False))

    held_out = set().union(*(runs(json.loads(line)["text"]) for line in (ROOT / "eval/understanding.jsonl").open(encoding="utf-8")))
    texts = [(p, set().union(*map(runs, [p["text"], *p["history"]]))) for p in pairs]
    kept = [(p, words) for p, words in texts if not words & held_out]
    maker.chance.shuffle(kept)
    options.out.mkdir(parents=True, exist_ok=True)
    with open(options.out / "train.jsonl", "w", encoding="utf-8") as file:
        for p, _ in kept:
            file.write(json.dumps({k: p[k] for k in ("prompt", "answer", "whole")}, ensure_ascii=False) + "\n")
    with open(options.out / "valid.jsonl", "w", encoding="utf-8") as file, open(options.out / "valid_cases.jsonl", "w", encoding="utf-8") as cases:
        for source, case in validation(options.data, settings, random.Random(seed)):
            line = {"set": source, "prompt": parser_text.prompt(case["text"], [s["title"] for s in case["shown"]], case["history"]),
                    "answer": parser_text.answer(case["intent"]), "whole": False}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            cases.write(json.dumps(case, ensure_ascii=False) + "\n")
    # The runs of words that were learned from, as hashes: a Go test holds the held-out cases against them.
    hashes = sorted({hashlib.sha256(words.encode()).digest()[:6] for _, found in kept for words in found})
    (Path(__file__).parent / "parser_learned_runs.bin").write_bytes(b"".join(hashes))
    print(json.dumps({"pairs": len(kept), "left_out": len(pairs) - len(kept), "runs": len(hashes), "kinds": len(maker.v.kinds), "brands": len(maker.v.brands),
                      "intents": Counter(p["answer"].split("|")[0].strip() for p, _ in kept).most_common()}))


if __name__ == "__main__":
    main()
