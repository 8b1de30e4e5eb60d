"""Operations on shapes: sums and other reductions, matrix products, parts of values and values side by side."""

import builtins
import operator
from collections.abc import Sequence
from typing import Any

from .. import checks
from ..errors import ShapeError, TraceError
from . import _checks
from ._layers import dense
from .tape import ROWS, Value

MOST_PARTS = 6  # values that one concatenate takes; more are put together in turns


def _reduced(operation: str, x: Any, axis: int | None, keepdims: bool) -> Value:
    (x,) = _checks.recorded(operation, x)
    _checks.numbers(operation, x)
    if axis is not None:
        axis = checks.integer(f"{operation} axis", axis, -x.ndim, x.ndim - 1) % x.ndim
    if axis is None:
        shape = (1,) * x.ndim if keepdims else ()
    else:
        shape = (*x.shape[:axis], *((1,) if keepdims else ()), *x.shape[axis + 1 :])
    if ROWS in shape[1:]:
        raise ShapeError(f"{operation}: a reduction of {x.name} {x.shape} over axis {axis} cannot keep N as a row")
    return x.tape.record(operation, (x,), shape, axis=axis, keepdims=bool(keepdims))


def sum(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Value:
    """The sum over features (axis 1 or -1), rows (axis 0) or all (None), added in float64."""
    return _reduced("sum", x, axis, keepdims)


def mean(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Value:
    """The mean over features (axis 1 or -1), rows (axis 0) or all (None), added in float64."""
    return _reduced("mean", x, axis, keepdims)


def max(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Value:
    """The largest over features (axis 1 or -1), rows (axis 0) or all (None); equal ones share the gradient.

    Over all, rows whose largest are equal share it first, then the equal ones in each.
    """
    (x,) = _checks.recorded("max", x)
    if axis is None and x.ndim == 2:
        return _reduced("max", _reduced("max", x, 1, keepdims), 0, keepdims)
    return x if x.ndim == 0 else _reduced("max", x, 0 if axis is None else axis, keepdims)


def matmul(a: Any, b: Any) -> Value:
    """The matrix product a @ b of vectors and matrices; rows N may stand first in a alone."""
    a, b = (_checks.numbers("matmul", value) for value in _checks.recorded("matmul", a, b))
    if 0 in (a.ndim, b.ndim) or b.shape[0] is ROWS or a.shape == (ROWS,):
        raise ShapeError(f"matmul: expected (N or n, d) @ (d, h), got {a.name} {a.shape} @ {b.name} {b.shape}")
    if a.shape[-1] != b.shape[0]:
        raise ShapeError(f"matmul: expected {a.shape[-1]} rows in {b.name}, got shape {b.shape}")
    rows = a if a.ndim == 2 else reshape(a, (1, a.shape[0]))
    product = dense(rows, b if b.ndim == 2 else reshape(b, (b.shape[0], 1)))
    shape = a.shape[:-1] + b.shape[1:]
    return product if product.shape == shape else reshape(product, shape)


def transpose(x: Any) -> Value:
    """The transposed matrix of a value without rows N: parameters, constants and results of them."""
    (x,) = _checks.recorded("transpose", x)
    if x.ndim < 2:
        return x
    if x.shape[0] is ROWS:
        raise ShapeError(f"transpose: expected a parameter or a constant, got {x.name} {x.shape}, which has rows N")
    return x.tape.record("transpose", (_checks.numbers("transpose", x),), x.shape[::-1])


def reshape(x: Any, shape: Any) -> Value:
    """The same elements in another shape of at most two dimensions; rows N stay rows, written -1 or N.

    (N, 1) and (N,) become each other; parameters and constants become any shape of as many elements.
    """
    (x,) = _checks.recorded("reshape", x)
    wanted = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    rows = x.shape[:1] == (ROWS,)
    if rows and wanted[:1] == (-1,):
        wanted = (ROWS, *wanted[1:])
    elif -1 in [n for n in wanted if n is not ROWS]:
        known = _count(n for n in wanted if n is not ROWS and n != -1)
        wanted = tuple(
            _count(n for n in x.shape if n is not ROWS) // builtins.max(known, 1) if n == -1 else n for n in wanted
        )
    fits = (wanted[:1] == (ROWS,)) == rows and ROWS not in wanted[1:] and len(wanted) <= 2
    if not fits or _count(n for n in wanted if n is not ROWS) != _count(n for n in x.shape if n is not ROWS):
        raise ShapeError(f"reshape: expected a shape of as many elements that keeps rows, got {shape} for {x.shape}")
    if wanted == x.shape:
        return x
    plain = [-1 if n is ROWS else operator.index(n) for n in wanted]
    return x.tape.record("reshape", (_checks.numbers("reshape", x),), wanted, shape=plain)


def _count(lengths: Any) -> int:
    count = 1
    for n in lengths:
        count *= operator.index(n)
    return count


def concatenate(values: Sequence[Any], axis: int = -1) -> Value:
    """Values side by side: (N, a) and (N, b) give (N, a + b); axis must be the last one."""
    parts = [_checks.numbers("concatenate", value) for value in _checks.recorded("concatenate", *values)]
    first = parts[0]
    if first.ndim == 0 or axis not in (-1, first.ndim - 1) or first.shape == (ROWS,):
        raise ShapeError(
            f"concatenate: expected values with columns and their last axis, got {first.shape}, axis {axis}"
        )
    if any(part.shape[:-1] != first.shape[:-1] or part.shape == (ROWS,) for part in parts):
        raise ShapeError(f"concatenate: expected equal rows, got {', '.join(str(part.shape) for part in parts)}")
    if len(parts) == 1:
        return first
    if len(parts) > MOST_PARTS:
        groups = [parts[begin : begin + MOST_PARTS] for begin in range(0, len(parts), MOST_PARTS)]
        return concatenate([concatenate(group) for group in groups])
    shape = (*first.shape[:-1], builtins.sum(part.features for part in parts))
    return first.tape.record("concatenate", tuple(parts), shape)


def part(x: Value, rows: Sequence[int] | None, columns: Sequence[int]) -> Value:
    """Columns [first, end) of x, and rows [first, end) where it has no N; recorded by x[rows, columns]."""
    (x,) = _checks.recorded("part", x)
    if x.ndim == 0 or (x.ndim == 1 and rows is not None):
        raise ShapeError(f"part: expected columns of a row, or rows and columns of a matrix, got {x.name} {x.shape}")
    lengths: list[Any] = list(x.shape)
    spans: dict[str, Any] = {"rows": rows, "columns": columns}
    for place, name in ((-1, "columns"), *([] if rows is None else [(0, "rows")])):
        first, end = (checks.integer("part", n, 0) for n in spans[name])
        if lengths[place] is ROWS or not first < end <= lengths[place]:
            raise ShapeError(f"part: expected {name} within {x.name} {x.shape}, got {first}:{end}")
        lengths[place], spans[name] = end - first, [first, end]
    return x.tape.record("part", (_checks.numbers("part", x),), tuple(lengths), **spans)


def getitem(x: Value, key: Any) -> Value:
    """x[key] as NumPy slices: a column x[:, 3], columns x[:, 2:5]; rows too where x has no N."""
    keys = key if isinstance(key, tuple) else (key,)
    if len(keys) > x.ndim or x.ndim == 0:
        raise ShapeError(f"expected at most {x.ndim} indices for {x!r}, got {key!r}")
    spans: list[Any] = []
    kept: list[Any] = []
    for place, n in enumerate(x.shape):
        index = keys[place] if place < len(keys) else slice(None)
        spans.append(_span(x, index, n))
        if isinstance(index, slice):
            kept.append(n if n is ROWS else spans[-1][1] - spans[-1][0])
    if x.shape == (ROWS,):
        return x
    whole = all(span is None or span == [0, n] for span, n in zip(spans, x.shape, strict=True))
    taken = x if whole else part(x, spans[0] if x.ndim == 2 else None, spans[-1])
    return taken if taken.shape == tuple(kept) else reshape(taken, tuple(kept))


def _span(x: Value, index: Any, n: Any) -> list[int] | None:
    """[first, end) that an index takes of n; None for all of N."""
    if n is ROWS:
        if isinstance(index, slice) and index == slice(None):
            return None
        raise TraceError(f"{x!r}: expected all rows, x[:, ...], got {index!r}; rows of a minibatch cannot be picked")
    if isinstance(index, slice):
        first, end, step = index.indices(n)
        if step != 1 or first >= end:
            raise ShapeError(f"{x!r}: expected a slice of step 1 with something in it, got {index!r}")
        return [first, end]
    if isinstance(index, Value) or not hasattr(index, "__index__"):
        raise TraceError(f"{x!r}: expected whole numbers and slices, got {index!r}; see embedding and where")
    place = checks.integer("index", index, -n, n - 1) % n
    return [place, place + 1]
