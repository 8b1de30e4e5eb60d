"""Checks of arguments before native code runs; messages name the expected, the given and the place."""

import importlib
import math
import operator
import sys
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from .errors import DataError, DtypeError, FastnormError, MissingExtra, SettingError, ShapeError

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
BLOCK = 1 << 16  # elements looked at together, so that a check needs no memory of the data's size
SUM_TOLERANCE = 1e-3  # how far a row of shares may be from 1: float32 shares of many classes, rounded


def lies_plainly(array: np.ndarray) -> bool:
    """Whether native code can read it where it lies: rows without gaps, each number at a multiple of its size."""
    return bool(array.flags.c_contiguous and array.flags.aligned)


def lies_in_rows(array: np.ndarray) -> bool:
    """Whether native code can write a matrix where it lies: rows without gaps, which may lie apart, not overlap."""
    if array.ndim != 2 or not array.flags.aligned:
        return lies_plainly(array)
    (rows, columns), (gap, step), size = array.shape, array.strides, array.itemsize
    apart = rows <= 1 or (gap >= columns * size and gap % size == 0)
    return lies_plainly(array) or ((columns <= 1 or step == size) and apart)


def layout_of(array: np.ndarray) -> str:
    """Reason why an array cannot be used as it is, for the end of a sentence."""
    return ("" if array.flags.c_contiguous else ", not C-contiguous") + ("" if array.flags.aligned else ", not aligned")


def as_array(name: str, value: Any) -> np.ndarray:
    """Return numbers of any kind, by the array or buffer protocol or DLPack, as an array.

    Raises DtypeError where they give none, as tensors do that lie on a GPU or take part in torch's autograd.
    """
    try:
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            return np.from_dlpack(value)
        return np.asarray(value)
    except FastnormError:  # of a recorded value, which has no numbers yet
        raise
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise DtypeError(f"{name}: expected real numbers, got {type(value).__name__}: {error}") from error


def in_its_memory(value: Any) -> np.ndarray | None:
    """Return an array in the memory of value, another library's array or a buffer; None where it offers none."""
    if isinstance(value, np.ndarray):
        return value if type(value) is np.ndarray else value.view(np.ndarray)
    try:
        return np.from_dlpack(value) if hasattr(value, "__dlpack__") else np.asarray(memoryview(value))
    except (BufferError, RuntimeError, TypeError, ValueError):
        return None


def floating(name: str, value: Any, dtype: Any = None) -> np.ndarray:
    """Return value as a C-contiguous, aligned float32 or float64 array in native byte order.

    dtype  the dtype asked for; None keeps float32 and float64 and makes float64 of other real numbers
    Raises DtypeError for anything but real numbers.
    """
    if type(value) is np.ndarray and lies_plainly(value) and value.dtype.isnative:
        fits = value.dtype in FLOATS if dtype is None else value.dtype == dtype
        if fits:
            return value
    array = as_array(name, value)
    if array.dtype.kind not in "fiub":
        raise DtypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    if dtype is None:
        native = array.dtype.newbyteorder("=")
        dtype = native if native in FLOATS else np.float64
    with np.errstate(over="ignore"):  # too large for float32 is infinity, of which `finite` speaks
        return np.require(array, dtype=dtype, requirements=("C", "A"))


def is_frame(value: Any) -> bool:
    """Whether a value has named columns: a polars, pandas or pyarrow frame, or another that narwhals may read."""
    return not isinstance(value, np.ndarray) and (hasattr(value, "columns") or hasattr(value, "column_names"))


def matrix(name: str, value: Any, dtype: Any = None, columns: int | None = None, rows: int | None = None) -> np.ndarray:
    """Return value as a C-contiguous (rows, columns) array with at least one row and one column."""
    array = floating(name, value, dtype)
    if array.ndim != 2 or 0 in array.shape:
        raise ShapeError(f"{name}: expected a matrix (n, features) with n >= 1, got shape {array.shape}")
    if columns is not None and array.shape[1] != columns:
        raise ShapeError(f"{name}: expected shape (n, {columns}), got {array.shape}")
    if rows is not None and array.shape[0] != rows:
        raise ShapeError(f"{name}: expected {rows} rows, got {array.shape[0]}")
    return array


def vector(name: str, value: Any, dtype: Any = None, length: int | None = None) -> np.ndarray:
    """Return value as a contiguous (length,) array."""
    array = floating(name, value, dtype)
    if array.ndim != 1 or (length is not None and array.shape[0] != length):
        raise ShapeError(f"{name}: expected shape ({'n' if length is None else length},), got {array.shape}")
    return array


def indices(name: str, value: Any, bound: int, dtype: Any = np.int64) -> np.ndarray:
    """Return value as a contiguous (n,) integer array whose entries lie in [0, bound)."""
    array = as_array(name, value)
    if array.dtype.kind not in "iu":
        raise DtypeError(f"{name}: expected integers, got dtype {array.dtype}")
    if array.ndim != 1:
        raise ShapeError(f"{name}: expected shape (n,), got {array.shape}")
    if array.size and (array.min() < 0 or array.max() >= bound):
        where = int(np.argmax((array < 0) | (array >= bound)))
        raise DataError(f"{name}: expected integers from 0 to {bound - 1}, got {array[where]} at position {where}")
    return np.require(array, dtype=dtype, requirements=("C", "A"))


