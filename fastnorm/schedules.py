"""Schedules: the factor of the learning rate as training goes on, by epochs done (a fraction within an epoch)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from . import checks
from .errors import SettingError


class Schedule(Protocol):
    """factors(epochs) gives the factor at each of these times; epochs (n,) float64, from 0 on."""

    def factors(self, epochs: np.ndarray) -> np.ndarray: ...


def _warmed(epochs: np.ndarray, warm_up: float) -> np.ndarray:
    """A straight line from 0, where training starts, to 1 after `warm_up` epochs."""
    return np.minimum(epochs / warm_up, 1.0) if warm_up > 0 else np.ones_like(epochs)


@dataclass(frozen=True)
class Constant:
    """1 throughout, after `warm_up` epochs of a straight line from 0."""

    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("warm_up", self.warm_up, 0)

    def factors(self, epochs: np.ndarray) -> np.ndarray:
        return _warmed(epochs, self.warm_up)


@dataclass(frozen=True)
class InverseTime:
    """1 / (1 + decay_rate * epoch), epoch being the number of whole epochs done: the course's learning rate decay."""

    decay_rate: float
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("decay_rate", self.decay_rate, 0)
        checks.number("warm_up", self.warm_up, 0)

    def factors(self, epochs: np.ndarray) -> np.ndarray:
        return _warmed(epochs, self.warm_up) / (1 + self.decay_rate * np.floor(epochs))


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from 1 down to 0 over `epochs` epochs, 0 after them.  Source: Loshchilov & Hutter 2017.

    epochs  None: those that `fit` is asked for
    """

    epochs: float | None = None
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        checks.number("warm_up", self.warm_up, 0)
        if self.epochs is not None:
            checks.number("Cosine epochs", self.epochs, 0, ends="(]")

    def factors(self, epochs: np.ndarray) -> np.ndarray:
        if self.epochs is None:
            raise SettingError("Cosine: expected `epochs`, the length of the training, got none")
        return _warmed(epochs, self.warm_up) * (0.5 + 0.5 * np.cos(np.pi * np.minimum(epochs / self.epochs, 1.0)))
