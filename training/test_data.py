"""Augmentation, pairs of matching products and pairs from the behaviour log."""
import gzip
import random
import tempfile
import unittest
from pathlib import Path

import augment
import behaviour_log
import data
import simulated_clicks

HERE = Path(__file__).parent


class AugmentTest(unittest.TestCase):
    def test_terms_go_to_chinese_and_back(self):
        terms = augment.Terms(HERE / "../lexicon/terms", seed=3)
        chinese = terms.translate("wireless gaming mouse", "zh")
        self.assertTrue(any(ord(c) > 0x4E00 for c in chinese), chinese)
        back = terms.translate(chinese, "en")
        self.assertIn("wireless", back)
        self.assertIn("mouse", back)
        self.assertEqual(terms.translate("电脑支架", "en"), "laptop stand", "the longest term comes first")
        self.assertEqual(terms.translate("无线鼠标 mx300", "en"), "wireless mouse mx300")

    def test_what_no_table_knows_is_not_translated(self):
        terms = augment.Terms(HERE / "../lexicon/terms")
        self.assertIsNone(terms.translate("quixotic mouse", "zh"))
        self.assertIsNone(terms.translate("魑魅", "en"))

    def test_each_way_of_altering_does_what_it_says(self):
        none = {"synonym": 0, "back_translation": 0, "misspell": 0, "word_dropout": 0}
        synonyms, rng = data.read_synonyms(HERE / "../lexicon/synonyms.txt"), random.Random(1)

        class Echo:
            def translate(self, text, to):
                return f"{text} {to}"
        alter = augment.alter_query
        self.assertEqual(alter("cheap sofa", none, rng, synonyms), "cheap sofa")
        self.assertIn(alter("cheap sofa", none | {"synonym": 1}, rng, synonyms), ("cheap couch", "cheap settee"))
        self.assertEqual(alter("a mug", none | {"back_translation": 1}, rng, synonyms, Echo()), "a mug zh en")
        changed = alter("printer", none | {"misspell": 1}, rng, synonyms)
        self.assertTrue(changed != "printer" and sorted(changed) == sorted("printer"), changed)
        lost = augment.alter_text("one two three", none | {"word_dropout": 1}, rng)
        self.assertIn(lost, ("two three", "one three", "one two"))


class MatchingTest(unittest.TestCase):
    def test_listings_become_pairs(self):
        line = ("COL title VAL red case COL category VAL covers COL brand VAL acme COL modelno VAL  COL price VAL 9.0 \t"
                "COL name VAL acme case , red COL description VAL for phones COL price VAL  \t1\n")
        with tempfile.TemporaryDirectory() as folder:
            with gzip.open(Path(folder) / "some-train.txt.gz", "wt") as f:
                f.write(line)
            with gzip.open(Path(folder) / "some-test.txt.gz", "wt") as f:
                f.write(line * 3)
            self.assertEqual(data.matching_pairs(folder, "train"), [("red case", "acme case , red. for phones", 1.0)])


def simulated(rng, lists):
    """Lists over six products of known attraction, shown by two rankers of opposite taste to people who look at the places less
    and less. This is how the method is checked, not what customers do."""
    attraction = {"a": 0.9, "b": 0.7, "c": 0.5, "d": 0.4, "e": 0.2, "f": 0.05}
    looked = {n: 1 / n for n in range(1, 7)}
    out = []
    for n in range(lists):
        order = sorted(attraction, key=lambda sku: (rng.random() < 0.3, sku), reverse=n % 4 == 0)
        out.append({"query": "q", "cards": [{"sku": sku, "position": at, "carted": False, "bought": sku < "c" and rng.random() < 0.3,
                                             "clicked": rng.random() < looked[at] * attraction[sku]} for at, sku in enumerate(order, 1)]})
    for one in out:
        for card in one["cards"]:
            card["bought"] &= card["clicked"]
    return out, attraction, looked


class LogTest(unittest.TestCase):
    def test_the_propensities_of_places_are_found(self):
        lists, _, looked = simulated(random.Random(5), 6000)
        found = behaviour_log.propensities(lists)
        for place, truth in looked.items():
            self.assertAlmostEqual(found[place], truth, delta=0.08)

    def test_clicks_are_corrected_for_their_places(self):
        lists, attraction, looked = simulated(random.Random(6), 6000)
        corrected = behaviour_log.estimates(lists, behaviour_log.propensities(lists))
        naive = behaviour_log.estimates(lists, dict.fromkeys(looked, 1.0))
        off = [max(abs(found["q", sku][0] - truth) for sku, truth in attraction.items()) for found in (corrected, naive)]
        self.assertLess(off[0], 0.12)
        self.assertGreater(off[1], 0.25, "without correction what stood low looks worse than it is")

    def test_sales_are_a_share_of_clicks_and_few_looks_are_doubted(self):
        lists, *_ = simulated(random.Random(7), 4000)
        found = behaviour_log.estimates(lists, behaviour_log.propensities(lists))
        self.assertAlmostEqual(found["q", "a"][2], 0.3, delta=0.05)
        self.assertLess(found["q", "d"][2], 0.01)
        lists.append({"query": "q", "cards": [{"sku": "new", "position": 1, "clicked": True, "carted": False, "bought": False}]})
        self.assertLess(behaviour_log.estimates(lists, behaviour_log.propensities(lists))["q", "new"][0], 0.8)

    def test_made_up_customers_click_what_is_graded_well_and_looked_at(self):
        ratings = {"q": [(str(n), n % 4) for n in range(8)], "none fits": [("1", 0)]}
        before = {"q": [[-n, n % 4] for n in range(8)]}
        made = list(simulated_clicks.lists(ratings, ratings, {str(n): {} for n in range(8)}, before, 3000, random.Random(1)))
        self.assertEqual(len(made), 3000)
        self.assertEqual({one["query"] for one in made}, {"q"})
        clicks = [sum(c["clicked"] for one in made for c in one["cards"] if c["sku"] == sku) for sku in "01234567"]
        self.assertGreater(clicks[3], 3 * clicks[0], "grade 3 in place 4 beside grade 0 in place 1")
        self.assertGreater(clicks[3], 1.2 * clicks[7], "the same grade further down")

    def test_only_what_the_catalogue_has_is_learnt_from(self):
        lists, *_ = simulated(random.Random(8), 50)
        (query, some), = behaviour_log.groups(lists, {"a": {"title": "A mug"}})
        self.assertEqual((query, [row[0] for row in some], some[0][2]), ("q", ["A mug"], 50))


if __name__ == "__main__":
    unittest.main()
