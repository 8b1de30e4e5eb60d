"""Sums and maxima of rows, columns and whole matrices, and the gradients of maxima."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


def row_sums(x: Any, scale: float = 1.0) -> Array:
    return scale * _wide(x).sum(axis=1)


def total_sum(x: Any, scale: float = 1.0) -> Array:
    return scale * _wide(x).sum()


def all_finite(x: Any) -> bool:
    return bool(np.isfinite(x).all())


def row_max(x: Any) -> Array:
    return _wide(x).max(axis=1)


def column_max(x: Any) -> Array:
    return _wide(x).max(axis=0)


def row_max_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, x, y = _wide(dy, x, y)
    return column_max_backward(dy, x.T, y).T


def column_max_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, x, y = _wide(dy, x, y)
    largest = x == y
    with np.errstate(divide="ignore", invalid="ignore"):  # nan equals nothing, not chosen
        return np.where(np.isnan(y), np.nan, np.where(largest, dy / largest.sum(axis=0), 0))
