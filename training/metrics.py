"""Ranking metrics over {query: [(score, grade)]}, with bootstrap intervals over queries."""
import math
import random


def ndcg(pairs, k=10):
    """nDCG@k with linear gain. Ties keep the given order, which the caller makes independent of the grade."""
    ranked = sorted(pairs, key=lambda p: -p[0])
    gain = sum(g / math.log2(i + 2) for i, (_, g) in enumerate(ranked[:k]))
    ideal = sum(g / math.log2(i + 2) for i, g in enumerate(sorted((g for _, g in pairs), reverse=True)[:k]))
    return gain / ideal if ideal else None


def average_precision(pairs, relevant=2):
    """Average precision; a product counts as relevant from the given grade on."""
    hits, total = 0, 0.0
    for i, (_, g) in enumerate(sorted(pairs, key=lambda p: -p[0])):
        if g >= relevant:
            hits += 1
            total += hits / (i + 1)
    return total / hits if hits else None


def auc(pairs, relevant=2):
    """Probability that a relevant product scores above another one."""
    pos = [s for s, g in pairs if g >= relevant]
    neg = [s for s, g in pairs if g < relevant]
    if not pos or not neg:
        return None
    wins = sum((p > n) + 0.5 * (p == n) for p in pos for n in neg)
    return wins / (len(pos) * len(neg))


def accuracy(pairs, relevant=2, threshold=0.5):
    """Share of pairs on the right side of the threshold."""
    return sum((s >= threshold) == (g >= relevant) for s, g in pairs) / len(pairs)


def mean(values):
    values = [v for v in values if v is not None]
    return sum(values) / len(values) if values else float("nan")


def interval(values, resamples, seed):
    """95% bootstrap interval of the mean over queries."""
    values = [v for v in values if v is not None]
    rng = random.Random(seed)
    means = sorted(mean(rng.choices(values, k=len(values))) for _ in range(resamples))
    return means[int(0.025 * resamples)], means[int(0.975 * resamples)]
