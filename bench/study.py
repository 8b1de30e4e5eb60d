"""What a search finds for what it costs: bookkeeping, halving, random against grid, coarse to fine against one stage.

Scores are accuracies; `ours` and `other` are means over the repetitions, `difference` is of pairs, with its standard
error. A search's winner is chosen by 4,000 validation rows and judged by others that no search has seen.
"""

import itertools
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import fastnorm as fn
from fastnorm import tune

from . import letters, machine
from .report import Report, Row
from .timing import Contestant, alternate

COLUMNS = {
    "case": 40, "repetitions": 11, "median_us": 9, "ours": 7, "other": 7, "difference": 10, "error": 8, "wins": 5,
    "full_gap": 8,
}  # fmt: skip
TRAINING, VALIDATION = 4000, 4000  # rows; the rest judges winners
BOOKED = 500  # trials
CURVES, FULL = 162, 27  # trials recorded once, and the epochs of each
REPETITIONS = 200
GRIDS, POINTS = 8, 3  # offsets; values of each of four hyperparameters
SEEDS, TRIALS, EPOCHS = 24, 40, 5  # of coarse to fine
SPACE = {
    "learning_rate": tune.Float(1e-4, 1.0, scale="log"),
    "beta_1": tune.Float(0.5, 0.999, scale="one_minus_log"),
    "units": tune.Int(8, 64, scale="log"),
    "weight_decay": tune.Float(1e-6, 1e-1, scale="log"),
}


def measure(report: Report, peers: dict[str, ModuleType], only: str, data: Path | None) -> None:
    """One row per case whose name contains `only`."""
    rows_of = letters.load(data)
    report.begin(f"study on {rows_of.name}", COLUMNS, [])
    for name, case in CASES.items():
        if only in name:
            with report.group() as rows, warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # coarse to fine says what it sees at the edges
                rows.append({"case": name, **case(rows_of)})


# ---- bookkeeping


def _booking(folder: str | None) -> Callable[[], object]:
    """A search of trials that do nothing but report five times."""
    space = {f"x{place}": tune.Float(0, 1) for place in range(5)}
    number = itertools.count()

    def objective(trial: Any) -> None:
        for step in range(1, 6):
            trial.report(trial.hyperparameters["x0"], step)

    def call() -> None:
        file = None if folder is None else Path(folder) / f"{next(number)}.sqlite"
        tune.search(objective, space, trials=BOOKED, steps=5, workers=1, study=file)

    return call


def _in_memory(_: letters.Letters) -> Row:
    times = alternate({"memory": Contestant(_booking(None), BOOKED)}, bursts=5)["memory"]
    return {"median_us": times.median * 1e6, "targets": {"median_us": 300}}


def _in_a_file(_: letters.Letters) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        times = alternate({"file": Contestant(_booking(folder), BOOKED)}, bursts=5)["file"]
    return {"median_us": times.median * 1e6, "targets": {"median_us": 300}}


# ---- halving, on curves recorded once


def _halving(data: letters.Letters) -> Row:
    """Halving 27 trials costs 81 epochs, as much as 3 full trials; against 3 random ones, and all 27 in full."""
    study = _caviar(data, 0, CURVES, epochs=FULL)
    curves = [[epoch.validation_metric for epoch in study.curve(number)] for number in range(CURVES)]
    curves = [curve for curve in curves if len(curve) == FULL and np.isfinite(curve).all()]
    space = {"trial": tune.Int(0, len(curves) - 1)}

    def replay(trial: Any) -> None:
        for step, value in enumerate(curves[trial.hyperparameters["trial"]], 1):
            trial.report(value, step)

    def best(trials: int, seed: int, halving: tune.Pruner | None) -> tune.Study:
        how = {"direction": "maximize", "steps": FULL, "workers": 1}
        return tune.search(replay, space, trials=trials, seed=seed, pruner=halving, **how)

    ours, other, full = np.empty((3, REPETITIONS))
    for seed in range(REPETITIONS):
        halved = best(27, seed, tune.SuccessiveHalving())
        ours[seed] = halved.best_trial.score
        full[seed] = max(max(curves[trial.hyperparameters["trial"]]) for trial in halved.trials)
        other[seed] = best(3, REPETITIONS + seed, None).best_trial.score
    wins = float(np.mean((ours > other) + (ours == other) / 2))
    gap = float(np.mean(full - ours))
    return _compared(ours, other) | {"wins": wins, "full_gap": gap, "targets": {"wins": 0.75, "full_gap": 0.01}}


# ---- samplers


def _grid(data: letters.Letters) -> Row:
    """81 random trials against the grid of three values for each of four hyperparameters, at random offsets."""
    count = POINTS ** len(SPACE)
    grids = [tune.GridSampler(POINTS, offset=seed) for seed in range(GRIDS)]
    ours = [_winner(data, _caviar(data, seed, count)) for seed in range(GRIDS)]
    other = [_winner(data, _caviar(data, seed, count, sampler=grid)) for seed, grid in enumerate(grids)]
    return _compared(ours, other) | {"targets": {"difference": 0}}


def _zooming(data: letters.Letters) -> Row:
    """Both draw the same trials in the first round."""
    ours = [_winner(data, _caviar(data, seed, TRIALS, sampler=tune.CoarseToFineSampler())) for seed in range(SEEDS)]
    other = [_winner(data, _caviar(data, seed, TRIALS)) for seed in range(SEEDS)]
    return _compared(ours, other) | {"targets": {"difference": 0}}


def _build(hyperparameters: dict[str, Any]) -> fn.Sequential:
    return letters.network(1, hyperparameters["units"])


def _caviar(data: letters.Letters, seed: int, trials: int, *, epochs: int = EPOCHS, **options: Any) -> tune.Study:
    x, y = data.x, data.y
    judged = slice(TRAINING, TRAINING + VALIDATION)
    with machine.using(machine.cores()):
        return tune.caviar(
            _build, SPACE, x[:TRAINING], y[:TRAINING], validation=(x[judged], y[judged]), trials=trials, epochs=epochs,
            task="classification", seed=seed, keep=1, **options,
        )  # fmt: skip


def _winner(data: letters.Letters, study: tune.Study) -> float:
    """The accuracy of a search's best model on rows that it was not chosen by."""
    rest = slice(TRAINING + VALIDATION, None)
    return study.best_model().evaluate(data.x[rest], data.y[rest])["accuracy"]


def _compared(ours: Any, other: Any) -> Row:
    differences = np.subtract(ours, other)
    return {
        "repetitions": len(differences), "ours": float(np.mean(ours)), "other": float(np.mean(other)),
        "difference": float(differences.mean()), "error": float(differences.std(ddof=1) / np.sqrt(len(differences))),
    }  # fmt: skip


CASES = {
    "bookkeeping in memory, a trial": _in_memory,
    "bookkeeping in a file, a trial": _in_a_file,
    "halving / random at the cost of 3": _halving,
    "random / grid, 81 trials": _grid,
    "coarse to fine / random, 40 trials": _zooming,
}
