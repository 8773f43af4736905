"""The ranker: a BERT that reads query and product in one pass, apart from each other, and compares them at the end."""
import contextlib
import importlib
from pathlib import Path

import torch
from torch import nn
from transformers import AutoTokenizer, BertModel

# Where training begins: the relevance that the bi-encoder's cosine alone stands for (ranking/semantic.go).
STEEP, EVEN = 10.0, 0.40

# The ids of [CLS] and [SEP] in the vocabularies of BERT.
CLS, SEP = 101, 102

# What query and product are compared by: the cosine of their mean token vectors; for each token of the query the cosine of the
# nearest token of the product, on average; and the share of the query's tokens that stand in the product.
COMPARISONS = ("whole", "near", "stands")

# What is foretold of a product: that it is relevant (the score), that it is clicked, that a clicked one is bought.
HEADS = ("relevance", "click", "conversion")


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
    """Logits from comparisons of query and product (COMPARISONS), weighed by one head for each of HEADS over the same
    encoder. The sigmoid of the first is the relevance 0..1.

    No token of the query sees the product or the other way round, so that the model begins as good as the bi-encoder
    that it is made from, and a product's vectors serve every query. The embeddings and the first `frozen` layers stay
    as they are; what they make of a text is kept (Read) and only the layers above are run and trained. `layers` names
    the layers that are kept of the BERT; none is all. With `half` the layers run in bfloat16, the comparisons never.
    `whole` says what stands for a whole text: the "mean" of its tokens, or the "first", [CLS], as bge has it.
    """

    def __init__(self, folder, dropout=0.1, frozen=0, layers=None, half=False, whole="mean"):
        super().__init__()
        self.whole = whole
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager",
                                              hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout)
        if layers:
            self.bert.encoder.layer = nn.ModuleList(self.bert.encoder.layer[i] for i in layers)
        self.heads = nn.ModuleDict({name: nn.Linear(len(COMPARISONS), 1) for name in HEADS})
        with torch.no_grad():
            for head in self.heads.values():
                head.weight.zero_()
                head.weight[0, 0] = STEEP
                head.bias.fill_(-STEEP * EVEN)
        self.frozen, self.half, self.layers = frozen, half, layers
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

    def compare(self, queries, products):
        """The comparisons [queries, products, COMPARISONS] of each query with each product; both are (token vectors,
        mask, token ids)."""
        (asked, asked_mask, asked_ids), (given, given_mask, given_ids) = queries, products
        whole = unit(self._whole(asked, asked_mask)) @ unit(self._whole(given, given_mask)).T
        words = asked_mask.clone()
        words[:, 0] = 0  # [CLS] is no word
        cosines = torch.einsum("qih,pjh->qpij", unit(asked), unit(given))
        same = asked_ids[:, None, :, None] == given_ids[None, :, None, :]
        return _compared(whole, cosines, same, words[:, None, :], given_mask[None, :, None, :])

    def forward(self, input_ids, attention_mask, token_type_ids):
        """Relevance logits [batch] of pairs as the server encodes them: [CLS] query [SEP] product [SEP]."""
        # The [SEP] between the two becomes the product's [CLS], so that each text is read as the bi-encoder reads it.
        between = (input_ids == SEP) & (token_type_ids == 0) & (attention_mask == 1)
        ids = torch.where(between, torch.full_like(input_ids, CLS), input_ids)
        product = ((token_type_ids == 1) | between).long() * attention_mask
        query = attention_mask - product
        positions = torch.cumsum(query, 1) * query + torch.cumsum(product, 1) * product - attention_mask
        sees = query[:, :, None] * query[:, None, :] + product[:, :, None] * product[:, None, :]
        hidden = self.bert.embeddings(input_ids=ids, position_ids=positions, token_type_ids=torch.zeros_like(ids))
        hidden = self._layers(0, None, hidden, sees)
        whole = (unit(self._whole(hidden, query)) * unit(self._whole(hidden, product))).sum(-1)
        vectors = unit(hidden)
        cosines, same = vectors @ vectors.transpose(1, 2), ids[:, :, None] == ids[:, None, :]
        words = query * (positions > 0).long()
        return self.heads["relevance"](_compared(whole, cosines, same, words, product[:, None, :])).squeeze(-1)

    def _whole(self, hidden, mask):
        return mean(hidden, mask * (torch.cumsum(mask, 1) == 1) if self.whole == "first" else mask)

    def _layers(self, first, end, hidden, sees):
        """Runs layers first..end; sees [batch, 1 or tokens, tokens] says which token may look at which."""
        hide = (1.0 - sees[:, None].to(hidden.dtype)) * -1e4
        half = torch.autocast(hidden.device.type, torch.bfloat16) if self.half else contextlib.nullcontext()
        with half:
            for layer in self.bert.encoder.layer[first:end]:
                out = layer(hidden, attention_mask=hide)
                hidden = out[0] if isinstance(out, tuple) else out
        return hidden.float()


