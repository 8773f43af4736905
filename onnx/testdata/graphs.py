"""Writes the tiny graphs that the Go tests run: a cross-encoder without training, and models that must be refused.

    pip install onnx==1.23.2 numpy
    python graphs.py graphs

Every graph takes what a BERT takes. The cross-encoder's logit is the share of the document's tokens that
stand in the query, scaled to -4 .. 4, so that a test knows what to expect of a pair.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def constant(name: str, value) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value), name)


def overlap(logits: str) -> tuple[list, list]:
    """Nodes whose output, called logits, has the shape [batch, 1]."""
    node = helper.make_node
    nodes = [
        node("Cast", ["token_type_ids"], ["type"], to=TensorProto.FLOAT),
        node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        # 1 for a document's token, and for a query's; special tokens (101, 102) count in neither.
        node("Equal", ["input_ids", "begin"], ["is_begin"]),
        node("Equal", ["input_ids", "separator"], ["is_separator"]),
        node("Or", ["is_begin", "is_separator"], ["is_special"]),
        node("Not", ["is_special"], ["is_word"]),
        node("Cast", ["is_word"], ["word"], to=TensorProto.FLOAT),
        node("Mul", ["word", "mask"], ["real"]),
        node("Mul", ["real", "type"], ["document"]),
        node("Sub", ["real", "document"], ["query"]),
        # same[b, i, j] is 1 where tokens i and j are equal.
        node("Unsqueeze", ["input_ids", "axis1"], ["across"]),
        node("Unsqueeze", ["input_ids", "axis2"], ["down"]),
        node("Equal", ["across", "down"], ["equal"]),
        node("Cast", ["equal"], ["same"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["query", "axis1"], ["query_row"]),
        node("Mul", ["same", "query_row"], ["hits"]),
        node("ReduceMax", ["hits"], ["hit"], axes=[2], keepdims=0),
        node("Mul", ["hit", "document"], ["shared"]),
        node("ReduceSum", ["shared", "axis1"], ["shared_count"], keepdims=1),
        node("ReduceSum", ["document", "axis1"], ["count"], keepdims=1),
        node("Max", ["count", "one"], ["at_least_one"]),
        node("Div", ["shared_count", "at_least_one"], ["share"]),
        node("Mul", ["share", "eight"], ["scaled"]),
        node("Sub", ["scaled", "four"], [logits]),
    ]
    constants = [constant("begin", np.int64(101)), constant("separator", np.int64(102)), constant("axis1", np.array([1])),
                 constant("axis2", np.array([2])), constant("one", np.float32(1)), constant("eight", np.float32(8)),
                 constant("four", np.float32(4))]
    return nodes, constants


def save(path: pathlib.Path, nodes, constants, output: str, shape, inputs=None, kind=TensorProto.FLOAT) -> None:
    tensors = inputs or [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "sequence"]) for n in INPUTS]
    graph = helper.make_graph(nodes, path.stem, tensors, [helper.make_tensor_value_info(output, kind, shape)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    nodes, constants = overlap("logits")
    save(folder / "overlap.onnx", nodes, constants, "logits", ["batch", 1])
    flat = helper.make_node("Squeeze", ["column", "axis1"], ["logits"])
    nodes, constants = overlap("column")
    save(folder / "flat.onnx", nodes + [flat], constants, "logits", ["batch"])
    nodes, constants = overlap("some")
    nan = [helper.make_node("Sqrt", ["below"], ["root"]), helper.make_node("Add", ["some", "root"], ["logits"])]
    save(folder / "nan.onnx", nodes + nan, constants + [constant("below", np.float32(-1))], "logits", ["batch", 1])
    # NaN for a document of more than forty tokens alone: it passes the check on loading.
    nodes, constants = overlap("some")
    # (the checks use texts of up to 64 tokens of one kind, whose documents are short)
    late = [helper.make_node("Sub", ["forty", "count"], ["left"]), helper.make_node("Sqrt", ["left"], ["root"]),
            helper.make_node("Mul", ["root", "zero"], ["nothing"]), helper.make_node("Add", ["some", "nothing"], ["logits"])]
    save(folder / "latenan.onnx", nodes + late, constants + [constant("forty", np.float32(40)), constant("zero", np.float32(0))],
         "logits", ["batch", 1])
    nodes, constants = overlap("one_each")
    twice = helper.make_node("Concat", ["one_each", "one_each"], ["logits"], axis=1)
    save(folder / "twoclasses.onnx", nodes + [twice], constants, "logits", ["batch", 2])
    # A table of 1000 tokens, as of a model with another vocabulary.
    table = constant("table", np.ones((1000, 1), np.float32))
    small = [helper.make_node("Gather", ["table", "input_ids"], ["values"]),
             helper.make_node("ReduceMean", ["values"], ["logits"], axes=[1], keepdims=0),
             helper.make_node("Identity", ["attention_mask"], ["unused"])]
    save(folder / "othervocabulary.onnx", small, [table], "logits", ["batch", 1])
    whole = [helper.make_node("Cast", ["input_ids"], ["a"], to=TensorProto.FLOAT), helper.make_node("Cast", ["attention_mask"], ["b"], to=TensorProto.FLOAT),
             helper.make_node("Mul", ["a", "b"], ["c"]), helper.make_node("ReduceMean", ["c"], ["logits"], axes=[1], keepdims=1)]
    two = INPUTS[:2]
    save(folder / "fixed.onnx", whole, [], "logits", [1, 1], [helper.make_tensor_value_info(n, TensorProto.INT64, [1, 16]) for n in two])
    save(folder / "floats.onnx", whole, [], "logits", ["batch", 1], [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", "sequence"]) for n in two])
    save(folder / "othernames.onnx", [helper.make_node("Cast", ["pixels"], ["logits"], to=TensorProto.FLOAT)], [], "logits", ["batch", "sequence"],
         [helper.make_tensor_value_info("pixels", TensorProto.INT64, ["batch", "sequence"])])


if __name__ == "__main__":
    main()
