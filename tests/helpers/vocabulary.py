"""What libraries do at the words of random functions: one table, read with the arrays of each library."""

import operator

import numpy as np

from fastnorm import ops


def words(np, nn, **own):
    """word -> function, with arrays of np and activations of nn; own: the words that a library has itself."""

    def above(x):
        return nn.softplus(x) + 0.1

    def dense(x, weight, bias=0.0, relu=False):
        return nn.relu(x @ weight + bias) if relu else x @ weight + bias

    def layernorm(x, gamma, beta, epsilon):
        away = x - x.mean(axis=1, keepdims=True)
        return away / np.sqrt((away**2).mean(axis=1, keepdims=True) + epsilon) * gamma + beta

    return {
        "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "matmul": operator.matmul,
        "divide": lambda a, b: a / above(b), "divide_by": operator.truediv, "divide_into": lambda x, a: a / above(x),
        "power": lambda a, b: above(a) ** b,
        "power_by": lambda x, a: above(x) ** a, "power_of": lambda x, a: abs(a) ** x,
        "square": lambda x: x**2, "cube": lambda x: x**3.0, "inverse": lambda x: above(x) ** -1,
        "negative": operator.neg, "abs": abs, "exp": np.exp, "tanh": np.tanh,
        "log": lambda x: np.log(above(x)), "sqrt": lambda x: np.sqrt(above(x)),
        "sigmoid": nn.sigmoid, "relu": nn.relu, "leaky_relu": nn.leaky_relu, "silu": nn.silu, "softplus": nn.softplus,
        "gelu": nn.gelu, "softmax": nn.softmax, "log_softmax": nn.log_softmax,
        "maximum": np.maximum, "minimum": np.minimum, "clip": np.clip,
        "where_less": lambda a, b: np.where(a < b, a * b, a - b),
        "less_equal": lambda a, b: (a <= b) * a,
        "greater": lambda a, b: (a > b) * b,
        "greater_equal": lambda a, b: a + b * (a >= b),
        "equal": lambda x: np.where(nn.relu(x) == 0, 2 * x, np.tanh(x)),
        "not_equal": lambda x: (nn.relu(x) != 0) * x,
        "sum": np.sum, "mean": np.mean, "max": np.max, "reshape": np.reshape, "transpose": np.transpose,
        "concatenate": lambda *values: np.concatenate(values, axis=-1), "slice": lambda x, key: x[key],
        "dense": dense, "layernorm": layernorm,
        "embedding": lambda table, codes: table[codes].reshape(*codes.shape[:-1], -1),
    } | own  # fmt: skip


class Plain:
    """Activations in NumPy; exact enough to draw by, no more."""

    sigmoid = staticmethod(lambda x: 1 / (1 + np.exp(-x)))
    relu = staticmethod(lambda x: np.maximum(x, 0))
    leaky_relu = staticmethod(lambda x, slope: np.where(x > 0, x, slope * x))
    silu = staticmethod(lambda x: x / (1 + np.exp(-x)))
    softplus = staticmethod(lambda x: np.logaddexp(x, 0))
    gelu = staticmethod(lambda x: 0.5 * x * (1 + np.tanh(0.8 * x)))
    softmax = staticmethod(lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True))
    log_softmax = staticmethod(lambda x: x - np.log(np.exp(x).sum(axis=-1, keepdims=True)))


PLAIN = words(np, Plain)
OURS = words(ops, ops, dense=ops.dense, layernorm=ops.layernorm, embedding=ops.embedding)
