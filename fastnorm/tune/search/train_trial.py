"""A trial of caviar, in a worker: build the model, advance its Runs, keep the best epoch.

A trial has one Run for each part of the data; its curve is their mean. The model it keeps is the last one's, or all
theirs in one where each part has rows to judge by.
"""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean
from typing import Any

from ...metrics import rank
from ...models.ensemble import ensemble
from ...models.model import Model
from ...training import optimizers, schedules
from ...training.dataset import Dataset
from ...training.run import Checkpoint, Epoch, Run
from ..study.trial import CUT, DIVERGED, FINISHED, OVERTIME, RUNNING, Trial
from .data import MappedArrays, Part
from .work import Outcome, Report, StopFlag, WorkUnit

SETTINGS = ("optimizer", *optimizers.SETTINGS, "schedule", *schedules.SETTINGS, "batch_size")  # of a trial's training
BATCH_SIZE = 128
MINIBATCH = 3e5  # multiply-adds that take as long as the fixed cost of a minibatch


@dataclass(frozen=True)
class Training:
    """The common part of a search's trials; the arrays are shared and only read."""

    build: Callable[[dict[str, Any]], Model]
    data: MappedArrays
    meaning: Dataset  # of the arrays: task, table and target, without rows
    validated: tuple[bool, ...]  # of each part, whether rows to judge by follow its training rows in the data
    epochs: int
    metric: str
    loss: Any
    threads: int = 1  # the most Runs of a trial that are advanced side by side

    @property
    def bagged(self) -> bool:
        """Whether a trial keeps all its models."""
        return len(self.validated) > 1 and all(self.validated)

    @classmethod
    def on(
        cls, build: Callable[[dict[str, Any]], Model], parts: Sequence[Part], data: Dataset, epochs: int, metric: str,
        loss: Any = None,
    ) -> "Training":  # fmt: skip
        """Return the training on these parts of the data."""
        arrays = [array for x, y, weights, aside in parts for array in (x, y, weights, *(aside or ()))]
        validated = tuple(part.validation is not None for part in parts)
        meaning = replace(data, x=None, y=None, weights=None)
        return cls(build, MappedArrays(arrays), meaning, validated, epochs, metric, loss)

    def advance(self, unit: WorkUnit, stop_flag: StopFlag, report: Report) -> Outcome:
        """Train the trial's Runs to the slice's last epoch, or until the stop_flag or a time limit stops them."""
        begun = time.monotonic()
        ends = [] if unit.deadline is None else [(begun + unit.deadline - time.time(), CUT)]
        ends += [] if unit.limit is None else [(begun + unit.limit, OVERTIME)]
        end, reason = min(ends, default=(None, CUT))
        runs = self._runs(unit.trial, unit.state)
        trial, curve, marks = replace(unit.trial, state=RUNNING), list[Epoch](), list[Checkpoint]()
        with stop_flag.holds(*runs), ThreadPoolExecutor(self.threads) as pool:
            while trial.state == RUNNING and trial.epochs < unit.until:
                reaches = partial(_reaches, epoch=trial.epochs + 1, stop_flag=stop_flag, end=end)
                if not all((pool.map if self.threads > 1 else map)(reaches, runs)):
                    trial = replace(trial, state=CUT if stop_flag.pulled else reason)
                    break
                epoch = _mean([run.history[trial.epochs] for run in runs])
                curve.append(epoch)
                trial = replace(trial, epochs=epoch.number)
                if not math.isfinite(epoch.loss + _score(epoch) + _loss(epoch)):
                    trial = replace(trial, state=DIVERGED)
                    break
                if self._is_better(epoch, trial):
                    trial = replace(trial, score=_score(epoch), loss=_loss(epoch), best_epoch=epoch.number)
                    marks = [run.checkpoint() for run in self._kept(runs)]
                report(trial)
        if trial.state == RUNNING and trial.epochs >= self.epochs:
            trial = replace(trial, state=FINISHED)
        state = tuple(run.state() for run in runs) if trial.state in (RUNNING, CUT) else ()
        outcome = Outcome(trial, curve, state=state)
        return _with_model(outcome, self._kept(runs), marks) if marks else outcome

    def _kept(self, runs: list[Run]) -> list[Run]:
        """Return the Runs whose models a trial keeps."""
        return runs if self.bagged else runs[-1:]

    def cost(self, trial: Trial) -> float:
        """Return the multiply-adds of an epoch, about; 0 where the model cannot be built."""
        x = self.data.arrays[0]
        try:
            tape, _ = self.build(trial.hyperparameters).initialized(x.shape[1], trial.seed)
        except Exception:  # the worker meets it again, and records it
            return 0.0
        parameters = sum(math.prod(value.shape) for value in tape.of_role("parameter"))
        return len(x) * (3.0 * parameters + MINIBATCH / trial.hyperparameters.get("batch_size", BATCH_SIZE))

    def _is_better(self, epoch: Epoch, trial: Trial) -> bool:
        if trial.score is None or trial.loss is None:
            return True
        return rank(self.metric, _score(epoch), _loss(epoch)) < rank(self.metric, trial.score, trial.loss)

    def run(self, trial: Trial, part: int = 0) -> Run:
        """Return the trial's Run on a part of the data, not trained yet."""
        first = sum(5 if validated else 3 for validated in self.validated[:part])
        x, y, weights, *aside = self.data.arrays[first : first + (5 if self.validated[part] else 3)]
        rows = replace(self.meaning, x=x, y=y, weights=weights if len(weights) else None)
        validation = replace(self.meaning, x=aside[0], y=aside[1]) if aside else None
        settings = trial.hyperparameters
        return Run(
            self.build(settings), rows, validation=validation, loss=self.loss, optimizer=optimizers.of(settings),
            schedule=schedules.of(settings, self.epochs), batch_size=settings.get("batch_size", BATCH_SIZE),
            seed=(trial.seed + part) % 2**64 if self.bagged else trial.seed, threads=1,
        )  # fmt: skip

    def _runs(self, trial: Trial, state: tuple[bytes, ...]) -> list[Run]:
        """Return the trial's Runs, which differ in their rows and perhaps their seeds, in its present state."""
        runs = [self.run(trial, part) for part in range(len(self.validated))]
        for run, content in zip(runs, state, strict=False):
            run.restore(content)
        return runs


