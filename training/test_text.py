"""Run with: python -m unittest discover -s training"""
import json
import unittest
from pathlib import Path

import text


class TextTest(unittest.TestCase):
    def test_texts_are_those_of_the_server(self):
        cases = [json.loads(line) for line in (Path(__file__).parent / "texts.jsonl").open(encoding="utf-8")]
        self.assertGreater(len(cases), 10)
        for case in cases:
            self.assertEqual(case["search_text"], text.search_text(case["product"]))
            self.assertEqual(case["pair_text"], text.product_text(case["product"]))


if __name__ == "__main__":
    unittest.main()
