"""What a Chinese ranker is trained on, and a BERT that comes as ONNX alone."""
import tempfile
import unittest
from pathlib import Path

import onnx
import torch
from transformers import BertConfig, BertModel

import augment
import chinese
import from_onnx

HERE = Path(__file__).parent


class ChineseTest(unittest.TestCase):
    def setUp(self):
        self.terms = augment.Terms(HERE / "../lexicon/terms", seed=1)

    def test_phrases_are_translated_and_names_stay(self):
        said = chinese.word_by_word("Nordlauf MX300 wireless mouse, black", self.terms)
        self.assertTrue(said.startswith("Nordlauf MX300 "), said)
        self.assertIn("鼠标", said)
        self.assertNotIn("mouse", said)

    def test_chinese_stands_together_and_latin_words_do_not(self):
        self.assertEqual(chinese.together("无线 鼠标 usb 充电 线"), "无线鼠标 usb 充电线")

    def test_kinds_that_are_judged_by_are_not_learnt(self):
        english = {"mouse": "Nordlauf mouse", "lamp": "A desk lamp", "printer": "A printer", "mug": "A mug", "pillow": "A pillow"}
        texts = {t: f"中文 {t}" for t in english.values()}
        pairs = [(q, t, float(q == kind)) for q in english for kind, t in english.items()]
        learnt, held = chinese.translated_pairs(pairs, texts, self.terms)
        self.assertTrue(learnt and held)
        self.assertFalse({q for q, _, _ in learnt} & {q for (q, _), _ in held})
        self.assertEqual((len({q for q, _, _ in learnt}), len(held)), (2, 3))
        for (said, back), some in held:
            self.assertTrue(said > "一" and back.isascii(), (said, back))
            self.assertEqual([t for t, _, _ in some], [f"中文 {t}" for _, t, _ in some])

    def test_a_product_without_chinese_texts_has_none(self):
        self.assertEqual(chinese.chinese_text({"title": "Mug"}), "")
        self.assertEqual(chinese.chinese_text({"brand": "Ost", "titles": {"zh": "杯子"}, "descriptions": {"zh": "好"}}), "Ost 杯子. 好")


class Vectors(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.embeddings, self.encoder = model.embeddings, model.encoder

    def forward(self, ids, mask, types):
        return self.encoder(self.embeddings(input_ids=ids, token_type_ids=types), attention_mask=(1.0 - mask[:, None, None, :].float()) * -1e4)[0]


class FromONNXTest(unittest.TestCase):
    def test_what_was_exported_comes_back(self):
        torch.manual_seed(1)
        config = BertConfig(vocab_size=60, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, max_position_embeddings=16,
                            attn_implementation="eager")
        model = BertModel(config, add_pooling_layer=False).eval()
        for weight in model.parameters():  # the exporter keeps one of those that are equal
            torch.nn.init.normal_(weight)
        ids = torch.tensor([[2, 7, 9, 3]])
        inputs = (ids, torch.ones_like(ids), torch.zeros_like(ids))
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "bert.onnx")
            torch.onnx.export(Vectors(model), inputs, path, input_names=["input_ids", "attention_mask", "token_type_ids"], output_names=["vectors"],
                              opset_version=17, dynamo=False)
            back = from_onnx.model_of(from_onnx.weights(onnx.load(path).graph), heads=3)
        for name, weight in model.state_dict().items():
            self.assertTrue(torch.equal(weight, back.state_dict()[name]), name)


if __name__ == "__main__":
    unittest.main()
