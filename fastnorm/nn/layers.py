"""Layers: their parameters (`build`) and their computation (`forward`), each written with operations."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import checks, ops
from .._frozen import description
from ..errors import SettingError, TraceError
from ..kernels import random
from ..ops.tape import Value

INITIALIZERS = ("he", "glorot", "rows", "zeros", "ones")


@description
class Parameter:
    """Request of a layer: an array that is learned, or a statistic kept in training.

    role          "parameter" or "statistic" (float64)
    initializer   "he": uniform with variance 2 / inputs (He et al. 2015); "glorot": 2 / (inputs + units) (Glorot &
                  Bengio 2010); "rows": 1 / units, rows of length about 1; "zeros"; "ones"
    decay_factor  of l2 and weight decay for it, 0: they do not act on it
    rate_factor   of the learning rate for it, 0: it stays as it is
    optional      whether it is left out where it feeds only a batch norm
    """

    shape: tuple[int, ...]
    initializer: str
    role: str = "parameter"
    decay_factor: float = 0.0
    rate_factor: float = 1.0
    optional: bool = False

    def __post_init__(self) -> None:
        for name in ("decay_factor", "rate_factor"):
            checks.number(name, getattr(self, name), 0)


def initial(settings: Mapping[str, Any], shape: tuple[int, ...], dtype: Any, seed: int, number: int) -> np.ndarray:
    """The start of parameter `number` of a model; uniform numbers keyed by (seed, number)."""
    kind = checks.choice("initializer", settings["initializer"], INITIALIZERS)
    if kind in ("zeros", "ones"):
        return np.full(shape, float(kind == "ones"), dtype)
    variance = {"he": 2 / shape[0], "glorot": 2 / sum(shape), "rows": 1 / shape[-1]}[kind]
    draws = random.uniform(seed, random.INITIALIZE, number, 0, int(np.prod(shape)))
    return ((2 * draws - 1) * np.sqrt(3 * variance)).astype(dtype).reshape(shape)


class Layer:
    """Building block of a model. A layer of one's own declares its parameters and its computation:

    build    features of the input -> name: Parameter; nothing to learn unless said
    forward  the input and those parameters by name, recorded values, -> the result; written with operators and ops

    A layer is a description: each call of it on a recorded value makes parameters of its own (see TiedLayer).
    """  # fmt: skip

    def build(self, features: int) -> dict[str, Parameter]:
        return {}

    def forward(self, x: Value, **parameters: Value) -> Value:
        raise NotImplementedError(f"{type(self).__name__}: expected a method forward(x, **parameters)")

    def __call__(self, x: Value) -> Value:
        """Record this layer on x."""
        return apply(self, x)


def apply(layer: Any, x: Value, parameters: Mapping[str, Value] | None = None) -> Value:
    """Record a layer, anything with build and forward, on x; with new parameters unless some are given."""
    kind = type(layer).__name__.lower()
    if not isinstance(x, Value):
        raise TraceError(f"{kind}: expected a recorded value, got {type(x).__name__}; a Model or Sequential records")
    value = layer.forward(x, **(built(layer, x) if parameters is None else parameters))
    if not isinstance(value, Value):
        raise TraceError(f"{kind}: expected forward to return a recorded value, got {value!r}")
    return value


def built(layer: Any, x: Value) -> dict[str, Value]:
    """New parameters of a layer for such an input."""
    number = x.tape.layers
    x.tape.layers += 1
    return {
        name: x.tape.add(
            asked.role, f"{type(layer).__name__.lower()}_{number}.{name}", asked.shape,
            initializer=asked.initializer, decay_factor=float(asked.decay_factor),
            rate_factor=float(asked.rate_factor), optional=asked.optional,
        )
        for name, asked in layer.build(x.features).items()
    }  # fmt: skip


@description
class Dense(Layer):
    """x weight + bias: (n, inputs) -> (n, units).

    units         length of a result row, at least 1
    bias          None: yes, but for a layer that feeds a batch norm, whose beta does the same
    initializer   of the weight: "he" (for ReLU), "glorot" or "zeros"; biases start at 0
    rate_factor   of the learning rate for both, 0: they stay as they are
    decay_factor  of l2 and weight decay for the weight
    """

    units: int
    bias: bool | None = None
    initializer: str = "he"
    rate_factor: float = 1.0
    decay_factor: float = 1.0

    def __post_init__(self) -> None:
        checks.integer("Dense units", self.units, 1)
        if self.bias not in (None, True, False):
            way_out = "; an activation is a layer of its own: fn.Dense(64), fn.ReLU()"
            raise SettingError(f"Dense bias: expected None, True or False, got {self.bias!r}{way_out}")
        checks.choice("Dense initializer", self.initializer, INITIALIZERS)
        checks.number("Dense rate_factor", self.rate_factor, 0)
        checks.number("Dense decay_factor", self.decay_factor, 0)

    def build(self, features: int) -> dict[str, Parameter]:
        shape, rate = (features, self.units), self.rate_factor
        weight = {"weight": Parameter(shape, self.initializer, decay_factor=self.decay_factor, rate_factor=rate)}
        if self.bias is False:
            return weight
        return weight | {"bias": Parameter((self.units,), "zeros", rate_factor=rate, optional=self.bias is None)}

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.dense(x, *parameters.values())


@description
class BatchNorm(Layer):
    """Normalize each feature over the minibatch, then scale by gamma and shift by beta: (n, features) -> the same.

    Training uses the minibatch's mean and biased variance. Inference uses running averages of the means and of the
    variances times n / (n - 1), for minibatches of n rows; float64 and bias-corrected, so that they are right from the
    first minibatch on.

    running_decay  share of the old average kept at each step, 0 <= decay < 1 (PyTorch's 1 - momentum)
    epsilon        added to the variance, in squared units of the input
    rate_factor    of the learning rate for gamma and beta
    Source: Ioffe & Szegedy 2015, Algorithms 1 and 2.
    """

    running_decay: float = 0.9
    epsilon: float = 1e-5
    rate_factor: float = 1.0

    def __post_init__(self) -> None:
        checks.number("BatchNorm running_decay", self.running_decay, 0, 1, ends="[)")
        checks.number("BatchNorm epsilon", self.epsilon, 0, ends="(]")
        checks.number("BatchNorm rate_factor", self.rate_factor, 0)

    def build(self, features: int) -> dict[str, Parameter]:
        return {
            "gamma": Parameter((features,), "ones", rate_factor=self.rate_factor),
            "beta": Parameter((features,), "zeros", rate_factor=self.rate_factor),
            "running_mean": Parameter((features,), "zeros", "statistic"),
            "running_variance": Parameter((features,), "ones", "statistic"),
            "running_weight": Parameter((1,), "zeros", "statistic"),
        }

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.batchnorm(x, *parameters.values(), epsilon=self.epsilon, running_decay=self.running_decay)


@description
class LayerNorm(Layer):
    """Normalize each row over its features, then scale by gamma and shift by beta: (n, features) -> the same.

    epsilon      added to the variance, in squared units of the input
    rate_factor  of the learning rate for gamma and beta
    Rows do not meet: training and inference are the same.  Source: Ba, Kiros & Hinton 2016.
    """

    epsilon: float = 1e-5
    rate_factor: float = 1.0

    def __post_init__(self) -> None:
        checks.number("LayerNorm epsilon", self.epsilon, 0, ends="(]")
        checks.number("LayerNorm rate_factor", self.rate_factor, 0)

    def build(self, features: int) -> dict[str, Parameter]:
        start = {"gamma": "ones", "beta": "zeros"}
        return {name: Parameter((features,), kind, rate_factor=self.rate_factor) for name, kind in start.items()}

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.layernorm(x, *parameters.values(), epsilon=self.epsilon)


@description
class Embedding(Layer):
    """A learned row for each category: codes (n, columns), whole numbers in [0, categories), -> (n, columns units).

    rate_factor   of the learning rate for the rows
    decay_factor  of l2 and weight decay for them
    The rows of several columns stand side by side. Codes are checked where data come in.
    """

    categories: int
    units: int
    rate_factor: float = 1.0
    decay_factor: float = 0.0

    def __post_init__(self) -> None:
        checks.integer("Embedding categories", self.categories, 1, 2**24)  # beyond, float32 does not tell codes apart
        checks.integer("Embedding units", self.units, 1)
        checks.number("Embedding rate_factor", self.rate_factor, 0)
        checks.number("Embedding decay_factor", self.decay_factor, 0)

    def build(self, features: int) -> dict[str, Parameter]:
        shape, rate = (self.categories, self.units), self.rate_factor
        return {"table": Parameter(shape, "rows", decay_factor=self.decay_factor, rate_factor=rate)}

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.embedding(parameters["table"], x)


@description
class Dropout(Layer):
    """While training, drop each element with probability `rate` and divide the rest by 1 - rate; else do nothing.

    Source: Srivastava et al. 2014.
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        checks.number("Dropout rate", self.rate, 0, 1, ends="[)")

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.dropout(x, rate=self.rate)
