"""Copies: of a matrix, of a row or a column into all, of a table's rows by codes, of class numbers into 0 and 1."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


def copy(x: Any) -> Array:
    return _wide(x).copy()


def spread(x: Any, shape: tuple[int, int], scale: float = 1.0) -> Array:
    return scale * np.broadcast_to(_wide(x), shape)


def _is_row(codes: Array, v: int) -> Array:
    return (codes >= 0) & (codes < v) & (codes == np.floor(codes))


def embedding_forward(table: Any, codes: Any) -> Array:
    table, codes = _wide(table, codes)
    good = _is_row(codes, len(table))
    y = table[np.where(good, codes, 0).astype(np.int64)]
    return np.where(good[:, :, None], y, np.nan).reshape(len(codes), -1)


def embedding_backward(dy: Any, codes: Any, v: int) -> Array:
    dy, codes = _wide(dy, codes)
    parts = dy.reshape(*codes.shape, -1)
    good = _is_row(codes, v)
    dtable = np.zeros((v, parts.shape[2]), dy.dtype)
    np.add.at(dtable, codes[good].astype(np.int64), parts[good])
    return dtable


def one_hot(labels: Any, k: int, dtype: Any = np.float32) -> Array:
    return np.eye(k, dtype=_wide(np.zeros(0, dtype)).dtype)[labels]


def hits(x: Any, target: Any) -> Array:
    x = _wide(x)
    target = np.asarray(target)
    hot = target if target.ndim == 1 else target.argmax(axis=1)
    nan = np.isnan(x).any(axis=1) | (np.isnan(target.reshape(len(x), -1)).any(axis=1))
    return ((x.argmax(axis=1) == hot) & ~nan).astype(x.dtype)
