"""Operations element by element: arithmetic, comparisons, activations. Shapes broadcast by NumPy's rule."""

from typing import Any

from .. import checks
from . import _checks
from .tape import Value


def _binary(operation: str, a: Any, b: Any) -> Value:
    a, b = (_checks.numbers(operation, value) for value in _checks.recorded(operation, a, b))
    return a.tape.record(operation, (a, b), _checks.broadcast(operation, a, b))


def _unary(operation: str, x: Any, **settings: float) -> Value:
    (x,) = _checks.recorded(operation, x)
    return _checks.numbers(operation, x).tape.record(operation, (x,), x.shape, **settings)


def add(a: Any, b: Any) -> Value:
    """a + b."""
    return _binary("add", a, b)


def subtract(a: Any, b: Any) -> Value:
    """a - b."""
    return _binary("subtract", a, b)


def multiply(a: Any, b: Any) -> Value:
    """a b, element by element; see matmul for the matrix product."""
    return _binary("multiply", a, b)


def divide(a: Any, b: Any) -> Value:
    """a / b."""
    return _binary("divide", a, b)


def power(a: Any, b: Any) -> Value:
    """a**b; nan where a < 0 and b is not whole."""
    return _binary("power", a, b)


def negative(x: Any) -> Value:
    """-x."""
    return _binary("multiply", x, -1.0)


def maximum(a: Any, b: Any) -> Value:
    """The larger of a and b; the gradient of equal ones goes half to each."""
    return _binary("maximum", a, b)


def minimum(a: Any, b: Any) -> Value:
    """The smaller of a and b; the gradient of equal ones goes half to each."""
    return _binary("minimum", a, b)


def less(a: Any, b: Any) -> Value:
    """1 where a < b, else 0; like every comparison without a gradient."""
    return _binary("less", a, b)


def less_equal(a: Any, b: Any) -> Value:
    """1 where a <= b, else 0."""
    return _binary("less_equal", a, b)


def greater(a: Any, b: Any) -> Value:
    """1 where a > b, else 0."""
    return _binary("less", b, a)


def greater_equal(a: Any, b: Any) -> Value:
    """1 where a >= b, else 0."""
    return _binary("less_equal", b, a)


def equal(a: Any, b: Any) -> Value:
    """1 where a == b, else 0."""
    return _binary("equal", a, b)


def not_equal(a: Any, b: Any) -> Value:
    """1 where a != b, else 0."""
    return _binary("not_equal", a, b)


def where(condition: Any, a: Any, b: Any) -> Value:
    """a where the condition is not 0, else b; the way to choose without an `if`."""
    values = tuple(_checks.numbers("where", value) for value in _checks.recorded("where", condition, a, b))
    return values[0].tape.record("where", values, _checks.broadcast("where", *values))


def exp(x: Any) -> Value:
    """e to the power of x."""
    return _unary("exp", x)


def log(x: Any) -> Value:
    """The natural logarithm: -inf at 0, nan below."""
    return _unary("log", x)


def sqrt(x: Any) -> Value:
    """The square root: nan below 0, an infinite gradient at 0."""
    return _unary("sqrt", x)


def abs(x: Any) -> Value:
    """|x|, with gradient 0 at 0."""
    return _unary("abs", x)


def tanh(x: Any) -> Value:
    """The hyperbolic tangent."""
    return _unary("tanh", x)


def sigmoid(x: Any) -> Value:
    """1 / (1 + exp(-x))."""
    return _unary("sigmoid", x)


def relu(x: Any) -> Value:
    """max(0, x), with gradient 0 at 0."""
    return _unary("relu", x)


def leaky_relu(x: Any, slope: float = 0.01) -> Value:
    """x where x > 0, else slope x.  Source: Maas et al. 2013."""
    return _unary("leaky_relu", x, slope=checks.number("leaky_relu slope", slope, 0))


def gelu(x: Any) -> Value:
    """x times the share of the normal distribution below x, exactly.  Source: Hendrycks & Gimpel 2016."""
    return _unary("gelu", x)


def silu(x: Any) -> Value:
    """x sigmoid(x), also called swish."""
    return _unary("silu", x)


def softplus(x: Any) -> Value:
    """log(1 + exp(x)), without overflow."""
    return _unary("softplus", x)


def clip(x: Any, low: float, high: float) -> Value:
    """x kept within [low, high], which are numbers; gradient 0 outside."""
    low = checks.number("clip low", low, -float("inf"))
    return _unary("clip", x, low=low, high=checks.number("clip high", high, low))