def _reaches(run: Run, epoch: int, stop_flag: StopFlag, end: float | None) -> bool:
    """Advance a Run to this epoch, unless it is stopped before."""
    return run.epoch >= epoch or (not stop_flag.pulled and bool(run.advance(1, deadline=end)))


def _mean(epochs: Sequence[Epoch]) -> Epoch:
    """Return the mean of the same epoch of the Runs that are validated; the seconds are those of all."""
    validated = [epoch for epoch in epochs if epoch.validation_metric is not None]
    if len(epochs) == 1:
        return validated[0]
    return Epoch(
        epochs[0].number,
        fmean(epoch.loss for epoch in validated),
        fmean(epoch.metric for epoch in validated),
        fmean(map(_loss, validated)),
        fmean(map(_score, validated)),
        epochs[0].learning_rate,
        fmean(epoch.gradient_norm for epoch in validated),
        sum(epoch.seconds for epoch in epochs),
    )


def _with_model(outcome: Outcome, runs: Sequence[Run], marks: Sequence[Checkpoint]) -> Outcome:
    """Add the model of the best epoch, which is one of these."""
    for run, mark in zip(runs, marks, strict=True):
        run.revert(mark)
    model = runs[0].model if len(runs) == 1 else ensemble([run.model for run in runs])
    packed = model.to_bytes()
    return replace(outcome, model=packed, trial=replace(outcome.trial, weights=hashlib.sha256(packed).hexdigest()))


def _score(epoch: Epoch) -> float:
    assert epoch.validation_metric is not None
    return epoch.validation_metric


def _loss(epoch: Epoch) -> float:
    assert epoch.validation_loss is not None
    return epoch.validation_loss
