"""Chooses the confidence of the local parser under which the tuned model is asked, on validation cases alone.

  python parser_threshold.py --floorwalker ../bin/floorwalker --cases runs/parser/valid_cases.jsonl

Prints one line of figures for each threshold, and at last the smallest with which the most intents are right: each
question to the model costs time.
"""
import argparse
import json
import subprocess

THRESHOLDS = [0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 2.0]  # 0: the local parser alone; 2: the model is always asked


def measure(binary, cases, threshold):
    command = [binary, "eval", "understanding", "--cases", cases, "--parser", "auto", f"--threshold={threshold}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--floorwalker", required=True, help="the server's program")
    arguments.add_argument("--cases", required=True)
    options = arguments.parse_args()
    reports = {}
    for threshold in THRESHOLDS:
        reports[threshold] = measure(options.floorwalker, options.cases, threshold)
        print(json.dumps({"threshold": threshold, **reports[threshold]}), flush=True)
    best = max(r["intent_accuracy"] for r in reports.values())
    print(json.dumps({"chosen": min(t for t, r in reports.items() if r["intent_accuracy"] == best)}))


if __name__ == "__main__":
    main()
