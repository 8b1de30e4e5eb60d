"""One trial's training, in a worker's thread: build the model, advance its Run, keep the best epoch."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import SettingError
from ..metrics import rank
from ..model import Model
from ..optimizers import SGD, Adam
from ..run import Epoch, Run
from ..schedules import InverseTime
from ._trial import CUT, DIVERGED, FAILED, FINISHED, RUNNING, Trial

SGD_SETTINGS = ("learning_rate", "momentum", "l2", "weight_decay")
ADAM_SETTINGS = ("learning_rate", "beta_1", "l2", "weight_decay")


@dataclass(frozen=True)
class Task:
    """What all trials of a search have in common; the arrays are shared and only read."""

    build: Callable[[dict[str, Any]], Model]
    x: np.ndarray
    y: np.ndarray
    validation: tuple[np.ndarray, np.ndarray]
    epochs: int
    metric: str
    deadline: float | None  # by time.monotonic()


@dataclass(frozen=True)
class Outcome:
    """What a trial came to: its record, its curve, the model of its best epoch, what its training raised."""

    trial: Trial
    curve: list[Epoch] = field(default_factory=list)
    model: Model | None = None
    error: Exception | None = None


class Brake:
    """Stops the Runs at work at their next minibatch, from another thread, and those to come before their first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: list[Run] = []
        self.pulled = False

    def pull(self) -> None:
        """Stop them all, now and from now on."""
        with self._lock:
            self.pulled = True
            for run in self._runs:
                run.stop()

    @contextmanager
    def holds(self, run: Run) -> Iterator[None]:
        """Have the brake act on this Run within the block."""
        with self._lock:
            self._runs.append(run)
        try:
            yield
        finally:
            with self._lock:
                self._runs = [other for other in self._runs if other is not run]


def train(task: Task, trial: Trial, brake: Brake, report: Callable[[Trial], None]) -> Outcome:
    """Train one trial's model and return what it came to; an exception of build or training makes it a failed trial.

    report  is called after every epoch with the trial as it then stands, state "running"
    """
    begun = time.monotonic()
    try:
        outcome = _train(task, trial, brake, report)
    except Exception as error:
        failed = replace(trial, state=FAILED, message=f"{type(error).__name__}: {error}")
        outcome = Outcome(failed, error=error)
    return replace(outcome, trial=replace(outcome.trial, seconds=time.monotonic() - begun))


def _train(task: Task, trial: Trial, brake: Brake, report: Callable[[Trial], None]) -> Outcome:
    model = task.build(trial.hyperparameters)
    run = _run(task, model, trial)
    curve: list[Epoch] = []
    best: tuple[float, ...] = ()
    mark = None
    with brake.holds(run):
        while trial.state == RUNNING:
            done = [] if brake.pulled else run.advance(1, deadline=task.deadline)
            curve += done
            trial = replace(trial, epochs=len(curve), state=_state(done, len(curve), task.epochs))
            if trial.state in (RUNNING, FINISHED):
                score, loss = _result(curve[-1])
                if not best or rank(task.metric, score, loss) < best:
                    trial = replace(trial, score=score, loss=loss, best_epoch=curve[-1].number)
                    best = rank(task.metric, score, loss)
                    mark = run.checkpoint()
                report(replace(trial, state=RUNNING))
    if mark is None:
        return Outcome(trial, curve)
    run.revert(mark)
    return Outcome(trial, curve, run.model)


def _run(task: Task, model: Model, trial: Trial) -> Run:
    """Return the trial's Run; the hyperparameters that are its own business are found by their names."""
    settings = trial.hyperparameters
    if "momentum" in settings and "beta_1" in settings:
        raise SettingError("hyperparameters: momentum asks for SGD and beta_1 for Adam; give one of them")
    optimizer, names = (SGD, SGD_SETTINGS) if "momentum" in settings else (Adam, ADAM_SETTINGS)
    return Run(
        model,
        task.x,
        task.y,
        validation=task.validation,
        optimizer=optimizer(**{name: settings[name] for name in names if name in settings}),
        schedule=InverseTime(settings["decay_rate"]) if "decay_rate" in settings else None,
        batch_size=settings.get("batch_size", 128),
        seed=trial.seed,
        threads=1,
    )


def _state(done: list[Epoch], epochs: int, wanted: int) -> str:
    if not done:
        return CUT
    if not all(map(math.isfinite, (done[-1].loss, *_result(done[-1])))):
        return DIVERGED
    return RUNNING if epochs < wanted else FINISHED


def _result(epoch: Epoch) -> tuple[float, float]:
    assert epoch.validation_metric is not None
    assert epoch.validation_loss is not None
    return epoch.validation_metric, epoch.validation_loss
