"""Catalogues, graded ratings, folds by query, pairs of matching products, and the generated pairs of the first stage."""
import csv
import gzip
import hashlib
import json
import random
import re
from collections import defaultdict
from pathlib import Path

import yaml

from text import product_text, search_text


def read_settings(path, changed=()):
    """The settings of a run; each of changed is "key=value" or "stage.key=value"."""
    settings = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    for item in changed:
        key, value = item.split("=", 1)
        *place, key = key.split(".")
        owner = settings
        for name in place:
            owner = owner[name]
        if key not in owner:
            raise SystemExit(f"there is no setting {item.split('=', 1)[0]}")
        owner[key] = yaml.safe_load(value)
    return settings


def open_text(path):
    """Opens a text file, gzip or not."""
    return gzip.open(path, "rt", encoding="utf-8") if str(path).endswith(".gz") else open(path, encoding="utf-8")


def load_products(path):
    """Reads a catalogue in the import format, as `floorwalker export` writes it, into {sku: product}."""
    with open_text(path) as f:
        return {p["sku"]: p for p in map(json.loads, f)}


def load_ratings(path):
    """Reads query,docid,rating into {query: [(docid, grade 0..3)]}."""
    ratings = defaultdict(list)
    with open_text(path) as f:
        for row in csv.DictReader(f):
            ratings[row["query"]].append((row["docid"], int(row["rating"])))
    return dict(ratings)


def folds(queries, n, seed):
    """Parts the queries into n folds, so that no query is in two; sorted first, so that order does not matter."""
    queries = sorted(queries)
    random.Random(seed).shuffle(queries)
    return [queries[i::n] for i in range(n)]


def validation_split(queries, seed, share=0.15):
    """Takes a share of the training queries for early stopping."""
    queries = sorted(queries)
    random.Random(seed + 1).shuffle(queries)
    n = max(1, int(len(queries) * share))
    return queries[n:], queries[:n]


def inner_split(ratings, settings, share=0.3):
    """(train, valid) of the queries outside fold 0: what settings are chosen by, so that fold 0 stays unseen."""
    _, *rest = folds(ratings, settings["folds"], settings["seed"])
    return validation_split([q for part in rest for q in part], settings["seed"], share)


def fingerprint(items):
    """SHA-256 of the sorted items, to record which queries were in which part."""
    return hashlib.sha256("\n".join(sorted(items)).encode()).hexdigest()


WORD = re.compile(r"[A-Za-z][A-Za-z0-9\-]+")


