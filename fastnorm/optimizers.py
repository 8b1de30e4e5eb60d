"""Optimizers: a rule of kernels.update, and the hyperparameters it starts with."""

from dataclasses import asdict, dataclass
from typing import ClassVar, Protocol


class Optimizer(Protocol):
    """What a program asks of one."""

    rule: ClassVar[str]

    @property
    def nesterov(self) -> bool: ...

    @property
    def slots(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent: velocity = momentum velocity + gradient; weights -= rate velocity (as PyTorch).

    nesterov      look ahead: weights -= rate (gradient + momentum velocity)
    l2            l2 times the weights is added to their gradient
    weight_decay  rate times weight_decay times the weights is taken off them, whatever the gradient (decoupled)
    Biases, gamma and beta do not decay.
    """

    learning_rate: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    l2: float = 0.0
    weight_decay: float = 0.0

    rule: ClassVar[str] = "sgd"

    @property
    def slots(self) -> dict[str, float]:
        """The hyperparameters that may change while training."""
        return {name: value for name, value in asdict(self).items() if name != "nesterov"}


@dataclass(frozen=True)
class Adam:
    """Adam: steps of the rate times the ratio of two bias-corrected averages, of the gradient and of its square.

    beta_1, beta_2  shares of the old averages kept at each step, 0 <= beta < 1
    epsilon         added to the square root; larger than 0
    l2              l2 times the weights is added to their gradient
    weight_decay    rate times weight_decay times the weights is taken off them (decoupled, as AdamW)
    Biases, gamma and beta do not decay.  Source: Kingma & Ba 2015; Loshchilov & Hutter 2019.
    """

    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    l2: float = 0.0
    weight_decay: float = 0.0

    rule: ClassVar[str] = "adam"
    nesterov: ClassVar[bool] = False

    @property
    def slots(self) -> dict[str, float]:
        """The hyperparameters, which may change while training."""
        return asdict(self)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay, 0.01 unless given."""

    weight_decay: float = 0.01
