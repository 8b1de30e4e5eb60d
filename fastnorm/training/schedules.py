"""Schedules: the factor of a hyperparameter, most often the learning rate, by epochs done (a fraction within one)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from .. import _frozen, checks
from .._frozen import description
from ..errors import SettingError


class Schedule(Protocol):
    """factors(epochs, history) gives the factor at each of these times.

    epochs   (n,) float64, from 0 on: the minibatches of one epoch
    history  the epochs done before them, as a Run keeps them
    """

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray: ...


def _warmed(epochs: np.ndarray, warm_up: float) -> np.ndarray:
    """A straight line from 0, where training starts, to 1 after `warm_up` epochs."""
    return np.minimum(epochs / warm_up, 1.0) if warm_up > 0 else np.ones_like(epochs)


@description
class Constant:
    """1 throughout, after `warm_up` epochs of a straight line from 0."""

    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("warm_up", self.warm_up, 0)

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        return _warmed(epochs, self.warm_up)


@description
class InverseTime:
    """1 / (1 + decay_rate * epoch), epoch being the number of whole epochs done: the course's learning rate decay."""

    decay_rate: float
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("decay_rate", self.decay_rate, 0)
        checks.number("warm_up", self.warm_up, 0)

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        return _warmed(epochs, self.warm_up) / (1 + self.decay_rate * np.floor(epochs))


@description
class Exponential:
    """decay_rate ** epoch, falling with every minibatch."""

    decay_rate: float
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("decay_rate", self.decay_rate, 0, 1, ends="(]")
        checks.number("warm_up", self.warm_up, 0)

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        return _warmed(epochs, self.warm_up) * self.decay_rate**epochs


@description
class Step:
    """Times `factor` after every `every` epochs."""

    every: float
    factor: float = 0.1
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("Step every", self.every, 0, ends="(]")
        checks.number("Step factor", self.factor, 0, 1, ends="(]")
        checks.number("warm_up", self.warm_up, 0)

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        return _warmed(epochs, self.warm_up) * self.factor ** np.floor(epochs / self.every)


def _half_cosine(share: np.ndarray, start: float = 1.0, end: float = 0.0) -> np.ndarray:
    """From start to end along half a cosine, as the fraction of the way goes from 0 to 1."""
    return end + (start - end) * (0.5 + 0.5 * np.cos(np.pi * np.clip(share, 0.0, 1.0)))


def _length(name: str, epochs: float | None) -> float:
    if epochs is None:
        raise SettingError(f"{name}: expected `epochs`, the length of the training, got none")
    return epochs


@description
class Cosine:
    """Half a cosine from 1 down to 0 over `epochs` epochs, 0 after them.  Source: Loshchilov & Hutter 2017.

    epochs  length of the training; None: the `epochs` of fit
    """

    epochs: float | None = None
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("warm_up", self.warm_up, 0)
        if self.epochs is not None:
            checks.number("Cosine epochs", self.epochs, 0, ends="(]")

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        return _warmed(epochs, self.warm_up) * _half_cosine(epochs / _length("Cosine", self.epochs))


@description
class CosineRestarts:
    """Cosines from 1 down to 0, one after the other, each `growth` times as long as the one before.

    cycle  epochs of the first one
    Source: Loshchilov & Hutter 2017 (SGDR).
    """

    cycle: float = 10.0
    growth: float = 1.0
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("CosineRestarts cycle", self.cycle, 0, ends="(]")
        checks.number("CosineRestarts growth", self.growth, 1)
        checks.number("warm_up", self.warm_up, 0)

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        cycles, growth = epochs / self.cycle, self.growth
        if growth == 1:
            share = cycles - np.floor(cycles)
        else:  # after k of them, (growth^k - 1) / (growth - 1) cycles of the first length have gone by
            number = np.floor(np.log1p(cycles * (growth - 1)) / np.log(growth) + 1e-9)
            share = (cycles - (growth**number - 1) / (growth - 1)) / growth**number
        return _warmed(epochs, self.warm_up) * _half_cosine(share)


