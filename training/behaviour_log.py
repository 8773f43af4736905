"""Pairs from what customers did: `floorwalker export-lists` writes each list that was shown as a JSON object a line,

  {"query": "…", "model": "…", "cards": [{"sku": "…", "position": 1, "clicked": true, "carted": false, "bought": false}, …]}

Who clicks the first card has not said that the fifth is worse: it may not have been looked at. How likely a place is
looked at (its propensity) is learnt from products that stood at several places for the same query, and divides out.
"""
import json
from collections import defaultdict

import numpy as np

from data import open_text
from text import product_text

# A place that is hardly looked at would multiply chance: no click counts for more than 1/LEAST.
LEAST = 0.1


def read_lists(path):
    """The lists with a query, in the order of the file."""
    with open_text(path) as f:
        return [one for one in map(json.loads, f) if one["query"].strip()]


def propensities(lists, rounds=200):
    """{position: how likely it is looked at}, that of the first place 1, by expectation maximisation of the position-based
    model (Chuklin et al. 2015, 3.2; Wang et al., WSDM 2018): a click is a place that is looked at and a product that
    attracts. Attraction is of a query and a product, with one look of each kind as a prior."""
    cards = [(one["query"].lower(), c["sku"], c["position"], c["clicked"]) for one in lists for c in one["cards"]]
    if not cards:
        return {}
    pair = np.unique([f"{q}\0{sku}" for q, sku, _, _ in cards], return_inverse=True)[1]
    places, place = np.unique([p for _, _, p, _ in cards], return_inverse=True)
    clicked = np.array([c for _, _, _, c in cards], dtype=float)
    looked, attracts = np.full(len(places), 0.5), np.full(pair.max() + 1, 0.5)
    shown, stood = np.bincount(pair), np.bincount(place)
    for _ in range(rounds):
        t, a = looked[place], attracts[pair]
        none = np.maximum(1 - t * a, 1e-9)
        saw = clicked + (1 - clicked) * t * (1 - a) / none      # looked at, given what was done
        would = clicked + (1 - clicked) * a * (1 - t) / none    # attractive, given what was done
        looked = np.bincount(place, saw) / stood
        attracts = (np.bincount(pair, would) + 1) / (shown + 2)
    return dict(zip(places.tolist(), np.clip(looked / looked[0], LEAST, 1.0).tolist()))


def estimates(lists, looked, doubt=1.0):
    """{(query, sku): (attractive, shown, bought, clicked)}: the share of looks that became clicks, by inverse propensity
    (each click counts 1/propensity of its place), over how many times it was shown; the share of clicked ones that were
    put into the cart or bought, over how many were clicked. doubt is the number of lists, at the mean of all, that
    each is drawn towards."""
    sums = defaultdict(lambda: [0.0, 0, 0, 0])
    for one in lists:
        for c in one["cards"]:
            own = sums[one["query"].lower(), c["sku"]]
            own[1] += 1
            if c["clicked"]:
                own[0] += 1 / looked[c["position"]]
                own[2] += c["carted"] or c["bought"]
                own[3] += 1
    shown, clicked = sum(s[1] for s in sums.values()), sum(s[3] for s in sums.values())
    usual_look = sum(s[0] for s in sums.values()) / max(shown, 1)
    usual_sale = sum(s[2] for s in sums.values()) / max(clicked, 1)
    return {pair: (min(1.0, (seen + doubt * usual_look) / (n + doubt)), n, min(1.0, (sold + doubt * usual_sale) / (c + doubt)), c)
            for pair, (seen, n, sold, c) in sums.items()}


def groups(lists, products):
    """[(query, [(text, attractive, shown, bought, clicked)])] of what is still in the catalogue."""
    out = defaultdict(list)
    for (query, sku), figures in sorted(estimates(lists, propensities(lists)).items()):
        if sku in products:
            out[query].append((product_text(products[sku]), *figures))
    return list(out.items())
