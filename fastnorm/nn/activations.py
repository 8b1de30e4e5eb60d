"""Activations: layers that learn nothing and act element by element, or, softmax, on each row.

Each is the operation of its name, which has its settings, and says no more than what it does.
"""

from typing import Any

from .. import ops
from .._frozen import description, word
from ..ops import spec
from ..ops.tape import Value
from .layers import Layer


class Activation(Layer):
    """A layer that is an operation without parameters: LeakyReLU(slope=0.1) is ops.leaky_relu(x, slope=0.1)."""

    def __post_init__(self) -> None:
        spec.of(word(type(self))).require(type(self).__name__, vars(self))

    def forward(self, x: Value, **parameters: Value) -> Value:
        result: Value = getattr(ops, word(type(self)))(x, **vars(self))
        return result


@description
class ReLU(Activation):
    """max(0, x)."""


@description
class LeakyReLU(Activation):
    """x where x > 0, else slope x.  Source: Maas, Hannun & Ng 2013."""

    slope: float = 0.01


@description
class ELU(Activation):
    """x where x > 0, else alpha (exp(x) - 1).  Source: Clevert, Unterthiner & Hochreiter 2016."""

    alpha: float = 1.0


@description
class SELU(Activation):
    """1.0507 x where x > 0, else 1.7581 (exp(x) - 1): keeps mean 0 and variance 1.  Source: Klambauer et al. 2017."""


@description
class Tanh(Activation):
    """The hyperbolic tangent."""


@description
class Sigmoid(Activation):
    """1 / (1 + exp(-x)). As the last layer it may be left out before SigmoidCrossEntropy, which does so itself."""


@description
class GELU(Activation):
    """x times the normal distribution function of x.  Source: Hendrycks & Gimpel 2016."""


@description
class SiLU(Activation):
    """x sigmoid(x), also called swish.  Source: Elfwing, Uchibe & Doya 2018."""


@description
class Softplus(Activation):
    """log(1 + exp(x))."""


@description
class Mish(Activation):
    """x tanh(log(1 + exp(x))).  Source: Misra 2019."""


@description
class Softmax(Activation):
    """exp(x) over its sum along the row: probabilities that add up to 1.

    As the last layer it may be left out before SoftmaxCrossEntropy and Focal, which do so themselves: they take logits.
    """


ACTIVATIONS: tuple[type[Any], ...] = tuple(Activation.__subclasses__())
