"""The ranker: a BERT that reads query and product in one pass, apart from each other, and compares them at the end."""
import importlib
from pathlib import Path

import torch
from torch import nn
from transformers import AutoTokenizer, BertModel

# Where training begins: the relevance that the bi-encoder's cosine alone stands for (ranking/semantic.go).
STEEP, EVEN = 10.0, 0.40

# The ids of [CLS] and [SEP] in the vocabularies of BERT.
CLS, SEP = 101, 102


def base_folder(package):
    """The folder of the pretrained model inside its Python package, or a folder given as it is."""
    if Path(package).is_dir():
        return package
    return str(Path(importlib.import_module(package).__file__).parent / "model")


def load_tokenizer(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if (tokenizer.cls_token_id, tokenizer.sep_token_id) != (CLS, SEP):
        raise SystemExit(f"{folder}: the tokenizer is not BERT's")
    return tokenizer


class Ranker(nn.Module):
    """Logit of relevance from two comparisons of query and product: the cosine of their mean token vectors, and for each
    query token the cosine of the nearest product token, on average. Sigmoid gives 0..1.

    No token of the query sees the product or the other way round, so that the model begins as good as the bi-encoder
    that it is made from, and a product's vectors serve every query. The embeddings and the first `frozen` layers stay
    as they are; what they make of a text is kept (Read) and only the layers above are run and trained.
    """

    def __init__(self, folder, dropout=0.1, frozen=0):
        super().__init__()
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager",
                                              hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout)
        self.weigh = nn.Linear(2, 1)
        with torch.no_grad():
            self.weigh.weight.copy_(torch.tensor([[STEEP, 0.0]]))
            self.weigh.bias.fill_(-STEEP * EVEN)
        self.frozen = frozen
        for part in (self.bert.embeddings, *self.bert.encoder.layer[:frozen]):
            part.requires_grad_(False)

    def train(self, mode=True):
        super().train(mode)
        for part in (self.bert.embeddings, *self.bert.encoder.layer[:self.frozen]):
            part.eval()
        return self

    def read(self, ids, mask):
        """What the frozen layers make of single texts: [batch, tokens, width]."""
        return self._layers(0, self.frozen, self.bert.embeddings(input_ids=ids), mask[:, None, :])

    def finish(self, hidden, mask):
        """Token vectors, from what the frozen layers made."""
        return self._layers(self.frozen, None, hidden, mask[:, None, :])

    def compare(self, queries, query_mask, products, product_mask):
        """Logits [queries, products] of each query with each product."""
        whole = unit(mean(queries, query_mask)) @ unit(mean(products, product_mask)).T
        near = torch.einsum("qih,pjh->qpij", unit(queries), unit(products))
        near = near.masked_fill(product_mask[None, :, None, :] == 0, -1.0).amax(-1)
        words = query_mask.clone()
        words[:, 0] = 0  # [CLS] is no word
        near = (near * words[:, None, :]).sum(-1) / words.sum(-1).clamp(min=1)[:, None]
        return self.weigh(torch.stack([whole, near], -1)).squeeze(-1)

    def forward(self, input_ids, attention_mask, token_type_ids):
        """Logits [batch] of pairs as the server encodes them: [CLS] query [SEP] product [SEP]."""
        # The [SEP] between the two becomes the product's [CLS], so that each text is read as the bi-encoder reads it.
        between = (input_ids == SEP) & (token_type_ids == 0) & (attention_mask == 1)
        ids = torch.where(between, torch.full_like(input_ids, CLS), input_ids)
        product = ((token_type_ids == 1) | between).long() * attention_mask
        query = attention_mask - product
        positions = torch.cumsum(query, 1) * query + torch.cumsum(product, 1) * product - attention_mask
        same = query[:, :, None] * query[:, None, :] + product[:, :, None] * product[:, None, :]
        hidden = self.bert.embeddings(input_ids=ids, position_ids=positions, token_type_ids=torch.zeros_like(ids))
        hidden = self._layers(0, None, hidden, same)
        whole = (unit(mean(hidden, query)) * unit(mean(hidden, product))).sum(-1)
        vectors = unit(hidden)
        near = (vectors @ vectors.transpose(1, 2)).masked_fill(product[:, None, :] == 0, -1.0).amax(-1)
        words = query * (positions > 0).long()
        near = (near * words).sum(-1) / words.sum(-1).clamp(min=1)
        return self.weigh(torch.stack([whole, near], -1)).squeeze(-1)

    def _layers(self, first, end, hidden, sees):
        """Runs layers first..end; sees [batch, 1 or tokens, tokens] says which token may look at which."""
        hide = (1.0 - sees[:, None].to(hidden.dtype)) * -1e4
        for layer in self.bert.encoder.layer[first:end]:
            out = layer(hidden, attention_mask=hide)
            hidden = out[0] if isinstance(out, tuple) else out
        return hidden


