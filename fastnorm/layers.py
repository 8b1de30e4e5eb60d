"""Layers: what they learn (`build`) and what they compute (`forward`), each written with operations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from . import checks, ops
from .kernels import random
from .trace import Value

INITIALIZERS = ("he", "glorot", "zeros", "ones")


@dataclass(frozen=True)
class Parameter:
    """What a layer asks for: an array that is learned, or a statistic kept along the way.

    role         "parameter" or "statistic" (float64)
    initializer  "he": uniform with variance 2 / inputs (He et al. 2015); "glorot": 2 / (inputs + units) (Glorot &
                 Bengio 2010); "zeros"; "ones"
    decays       whether l2 and weight decay act on it
    """

    shape: tuple[int, ...]
    initializer: str
    role: str = "parameter"
    decays: bool = False


def initial(settings: Mapping[str, Any], shape: tuple[int, ...], dtype: Any, seed: int, number: int) -> np.ndarray:
    """The start of parameter `number` of a model; uniform numbers keyed by (seed, number)."""
    kind = checks.choice("initializer", settings["initializer"], INITIALIZERS)
    if kind in ("zeros", "ones"):
        return np.full(shape, float(kind == "ones"), dtype)
    variance = 2 / shape[0] if kind == "he" else 2 / sum(shape)
    draws = random.uniform(seed, random.INITIALIZE, number, 0, int(np.prod(shape)))
    return ((2 * draws - 1) * np.sqrt(3 * variance)).astype(dtype).reshape(shape)


class Layer(Protocol):
    """Anything with these two; `build` says by name what `forward` will be given."""

    def build(self, features: int) -> dict[str, Parameter]: ...

    def forward(self, x: Value, **parameters: Value) -> Value: ...


@dataclass(frozen=True)
class Dense:
    """x weight + bias: (n, inputs) -> (n, units).

    units        length of a result row, at least 1
    bias         None: yes, but for a layer that feeds a batch norm, whose beta does the same
    initializer  of the weight: "he" (for ReLU), "glorot" or "zeros"; biases start at 0
    """

    units: int
    bias: bool | None = None
    initializer: str = "he"

    def __post_init__(self) -> None:
        checks.integer("Dense units", self.units, 1)
        checks.choice("Dense initializer", self.initializer, INITIALIZERS)

    def build(self, features: int) -> dict[str, Parameter]:
        weight = {"weight": Parameter((features, self.units), self.initializer, decays=True)}
        return weight if self.bias is False else weight | {"bias": Parameter((self.units,), "zeros")}

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.dense(x, *parameters.values())


@dataclass(frozen=True)
class BatchNorm:
    """Normalize each feature over the minibatch, then scale by gamma and shift by beta: (n, features) -> the same.

    Training uses the minibatch's mean and biased variance; inference uses their running averages, float64 and
    bias-corrected, so that they are right from the first minibatch on.

    running_decay  share of the old average kept at each step, 0 <= decay < 1 (PyTorch's 1 - momentum)
    epsilon        added to the variance, in squared units of the input
    Source: Ioffe & Szegedy 2015, Algorithms 1 and 2.
    """

    running_decay: float = 0.9
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        checks.number("BatchNorm running_decay", self.running_decay, 0, 1, ends="[)")
        checks.number("BatchNorm epsilon", self.epsilon, 0, ends="(]")

    def build(self, features: int) -> dict[str, Parameter]:
        return {
            "gamma": Parameter((features,), "ones"),
            "beta": Parameter((features,), "zeros"),
            "running_mean": Parameter((features,), "zeros", "statistic"),
            "running_variance": Parameter((features,), "ones", "statistic"),
            "running_weight": Parameter((1,), "zeros", "statistic"),
        }

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.batchnorm(x, *parameters.values(), epsilon=self.epsilon, running_decay=self.running_decay)


@dataclass(frozen=True)
class ReLU:
    """max(0, x), element by element."""

    def build(self, features: int) -> dict[str, Parameter]:
        return {}

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.relu(x)


@dataclass(frozen=True)
class Dropout:
    """While training, drop each element with probability `rate` and divide the rest by 1 - rate; else do nothing.

    Source: Srivastava et al. 2014.
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        checks.number("Dropout rate", self.rate, 0, 1, ends="[)")

    def build(self, features: int) -> dict[str, Parameter]:
        return {}

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.dropout(x, rate=self.rate)
