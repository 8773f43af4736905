"""ONNX Runtime as the server runs it."""
import onnxruntime


def session(graph, threads=2):
    """Runs a graph, given as a path or as bytes, step by step as onnx/session.go does: int8 makes much of how a sum is rounded."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("optimization.disable_specified_optimizers", "SkipLayerNormFusion")
    return onnxruntime.InferenceSession(graph, options)
