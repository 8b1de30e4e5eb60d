"""Checks of operations' inputs: recorded values, roles, shapes and how they broadcast."""

from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError, TraceError
from .tape import ROWS, Tape, Value


def recorded(operation: str, *operands: Any) -> tuple[Value, ...]:
    """The operands as values of one tape; numbers and arrays among them become its constants."""
    tape = _tape_of(operation, operands)
    return tuple(x if isinstance(x, Value) else tape.constant(x) for x in operands)


def _tape_of(operation: str, operands: Sequence[Any]) -> Tape:
    for operand in operands:
        if isinstance(operand, Value):
            return operand.tape
    came = ", ".join(type(operand).__name__ for operand in operands)
    raise TraceError(f"{operation}: expected a recorded value, got {came}; fastnorm.grad and fastnorm.Model record")


def given(operation: str, value: Any, roles: Sequence[str], *shapes: tuple[Any, ...]) -> Value:
    """value, which must have one of the roles and one of the shapes, where None stands for any length but N."""
    if not isinstance(value, Value):
        raise TraceError(f"{operation}: expected a recorded value, got {type(value).__name__}")
    if roles and value.role not in roles:
        raise TraceError(f"{operation}: expected a value of role {' or '.join(roles)}, got {value!r}")
    for shape in shapes:
        pairs = zip(value.shape, shape, strict=False)
        if len(value.shape) == len(shape) and all(n is not ROWS if m is None else n == m for n, m in pairs):
            return value
    wanted = " or ".join(repr(shape).replace("None", "any") for shape in shapes)
    raise ShapeError(f"{operation}: expected {value.name} of shape {wanted}, got {value.shape}")


def numbers(operation: str, value: Value) -> Value:
    """value, which must hold numbers: neither class numbers nor weights nor running statistics."""
    if value.role == "target" and value.shape == (ROWS,):
        raise TraceError(f"{operation}: {value!r} holds class numbers; use one_hot(target, classes) or hits")
    if value.role == "statistic":
        raise TraceError(f"{operation}: {value!r} is a running statistic; only batchnorm reads and keeps those")
    return value


def matrix(operation: str, value: Any) -> Value:
    """value, which must be a matrix: (N, features) or (rows, columns)."""
    (value,) = recorded(operation, value)
    if numbers(operation, value).ndim != 2:
        raise ShapeError(
            f"{operation}: expected a matrix such as (N, features), got {value.name} of shape {value.shape}"
        )
    return value


def broadcast(operation: str, *values: Value) -> tuple[Any, ...]:
    """The shape of an element-by-element result, by NumPy's rule; N equals N and 1 alone."""
    ndim = max(value.ndim for value in values)
    shape: list[Any] = []
    for lengths in zip(*((1,) * (ndim - value.ndim) + value.shape for value in values), strict=True):
        others = [n for n in lengths if n != 1]
        if any(n != others[0] for n in others):
            raise _no_match(operation, values)
        shape.append(others[0] if others else 1)
    if ROWS in shape[1:]:
        raise _no_match(operation, values)
    return tuple(shape)


def _no_match(operation: str, values: Sequence[Value]) -> ShapeError:
    came = " and ".join(f"{value.name} {value.shape}" for value in values)
    hint = "; a sum, mean or max over features keeps a column with keepdims=True" if any(
        value.shape == (ROWS,) for value in values
    ) else ""  # fmt: skip
    return ShapeError(f"{operation}: expected shapes that broadcast, got {came}{hint}")
