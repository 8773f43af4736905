"""Rankers to hold the model against, each {query: [(score, grade)]} with a query's rated products in order of docid. Those
that learn from ratings learn anew for each fold, from the queries outside it."""
import math
import re
from collections import Counter

import numpy as np

import data
from model import BiEncoder, base_folder, encode, load_tokenizer, mean, unit
from text import product_text, search_text, text_of, whole_text

WORD = re.compile(r"\w+")


def rows_of(products, ratings):
    """{query: [(docid, grade)]} of what the catalogue has, in order of docid."""
    return {q: [(d, g) for d, g in sorted(rows) if d in products] for q, rows in ratings.items()}


class BM25:
    """Word statistics come from the whole catalogue."""

    def __init__(self, texts, k1=1.2, b=0.75):
        self.k1, self.b = k1, b
        self.words = {sku: Counter(WORD.findall(text.lower())) for sku, text in texts.items()}
        self.lengths = {sku: sum(w.values()) for sku, w in self.words.items()}
        self.usual = sum(self.lengths.values()) / len(self.lengths)
        self.documents = Counter(w for counted in self.words.values() for w in counted)

    def score(self, query, sku):
        total = 0.0
        for w in set(WORD.findall(query.lower())):
            n, f = self.documents[w], self.words[sku][w]
            rarity = math.log(1 + (len(self.words) - n + 0.5) / (n + 0.5))
            total += rarity * f * (self.k1 + 1) / (f + self.k1 * (1 - self.b + self.b * self.lengths[sku] / self.usual))
        return total


def bm25(products, ratings):
    index = BM25({sku: whole_text(p) for sku, p in products.items()})
    return {q: [(index.score(q, d), g) for d, g in rows] for q, rows in rows_of(products, ratings).items()}


def cosine(products, ratings, settings):
    """The bi-encoder as it comes, with the text that the server embeds."""
    rows, folder = rows_of(products, ratings), base_folder(settings["base"])
    encoder = BiEncoder(folder, load_tokenizer(folder), settings["max_tokens"])
    skus = sorted({d for some in rows.values() for d, _ in some})
    docs = dict(zip(skus, encoder.embed([search_text(products[s]) for s in skus])))
    asked = dict(zip(rows, encoder.embed(list(rows))))
    return {q: [(float(docs[d] @ asked[q]), g) for d, g in some] for q, some in rows.items()}


def untuned_cross_encoder(products, ratings, settings):
    """MiniLM that reads both texts together, as a cross-encoder does, before any training: the cosine of what it makes of the
    query's tokens and of the product's, since a head of its own would be chance."""
    import torch
    folder = base_folder(settings["base"])
    tokenizer = load_tokenizer(folder)
    bert, out = BiEncoder(folder, tokenizer, settings["max_tokens"]).bert, {}
    for query, some in rows_of(products, ratings).items():
        if some:
            with torch.no_grad():
                enc = encode(tokenizer, [query] * len(some), [product_text(products[d]) for d, _ in some], settings["max_tokens"])
                hidden = bert(**enc)[0]
            product = enc["token_type_ids"] * enc["attention_mask"]
            scores = (unit(mean(hidden, enc["attention_mask"] - product)) * unit(mean(hidden, product))).sum(-1)
            out[query] = list(zip(scores.tolist(), [g for _, g in some]))
    return out


def by_fold(rows, features, settings, fit):
    """Scores of each fold's queries by what fit learnt from the others. features[query] is [products, …]; fit takes the
    features and grades of some queries, a list of arrays each, and returns what scores an array."""
    out = {}
    for held in data.folds(rows, settings["folds"], settings["seed"]):
        train = sorted(q for q in rows if q not in held and rows[q])
        predict = fit([features[q] for q in train], [np.array([g for _, g in rows[q]]) for q in train])
        for q in held:
            if rows[q]:
                out[q] = list(zip(map(float, predict(features[q])), [g for _, g in rows[q]]))
    return out


def hand_features(products, ratings, settings):
    """{query: [products, features]}: BM25 of text and title, the cosine, the shares of the query's words in title and text, at
    its head and in its first words, whether the brand is asked for, lengths and price."""
    rows, near = rows_of(products, ratings), cosine(products, ratings, settings)
    whole, title = (BM25({sku: of(p) for sku, p in products.items()}) for of in (whole_text, lambda p: text_of(p, "title")))
    words = {d: data.words_of(text_of(products[d], "title")) for some in rows.values() for d, _ in some}
    out = {}
    for q, some in rows.items():
        asked = data.words_of(q) or [""]
        out[q] = []
        for (d, _), (c, _) in zip(some, near[q]):
            p, named = products[d], words[d]
            thing = data.words_of(re.split(r",| - | for | with ", text_of(p, "title"))[0])
            brand = data.words_of(text_of(p, "brand"))
            text = set(data.words_of(whole_text(p)))
            first = [named.index(w) for w in asked if w in named]
            out[q].append([
                whole.score(q, d), title.score(q, d), c, sum(w in named for w in asked) / len(asked), sum(w in text for w in asked) / len(asked),
                sum(w in named[:3] for w in asked) / len(asked), float(asked[-1] in thing[-2:]), float(any(w in asked for w in brand)),
                min(first, default=20), len(named), len(asked), math.log1p(p.get("price_minor", 0))])
        out[q] = np.array(out[q])
    return out


def lambdamart(products, ratings, settings):
    """LightGBM's LambdaMART on the hand features, shallow, since there are few queries; its settings were not searched."""
    import lightgbm

    def fit(features, grades):
        model = lightgbm.LGBMRanker(n_estimators=100, num_leaves=7, learning_rate=0.05, min_child_samples=20, subsample=0.8, subsample_freq=1,
                                    random_state=settings["seed"], deterministic=True, n_jobs=settings["threads"], verbose=-1)
        model.fit(np.concatenate(features), np.concatenate(grades), group=[len(g) for g in grades])
        return model.predict
    return by_fold(rows_of(products, ratings), hand_features(products, ratings, settings), settings, fit)


def tfidf(products, ratings, settings):
    """Logistic regression on what query and product have in common: the product of their TF-IDF vectors, word by word, and its
    sum. English stop words are left out."""
    from scipy.sparse import csr_matrix, hstack, vstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    rows = rows_of(products, ratings)
    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit(whole_text(p) for p in products.values())
    features = {}
    for q, some in rows.items():
        if some:
            common = vectors.transform([whole_text(products[d]) for d, _ in some]).multiply(vectors.transform([q]))
            features[q] = csr_matrix(hstack([common, 10 * common.sum(axis=1)]))

    def fit(some, grades):
        model = LogisticRegression(C=1.0, max_iter=1000).fit(vstack(some), np.concatenate(grades) >= 2)
        return lambda x: model.predict_proba(x)[:, 1]
    return by_fold(rows, features, settings, fit)
