"""Targets: Classes or a Quantity, learned from the training rows of a Table and frozen."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from .. import checks
from ..errors import DataError, ShapeError
from . import _standardize
from ._columns import Column, few, text

MAXIMUM_GUESSED_CLASSES = 20  # more integers than ten digits are classes; abalone's 28 ages are a quantity


@dataclass(frozen=True)
class Classes:
    """The original values, sorted; a row's class is its value's index."""

    task: ClassVar[str] = "classification"
    name: str
    values: tuple[Any, ...]  # all str, all bool, all int or all float

    def __post_init__(self) -> None:
        kinds = {type(value) for value in self.values}
        if len(kinds) > 1 or not kinds <= {str, bool, int, float} or len(self._index()) < len(self.values):
            raise DataError(f"column {self.name!r}: expected distinct classes of one type")
        if len(self.values) < 2:
            raise DataError(f"column {self.name!r}: only one class, {few(list(self._index()))}; expected at least two")

    @classmethod
    def fit(cls, column: Column) -> Self:
        if column.kind == "number":
            _require_present(column)
            return cls(column.name, tuple(np.unique(column.finite()).tolist()))
        labels = _labels(column)
        originals = column.values.tolist() if isinstance(column.values, np.ndarray) else column.values
        values = list(dict(zip(labels, originals, strict=True)).values())
        kinds = {type(value) for value in values}
        if len(kinds) > 1 or not kinds <= {str, bool, int, float}:  # such have no order, or no form in JSON
            values = list(set(labels))
        return cls(column.name, tuple(sorted(values)))

    def encode(self, column: Column) -> np.ndarray:
        """Return the classes, int32 (n,); DataError for a value that is none of them."""
        if column.kind == "number" and all(type(value) in (int, float) for value in self.values):
            return self._encode_numbers(column)
        index = self._index()
        labels = _labels(column)
        classes = np.fromiter((index.get(label, -1) for label in labels), np.int32, len(labels))
        if (classes < 0).any():
            row = int(np.argmax(classes < 0))
            raise self._unknown(labels[row], row)
        return classes

    def _encode_numbers(self, column: Column) -> np.ndarray:
        """Encode without a text for each row; classes that are their own numbers stay where they lie."""
        _require_present(column)
        values, known = column.values, np.array(self.values)
        are_places = self.values == tuple(range(len(self.values))) and values.dtype.kind in "iu"
        if are_places and values.min() >= 0 and values.max() < len(known):
            return np.require(values, np.int32, ("C", "A"))
        classes = np.minimum(np.searchsorted(known, values), len(known) - 1)
        wrong = known[classes] != values
        if wrong.any():
            row = int(np.argmax(wrong))
            raise self._unknown(text(values[row].item()), row)
        return np.require(classes, np.int32, ("C", "A"))

    def _unknown(self, label: str, row: int) -> DataError:
        return DataError(
            f"column {self.name!r}: expected a class of the training rows, {few(list(self._index()))}, got {label!r}"
            f" in row {row} (rows count from 0)"
        )

    def decode(self, predictions: Any) -> np.ndarray:
        """Return the original values (n,) of class indices (n,)."""
        values = np.array(self.values)
        if values.dtype.kind == "f" and type(self.values[0]) is int:  # integers beyond int64, some of them below 0
            values = np.array(self.values, object)
        return values[checks.indices("predictions", predictions, len(self.values))]

    def _index(self) -> dict[str, int]:
        return {text(value): place for place, value in enumerate(self.values)}


@dataclass(frozen=True)
class Quantity:
    """A number, standardized by the training rows' mean and standard deviation."""

    task: ClassVar[str] = "regression"
    name: str
    mean: float
    scale: float

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise DataError(
                f"column {self.name!r}: only one value, {self.mean:g}, within rounding; expected numbers that differ"
            )

    @classmethod
    def fit(cls, column: Column) -> Self:
        return cls(column.name, *_standardize.mean_and_scale(column.name, _numbers(column), column.last_bit))

    def encode(self, column: Column) -> np.ndarray:
        """Return the standardized values, float32 (n, 1)."""
        standardized = _standardize.standardize_target(self.name, _numbers(column), self.mean, self.scale)
        return standardized.astype(np.float32)[:, np.newaxis]

    def decode(self, predictions: Any) -> np.ndarray:
        """Return predictions (n,) or (n, 1) in the target's own units, float64 (n,)."""
        values = checks.floating("predictions", predictions, np.float64)
        if values.ndim != 1 and values.shape[1:] != (1,):
            raise ShapeError(f"predictions: expected shape (n,) or (n, 1), got {values.shape}")
        return values.reshape(-1) * self.scale + self.mean


Target = Classes | Quantity


def fit_target(column: Column, task: str) -> Target:
    """Return the target learned from the training rows; task "auto" is guessed as Table.fit documents."""
    if task == "auto":
        task = _guess(column)
    return Classes.fit(column) if task == Classes.task else Quantity.fit(column)


def _guess(column: Column) -> str:
    if column.kind == "number":
        distinct = distinct_whole_numbers(column.values, MAXIMUM_GUESSED_CLASSES)
        is_few = distinct is not None and len(distinct) <= len(column.values) / 2
        return Classes.task if is_few else Quantity.task
    return Classes.task if column.kind == "category" else Quantity.task


def distinct_whole_numbers(values: np.ndarray, most: int) -> np.ndarray | None:
    """Return the distinct values, sorted, of numbers (n,) that are whole; None for others, and where there are more."""
    if values.dtype.kind in "iu" and (span := int(values.max()) - int(low := values.min())) < checks.BLOCK:
        seen = np.zeros(span + 1, dtype=bool)  # many times as fast as sorting
        for _, block in checks.blocks(values):
            seen[block - low] = True
        return None if seen.sum() > most else np.flatnonzero(seen) + low
    found = values[:0]
    for _, block in checks.blocks(values):
        if block.dtype.kind == "f" and not (block == np.floor(block)).all():  # nan is not equal to itself
            return None
        found = np.union1d(found, block)
        if len(found) > most:
            return None
    return found


def _labels(column: Column) -> list[str]:
    _require_present(column)
    return [str(label) for label in column.texts()]


def _numbers(column: Column) -> np.ndarray:
    _require_present(column)
    return column.numbers("number")


def _require_present(column: Column) -> None:
    absent = column.missing()
    if absent.any():
        raise DataError(
            f"column {column.name!r}: {absent.sum()} of {absent.size} rows have no target; drop those rows first"
        )
