"""Every operation in plain NumPy, by name: what recorded values and their gradients are judged by."""

import numpy as np

from fastnorm import reference
from fastnorm.ops import spec


def softmax(x):
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def layernorm(x, gamma, beta, epsilon):
    centered = x - x.mean(axis=1, keepdims=True)
    return centered / np.sqrt((centered**2).mean(axis=1, keepdims=True) + epsilon) * gamma + beta


def embedding(table, codes):
    rows = table[codes.astype(int)]
    return rows.reshape(*codes.shape[:-1], -1) if codes.ndim > 1 else rows.reshape(-1)


def piecewise(located, weight):
    return np.asarray(reference.piecewise_forward(located, weight), np.float64)


def part(x, rows, columns):
    x = x if rows is None else x[slice(*rows)]
    return x[..., slice(*columns)]


BINARY = {
    name: getattr(np, name)
    for name in ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "less", "less_equal", "equal",
                 "not_equal")
}  # fmt: skip
UNARY = {row.name: getattr(reference, f"{row.name}_forward") for row in spec.FUNCTIONS}
REDUCED = {"sum": np.sum, "mean": np.mean, "max": np.max}
FORMULAS = BINARY | UNARY | REDUCED | {
    "where": lambda condition, a, b: np.where(condition != 0, a, b),
    "softmax": softmax,
    "log_softmax": lambda x: np.log(softmax(x)),
    "layernorm": layernorm,
    "embedding": embedding,
    "locate": lambda x, edges: np.asarray(reference.locate(x, edges), np.float64),
    "piecewise": piecewise,
    "part": part,
    "concatenate": lambda *values: np.concatenate(values, axis=-1),
    "reshape": lambda x, shape: np.reshape(x, shape),
    "transpose": np.transpose,
    "matmul": np.matmul,
}  # fmt: skip
