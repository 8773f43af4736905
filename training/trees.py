"""Writes decision trees as a model folder that Go loads: ONNX, config, probes, manifest and card."""

import hashlib
import json

import numpy as np
import onnxruntime
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType


def ship(model, out, name, features, probes, card):
    """`probes` are rows by whose figures the Go tests know that they read as training does; `card` is the card's text."""
    onnx = convert_lightgbm(model, initial_types=[("features", FloatTensorType([None, len(features)]))], target_opset=15, zipmap=False)
    probes = np.asarray(probes, np.float32)
    wanted = model.predict(probes)
    session = onnxruntime.InferenceSession(onnx.SerializeToString(), providers=["CPUExecutionProvider"])
    raw = np.asarray(session.run(None, {"features": probes})[-1])
    differs = float(np.abs(raw.reshape(len(probes), -1)[:, -1] - wanted).max())
    if differs > 1e-4:
        raise SystemExit(f"ONNX differs from LightGBM by {differs}")
    out.mkdir(parents=True, exist_ok=True)
    (out / "model.onnx").write_bytes(onnx.SerializeToString())
    (out / "config.json").write_text(json.dumps({"name": name, "task": "trees", "features": features}, indent=1) + "\n")
    (out / "probes.json").write_text(json.dumps([{"row": [round(float(v), 6) for v in row], "score": float(s)} for row, s in zip(probes, wanted)]) + "\n")
    sums = {f: hashlib.sha256((out / f).read_bytes()).hexdigest() for f in ("config.json", "model.onnx", "probes.json")}
    (out / "manifest.json").write_text(json.dumps({"files": sums}, indent=2) + "\n")
    table = "".join(f"| `{f}` | {(out / f).stat().st_size:,} | `{s}` |\n" for f, s in sums.items())
    (out / "card.md").write_text(f"{card.strip()}\n\n| file | bytes | SHA-256 |\n|---|---:|---|\n{table}\n"
                                 "`manifest.json` holds the same sums; a file that differs is refused when the model is loaded.\n")
