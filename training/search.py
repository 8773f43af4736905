"""Searches settings of the second stage by grid, at random and by TPE (Optuna), a dozen trials of one epoch each on one inner
split of the queries outside fold 0. Writes a table and a picture.

  python search.py --catalogue PATH --ratings PATH --start runs/pretrain --out runs/search --report search.md

A search that was killed goes on: trials are kept in OUT/trials.db.
"""
import argparse
import copy
import itertools
from pathlib import Path

import optuna
import torch
from torch.utils.tensorboard import SummaryWriter

import data
import metrics
import train

# What is searched. The grid has a dozen points, so that each way has as many trials.
RATES, RANKS, FROZEN = (1e-5, 1e-4), (0.0, 0.5, 1.0), (3, 4, 5)
GRID = {"learning_rate": [2e-5, 6e-5], "pairwise": list(RANKS), "listwise": [0.0, 0.5]}


def suggested(trial, how):
    """The trial's values; the grid has fewer dimensions."""
    if how == "grid":
        return {name: trial.suggest_categorical(name, values) for name, values in GRID.items()}
    return {"learning_rate": trial.suggest_float("learning_rate", *RATES, log=True), "pairwise": trial.suggest_float("pairwise", 0, 1),
            "listwise": trial.suggest_float("listwise", 0, 1), "frozen": trial.suggest_categorical("frozen", list(FROZEN)),
            "dropout": trial.suggest_float("dropout", 0, 0.3)}


def with_values(settings, values):
    settings = copy.deepcopy(settings)
    cfg = settings["finetune"]
    cfg["loss"] |= {k: v for k, v in values.items() if k in cfg["loss"]}
    cfg |= {k: v for k, v in values.items() if k not in cfg["loss"]}
    cfg["epochs"] = 1
    return settings


def objective_of(settings, products, ratings, start, out):
    """A function of (trial's name, values) that trains for one epoch and tells the validation nDCG@10, and the number of
    validation queries."""
    train_part, valid = data.inner_split(ratings, settings)
    rated = {}  # what the frozen layers read, by their number

    def objective(name, values):
        changed = with_values(settings, values)
        frozen = changed["finetune"]["frozen"]
        if frozen not in rated:
            rated[frozen] = train.Rated(changed, products, ratings, start)
        with SummaryWriter(Path(out) / name) as writer:
            weights = train.train_once(changed, rated[frozen], train_part, settings["seed"], writer)
        model = rated[frozen].model(changed)
        model.load_state_dict(weights)
        return metrics.mean(metrics.ndcg(p) for p in rated[frozen].scored(model, valid).values())
    return objective, len(valid)


def search(objective, out, seed, trials=12):
    """{way: study} of the three ways; what an earlier call finished in the same folder is not tried again."""
    samplers = {"grid": optuna.samplers.GridSampler(GRID, seed=seed), "random": optuna.samplers.RandomSampler(seed=seed),
                "TPE": optuna.samplers.TPESampler(seed=seed, n_startup_trials=4)}
    studies = {}
    for how, sampler in samplers.items():
        study = optuna.create_study(study_name=how, storage=f"sqlite:///{out}/trials.db", sampler=sampler, direction="maximize", load_if_exists=True)

        def one(trial, how=how):
            values = suggested(trial, how)
            found = objective(f"{how}-{trial.number}", values)
            print(f"{how} {trial.number + 1}: nDCG@10 {found:.4f} {values}", flush=True)
            return found
        done = sum(t.state == optuna.trial.TrialState.COMPLETE for t in study.trials)
        if done < trials:
            study.optimize(one, n_trials=trials - done)
        studies[how] = study
    return studies


def report(studies, queries, path):
    lines = [f"nDCG@10 of {queries} validation queries after one epoch; as given in settings.yaml where nothing is said.", "",
             "| search | best of its trials | mean | where |", "|---|---|---|---|"]
    for how, study in studies.items():
        values = [t.value for t in study.trials if t.value is not None]
        where = ", ".join(f"{k} {v:.3g}" for k, v in study.best_params.items())
        lines.append(f"| {how} | {study.best_value:.4f} of {len(values)} | {sum(values) / len(values):.4f} | {where} |")
    Path(path).write_text(f"<!-- written by search.py -->\n![best so far]({Path(path).with_suffix('.png').name})\n\n" + "\n".join(lines) + "\n")
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(7, 3.5), layout="constrained")
    for how, study in studies.items():
        values = [t.value for t in study.trials if t.value is not None]
        line, = axes.plot(range(1, len(values) + 1), list(itertools.accumulate(values, max)), label=f"{how}, best so far")
        axes.plot(range(1, len(values) + 1), values, ".", color=line.get_color())
    axes.set_xlabel("trial"), axes.set_ylabel("validation nDCG@10"), axes.legend()
    figure.savefig(Path(path).with_suffix(".png"), dpi=100)
    print("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", default=train.HERE / "settings.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--catalogue", required=True)
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--start", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--report", required=True)
    parser.add_argument("--trials", type=int, default=12, help="of each way")
    args = parser.parse_args()
    settings = data.read_settings(args.settings, args.set)
    torch.set_num_threads(settings["threads"])
    Path(args.out).mkdir(parents=True, exist_ok=True)
    objective, queries = objective_of(settings, data.load_products(args.catalogue), data.load_ratings(args.ratings), args.start, args.out)
    report(search(objective, args.out, settings["seed"], args.trials), queries, args.report)


if __name__ == "__main__":
    main()
