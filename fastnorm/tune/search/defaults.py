"""A space and a `build` that are good first guesses for tables: hidden layers of dense, batch norm, ReLU, dropout."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ... import checks
from ...errors import SettingError
from ...models.model import Model
from ...models.sequential import Sequential
from ...networks import encoded, knots
from ...nn.activations import ReLU
from ...nn.encodings import DEFAULT_BINS
from ...nn.layers import BatchNorm, Dense, Dropout
from ...training.dataset import Dataset
from ..space.dimensions import Choice, Float, Int
from ..space.space import Dimension
from .train_trial import SETTINGS

# One training without a search:
USUAL: dict[str, Any] = {"learning_rate": 3e-3, "dropout": 0.2, "weight_decay": 0.02, "bins": DEFAULT_BINS}
SIZES = {"layers": 2, "units": 128, "dropout": 0.0, "bins": DEFAULT_BINS}  # of a model whose space leaves them out


def default_space(rows: int, *, bins: bool = False) -> dict[str, Dimension]:
    """Return a space for default_build, for a training set of `rows` rows.

    bins  whether there are columns of a table to be cut into bins
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
        **({"bins": Choice([0, 16, 48])} if bins else {}),
    }


def default_trial(rows: int) -> dict[str, Any]:
    """Return the hyperparameters of one training without a search, on `rows` rows, for default_build.

    Public tables chose them by rows of their training part: bench/NOTES.md.
    """
    return USUAL | {"batch_size": default_batch_size(rows), "schedule": "cosine"}


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


@dataclass(frozen=True, eq=False)
class default_build:
    """A `build` for caviar: networks.default, for arrays default_model, of the hyperparameters' layers and units.

    outputs  number of classes, or of values for regression
    columns  of a table, see networks.knots; None: arrays
    `units_3` goes before `units` for the third layer. Left out: 2 layers, 128 units, no dropout, 48 bins.
    """

    outputs: int
    columns: np.ndarray | None = None

    @classmethod
    def of(cls, data: Dataset) -> Self:
        """Return it for these rows."""
        return cls(data.outputs, None if data.table is None else knots(data))

    def __call__(self, hyperparameters: dict[str, Any]) -> Model:
        layers, units, dropout, bins = (hyperparameters.get(name, value) for name, value in SIZES.items())
        sizes = [hyperparameters.get(f"units_{number}", units) for number in range(1, layers + 1)]
        if self.columns is None:
            if "bins" in hyperparameters:
                raise SettingError("bins: expected a frame, whose columns of numbers a table knows, got arrays")
            return default_model(sizes, self.outputs, dropout)
        return encoded(self.outputs, sizes, dropout, self.columns, bins)


def require_used(where: str, space: Iterable[str]) -> None:
    """Raise SettingError, which says where, for a hyperparameter that neither default_build nor training would use."""
    for name in space:
        if name not in SIZES and name not in SETTINGS and not re.fullmatch(r"units_[1-9]\d*", name):
            known = ", ".join([*SIZES, "units_1, units_2 ...", *SETTINGS])
            raise SettingError(f"{where}: {name}: nothing would use this hyperparameter; those in use are {known}")
