"""The guard alone, on bad starts: learning rates of a ladder that are too high, with nobody there to look.

For each network and optimizer the good rate is the one of the ladder with the lowest final validation loss, the mean
over the seeds; what it comes to is `good`. A start above it *fails* where, left alone, it ends more than 0.05 below
`good`, or not finite. It is *rescued* where with the guard it ends within 0.02 of `good`, or better, after the same
number of epochs in all: those that the guard takes back count. Rates that are too low are no case for the guard.

Starts that do not fail, at lower rates too, tell of false alarms: harm_gap is by how much the guard makes the worst of
them worse.

With a folder of tables (see tables.py) it is the default network of `fastnorm panda` at its default rate, with the
guard and without: the best epoch of all, over three seeds, by its metric; errors in the target's own units. What the
guard costs is within noise where it is at most the seeds' spread, the larger one of the two.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np

import fastnorm as fn
from fastnorm import tune
from fastnorm.errors import DataError
from fastnorm.metrics import HIGHER_IS_BETTER
from fastnorm.training.dataset import Dataset

from . import starts, tables
from .report import Report, Row

COLUMNS = {
    "case": 26, "seeds": 5, "good": 6, "alone": 6, "guarded": 7, "rescues": 7, "kept": 5, "fails": 5, "rescued": 7,
    "harm_gap": 8,
}  # fmt: skip
HARM_COLUMNS = {
    "case": 16, "rows": 5, "seeds": 5, "metric": 19, "alone": 8, "guarded": 8, "noise": 8, "rescues": 7, "harm_gap": 8,
}  # fmt: skip
SEEDS = 3
TABLE_EPOCHS, RATE, BATCH_SIZE = 60, 3e-3, 128  # as `fastnorm panda` has them, but for longer
FAILS, RESCUED = 0.05, 0.02  # accuracy below the good rate's
TARGET, HARM = 0.8, 0.02


@dataclass(frozen=True)
class End:
    """What a start came to: validation loss and accuracy; how often it was rescued; epochs on its live path."""

    loss: float
    accuracy: float
    rescues: int = 0
    kept: int = starts.EPOCHS


def measure(report: Report, peers: dict[str, ModuleType], only: str, data: Path | None) -> None:
    """One row per start whose name contains `only`, and one for all of them; with a folder one row per table."""
    if data is not None and data.is_dir():
        _harm(report, only, data)
        return
    rows_of = starts.load(data)
    report.begin(f"panda: the guard alone on {rows_of.name}, {starts.EPOCHS} epochs", COLUMNS, [])
    with report.group() as rows:
        for network, optimizer in product(starts.NETWORKS, starts.OPTIMIZERS):
            if any(only in _name(network, optimizer, rate) for rate in starts.LADDER):
                rows += [row for row in _table(rows_of, network, optimizer) if only in row["case"]]
        rows.append(_together(rows))


def _name(network: str, optimizer: str, rate: float) -> str:
    return f"{network} {optimizer} {rate:g}"


def _table(data: starts.Data, network: str, optimizer: str) -> Iterator[Row]:
    alone = {rate: [_alone(data, network, optimizer, rate, seed) for seed in range(SEEDS)] for rate in starts.LADDER}
    best = min(starts.LADDER, key=lambda rate: _mean_loss(alone[rate]))
    good = float(np.mean([end.accuracy for end in alone[best]]))
    for rate in starts.LADDER:
        fails = [not is_fine(end, good) for end in alone[rate]]
        if any(fails) and rate < best:
            continue
        guarded = [_guarded(data, network, optimizer, rate, seed) for seed in range(SEEDS)]
        saved = [end.accuracy >= good - RESCUED for end, bad in zip(guarded, fails, strict=True) if bad]
        harms = [
            before.accuracy - after.accuracy
            for before, after, bad in zip(alone[rate], guarded, fails, strict=True)
            if not bad
        ]
        yield {
            "case": _name(network, optimizer, rate), "seeds": SEEDS, "good": good,
            "alone": float(np.mean([end.accuracy for end in alone[rate]])),
            "guarded": float(np.mean([end.accuracy for end in guarded])),
            "rescues": float(np.mean([end.rescues for end in guarded])),
            "kept": float(np.mean([end.kept for end in guarded])),
            "fails": sum(fails), "rescued": sum(saved), "harm_gap": max(harms, default=None),
        }  # fmt: skip


def is_fine(end: End, good: float) -> bool:
    """Return whether a start did not fail."""
    return math.isfinite(end.loss) and end.accuracy >= good - FAILS


def _mean_loss(ends: list[End]) -> float:
    return float(np.nan_to_num(np.mean([end.loss for end in ends]), nan=np.inf))


def _alone(data: starts.Data, network: str, optimizer: str, rate: float, seed: int) -> End:
    run = starts.run(data, network, optimizer, rate, seed)
    last = run.advance(starts.EPOCHS)[-1]
    return End(last.validation_loss, last.validation_metric)


def _guarded(data: starts.Data, network: str, optimizer: str, rate: float, seed: int) -> End:
    run = starts.run(data, network, optimizer, rate, seed)
    with tune.panda(run, guard=tune.Guard()) as panda:
        panda.advance(starts.EPOCHS)
        loss, accuracy = run.evaluate(run.validation)  # nan where it diverged
        reverts = sum(action.kind == "revert" for action in panda.actions)
        return End(loss, accuracy, reverts, run.epoch)


def _together(rows: list[Row]) -> Row:
    """The share of all failing starts that were rescued, and the worst false alarm."""
    fails, rescued = (sum(row[column] for row in rows) for column in ("fails", "rescued"))
    harms = [row["harm_gap"] for row in rows if row["harm_gap"] is not None]
    return {
        "case": "share rescued of all", "seeds": SEEDS, "fails": fails, "rescued": rescued / fails if fails else None,
        "harm_gap": max(harms, default=None), "targets": {"rescued": TARGET, "harm_gap": HARM},
    }  # fmt: skip


# ---- tables


def _harm(report: Report, only: str, folder: Path) -> None:
    words = f"{TABLE_EPOCHS} epochs, at most {tables.ROWS} rows of each table"
    report.begin(f"panda: what the guard costs on {folder}, {words}", HARM_COLUMNS, [])
    with report.group() as rows:
        for known, path in tables.there(folder):
            if only in known.name:
                try:
                    rows.append(_costs(known.name, *tables.load(known, path)))
                except DataError as error:
                    print(f"{known.name}: left out: {error}")


def _costs(name: str, training: Dataset, validation: Dataset) -> Row:
    metric, alone, _ = zip(*(_best(training, validation, seed, None) for seed in range(SEEDS)), strict=True)
    _, guarded, rescues = zip(*(_best(training, validation, seed, tune.Guard()) for seed in range(SEEDS)), strict=True)
    noise = max(float(np.std(found, ddof=1)) for found in (alone, guarded))
    gap = float(np.mean(guarded) - np.mean(alone)) * (-1 if metric[0] in HIGHER_IS_BETTER else 1)
    return {
        "case": name, "rows": len(training.y) + len(validation.y), "seeds": SEEDS, "metric": metric[0],
        "alone": float(np.mean(alone)), "guarded": float(np.mean(guarded)), "noise": noise,
        "rescues": float(np.mean(rescues)), "harm_gap": gap, "targets": {"harm_gap": noise},
    }  # fmt: skip


def _best(training: Dataset, validation: Dataset, seed: int, guard: tune.Guard | None) -> tuple[str, float, int]:
    """The metric, its value in the best epoch of all branches, and the number of rescues."""
    run = fn.Run(
        tune.default_model([128, 128], training.outputs, 0.1), training, validation=validation,
        optimizer=fn.Adam(RATE), batch_size=BATCH_SIZE, seed=seed,
    )  # fmt: skip
    with tune.panda(run, guard=guard) as panda:
        panda.advance(TABLE_EPOCHS)
        best, reverts = panda.best, sum(action.kind == "revert" for action in panda.actions)
    assert best is not None
    assert best.validation_metric is not None
    return run.loss.metric, best.validation_metric, reverts
