"""Optimizers: a rule of kernels.update, and the hyperparameters it starts with.

All share: l2 times the weights is added to their gradient; rate times weight_decay times the weights is taken off them,
whatever the gradient (decoupled); clip_value keeps each element of the gradient within its bounds, then clip_norm the
Euclidean norm of them all (0: no clipping). Biases, gamma and beta do not decay.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Protocol

from .. import _frozen
from .._frozen import description
from ..engine.hyperparameters import within
from ..errors import SettingError

FLAGS = ("nesterov", "averaged")


class Optimizer(Protocol):
    """The part of an optimizer that a program uses."""

    rule: ClassVar[str]

    @property
    def nesterov(self) -> bool: ...

    @property
    def averaged(self) -> bool: ...

    @property
    def slots(self) -> dict[str, float]: ...


class _Slots:
    """Settings common to all optimizers."""

    nesterov: bool = False
    averaged: bool = False

    def __post_init__(self) -> None:
        for name, value in self.slots.items():
            within(name, value)

    @property
    def slots(self) -> dict[str, float]:
        """The hyperparameters, which may change while training."""
        return {name: value for name, value in asdict(self).items() if name not in FLAGS}  # type: ignore[call-overload]


@description
class SGD(_Slots):
    """Stochastic gradient descent: velocity = momentum velocity + gradient; weights -= rate velocity (as PyTorch).

    nesterov  look ahead: weights -= rate (gradient + momentum velocity)
    averaged  velocity = momentum velocity + (1 - momentum) gradient, the exponentially weighted average of Ng's course
    """

    learning_rate: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    averaged: bool = False
    l2: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    clip_value: float = 0.0

    rule: ClassVar[str] = "sgd"


@description
class RMSprop(_Slots):
    """Steps of the rate times the gradient over the root of the average of its square.

    beta_2   share of the old average kept at each step, 0 <= beta_2 < 1 (PyTorch's alpha)
    epsilon  added to the root; larger than 0
    Source: Tieleman & Hinton 2012.
    """

    learning_rate: float = 1e-3
    beta_2: float = 0.99
    epsilon: float = 1e-8
    l2: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    clip_value: float = 0.0

    rule: ClassVar[str] = "rmsprop"


@description
class Adam(_Slots):
    """Adam: steps of the rate times the ratio of two bias-corrected averages, of the gradient and of its square.

    beta_1, beta_2  shares of the old averages kept at each step, 0 <= beta < 1
    epsilon         added to the square root; larger than 0
    Source: Kingma & Ba 2015; Loshchilov & Hutter 2019.
    """

    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    l2: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    clip_value: float = 0.0

    rule: ClassVar[str] = "adam"


@description
class AdamW(Adam):
    """Adam with decoupled weight decay, 0.01 unless given."""

    weight_decay: float = 0.01


@description
class Nadam(Adam):
    """Adam with Nesterov's look ahead; its momentum grows from half of beta_1 towards it (as PyTorch).

    momentum_decay  how fast it grows
    Source: Dozat 2016.
    """

    momentum_decay: float = 4e-3

    rule: ClassVar[str] = "nadam"


OPTIMIZERS = (SGD, RMSprop, Adam, AdamW, Nadam)
SETTINGS = _frozen.settings_of(OPTIMIZERS)


def chosen(optimizer: Any) -> Optimizer:
    """The optimizer itself, or the one of this name; None: Adam()."""
    if optimizer is None:
        return Adam()
    known: Optimizer = _frozen.chosen("optimizer", optimizer, OPTIMIZERS, "rule", 'fn.Adam(0.01) or "adam"')
    return known


def of(settings: Mapping[str, Any]) -> Optimizer:
    """The optimizer of a configuration: that which `optimizer` names, with those of the others that it has.

    Where none is named, momentum asks for SGD, and all else for Adam.
    Raises SettingError for a setting that other optimizers have and this one has not.
    """
    if "optimizer" not in settings and "momentum" in settings and "beta_1" in settings:
        raise SettingError("hyperparameters: momentum asks for SGD and beta_1 for Adam; give one of them")
    word = settings.get("optimizer", "sgd" if "momentum" in settings else "adam")
    made: Optimizer = _frozen.of_settings("optimizer", word, settings, OPTIMIZERS)
    return made
