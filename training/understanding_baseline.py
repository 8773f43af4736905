"""The baseline that the local parser is held against: TF-IDF and logistic regression for intents.

    pip install scikit-learn==1.9.1
    python training/understanding_baseline.py --data ../shared/data --cases /tmp/cases

It learns from the parser's exemplars and prints one JSON object: its accuracy on the held-out cases of
eval/, on CLINC's test part and on a fifth of Bitext. Bitext is also learned from its own other four fifths, grouped by
the words of an utterance so that near-copies stay on one side. With --cases the same utterances are written as cases for
`floorwalker eval understanding --cases F`, so that the parser answers exactly what the baseline did.
"""

import argparse
import json
import random
import re
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

import public_sets
from public_sets import ROOT

SAMPLE = 400  # utterances of each public set that are measured, drawn with a fixed seed


def exemplars():
    """The parser's own exemplars, without their marks: texts and intents."""
    texts, intents, intent = [], [], None
    for lang in ("en", "zh"):
        for line in (ROOT / f"agent/understanding/exemplars/{lang}.txt").read_text().splitlines():
            line = line.strip()
            if line.startswith("=="):
                intent = line.split()[1]
            elif line and not line.startswith("# "):
                texts.append(re.sub(r"\[\w ([^\]]*)\]", r"\1", line))
                intents.append(intent)
    return texts, intents


def model():
    """Words and pairs of words, and characters for Chinese and for slips of the finger."""
    features = make_union(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True))
    return make_pipeline(features, LogisticRegression(C=20, max_iter=300))


def accuracy(fitted, rows):
    return round(sum(fitted.predict([t for t, _ in rows]) == [i for _, i in rows]) / len(rows), 4)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True, help="the folder with bitext/, clinc-oos/ and webshop/")
    arguments.add_argument("--cases", type=Path, help="a folder to write the measured utterances to, as cases")
    options = arguments.parse_args()
    chance = random.Random(5)

    cases = [json.loads(line) for line in (ROOT / "eval/understanding.jsonl").read_text().splitlines()]
    support = list(public_sets.bitext(options.data))
    sets = {
        "held_out": [(c["text"], c["intent"]) for c in cases],
        "bitext": chance.sample([(t, ours) for t, _, ours, out in support if out and ours], SAMPLE),
        "clinc": chance.sample([(t, ours) for t, _, ours in public_sets.clinc(options.data, "test", "oos_test")], SAMPLE),
    }
    wishes = [w for w, out in public_sets.webshop(options.data) if out]
    sets["webshop"] = [(t, "search") for t in chance.sample(wishes, SAMPLE)]

    fitted = model().fit(*exemplars())
    report = {name: {"n": len(rows), "accuracy": accuracy(fitted, rows)} for name, rows in sets.items()}
    outside = [t for t, i in sets["clinc"] if i == "out_of_scope"]
    report["clinc"]["out_of_scope_recall"] = round(sum(fitted.predict(outside) == "out_of_scope") / len(outside), 4)
    report["webshop"]["refused"] = round(sum(fitted.predict([t for t, _ in sets["webshop"]]) == "out_of_scope") / SAMPLE, 4)
    own = model().fit(*zip(*[(t, theirs) for t, theirs, _, out in support if not out], strict=True))
    report["bitext_own_intents"] = {"accuracy": accuracy(own, [(t, theirs) for t, theirs, _, out in support if out])}
    print(json.dumps(report))
    if options.cases:
        options.cases.mkdir(parents=True, exist_ok=True)
        for name in ("bitext", "clinc", "webshop"):
            with open(options.cases / f"{name}.jsonl", "w") as file:
                for n, (text, intent) in enumerate(sets[name]):
                    file.write(json.dumps({"id": f"{name}-{n}", "lang": "en", "shown": [], "history": [], "text": text, "intent": intent, "slots": {}}) + "\n")


if __name__ == "__main__":
    main()
