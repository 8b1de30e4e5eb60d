"""Products and transposes of matrices, column sums, and dense layers."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


def gemm(a: Any, b: Any, bias: Any = None, *, transpose_a: bool = False, relu: bool = False) -> Array:
    a, b, bias = _wide(a, b, bias)
    c = (a.T if transpose_a else a) @ b + (0 if bias is None else bias)
    return np.maximum(c, 0) if relu else c


def transpose(x: Any) -> Array:
    return _wide(x).T


def column_sums(x: Any, scale: float = 1.0) -> Array:
    return scale * _wide(x).sum(axis=0)


def dense_forward(x: Any, weight: Any, bias: Any = None, *, relu: bool = False) -> Array:
    return gemm(x, weight, bias, relu=relu)


def dense_backward(dy: Any, x: Any, weight: Any) -> tuple[Array, Array, Array]:
    dy, x, weight = _wide(dy, x, weight)
    return dy @ weight.T, x.T @ dy, dy.sum(axis=0)
