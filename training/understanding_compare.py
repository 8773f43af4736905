"""The parsers beside a baseline, in one run: TF-IDF and logistic regression, the local parser, auto, and the untuned small model.

    pip install scikit-learn==1.9.1
    python training/understanding_compare.py --data ../shared/data --floorwalker bin/floorwalker --model 60

Prints a table in Markdown, and each parser's own report on stderr. The baseline learns from the parser's exemplars and from
nothing else; Bitext is also learned from its own other four fifths, grouped by the words of an utterance so that near-copies
stay on one side. --model N also asks the language model, with and without the local parser, which needs Ollama (floorwalker
fetch --llm): it reads N held-out cases alone, drawn with a fixed seed, since it takes a second or more for each.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

import public_sets
from public_sets import ROOT

OUT = "out_of_scope"


def exemplars():
    """The parser's own exemplars, without their marks: texts and intents."""
    texts, intents, intent = [], [], None
    for lang in ("en", "zh"):
        for line in (ROOT / f"agent/understanding/exemplars/{lang}.txt").read_text(encoding="utf-8").splitlines():
            line = line.strip()
            if line.startswith("=="):
                intent = line.split()[1]
            elif line and not line.startswith("# "):
                texts.append(re.sub(r"\[\w ([^\]]*)\]", r"\1", line))
                intents.append(intent)
    return texts, intents


def baseline():
    """Words and pairs of words, and characters for Chinese and for slips of the finger."""
    features = make_union(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True))
    return make_pipeline(features, LogisticRegression(C=20, max_iter=300))


def case(name, n, text, intent):
    return {"id": f"{name}-{n}", "lang": "en", "shown": [], "history": [], "text": text, "intent": intent, "slots": {}}


def measured(data, most):
    """What is measured: the held-out cases of eval/, and the parts of public sets that nothing is learned from, at most so many."""
    with open(ROOT / "eval/understanding.jsonl", encoding="utf-8") as file:
        own = [json.loads(line) for line in file]
    rows = {
        "clinc": [(text, ours) for text, _, ours in public_sets.clinc(data, "test", "oos_test")],
        "webshop": [(wish, "search") for wish, out in public_sets.webshop(data) if out],
        "bitext": [(text, ours) for text, _, ours, out in public_sets.bitext(data) if out and ours],
    }
    drawn = {name: random.Random(5).sample(found, min(most or len(found), len(found))) for name, found in rows.items()}
    return {"held_out": own} | {name: [case(name, n, *row) for n, row in enumerate(found)] for name, found in drawn.items()}


def by_floorwalker(program, parser, cases):
    """The intents that a parser reads, in the order of the cases, and its report."""
    with tempfile.TemporaryDirectory() as folder:
        asked, parsed = Path(folder) / "cases.jsonl", Path(folder) / "parsed.jsonl"
        asked.write_text("".join(json.dumps(c, ensure_ascii=False) + "\n" for c in cases), encoding="utf-8")
        command = [program, "eval", "understanding", "--parser", parser, "--cases", asked, "--parsed", parsed]
        said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # where models/ lies
        report = json.loads(said.splitlines()[-1])
        print(f"{parser}, {len(cases)} cases: {json.dumps(report)}", file=sys.stderr, flush=True)
        return [json.loads(line)["intent"] for line in parsed.read_text(encoding="utf-8").splitlines()], report


def share(intents, cases, right):
    """The share of the cases of which right holds; "-" where there are none."""
    if intents is None or not cases:
        return "-"
    return f"{sum(right(i, c) for i, c in zip(intents, cases, strict=True)) / len(cases):.3f}"


def of(intents, cases, wanted):
    """Those of the cases that are wanted, with what they were read as."""
    kept = [n for n, c in enumerate(cases) if wanted(c)]
    return [intents[n] for n in kept] if intents else None, [cases[n] for n in kept]


def correct(intent, case):
    return intent == case["intent"]


def refused(intent, _):
    return intent == OUT


