"""Altered copies of pairs: a word lost, letters swapped, a word said otherwise, a text taken to another language and back."""
import random
from pathlib import Path
from typing import Protocol


class Translator(Protocol):
    """What back-translation needs. A shop may put a translation service here; Terms works without one."""

    def translate(self, text: str, to: str) -> str | None:
        """The text in the language "en" or "zh"; None where it can't be told."""


class Terms:
    """Translates by the server's tables of shopping terms (lexicon/terms), the longest term first. English to Chinese and back
    says the same in other words: "laptop", 笔记本电脑, "notebook"."""

    # In the order in which the server reads them; where a term stands twice the first counts.
    TABLES = ("core", "electronics", "office", "home", "kitchen", "clothing", "beauty", "leisure", "describing", "brands")

    def __init__(self, folder, seed=0):
        self.rng = random.Random(seed)
        self.chinese, self.english = {}, {}
        for table in self.TABLES:
            for line in Path(folder, f"{table}.tsv").read_text(encoding="utf-8").splitlines():
                english, _, terms = line.strip().partition("\t")
                if not english or line.startswith("#") or not terms:
                    continue
                self.chinese.setdefault(english.lower(), []).extend(terms.split())
                for term in terms.split():
                    self.english.setdefault(term.lower(), []).append(english.lower())

    def translate(self, text, to):
        """None where a word of the text stands in no table, unless it is no word (a number, a model's name)."""
        return self._to_chinese(text) if to == "zh" else self._to_english(text)

    def _to_chinese(self, text):
        words, out = text.lower().split(), []
        while words:
            for n in range(min(4, len(words)), 0, -1):
                said = " ".join(words[:n])
                found = self.chinese.get(said) or self.chinese.get(said.removesuffix("s")) or self.chinese.get(said.removesuffix("es"))
                if found:
                    out.append(self.rng.choice(found))
                    break
            else:
                if words[0].isalpha():
                    return None
                n = 1
                out.append(words[0])
            words = words[n:]
        return " ".join(out)

    def _to_english(self, text):
        text, out = text.lower().replace(" ", "\0"), []
        while text:
            longest = next((n for n in range(min(8, len(text)), 0, -1) if text[:n] in self.english), 0)
            if longest:
                out.append(self.rng.choice(self.english[text[:longest]]))
            elif ord(text[0]) >= 0x2E80:
                return None
            else:
                longest = 1
                if text[0] != "\0":
                    while longest < len(text) and text[longest] != "\0" and ord(text[longest]) < 0x2E80:
                        longest += 1
                    out.append(text[:longest])
            text = text[longest:]
        return " ".join(out)


def misspell(word, rng):
    """Swaps two neighbouring letters."""
    if len(word) < 4:
        return word
    i = rng.randrange(len(word) - 1)
    return word[:i] + word[i + 1] + word[i] + word[i + 2:]


def alter_text(text, settings, rng):
    """Now and then loses a word."""
    words = text.split(" ")
    if len(words) > 2 and rng.random() < settings["word_dropout"]:
        del words[rng.randrange(len(words))]
    return " ".join(words)


def alter_query(query, settings, rng, synonyms, translator: Translator | None = None):
    """Now and then says a word otherwise, takes the whole to Chinese and back, or swaps two letters of a word."""
    words = query.split(" ")
    known = [i for i, w in enumerate(words) if synonyms.get(w.lower())]
    if known and rng.random() < settings["synonym"]:
        i = rng.choice(known)
        words[i] = rng.choice(synonyms[words[i].lower()])
    elif translator and rng.random() < settings["back_translation"]:
        there = translator.translate(query, "zh")
        back = translator.translate(there, "en") if there else None
        if back:
            words = back.split(" ")
    if rng.random() < settings["misspell"]:
        i = rng.randrange(len(words))
        words[i] = misspell(words[i], rng)
    return " ".join(words)
