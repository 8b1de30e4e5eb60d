"""A space and a `build` that are good first guesses for tables: hidden layers of dense, batch norm, ReLU, dropout."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ... import checks
from ...errors import SettingError
from ...models.sequential import Sequential
from ...nn.activations import ReLU
from ...nn.layers import BatchNorm, Dense, Dropout
from ..space.dimensions import Choice, Float, Int
from ..space.space import Dimension
from .train_trial import SETTINGS

SIZES = {"layers": 2, "units": 128, "dropout": 0.0}  # of a model whose space leaves them out


def default_space(rows: int) -> dict[str, Dimension]:
    """Return a space for default_build, for a training set of `rows` rows.

    Minibatches are smaller for fewer rows, so that an epoch is enough steps to learn something.
    """
    smallest = 64 if checks.integer("rows", rows, 1) >= 5000 else 32 if rows >= 1000 else 16
    return {
        "learning_rate": Float(3e-4, 3e-2, scale="log"),
        "schedule": Choice(["cosine"]),
        "beta_1": Float(0.8, 0.99, scale="one_minus_log"),
        "batch_size": Choice([smallest, 2 * smallest, 4 * smallest]),
        "layers": Int(1, 3),
        "units": Int(32, 512, scale="log"),
        "dropout": Float(0.0, 0.3),
        "weight_decay": Float(1e-6, 1e-2, scale="log"),
    }


def default_epochs(rows: int) -> int:
    """Return the epochs of one training on `rows` rows by a cosine: 1.5 million rows in all, 12 to 120 times each.

    Sixteen public tables chose it by their validation rows: bench/NOTES.md.
    """
    return min(120, max(12, 1_500_000 // checks.integer("rows", rows, 1)))


def default_batch_size(rows: int) -> int:
    """Return the rows of a minibatch, 32 to 256, so that small training sets have some sixty of them in an epoch."""
    return min(256, max(32, 2 ** round(math.log2(checks.integer("rows", rows, 1) / 60))))


def default_model(units: Sequence[int], outputs: int, dropout: float = 0.0) -> Sequential:
    """Return a model of dense hidden layers, each with batch norm, ReLU and dropout.

    outputs  number of classes, or of values for regression
    """
    hidden = [layer for count in units for layer in (Dense(count), BatchNorm(), ReLU(), Dropout(dropout))]
    return Sequential([*hidden, Dense(outputs)])


@dataclass(frozen=True)
class default_build:
    """A `build` for caviar: default_model with the hyperparameters' numbers of layers and units.

    outputs  number of classes, or of values for regression
    `units_3` goes before `units` for the third layer. Left out: 2 layers, 128 units, no dropout.
    """

    outputs: int

    def __call__(self, hyperparameters: dict[str, Any]) -> Sequential:
        layers, units, dropout = (hyperparameters.get(name, value) for name, value in SIZES.items())
        sizes = [hyperparameters.get(f"units_{number}", units) for number in range(1, layers + 1)]
        return default_model(sizes, self.outputs, dropout)


def require_used(where: str, space: Iterable[str]) -> None:
    """Raise SettingError, which says where, for a hyperparameter that neither default_build nor training would use."""
    for name in space:
        if name not in SIZES and name not in SETTINGS and not re.fullmatch(r"units_[1-9]\d*", name):
            known = ", ".join([*SIZES, "units_1, units_2 ...", *SETTINGS])
            raise SettingError(f"{where}: {name}: nothing would use this hyperparameter; those in use are {known}")