def line(*cells):
    print("| " + " | ".join(str(c) for c in cells) + " |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True, help="the folder with bitext/, clinc-oos/ and webshop/")
    arguments.add_argument("--floorwalker", type=Path, required=True, help="the server's program")
    arguments.add_argument("--sample", type=int, default=0, metavar="N", help="draw N utterances of each public set, with a fixed seed; all without it")
    arguments.add_argument("--model", type=int, default=0, metavar="N", help="also ask the language model, on N held-out cases")
    options = arguments.parse_args()
    program = options.floorwalker.resolve()

    sets = measured(options.data, options.sample)
    fitted = baseline().fit(*exemplars())
    read = {name: {"baseline": list(fitted.predict([c["text"] for c in cases]))} for name, cases in sets.items()}
    reports = {}
    for name, cases in sets.items():
        read[name]["local"], reports[name] = by_floorwalker(program, "local", cases)

    line("", "asked", "cases", "TF-IDF + LR", "local parser")
    line("---", "---:", "---:", "---:", "---:")
    own = sets["held_out"]
    line("held out: intents right", "0.93, local 0.90", len(own), *(share(read["held_out"][p], own, correct) for p in ("baseline", "local")))
    for lang, language in (("en", "English"), ("zh", "Chinese")):
        kept = {p: of(read["held_out"][p], own, lambda c, lang=lang: c["lang"] == lang) for p in ("baseline", "local")}
        line(f"held out, {language}", "", len(kept["local"][1]), *(share(*kept[p], correct) for p in ("baseline", "local")))
    line("held out: F1 of slots", "0.88", len(own), "-", f"{reports['held_out']['slot_f1']:.3f}")
    line("Bitext's held fifth: intents right", "0.95", len(sets["bitext"]), *(share(read["bitext"][p], sets["bitext"], correct) for p in ("baseline", "local")))
    for title, asked, name, wanted, right in (
        ("CLINC's test part: out of scope found", "0.80", "clinc", lambda c: c["intent"] == OUT, refused),
        ("CLINC's test part: a shop's business refused", "at most 0.05", "clinc", lambda c: c["intent"] != OUT, refused),
        ("WebShop's held fifth: wishes refused", "at most 0.05", "webshop", lambda c: True, refused),
        ("held out: a shop's business refused", "at most 0.05", "held_out", lambda c: c["intent"] != OUT, refused),
    ):
        kept = {p: of(read[name][p], sets[name], wanted) for p in ("baseline", "local")}
        line(title, asked, len(kept["local"][1]), *(share(*kept[p], right) for p in ("baseline", "local")))
    line("milliseconds an utterance, p50 / p99", "p99 15", len(own), "-", f"{reports['held_out']['ms_p50']:.1f} / {reports['held_out']['ms_p99']:.1f}")

    support = list(public_sets.bitext(options.data))
    theirs = baseline().fit(*zip(*[(text, intent) for text, intent, _, out in support if not out], strict=True))
    rest = [(text, intent) for text, intent, _, out in support if out]
    alone = sum(theirs.predict([text for text, _ in rest]) == [intent for _, intent in rest]) / len(rest)
    print(f"\nThe same baseline that learns Bitext's own 27 intents from its other four fifths: {alone:.3f} of {len(rest)}.")
    if options.model:
        beside_the_model(program, own, options.model)


def beside_the_model(program, own, n):
    """Auto on every held-out case, and on a part of them the model alone, with local and auto on the same part."""
    part = random.Random(5).sample(own, min(n, len(own)))
    print()
    line("held out", "cases", "intents right", "F1 of slots", "model asked", "ms p50", "ms p99")
    line("---", "---:", "---:", "---:", "---:", "---:", "---:")
    for title, parser, cases in (("local", "local", own), ("auto", "auto", own), ("local, on the part", "local", part), ("auto, on the part", "auto", part), ("the model alone, on the part", "llm", part)):
        _, r = by_floorwalker(program, parser, cases)
        line(title, r["cases"], f"{r['intent_accuracy']:.3f}", f"{r['slot_f1']:.3f}", f"{r['llm_share']:.3f}", f"{r['ms_p50']:.0f}", f"{r['ms_p99']:.0f}")


if __name__ == "__main__":
    main()