@description
class OneCycle:
    """Up along half a cosine from `start` to 1, then down to `end`, over `epochs` epochs.

    epochs  length of the training; None: the `epochs` of fit
    rise    the share of them in which it rises
    Source: Smith & Topin 2018; the defaults are PyTorch's.
    """

    epochs: float | None = None
    rise: float = 0.3
    start: float = 0.04
    end: float = 4e-6

    def __post_init__(self) -> None:
        checks.number("OneCycle rise", self.rise, 0, 1, ends="()")
        for name in ("start", "end"):
            checks.number(f"OneCycle {name}", getattr(self, name), 0, 1)
        if self.epochs is not None:
            checks.number("OneCycle epochs", self.epochs, 0, ends="(]")

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        share = epochs / _length("OneCycle", self.epochs)
        rising = _half_cosine(share / self.rise, self.start, 1.0)
        falling = _half_cosine((share - self.rise) / (1 - self.rise), 1.0, self.end)
        return np.where(share < self.rise, rising, falling)


@description
class ReduceOnPlateau:
    """Times `factor` whenever the validation loss (the training loss where there is none) has not fallen for a while.

    patience   epochs without a loss below (1 - threshold) times the best that are borne; one more reduces the rate
    cooldown   epochs after a reduction that do not count
    """

    factor: float = 1 / 3
    patience: int = 5
    threshold: float = 1e-4
    cooldown: int = 0
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("ReduceOnPlateau factor", self.factor, 0, 1, ends="()")
        checks.integer("ReduceOnPlateau patience", self.patience, 0)
        checks.number("ReduceOnPlateau threshold", self.threshold, 0, 1, ends="[)")
        checks.integer("ReduceOnPlateau cooldown", self.cooldown, 0)
        checks.number("warm_up", self.warm_up, 0)

    def factors(self, epochs: np.ndarray, history: Sequence[Any] = ()) -> np.ndarray:
        return _warmed(epochs, self.warm_up) * self.factor ** self._reductions(history)

    def _reductions(self, history: Sequence[Any]) -> int:
        """How often the rate has been reduced: told by the epochs alone, so that a checkpoint needs no more."""
        best, waited, resting, count = np.inf, 0, 0, 0
        for epoch in history:
            loss = epoch.loss if epoch.validation_loss is None else epoch.validation_loss
            waited = 0 if loss < best * (1 - self.threshold) else waited + 1
            best = min(best, loss)
            if resting > 0:
                waited, resting = 0, resting - 1
            elif waited > self.patience:
                waited, resting, count = 0, self.cooldown, count + 1
        return count


SCHEDULES = (Constant, InverseTime, Exponential, Step, Cosine, CosineRestarts, OneCycle, ReduceOnPlateau)
SETTINGS = tuple(name for name in _frozen.settings_of(SCHEDULES) if name != "epochs")


def chosen(schedule: Any) -> Schedule:
    """The schedule itself, or the one of this name; None: Constant()."""
    if schedule is None:
        return Constant()
    known: Schedule = _frozen.chosen("schedule", schedule, SCHEDULES, "factors", 'fn.schedules.Cosine() or "cosine"')
    return known


def by_slot(schedule: Any) -> dict[str, Schedule]:
    """The schedules of a training by the hyperparameters they act on; one without a name is the learning rate's."""
    named = schedule if isinstance(schedule, Mapping) else {"learning_rate": schedule}
    return {"learning_rate": Constant()} | {str(name): chosen(each) for name, each in named.items()}


def fitted(schedule: Any, epochs: int) -> Any:
    """The schedule, or a dict of them; where one has no length of its own, with that of the training."""
    if isinstance(schedule, Mapping):
        return {name: fitted(chosen(each), epochs) for name, each in schedule.items()}
    known: Any = chosen(schedule)
    return replace(known, epochs=epochs) if getattr(known, "epochs", 0) is None else known


def of(settings: Mapping[str, Any], epochs: int) -> Schedule:
    """The schedule of a configuration: the one that `schedule` names, with its settings.

    epochs  length of the training, for a schedule that needs it
    Where none is named, decay_rate asks for InverseTime; without it the rate is constant.
    Raises SettingError for a setting that other schedules have and this one has not.
    """
    if "schedule" not in settings:
        return InverseTime(settings["decay_rate"]) if "decay_rate" in settings else Constant()
    own = {name: settings[name] for name in SETTINGS if name in settings}
    made: Schedule = fitted(_frozen.of_settings("schedule", settings["schedule"], own, SCHEDULES), epochs)
    return made
