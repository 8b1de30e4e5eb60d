"""Layers on the columns of a table, whose constants are fitted on the training rows."""

from typing import Any, Self

import numpy as np

from .. import checks, ops
from .._frozen import description
from ..errors import DataError, ShapeError
from ..ops._layers import BINS
from ..ops.tape import Value
from .layers import INITIALIZERS, Layer, Parameter

DEFAULT_BINS = 48  # bins, as the paper found good for most tables


@description
class SmoothClip(Layer):
    """x / sqrt(1 + (x / limit)^2): near 0 it is x, far values come close to the limit and none reaches it.

    limit  above 0; for standardized columns 3
    Source: Holzmueller, Grinsztajn & Steinwart 2024 (RealMLP).
    """

    limit: float = 3.0

    def __post_init__(self) -> None:
        checks.number("SmoothClip limit", self.limit, 0, ends="(]")

    def forward(self, x: Value, **parameters: Value) -> Value:
        return x / ops.sqrt(x * x * (1 / self.limit**2) + 1)


class PiecewiseLinear(Layer):
    """A sum of piecewise linear functions, one of each column for each unit: (n, d) -> (n, units).

    It is a dense layer on piecewise linear encoded columns: in each bin a column that is below it counts as 0, one
    above it as 1, one in it as its place in it; the first and last bins are open. A row reads the weights of its bins
    and sums of those before, so that it costs columns x units and not bins x units.

    edges         (d, bins + 1), ascending in each row, at most 256 bins; a column with fewer repeats its last edge.
                  `PiecewiseLinear.fitted` finds them; they are constants of the model and kept in its file
    units         length of a result row, at least 1
    initializer   of the weights, as of Dense; "zeros" where the layer adds to another, which leads at first
    rate_factor   of the learning rate for the weights
    decay_factor  of l2 and weight decay for them
    No gradient flows to the columns.
    Source: Gorishniy, Rubachev & Babenko 2022.
    """

    def __init__(
        self, edges: Any, units: int, initializer: str = "he", rate_factor: float = 1.0, decay_factor: float = 1.0
    ) -> None:
        self.edges = checks.finite("PiecewiseLinear edges", checks.matrix("PiecewiseLinear edges", edges))
        self.units = checks.integer("PiecewiseLinear units", units, 1)
        self.initializer = checks.choice("PiecewiseLinear initializer", initializer, INITIALIZERS)
        self.rate_factor = checks.number("PiecewiseLinear rate_factor", rate_factor, 0)
        self.decay_factor = checks.number("PiecewiseLinear decay_factor", decay_factor, 0)
        if not 2 <= self.edges.shape[1] <= BINS + 1:
            raise ShapeError(f"PiecewiseLinear edges: expected (d, 2 to {BINS + 1}), got {self.edges.shape}")
        rises = np.diff(self.edges, axis=1)
        if (rises < 0).any() or (rises[:, 0] <= 0).any():
            column = int(np.argmax((rises < 0).any(1) | (rises[:, 0] <= 0)))
            came = f"{self.edges[column]} in row {column}"
            raise DataError(f"PiecewiseLinear edges: expected edges that ascend, got {came}")

    @classmethod
    def fitted(cls, x: Any, units: int, bins: int = DEFAULT_BINS, **settings: Any) -> Self:
        """Return the layer for the training rows x (n, d), with edges as `edges_by_rows` places them."""
        return cls(edges_by_rows(x, bins), units, **settings)

    def __repr__(self) -> str:
        return f"PiecewiseLinear(edges of shape {self.edges.shape}, {self.units})"

    def build(self, features: int) -> dict[str, Parameter]:
        columns, bins = len(self.edges), self.edges.shape[1] - 1
        if columns != features:
            raise ShapeError(f"{self!r}: expected {columns} columns, got {features}")
        shape = (columns * bins, self.units)
        return {"weight": Parameter(shape, self.initializer, "parameter", self.decay_factor, self.rate_factor)}

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.piecewise(ops.locate(x, self.edges), parameters["weight"])


def edges_by_rows(x: Any, bins: int) -> np.ndarray:
    """Return edges (d, bins + 1) of bins for the columns of training rows x (n, d), with about as many rows in each.

    A column of fewer different values has them as its edges. A value that more rows share than a bin's share of them
    counts as that share, so that it takes one bin of the others, not several.
    """
    x = checks.finite("x", checks.matrix("x", x))
    bins = checks.integer("bins", bins, 1, BINS)
    edges = np.empty((x.shape[1], bins + 1))
    for column, values in zip(edges, x.T, strict=True):
        known, counts = np.unique(values, return_counts=True)
        if len(known) > len(column):
            below = np.cumsum(np.minimum(counts, len(values) / bins))
            places = np.searchsorted(below, np.linspace(0, below[-1], bins + 1))
            known = known[np.unique([0, *places[1:-1], len(known) - 1])]
        if len(known) < 2:
            known = np.array([known[0], known[0] + max(1.0, abs(known[0]))])
        column[:] = np.append(known, np.full(len(column) - len(known), known[-1]))
    return edges
