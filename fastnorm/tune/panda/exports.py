"""Exports of a steered training: its learning rate as a schedule, its neighborhood as a caviar space."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import checks
from ...training.run import Run
from ...training.schedules import InverseTime, Schedule
from ..space.dimensions import Choice, Float
from ..space.space import Space
from ..study.actions import NUDGE, Action

FACTORS = ("learning_rate", "l2", "weight_decay")  # sought by factors
AVERAGES = ("beta_1", "momentum")  # sought by factors of the distance to 1
MOST_DROPOUT = 0.9


@dataclass(frozen=True)
class Steered:
    """A schedule, and by hand on top of it.

    schedule  as the training had it
    changes   (time, factor): from this time on, by epochs done, the schedule times this factor of the first rate
    """

    schedule: Schedule
    changes: tuple[tuple[float, float], ...] = ()

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        times = [time for time, _ in self.changes]
        by_hand = np.array([1.0, *(factor for _, factor in self.changes)])
        return self.schedule.factors(epochs, history) * by_hand[np.searchsorted(times, epochs, side="right")]


def steered_schedule(run: Run, first_rate: float, done: Sequence[Action]) -> Steered:
    """The rate over time of a run that began with this slot and had these actions."""
    changes = [
        (action.epoch + action.minibatch / run.minibatches, action.details["slots"]["learning_rate"] / first_rate)
        for action in done
        if action.kind == NUDGE and "learning_rate" in action.details["slots"]
    ]
    return Steered(run.schedule, tuple(changes))


def space_around(run: Run, width: float) -> Space:
    """Ranges from value / width to value * width, on each hyperparameter's own scale; values of 0 are left out."""
    width, slots = checks.number("width", width, 1, ends="()"), run.slots
    ranges: dict[str, Any] = {}
    for name in FACTORS:
        if slots[name] > 0:
            ranges[name] = Float(slots[name] / width, slots[name] * width, scale="log")
    for name in AVERAGES:
        if name in slots:
            rest = 1 - slots[name]
            ranges[name] = Float(max(1 - rest * width, 0.0), 1 - rest / width, scale="one_minus_log")
    if isinstance(run.schedule, InverseTime) and run.schedule.decay_rate > 0:
        ranges["decay_rate"] = Float(run.schedule.decay_rate / width, run.schedule.decay_rate * width, scale="log")
    dropouts = {name: value for name, value in slots.items() if name.startswith("dropout_") and value > 0}
    if len(set(dropouts.values())) == 1:
        dropouts = {"dropout": max(dropouts.values())}
    for name, dropout in dropouts.items():
        ranges[name] = Float(dropout / width, max(min(dropout * width, MOST_DROPOUT), dropout))
    return Space(ranges | {"batch_size": Choice([run.batch_size])})
