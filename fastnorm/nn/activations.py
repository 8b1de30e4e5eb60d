"""Activations: layers that learn nothing and act element by element, or, softmax, on each row."""

from .. import checks, ops
from .._frozen import description
from ..ops.tape import Value
from .layers import Layer


@description
class ReLU(Layer):
    """max(0, x)."""

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.relu(x)


@description
class LeakyReLU(Layer):
    """x where x > 0, else slope x.  Source: Maas et al. 2013."""

    slope: float = 0.01

    def __post_init__(self) -> None:
        checks.number("LeakyReLU slope", self.slope, 0)

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.leaky_relu(x, self.slope)


@description
class Tanh(Layer):
    """The hyperbolic tangent."""

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.tanh(x)


@description
class Sigmoid(Layer):
    """1 / (1 + exp(-x)). As the last layer it may be left out before SigmoidCrossEntropy, which does so itself."""

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.sigmoid(x)


@description
class GELU(Layer):
    """x times the normal distribution function of x.  Source: Hendrycks & Gimpel 2016."""

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.gelu(x)


@description
class SiLU(Layer):
    """x sigmoid(x), also called swish.  Source: Elfwing et al. 2018."""

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.silu(x)


@description
class Softplus(Layer):
    """log(1 + exp(x))."""

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.softplus(x)


@description
class Softmax(Layer):
    """exp(x) over its sum along the row: probabilities that add up to 1.

    As the last layer it may be left out before SoftmaxCrossEntropy and Focal, which do so themselves: they take logits.
    """

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.softmax(x)
