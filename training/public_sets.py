"""Public sets of utterances, how their intents are read as ours, and which part of each is kept for measuring."""
import csv
import gzip
import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAPPINGS = json.loads((ROOT / "eval/mappings.json").read_text(encoding="utf-8"))


def held(text):
    """Whether an utterance belongs to the fifth that is measured on; agent/understanding/public_test.go parts them alike."""
    words = sorted(set(re.findall(r"[a-z]{4,}", text.lower())))
    return hashlib.sha256(" ".join(words).encode()).digest()[0] < 51


def bitext(data):
    """Rows of (utterance, Bitext's intent, ours or None, held out), near-copies all on one side."""
    with gzip.open(data / "bitext/customer_support.csv.gz", "rt", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            yield row["utterance"], row["intent"], MAPPINGS["bitext"][row["intent"]], held(row["utterance"])


def clinc(data, *parts):
    """Rows of (utterance, CLINC's intent, ours) of the named parts; those that are none of ours are left out."""
    with gzip.open(data / "clinc-oos/data_full.json.gz", "rt") as file:
        sets = json.load(file)
    for part in parts:
        for text, intent in sets[part]:
            ours = MAPPINGS["clinc"].get(intent, "out_of_scope")
            if ours:
                yield text, intent, ours


def webshop(data):
    """Rows of (request, held out)."""
    with gzip.open(data / "webshop/requests.json.gz", "rt") as file:
        return [(wish, held(wish)) for wish in json.load(file) if wish.strip()]
