"""A space and a `build` that are good first guesses for tables: hidden layers of dense, batch norm, ReLU, dropout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import checks
from ..activations import ReLU
from ..layers import BatchNorm, Dense, Dropout
from ..sequential import Sequential
from ._dimensions import Choice, Float, Int
from ._space import Dimension


def default_space(rows: int) -> dict[str, Dimension]:
    """Return a space for default_build, for a training set of so many rows.

    Minibatches are smaller for fewer rows, so that twenty epochs are enough steps to learn something.
    """
    smallest = 64 if checks.integer("rows", rows, 1) >= 5000 else 32 if rows >= 1000 else 16
    return {
        "learning_rate": Float(3e-4, 3e-2, scale="log"),
        "decay_rate": Float(1e-2, 1.0, scale="log"),
        "beta_1": Float(0.8, 0.99, scale="one_minus_log"),
        "batch_size": Choice([smallest, 2 * smallest, 4 * smallest]),
        "layers": Int(1, 3),
        "units": Int(32, 512, scale="log"),
        "dropout": Float(0.0, 0.3),
        "weight_decay": Float(1e-6, 1e-2, scale="log"),
    }


def default_model(units: Sequence[int], outputs: int, dropout: float = 0.0) -> Sequential:
    """Return a model of dense hidden layers of so many units each, with batch norm, ReLU and dropout.

    outputs  number of classes, or of values for regression
    """
    hidden = [layer for count in units for layer in (Dense(count), BatchNorm(), ReLU(), Dropout(dropout))]
    return Sequential([*hidden, Dense(outputs)])


@dataclass(frozen=True)
class default_build:
    """A `build` for caviar: default_model with so many layers of so many units as the hyperparameters say.

    outputs  number of classes, or of values for regression
    """

    outputs: int

    def __call__(self, hyperparameters: dict[str, Any]) -> Sequential:
        units = [hyperparameters["units"]] * hyperparameters["layers"]
        return default_model(units, self.outputs, hyperparameters["dropout"])
