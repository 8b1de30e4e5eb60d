"""Forward passes that are no chain: residuals, branches, several inputs, shared layers, arithmetic."""

import numpy as np

import fastnorm as fn
from fastnorm import ops
from fastnorm.models import recording
from fastnorm.nn.layers import Parameter

FEATURES, OUTPUTS = 4, 3


class Cosine(fn.Layer):
    """A layer of one's own, whose weight is computed from what is learned: columns of length 1."""

    def __init__(self, units):
        self.units = units

    def build(self, features):
        return {"direction": Parameter((self.units, features), "he", decay_factor=1.0), "scale": Parameter((), "ones")}

    def forward(self, x, direction, scale):
        return x @ (direction.T / np.sqrt((direction**2).sum(axis=1))) * scale


def residual(x):
    x = fn.Residual(fn.Dense(4), fn.BatchNorm(epsilon=0.1), fn.ReLU())(x)
    return fn.Dense(OUTPUTS)(fn.Residual(fn.Dense(4), fn.Tanh())(x))


def branches(x):
    parts = fn.Concatenate(
        [fn.Dense(5), fn.Tanh()], [fn.SelectColumns(1, 3), fn.Dense(3), fn.BatchNorm(epsilon=0.1)], fn.LayerNorm(0.1)
    )
    return fn.Dense(OUTPUTS)(parts(x))


def inputs(left, right):
    hidden = fn.Dense(5)(left) * ops.sigmoid(fn.Dense(5)(right))
    return fn.Dense(OUTPUTS)(hidden + fn.Dense(1, bias=False)(right))


def shared():
    layer, norm = fn.TiedLayer(fn.Dense(4)), fn.TiedLayer(fn.BatchNorm(epsilon=0.1))

    def forward(x):
        return fn.Dense(OUTPUTS)(norm(layer(ops.tanh(norm(layer(x))))))

    return forward


def arithmetic(x):
    hidden = fn.Dense(4)(x)
    y = hidden / (1 + abs(hidden))
    z = np.where(y > 0, y**2, -np.exp(y)) * np.array([1.0, 2.0, -1.0, 0.5])
    wide = np.concatenate([z, y[:, 1:3], hidden.max(axis=1, keepdims=True)], axis=1)
    return fn.Dense(OUTPUTS)(wide - wide.mean(axis=1, keepdims=True))


def lookup(x):
    """Codes 0 and 1 are computed here, so any numbers will do for x."""
    return fn.Dense(OUTPUTS)(np.concatenate([fn.Embedding(2, 3)(x[:, :2] > 0), x[:, 2:]], axis=1))


def attention(x):
    """Shares of the features, by which they count; a sum over them, and one column of it."""
    shares = fn.Softmax()(fn.Dense(FEATURES)(x))
    total = (shares * x).sum(axis=1, keepdims=True)
    return fn.Dense(OUTPUTS)(ops.log_softmax(x * total) + np.maximum(total, x[:, 0].reshape(-1, 1)))


FORWARD = {
    "residual": residual,
    "branches": branches,
    "several inputs": inputs,
    "shared": shared(),
    "arithmetic": arithmetic,
    "lookup": lookup,
    "attention": attention,
    "own layer": lambda x: fn.Dense(OUTPUTS)(ops.relu(Cosine(5)(x))),
}


def widths(name):
    """Of the inputs, where there are several."""
    return (3, 1) if name == "several inputs" else None


def tape(name):
    """One of these as a model records it."""
    return recording.record(FORWARD[name], widths(name), FEATURES)


def model(name, dtype="float32"):
    """A model of one of these, without weights."""
    return fn.Model(FORWARD[name], inputs=widths(name), dtype=dtype)
