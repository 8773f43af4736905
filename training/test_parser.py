"""Run with: python -m unittest discover -s training (needs requirements.txt)."""
import json
import random
import tempfile
import unittest
from pathlib import Path

import gguf
import torch

import parser_data
import parser_export
import parser_text
import parser_train
from public_sets import ROOT


class TextTest(unittest.TestCase):
    def test_prompts_and_answers_are_those_of_the_server(self):
        cases = [json.loads(line) for line in (Path(__file__).parent / "parser_texts.jsonl").open(encoding="utf-8")]
        self.assertEqual({c["intent"] for c in cases if "intent" in c}, set(parser_text.WORDS))
        for case in cases:
            if "prompt" in case:
                self.assertEqual(case["prompt"], parser_text.prompt(case["text"], case["shown"], case["history"]))
            else:
                self.assertEqual(case["answer"], parser_text.answer(case["intent"], case["details"]))


class DataTest(unittest.TestCase):
    def setUp(self):
        self.maker = parser_data.Maker(parser_data.Vocabulary([ROOT / "demo/catalogue.jsonl.gz"]), 7)

    def test_exemplars_keep_their_marks(self):
        lines = list(parser_data.read_exemplars(ROOT / "agent/understanding/exemplars/en.txt"))
        self.assertGreater(len(lines), 3000)
        self.assertIn(("search", "", [("show me ", ""), ("wool", "m"), (" ", ""), ("sweaters", "p")]), lines)
        self.assertIn(("faq", "shipping"), {(intent, topic) for intent, topic, _ in lines})

    def test_an_answer_says_what_the_utterance_says(self):
        pieces = [("show me ", ""), ("black", "c"), (" ", ""), ("boots", "p"), (" without ", ""), ("laces", "x")]
        for _ in range(50):
            swapped = self.maker.noise([(self.maker.swap(text, mark), mark) for text, mark in pieces])
            pair = self.maker.pair("search", "", swapped)
            for part in pair["answer"].split("|")[1:]:
                self.assertIn(part[2:], parser_text.clean(pair["text"]))
            self.assertEqual([part[0] for part in pair["answer"].split("|")[1:]], ["p", "c", "x"])

    def test_runs_are_counted_as_the_server_does(self):
        self.assertEqual(parser_data.runs("I'd like a pair, of boots"), {"i'd like a pair of", "like a pair of boots"})
        self.assertEqual(parser_data.runs("想买蓝牙音箱"), {"想 买 蓝 牙 音", "买 蓝 牙 音 箱"})

    def test_the_same_seed_gives_the_same_pairs(self):
        other = parser_data.Maker(self.maker.v, 7)
        for _ in range(20):
            self.assertEqual(self.maker.pair("refine", "", [("cheaper", "")]), other.pair("refine", "", [("cheaper", "")]))


class TrainTest(unittest.TestCase):
    def test_batches_hold_each_pair_once(self):
        encoded = [([0] * n, [0] * n) for n in range(1, 101)]
        made = parser_train.batches(encoded, 8, random.Random(1))
        self.assertEqual(sorted(i for b in made for i in b), list(range(100)))

    def test_only_the_answer_is_learned(self):
        class Letters:
            eos_token_id = 0

            def __call__(self, text, add_special_tokens):
                return {"input_ids": [ord(c) for c in text]}

        ids, labels = parser_train.encode(Letters(), {"prompt": "ab", "answer": "cd", "whole": True})
        self.assertEqual((ids, labels), ([97, 98, 99, 100, 0], [-100, -100, 99, 100, 0]))
        ids, labels = parser_train.encode(Letters(), {"prompt": "ab", "answer": "c", "whole": False})
        self.assertEqual((ids, labels), ([97, 98, 99], [-100, -100, 99]))


class ExportTest(unittest.TestCase):
    def test_rows_of_a_head_are_paired(self):
        self.assertEqual(parser_export.turned(torch.arange(8).reshape(8, 1), 2).flatten().tolist(), [0, 2, 1, 3, 4, 6, 5, 7])

    def test_the_file_holds_both_parts_of_each_module(self):
        adapter = {f"base_model.model.model.layers.3.{module}.lora_{part}.weight": torch.ones((2, 8) if part == "A" else (8, 2))
                   for module in ("self_attn.q_proj", "mlp.down_proj") for part in "AB"}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "adapter.gguf"
            parser_export.write_adapter(adapter, {"alpha": 16}, 2, 1, path)
            reader = gguf.GGUFReader(path)
            self.assertEqual({t.name: t.shape.tolist() for t in reader.tensors},
                             {"blk.3.attn_q.weight.lora_a": [8, 2], "blk.3.attn_q.weight.lora_b": [2, 8],
                              "blk.3.ffn_down.weight.lora_a": [8, 2], "blk.3.ffn_down.weight.lora_b": [2, 8]})
            self.assertEqual(reader.fields["adapter.type"].contents(), "lora")


if __name__ == "__main__":
    unittest.main()
