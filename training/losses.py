"""What a step makes smaller: losses of graded relevance, of clicks and purchases, and of a student beside its teacher."""
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits


def listwise(logits, grades, k=10):
    """LambdaLoss for nDCG@k over one query's products (Wang et al., CIKM 2018, NDCG-Loss2++ weights)."""
    order = torch.argsort(logits, descending=True)
    s, g = logits[order], grades[order]
    ranks = torch.arange(1, len(s) + 1, dtype=s.dtype, device=s.device)
    discount = 1 / torch.log2(ranks + 1)
    ideal = (torch.sort(g, descending=True)[0][:k] * discount[:k]).sum().clamp(min=1e-6)
    gain = (g[:, None] - g[None, :]).clamp(min=0) / ideal
    weight = gain * (discount[:, None] - discount[None, :]).abs() + gain * 0.1
    return (weight * nn.functional.softplus(-(s[:, None] - s[None, :]))).sum()


def pairwise(logits, grades):
    """RankNet over one query's products: a better grade should score higher."""
    better = (grades[:, None] > grades[None, :]).float()
    loss = better * nn.functional.softplus(-(logits[:, None] - logits[None, :]))
    return loss.sum() / better.sum().clamp(min=1)


def relevance(logits, own, targets, weights):
    """The loss of a batch: logits [queries, products]; own [queries, products] says which products were given for which
    query, and targets holds their relevance 0..1.

    Binary cross-entropy on what is own, the losses that rank over each query's own, and for the products of the other
    queries cross-entropy with 0, unless the model already holds them for possible: nobody has said that they are not.
    """
    entropy = binary_cross_entropy_with_logits(logits, targets, reduction="none")
    loss = weights["bce"] * entropy[own].mean()
    others = ~own & (logits.detach() < 0)
    if weights["others"] and others.any():
        loss = loss + weights["others"] * entropy[others].mean()
    for of, weight in ((pairwise, weights["pairwise"]), (listwise, weights["listwise"])):
        if weight:
            loss = loss + weight * sum(of(row[mine], target[mine]) for row, mine, target in zip(logits, own, targets)) / len(logits)
    return loss


def behaviour(click, conversion, own, attractive, shown, bought, clicked):
    """The loss of what was shown (behaviour_log.estimates): click and conversion logits [queries, products], the shares
    attractive and bought that they are to foretell, and the numbers shown and clicked that stand behind these."""
    seen = binary_cross_entropy_with_logits(click, attractive, reduction="none")
    taken = binary_cross_entropy_with_logits(conversion, bought, reduction="none")
    shown, clicked = shown * own, clicked * own
    return (seen * shown).sum() / shown.sum().clamp(min=1) + (taken * clicked).sum() / clicked.sum().clamp(min=1)


def distilled(student, teacher):
    """Squared difference of the logits [queries, products] of student and teacher, of each query with each product, where the
    sigmoid still moves (-6..6)."""
    return (student.clamp(-6, 6) - teacher.clamp(-6, 6)).pow(2).mean()
