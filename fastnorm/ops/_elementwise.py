"""Operations element by element: arithmetic, comparisons, functions of one number. Shapes broadcast by NumPy's rule."""

from collections.abc import Callable
from typing import Any

from . import _checks, spec
from .tape import Value


def _binary(operation: str, a: Any, b: Any) -> Value:
    a, b = (_checks.numbers(operation, value) for value in _checks.recorded(operation, a, b))
    return a.tape.record(operation, (a, b), _checks.broadcast(operation, a, b))


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


def _function_of(row: spec.Specification) -> Callable[..., Value]:
    """The operation of a function of one number: it takes x and the settings that its row lists."""
    signature = row.signature("x")

    def function(*arguments: Any, **keywords: Any) -> Value:
        given = spec.bind(row.name, signature, arguments, keywords)
        (x,) = _checks.recorded(row.name, given["x"])
        settings = row.require(row.name, given)
        return _checks.numbers(row.name, x).tape.record(row.name, (x,), x.shape, **settings)

    made: Callable[..., Value] = spec.introduced(function, "fastnorm.ops", row.name, row.summary, signature)
    return made


FUNCTIONS = tuple(_function_of(row) for row in spec.FUNCTIONS)
