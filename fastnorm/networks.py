"""Networks for tables: hidden layers of dense, batch norm, ReLU and dropout on encoded columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import checks
from .errors import SettingError
from .models.model import Model
from .nn.activations import ReLU
from .nn.encodings import DEFAULT_BINS, PiecewiseLinear, SmoothClip, edges_by_rows
from .nn.layers import BatchNorm, Dense, Dropout
from .ops._layers import BINS
from .ops.tape import Value
from .training.dataset import Dataset, dataset


def default(
    x: Any, y: Any = None, *, hidden: Sequence[int] = (128, 128), bins: int = DEFAULT_BINS, dropout: float = 0.2,
    **known: Any,
) -> Model:  # fmt: skip
    """Return a network for a table, not trained yet; its fit and predict take frames with the table's columns.

    x, y     a frame and the name of its target, or values beside it
    hidden   units of each hidden layer; none: softmax regression, or a regression that is linear in the encoded columns
    bins     the most of a column of numbers; 0: each is one standardized number alone
    dropout  after each hidden layer
    known    arguments of Model.fit that say what x and y are: task, loss, types, missing
    The first layer adds up a dense layer on all features, clipped smoothly, and a PiecewiseLinear on those that come
    from numbers, dates and times, whose bins lie by the quantiles of the rows given.
    Raises SettingError for arrays, whose columns nothing has standardized, and what Table.fit raises.
    """
    data = dataset(x, y, **known)
    if data.table is None:
        raise SettingError("networks.default: expected a frame, whose table standardizes its columns, got arrays")
    model = encoded(data.outputs, hidden, dropout, knots(data), bins)
    model.table, model.target = data.table, data.target
    return model


def knots(data: Dataset) -> np.ndarray:
    """Return edges of BINS bins of a table's features that come from numbers (BINS + 1, columns), to choose among."""
    assert data.table is not None
    numbers = np.asarray(data.x)[:, : data.table.numbers]
    return edges_by_rows(numbers, BINS).T if data.table.numbers else numbers[:1]


def encoded(outputs: int, hidden: Sequence[int], dropout: float, columns: np.ndarray, bins: int) -> Model:
    """Return the network of `default` for features of which the first come from numbers.

    columns  (rows, numbers), among which bins are placed: rows, or knots
    """
    first, *later = [*hidden, outputs]
    numbers, bins = columns.shape[1], checks.integer("bins", bins, 0, BINS)
    pieces = PiecewiseLinear.fitted(columns, first, bins, initializer="zeros") if bins and numbers else None

    def forward(x: Value) -> Value:
        value = Dense(first)(SmoothClip()(x))
        if pieces is not None:
            value = value + pieces(x[:, :numbers])
        for units in later:
            value = Dense(units)(Dropout(dropout)(ReLU()(BatchNorm()(value))))
        return value

    return Model(forward)