def singular(word):
    """A plain guess, good enough to compare names: "batteries" and "battery", "cases" and "case"."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")):
        return word[:-1]
    return word


def words_of(text):
    return [singular(w.lower()) for w in WORD.findall(text)]


def read_synonyms(path):
    """{word: [words that listings use for it]} from lines "laptop > notebook" and "tv = television"."""
    out = defaultdict(list)
    for line in open(path, encoding="utf-8"):
        mutual = "=" in line
        group = [w for w in line.split("#")[0].split() if w not in "=>"]
        for i, word in enumerate(group):
            if i == 0 or mutual:
                out[word] += [w for w in group if w != word]
    return out


# What titles end in that is no name of a thing.
NO_KINDS = set("""black white red blue green grey gray silver gold yellow cyan magenta pink orange purple brown beige original
compatible pc ml mah gb mb tb mm cm inch set a4 a3 categorized""".split())


class Kinds:
    """What each product is: the last part of its category, and the endings of its title that others share, unless the
    title says the category already.

    A product is of a kind when one of its names ends in the kind's words: a "notebook case" is a case and no notebook.
    """

    def __init__(self, products, least=4):
        counts = defaultdict(int)
        endings = []
        for p in products:
            title = words_of(re.split(r",| - | for | with ", p["title"])[0])[-8:]
            endings.append([tuple(title[-n:]) for n in (1, 2, 3) if len(title) > n])
            for e in set(endings[-1]):
                counts[e] += 1
        self.names = []
        for p, mine in zip(products, endings):
            category = tuple(words_of(str(p.get("category") or "").split("/")[-1]))
            spelled = " ".join(category) and f" {' '.join(category)} " in f" {' '.join(words_of(p['title']))} "
            named = set() if spelled else {e for e in mine if counts[e] >= least and e[-1] not in NO_KINDS}
            self.names.append(({category} if category else set()) | named)
        # members are the products of each kind, by place.
        self.members = defaultdict(set)
        for i, names in enumerate(self.names):
            for name in names:
                for at in range(len(name)):
                    self.members[name[at:]].add(i)
        counts.clear()
        for names in self.names:
            for n in names:
                counts[n] += 1
        self.common = sorted((n, c) for n, c in counts.items() if c >= least and all(len(w) > 1 for w in n))


def apart_or_together(words, vocabulary):
    """The words as people also write them, where the catalogue knows these: "head set" for "headset", "mousepad"."""
    for at, word in enumerate(words):
        for cut in range(3, len(word) - 2):
            if word[:cut] in vocabulary and word[cut:] in vocabulary:
                return words[:at] + [word[:cut], word[cut:]] + words[at + 1:]
        if at and words[at - 1] + word in vocabulary:
            return words[:at - 1] + [words[at - 1] + word] + words[at + 1:]
    return words


def generated_pairs(products, embed, synonyms, settings, seed):
    """Pairs (query, product text, target 0..1) with the queries that customers would use for what the catalogue has.

    A query is a kind ("notebook", also by a synonym or in the plural), a kind with a word that some of its products
    have ("wireless mouse", "tn-2110 toner"), or a brand with or without a kind. What is of the kind is relevant, fully where it has
    the word and the brand as well; what only mentions the words ("notebook case") is not. Everything else goes by the
    cosine of the embeddings, up to settings["unknown"].
    """
    import numpy as np
    rng = random.Random(seed)
    kinds, texts = Kinds(products), [product_text(p) for p in products]
    bags = [set(words_of(t)) for t in texts]
    docs = embed([search_text(p) for p in products])
    brands = [words_of(str(p.get("brand") or "")) for p in products]
    weights = [c ** settings["popular"] for _, c in kinds.common]
    counts = defaultdict(int)
    for bag in bags:
        for w in bag:
            counts[w] += 1
    vocabulary = {w for w, c in counts.items() if c >= 5}
    pairs = []
    for _ in range(settings["pairs"] // settings["docs_per_query"]):
        kind, _ = rng.choices(kinds.common, weights)[0]
        word, brand, spoken = None, None, list(kind)
        members = kinds.members[kind]
        own = sorted(members)
        style = rng.random()
        if style < 0.45:  # with a word of some, or a number that names a model
            counts = defaultdict(int)
            sample = rng.sample(own, min(40, len(own)))
            for i in sample:
                for w in bags[i] - set(kind):
                    counts[w] += 1
            if style < 0.35:
                some = [w for w, c in counts.items() if 2 <= c <= 0.6 * len(sample) and w.isalpha() and len(w) > 2]
            else:
                some = [w for w in counts if len(w) > 3 and any(c.isdigit() for c in w)]
            if some:
                word = rng.choice(sorted(some))
        elif style < 0.6:
            brand = brands[rng.choice(own)] or None
        for at, w in enumerate(spoken):
            others = [a for a, listed in synonyms.items() if w in listed]
            if others and rng.random() < 0.5:
                spoken[at] = rng.choice(others)
        if rng.random() < 0.3:
            spoken = apart_or_together(spoken, vocabulary)
        if rng.random() < 0.3:
            spoken[-1] += "es" if spoken[-1].endswith(("s", "x", "ch", "sh")) else "s"
        only_brand = brand and rng.random() < 0.4
        query = " ".join((brand or []) + ([word] if word else []) + ([] if only_brand else spoken))
        asked = set(brand or []) | ({word} if word else set()) | (set() if only_brand else set(kind))

        def target(i):
            if only_brand:
                return 1.0 if brands[i] == brand else 0.3 if asked <= bags[i] else 0.0
            if i in members:
                full = (not word or word in bags[i]) and (not brand or brands[i] == brand)
                return 1.0 if full else 0.4
            if bags[i] & set(kind) or set(spoken) & bags[i]:
                return 0.05
            return None

        cosine = docs @ embed([query])[0]
        order = np.argsort(-cosine)
        mentions = [int(i) for i in order[:400] if target(i) is not None and target(i) < 0.5]
        good = [i for i in range(len(products)) if brands[i] == brand] if only_brand else own
        full = [i for i in good if target(i) == 1.0]
        chosen = rng.sample(full or good, min(3, len(full or good))) + rng.sample(good, min(1, len(good)))
        chosen += rng.sample(mentions[:60], min(3, len(mentions[:60])))
        chosen += [int(i) for i in rng.sample(list(order[:200]), 2)]
        while len(chosen) < settings["docs_per_query"]:
            chosen.append(rng.randrange(len(products)))
        for i in dict.fromkeys(chosen):
            value = target(i)
            if value is None:
                value = settings["unknown"] * float(min(1, max(0, (cosine[i] - 0.2) / 0.5)))
            pairs.append((query, texts[i], value))
    rng.shuffle(pairs)
    return pairs


FIELD = re.compile(r"COL (\S+) VAL ?")


def matching_pairs(folder, part):
    """Pairs (title, product text, 1 or 0) of the same product or another in two shops' listings, from files in the format of
    Ditto (Li et al., VLDB 2020) whose name ends in "-PART.txt.gz": "COL title VAL … COL brand VAL …", a tab, the other, a
    tab, 0 or 1. It is another task than relevance: what is not the same may well be what a shopper wants."""
    pairs = []
    for path in sorted(Path(folder).glob(f"*-{part}.txt.gz")):
        for line in open_text(path):
            left, right, label = line.rstrip("\n").split("\t")
            asked, given = record(left), record(right)
            pairs.append((asked["title"], product_text(given), float(label)))
    return pairs


def record(text):
    """A listing in Ditto's format as a product."""
    _, *parts = FIELD.split(text)
    fields = {name: value.strip() for name, value in zip(parts[::2], parts[1::2])}
    return {"title": fields.get("title") or fields.get("name", ""), "brand": fields.get("brand") or fields.get("manufacturer", ""),
            "category": fields.get("category", ""), "description": fields.get("description", "")}


def by_query(pairs):
    """[(query, [(text, target)])] in the order of the first mention."""
    groups = defaultdict(list)
    for query, text, target in pairs:
        groups[query].append((text, target))
    return list(groups.items())
