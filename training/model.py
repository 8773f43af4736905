"""The cross-encoder: a BERT that reads query and product together, with a head for relevance."""
import importlib
from pathlib import Path

import torch
from torch import nn
from transformers import AutoTokenizer, BertModel


def base_folder(package):
    """The folder of the pretrained model inside its Python package, or a folder given as it is."""
    if Path(package).is_dir():
        return package
    return str(Path(importlib.import_module(package).__file__).parent / "model")


class CrossEncoder(nn.Module):
    """Logit of relevance from the mean of the last layer's token vectors; sigmoid gives 0..1."""

    def __init__(self, folder, dropout=0.1):
        super().__init__()
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager")
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.bert.config.hidden_size, 1)

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
        return self.head(self.dropout(pooled)).squeeze(-1)


class BiEncoder:
    """The same BERT as it comes: mean of the token vectors, unit length. Teacher and baseline."""

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
            mask = enc["attention_mask"].unsqueeze(-1).float()
            rows = nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
            for i, row in zip(part, rows):
                out[i] = row
        return torch.stack(out).numpy()


def load_tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


def encode(tokenizer, queries, texts, max_tokens):
    """Tensors for pairs, padded to the longest of the batch."""
    return tokenizer(list(queries), list(texts), padding=True, truncation="longest_first", max_length=max_tokens,
                     return_tensors="pt")


@torch.no_grad()
def score(model, tokenizer, queries, texts, max_tokens, batch=64):
    """Relevance 0..1 of each pair, in order; batched by length."""
    model.eval()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = [0.0] * len(texts)
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        logits = model(**encode(tokenizer, [queries[i] for i in part], [texts[i] for i in part], max_tokens))
        for i, p in zip(part, torch.sigmoid(logits).tolist()):
            out[i] = p
    return out
