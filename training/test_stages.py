"""Stages as they are started: killed and started again, and in two processes."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import torch

HERE = Path(__file__).parent
SMALL = ["--set", "pretrain.batch=6", "--set", "pretrain.frozen=5", "--set", "threads=1"]


def write_pairs(folder, queries=60):
    """Enough for about as many steps, without a catalogue."""
    Path(folder).mkdir()
    things = ("mug", "lamp", "tent", "mouse", "chair")
    pairs = [(f"{things[n % 5]} {n}", f"{t} of wood {n}", float(t == things[n % 5])) for n in range(queries) for t in things]
    (Path(folder) / "pairs.json").write_text(json.dumps(pairs))


def command(out, *more):
    return [*(more or [sys.executable]), str(HERE / "train.py"), "pretrain", "--out", str(out), *SMALL]


class StagesTest(unittest.TestCase):
    def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(self):
        with tempfile.TemporaryDirectory() as folder:
            whole, broken = Path(folder) / "whole", Path(folder) / "broken"
            write_pairs(whole), write_pairs(broken)
            subprocess.run(command(whole), check=True, stdout=subprocess.DEVNULL)
            run, checkpoint = subprocess.Popen(command(broken), stdout=subprocess.DEVNULL), broken / "checkpoint.pt"
            try:
                while run.poll() is None and not checkpoint.exists():
                    time.sleep(0.005)
            finally:
                run.send_signal(signal.SIGKILL)
            self.assertEqual(run.wait(), -signal.SIGKILL, "it was done before it could be killed")
            part = torch.load(checkpoint, weights_only=False)
            self.assertFalse(part["done"])
            subprocess.run(command(broken), check=True, stdout=subprocess.DEVNULL)
            a, b = (torch.load(f / "checkpoint.pt", weights_only=False) for f in (whole, broken))
            self.assertTrue(b["done"])
            self.assertEqual(a["step"], b["step"])
            self.assertGreater(a["step"], part["step"])
            for name, weight in a["model"].items():
                self.assertTrue(torch.allclose(weight, b["model"][name], atol=1e-6), name)

    def test_two_processes_share_the_batches(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "two"
            write_pairs(out)
            launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
            subprocess.run(command(out, *launch), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
            saved = torch.load(out / "checkpoint.pt", weights_only=False)
            self.assertTrue(saved["done"])
            self.assertLess(saved["step"], 35)  # of about 60 batches
            self.assertGreater(saved["step"], 25)

    def test_gradients_are_the_mean_over_the_processes(self):
        script = """
import torch
from train import Workers
workers = Workers("cpu")
model = torch.nn.Linear(2, 1)
with torch.no_grad():
    model.weight.fill_(1.0)
(model(torch.tensor([[1.0, 2.0]]) * (1 + 2 * workers.rank))).sum().backward()  # gradients [1, 2] and [3, 6]
workers.average(model.parameters())
assert model.weight.grad.tolist() == [[2.0, 4.0]], model.weight.grad
"""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "gradients.py"
            file.write_text(script)
            env = os.environ | {"PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"}
            done = subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(file)],
                                  env=env, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
