"""What the models read of a product: the same strings that the server makes (shop.Product in Go).

texts.jsonl holds cases that the tests of both sides read.
"""

PAIR_CHARACTERS = 600    # shop.Product.PairText: a cross-encoder reads with the query in mind
SEARCH_CHARACTERS = 160  # shop.Product.SearchText: an embedding is blurred by what comes late in a text
LONGEST_WORD = 24        # bytes that are given up to end at a word


def product_text(product):
    """What the cross-encoder reads beside the query."""
    return first_words(whole_text(product), PAIR_CHARACTERS)


def search_text(product):
    """What the embedding models read."""
    return first_words(whole_text(product), SEARCH_CHARACTERS)


def whole_text(product):
    """Brand and title, category, description; what the title says already is not repeated."""
    title, brand = text_of(product, "title"), text_of(product, "brand")
    category, description = text_of(product, "category"), text_of(product, "description")
    out = f"{brand} {title}" if brand and not contains(title, brand) else title
    for part in ("" if contains(title, category) else category, "" if description == title else description):
        if part:
            out += (". " if out else "") + part
    return out


def first_words(text, n):
    """At most n characters, cut at the end of a word where there is one near."""
    if len(text) <= n:
        return text
    cut = text[:n]
    space = cut.rfind(" ")
    if text[n] != " " and space >= 0 and len(cut[space:].encode()) < LONGEST_WORD:
        return cut[:space]
    return cut


def text_of(product, field):
    return str(product.get(field) or "")


def contains(text, phrase):
    """Whether the phrase stands in the text as whole words, without regard to case."""
    return f" {' '.join(phrase.lower().split())} " in f" {' '.join(text.lower().split())} "