def _compared(whole, cosines, same, words, product):
    """COMPARISONS on the last axis. whole [...]; cosines and same [..., tokens, product tokens]; words [..., tokens] marks the
    query's, product [..., 1, product tokens] the product's."""
    count = words.sum(-1).clamp(min=1)

    def average(best):
        return (best * words).sum(-1) / count
    near = average(cosines.masked_fill(product == 0, -1.0).amax(-1))
    stands = average((same & (product > 0)).to(whole.dtype).amax(-1))
    return torch.stack([whole, near, stands], -1)


def unit(vectors):
    return vectors / vectors.pow(2).sum(-1, keepdim=True).clamp(min=1e-12).sqrt()


def mean(hidden, mask):
    mask = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)


class BiEncoder:
    """The BERT as it comes: mean of the token vectors, unit length. Baseline, and it finds what is near. With half it runs in
    bfloat16."""

    def __init__(self, folder, tokenizer, max_tokens, half=False):
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
        self.tokenizer, self.max_tokens, self.half = tokenizer, max_tokens, half

    @torch.no_grad()
    def embed(self, texts, batch=64):
        """Unit rows for the texts, in their order; batched by length."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        out = [None] * len(texts)
        for start in range(0, len(order), batch):
            part = order[start:start + batch]
            enc = self.tokenizer([texts[i] for i in part], padding=True, truncation=True,
                                 max_length=self.max_tokens, return_tensors="pt")
            with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
                hidden = self.bert(**enc)[0].float()
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
        self.kept, self.ids, self.device = [None] * len(texts), [None] * len(texts), next(model.parameters()).device
        model.eval()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), batch):
            part = order[start:start + batch]
            enc = tokenizer([texts[i] for i in part], padding=True, truncation=True, max_length=max_tokens, return_tensors="pt")
            ids, mask = enc["input_ids"], enc["attention_mask"]
            if queries:
                mask = mask * (ids != tokenizer.sep_token_id)
            with torch.no_grad():
                hidden = model.read(ids.to(self.device), mask.to(self.device)).cpu()
            for i, row, some, length in zip(part, hidden, ids, mask.sum(1).tolist()):
                self.kept[i], self.ids[i] = row[:length].half().clone(), some[:length].clone()
            if progress:
                progress(start + len(part), len(texts))

    def batch(self, places):
        """(hidden, mask, ids) of the texts at the places, padded to the longest."""
        rows = [self.kept[i] for i in places]
        mask = nn.utils.rnn.pad_sequence([torch.ones(len(r), dtype=torch.long) for r in rows], batch_first=True)
        ids = nn.utils.rnn.pad_sequence([self.ids[i] for i in places], batch_first=True, padding_value=-1)
        hidden = nn.utils.rnn.pad_sequence(rows, batch_first=True).float()
        return hidden.to(self.device), mask.to(self.device), ids.to(self.device)


@torch.no_grad()
def compared(model, queries, products, groups, batch=64):
    """The comparisons [products, COMPARISONS] of each group; groups are (place of the query, places of the products)."""
    model.eval()
    places = sorted({p for _, some in groups for p in some}, key=lambda p: len(products.kept[p]))
    finished = {}
    for start in range(0, len(places), batch):
        part = places[start:start + batch]
        hidden, mask, ids = products.batch(part)
        finished.update(zip(part, zip(model.finish(hidden, mask), mask, ids)))
    out = []
    for query, some in groups:
        hidden, mask, ids = queries.batch([query])
        vectors, masks, given = (nn.utils.rnn.pad_sequence([finished[p][n] for p in some], batch_first=True, padding_value=value)
                                 for n, value in enumerate((0.0, 0, -1)))
        out.append(model.compare((model.finish(hidden, mask), mask, ids), (vectors, masks, given))[0])
    return out


@torch.no_grad()
def score(model, queries, products, groups, head="relevance"):
    """What a head foretells, 0..1, of each group's products for its query."""
    return [torch.sigmoid(model.heads[head](found)).squeeze(-1).tolist() for found in compared(model, queries, products, groups)]
