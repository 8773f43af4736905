"""What the small model reads of an utterance and what it answers: the same strings that the server makes and reads
(agent/understanding/tuned.go). parser_texts.jsonl holds cases that the tests of both sides read.

An answer is one word for the intent and then what was said, as in " search|p boots|c black|m leather". Amounts, sizes,
positions and order numbers are not in it: the server's grammar reads them and does not miscount.
"""
import unicodedata

# One word, and one token, for each intent: the probabilities of the first token are those of the intents.
WORDS = {
    "search": " search", "refine": " change", "recommend": " advice", "compare": " compare", "product_question": " question",
    "add_to_cart": " add", "remove_from_cart": " remove", "view_cart": " cart", "checkout": " checkout", "order_status": " order",
    "return_refund": " return", "faq": " policy", "complaint": " complaint", "handoff": " person", "greeting": " hello",
    "thanks": " thanks", "goodbye": " goodbye", "out_of_scope": " other",
}

# Which details an answer can hold: exemplars' marks, and t for the topic of a question about the shop.
DETAILS = {"p": "product", "b": "brand", "c": "color", "m": "material", "a": "audience", "x": "exclude", "t": "topic"}

TITLES, TITLE, BEFORE, SAID = 4, 16, 40, 300  # how many titles, and characters of each part

PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u200b": None, "\u200d": None, "。": ".", "、": ",", "～": "~", "\0": " "})


def clean(text):
    """The text as the server reads it: full-width forms plain, white space single."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(PLAIN)).split())


def cut(text, n):
    return " ".join(text.split())[:n].strip()


def prompt(text, shown=(), history=()):
    """shown are the titles on the screen, history what the customer said before, oldest first."""
    lines = ""
    if shown:
        lines += "Seen: " + ", ".join(f"{i + 1} {cut(title, TITLE)}" for i, title in enumerate(shown[:TITLES])) + "\n"
    if history:
        lines += "Before: " + cut(history[-1], BEFORE) + "\n"
    return lines + "Said: " + cut(clean(text), SAID) + "\nMeans:"


def answer(intent, details=()):
    """details are pairs of a mark and a text, in their order."""
    return WORDS[intent] + "".join(f"|{mark} {text}" for mark, text in details)
