"""Calls of the kernels that sum, compare, normalize or move rows, and of the optimizers beside SGD and Adam."""

import numpy as np

from fastnorm import reference
from helpers.cases import CALLS, Call, _calls, _class_numbers, _class_shares, _logits, _normal

SCALES: tuple[dict, ...] = ({}, {"scale": 0.3})


def _with_gradient(rng, result, dtype):
    return rng.normal(1, 1, result.shape).astype(dtype), result.astype(dtype)


CALLS["log_softmax_forward"] = [Call(_logits, {})]


@_calls("softmax_backward")
def _softmax_backward(rng, n, c, dtype):
    return _with_gradient(rng, reference.softmax(*_logits(rng, n, c, dtype)), dtype)


@_calls("log_softmax_backward")
def _log_softmax_backward(rng, n, c, dtype):
    return _with_gradient(rng, reference.log_softmax_forward(*_logits(rng, n, c, dtype)), dtype)


@_calls("row_sums", *SCALES)
@_calls("column_sums", *SCALES)
@_calls("copy")
def _matrix(rng, n, c, dtype):
    return (_normal(rng, dtype, n, c),)


CALLS["total_sum"] = [Call(_matrix, scale, threads=False, out=False) for scale in SCALES]


@_calls("row_max")
@_calls("column_max")
def _matrix_with_equals(rng, n, c, dtype):
    return (np.rint(_normal(rng, dtype, n, c, std=2)),)


@_calls("row_max_backward")
def _row_max_backward(rng, n, c, dtype):
    (x,) = _matrix_with_equals(rng, n, c, dtype)
    return _normal(rng, dtype, n), x, x.max(1)


@_calls("column_max_backward")
def _column_max_backward(rng, n, c, dtype):
    (x,) = _matrix_with_equals(rng, n, c, dtype)
    return _normal(rng, dtype, c), x, x.max(0)


def _spread(rows, columns):
    return lambda rng, n, c, dtype: (_normal(rng, dtype, n if rows else 1, c if columns else 1), (n, c))


CALLS["spread"] = [
    Call(_spread(rows, columns), scale) for rows in (0, 1) for columns in (0, 1) for scale in SCALES[rows and columns :]
]


@_calls("embedding_forward")
def _embedding_forward(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), rng.integers(0, n, (n, 2)).astype(dtype)


@_calls("embedding_backward")
def _embedding_backward(rng, n, c, dtype):
    return _normal(rng, dtype, n, 2 * c), rng.integers(0, 7, (n, 2)).astype(dtype), 7


def _edges(rng, columns, bins, dtype):
    """Ascending edges (columns, bins + 1); some columns have fewer and repeat their last one."""
    edges = np.sort(rng.normal(size=(columns, bins + 1)), axis=1).astype(dtype)
    for column, count in enumerate(rng.integers(2, bins + 2, columns)):
        edges[column, count:] = edges[column, count - 1]
    return edges


def _located(rng, n, dtype, columns=3, bins=7):
    return reference.locate(_normal(rng, dtype, n, columns), _edges(rng, columns, bins, dtype)).astype(dtype)


@_calls("locate")
def _locate(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), _edges(rng, c, 5, dtype)


@_calls("piecewise_forward")
def _piecewise_forward(rng, n, c, dtype):
    return _located(rng, n, dtype), _normal(rng, dtype, 21, c)


@_calls("piecewise_backward")
def _piecewise_backward(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), _located(rng, n, dtype), 7


@_calls("layernorm_forward", {}, {"epsilon": 1e-3})
def _layernorm_forward(rng, n, c, dtype):
    return _normal(rng, dtype, n, c, mean=100, std=3), _normal(rng, dtype, c, mean=1, std=0.5), _normal(rng, dtype, c)


@_calls("layernorm_gamma_beta_backward", out=False)
def _layernorm_gamma_beta_backward(rng, n, c, dtype):
    x = _normal(rng, dtype, n, c, mean=100, std=3)
    return _normal(rng, dtype, n, c, mean=1), x, x.mean(1, np.float64), 1 / np.sqrt(x.var(1, np.float64) + 1e-5)


@_calls("layernorm_backward")
def _layernorm_backward(rng, n, c, dtype):
    return *_layernorm_gamma_beta_backward(rng, n, c, dtype), _normal(rng, dtype, c, mean=1, std=0.5)


CALLS["hits"] = [Call(_class_numbers, {}), Call(_class_shares, {})]


@_calls("average", changed=(1,), out=False)
def _average(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), _normal(rng, dtype, n, c), 0.3


OTHERS = {"l2": 0.5, "weight_decay": 0.25, "learning_rate": 0.0625, "epsilon": 0.5}
CALLS["sgd"] += [
    Call(CALLS["sgd"][0].arguments, {"momentum": 0.875, "averaged": True, "nesterov": nesterov}, (0, 2), out=False)
    for nesterov in (False, True)
]


@_calls("nadam", {}, OTHERS | {"momentum_decay": 0.5}, changed=(0, 2, 3), out=False)
def _nadam(rng, n, c, dtype):
    parameters, gradients, first, second = _normal(rng, dtype, 4, n, c)
    return parameters, gradients, first, np.abs(second), 3, 0.25


@_calls("rmsprop", {}, OTHERS | {"decay": 0.75}, changed=(0, 2), out=False)
def _rmsprop(rng, n, c, dtype):
    parameters, gradients, second = _normal(rng, dtype, 3, n, c)
    return parameters, gradients, np.abs(second)