def unit(vectors):
    return vectors / vectors.pow(2).sum(-1, keepdim=True).clamp(min=1e-12).sqrt()


def mean(hidden, mask):
    mask = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)


class BiEncoder:
    """The BERT as it comes: mean of the token vectors, unit length. Baseline, and it finds what is near."""

    def __init__(self, folder, tokenizer, max_tokens):
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
        self.tokenizer, self.max_tokens = tokenizer, max_tokens

    @torch.no_grad()
    def embed(self, texts, batch=64):
        """Unit rows for the texts, in their order; batched by length."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        out = [None] * len(texts)
        for start in range(0, len(order), batch):
            part = order[start:start + batch]
            enc = self.tokenizer([texts[i] for i in part], padding=True, truncation=True,
                                 max_length=self.max_tokens, return_tensors="pt")
            hidden = self.bert(**enc)[0]
            for i, row in zip(part, unit(mean(hidden, enc["attention_mask"]))):
                out[i] = row
        return torch.stack(out).numpy()


def encode(tokenizer, queries, texts, max_tokens):
    """Tensors for pairs as the server makes them, padded to the longest of the batch."""
    return tokenizer(list(queries), list(texts), padding=True, truncation="longest_first", max_length=max_tokens,
                     return_tensors="pt")


class Read:
    """What the frozen layers of a model make of texts, kept so that epochs, folds and seeds read each text once.

    Queries lose their closing [SEP], as in a pair. Half precision: 400 texts of 64 tokens take 20 MB.
    """

    def __init__(self, model, tokenizer, texts, max_tokens, queries=False, batch=32, progress=None):
        self.kept = [None] * len(texts)
        model.eval()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), batch):
            part = order[start:start + batch]
            enc = tokenizer([texts[i] for i in part], padding=True, truncation=True, max_length=max_tokens, return_tensors="pt")
            ids, mask = enc["input_ids"], enc["attention_mask"]
            if queries:
                mask = mask * (ids != tokenizer.sep_token_id)
            with torch.no_grad():
                hidden = model.read(ids, mask)
            for i, row, length in zip(part, hidden, mask.sum(1).tolist()):
                self.kept[i] = row[:length].half().clone()
            if progress:
                progress(start + len(part), len(texts))

    def batch(self, places):
        """(hidden, mask) of the texts at the places, padded to the longest."""
        rows = [self.kept[i] for i in places]
        mask = nn.utils.rnn.pad_sequence([torch.ones(len(r), dtype=torch.long) for r in rows], batch_first=True)
        return nn.utils.rnn.pad_sequence(rows, batch_first=True).float(), mask


@torch.no_grad()
def score(model, queries, products, groups, batch=32):
    """Relevance 0..1 of each group's products for its query; groups are (place of the query, places of the products)."""
    model.eval()
    places = sorted({p for _, some in groups for p in some}, key=lambda p: len(products.kept[p]))
    finished = {}
    for start in range(0, len(places), batch):
        part = places[start:start + batch]
        hidden, mask = products.batch(part)
        finished.update(zip(part, zip(model.finish(hidden, mask), mask)))
    out = []
    for query, some in groups:
        hidden, mask = queries.batch([query])
        vectors = nn.utils.rnn.pad_sequence([finished[p][0] for p in some], batch_first=True)
        masks = nn.utils.rnn.pad_sequence([finished[p][1] for p in some], batch_first=True)
        out.append(torch.sigmoid(model.compare(model.finish(hidden, mask), mask, vectors, masks))[0].tolist())
    return out