def blocks(array: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Rows of an array, some at a time, and the number of the first of them."""
    step = max(1, BLOCK * len(array) // max(array.size, 1))
    for first in range(0, len(array), step):
        yield first, array[first : first + step]


def probabilities(
    name: str, value: Any, dtype: Any = None, columns: int | None = None, rows: int | None = None
) -> np.ndarray:
    """Return value as a C-contiguous (rows, columns) array of probabilities, each row adding up to 1."""
    array = matrix(name, value, dtype, columns, rows)
    for first, part in blocks(array):
        wrong = (part < 0).any(axis=1) | ~(np.abs(part.sum(axis=1, dtype=np.float64) - 1) <= SUM_TOLERANCE)
        if wrong.any():
            row = first + int(wrong.argmax())
            raise DataError(f"{name}: expected probabilities >= 0 that sum to 1, got {array[row]} in row {row}")
    return array


def codes(name: str, array: np.ndarray, coded: Sequence[tuple[int, int, int]]) -> np.ndarray:
    """Return array (n, features), whose columns [first, end) must hold whole numbers from 0 to count - 1.

    coded  (first, end, count) of each such group of columns
    """
    for first, end, count in coded:
        for above, part in blocks(array[:, first:end]):
            wrong = ~((part >= 0) & (part < count) & (part == np.floor(part)))
            if wrong.any():
                row, column = (int(place) for place in np.argwhere(wrong)[0])
                raise DataError(
                    f"{name}: expected codes from 0 to {count - 1} in column {first + column}, "
                    f"got {part[row, column]} in row {above + row}"
                )
    return array


def finite(name: str, array: np.ndarray) -> np.ndarray:
    """Return array, which must hold neither nan nor infinity."""
    for first, part in blocks(array):
        good = np.isfinite(part)
        if not good.all():
            row, *column = (int(i) for i in np.argwhere(~good)[0])
            where = (first + row, *column)
            came = f"got {array[where]} at {where}; fill or drop such rows first"
            raise DataError(f"{name}: expected finite numbers, {came}")
    return array


def output(
    name: str, out: Any, shape: tuple[int, ...], dtype: Any, *inputs: np.ndarray | None, in_rows: bool = False
) -> np.ndarray:
    """Return out, or a new array where it is None; an `out` must fit, see in_place, and overlap none of the inputs."""
    if out is None:
        return np.empty(shape, dtype)
    out = in_place(name, out, shape, dtype, in_rows=in_rows)
    apart(name, out, *inputs)
    return out


def in_place(
    name: str, value: Any, shape: tuple[int, ...] | None, dtype: Any = None, *, in_rows: bool = False
) -> np.ndarray:
    """Return value as an array in the same memory, which native code is to write to; its layout must fit exactly.

    shape, dtype  that it must have; None: any shape, float32 or float64
    in_rows       a matrix's rows may lie apart
    """
    array = in_its_memory(value)
    if dtype is None:
        dtype = array.dtype if array is not None and array.dtype in FLOATS else FLOATS[1]
    if array is None or array.dtype != dtype:
        came = type(value).__name__ if array is None else array.dtype
        raise DtypeError(f"{name}: expected an array of {np.dtype(dtype)}, got {came}")
    shape = array.shape if shape is None else shape
    lies = lies_in_rows(array) if in_rows else lies_plainly(array)
    if array.shape != shape or not lies or not array.flags.writeable:
        came = f"{array.shape}{layout_of(array)}{'' if array.flags.writeable else ', read-only'}"
        raise ShapeError(f"{name}: expected a writeable C-contiguous array of shape {shape}, got {came}")
    return array


def apart(name: str, array: np.ndarray, *inputs: np.ndarray | None) -> None:
    """Raise DataError where an array that is written shares memory with one that is read."""
    if any(other is not None and np.shares_memory(array, other) for other in inputs):
        raise DataError(f"{name}: expected memory of its own, got an array that overlaps an input; pass a copy")


def integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return value as an int in [low, high]."""
    try:
        number = operator.index(value)
    except TypeError:
        raise SettingError(f"{name}: expected a whole number, got {value!r}") from None
    if number < low or (high is not None and number > high):
        bounds = f"at least {low}" if high is None else f"from {low} to {high}"
        raise SettingError(f"{name}: expected a whole number {bounds}, got {number}")
    return number


def number(name: str, value: Any, low: float, high: float = math.inf, *, ends: str = "[]") -> float:
    """Return value as a finite float between low and high; `ends` says whether they belong to it, as in "[)"."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise SettingError(f"{name}: expected a number, got {value!r}") from None
    above = result >= low if ends[0] == "[" else result > low
    below = result <= high if ends[1] == "]" else result < high
    if not (math.isfinite(result) and above and below):
        raise SettingError(f"{name}: expected a finite number in {ends[0]}{low:g}, {high:g}{ends[1]}, got {value!r}")
    return result


def choice(name: str, value: Any, options: Sequence[Any]) -> Any:
    """Return value, which must be one of the options."""
    if value not in options:
        raise SettingError(f"{name}: expected one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def difference(name: str, one: Any, other: Any) -> tuple[str, Any, Any]:
    """Return the smallest part in which two JSON records differ: its name and both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        part = next(key for key in [*one, *other] if one.get(key) != other.get(key))
        return difference(f"{name}: {part}", one.get(part), other.get(part))
    if isinstance(one, list) and isinstance(other, list):
        for place, parts in enumerate(zip(one, other, strict=False)):
            if parts[0] != parts[1]:
                return difference(f"{name}: {place}", *parts)
        return f"{name}: length", len(one), len(other)
    return name, one, other


def warn(words: str) -> None:
    """Warn, and point to the line outside fastnorm that led here."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "fastnorm":
        level, frame = level + 1, frame.f_back
    warnings.warn(words, stacklevel=level)


def extra(module: str, name: str) -> ModuleType:
    """Import an optional dependency; `name` is the extra of fastnorm-nn that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(f"{module} is needed for this: pip install 'fastnorm-nn[{name}]'") from error
