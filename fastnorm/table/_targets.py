"""Targets: Classes or a Quantity, learned from the training rows of a Table and frozen."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from .. import checks
from ..errors import DataError, ShapeError
from . import _standardize
from ._columns import Column, Labels, example, examples, text
from ._left_out import words_of
from ._text import WORDS, Form, understood

MAXIMUM_GUESSED_CLASSES = 20  # more integers than ten digits are classes; abalone's 28 ages are a quantity
GRADES = 6  # whole numbers at least that are taken for counts or grades, if frequent in the middle and rare at an end
OF_CLASSES = frozenset(
    ["class", "classes", "label", "labels", "category", "type", "kind", "species", "group", "digit", "letter"]
)
OF_QUANTITIES = frozenset(
    ["age", "amount", "cnt", "cost", "count", "counts", "days", "distance", "height", "hours", "length", "minutes"]
).union(
    ["months", "num", "number", "points", "price", "qty", "quality", "quantity", "rating", "rings", "sales", "score"],
    ["size", "stars", "temperature", "total", "visits", "weeks", "weight", "width", "years"],
)


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
            only = examples(list(self._index()))
            raise DataError(f"column {self.name!r}: only one class, {only}; expected at least two")

    @classmethod
    def fit(cls, column: Column) -> Self:
        """Learn from the training rows; text stays as it is written."""
        if column.kind == "number":
            _require_present(column)
            return cls(column.name, tuple(np.unique(column.finite()).tolist()))
        labels = _labels(column)
        used = labels.counts() > 0
        values = [value for value, is_used in zip(labels.values, used, strict=True) if is_used]
        if all(type(value) is str for value in values):
            values = _numbers_as_written(values)
        kinds = {type(value) for value in values}
        if len(kinds) > 1 or not kinds <= {str, bool, int, float}:  # such have no order, or no form in JSON
            values = [text(value) for value in values]
        return cls(column.name, tuple(sorted(values)))

    def encode(self, column: Column) -> np.ndarray:
        """Return the classes, int32 (n,); DataError for a value that is none of them."""
        if column.kind == "number" and all(type(value) in (int, float) for value in self.values):
            return self._encode_numbers(column)
        labels = _labels(column, kept=self.values)
        index = self._index()
        small = {label.lower(): place for label, place in index.items()}
        truths = set(small) == {"true", "false"}  # however they are spelled
        places = []
        for place, value in enumerate(labels.values):
            label = text(value)
            found = index.get(label, index.get(_canonical(label), small.get(label.lower(), -1) if truths else -1))
            if found < 0 and (labels.codes == place).any():
                raise self._unknown(label, labels.first_row(place))
            places.append(found)
        return np.array(places, np.int32)[labels.codes]

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
            f"column {self.name!r}: expected a class of the training rows, {examples(list(self._index()))}, got"
            f" {example(label)} in row {row} (rows count from 0)"
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
    """A number, standardized by the training rows' mean and standard deviation; `style` is how text spells it."""

    task: ClassVar[str] = "regression"
    name: str
    style: str
    mean: float
    scale: float

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise DataError(
                f"column {self.name!r}: only one value, {self.mean:g}, within rounding; expected numbers that differ"
            )

    @classmethod
    def fit(cls, column: Column) -> Self:
        """Learn from the training rows."""
        column, form = understood(column, None, None, learns=True)
        if column.kind == "category":
            understood(column, None, Form("number", "."))  # whose error names the first value that is none
        statistics = _standardize.mean_and_scale(column.name, _numbers(column), column.last_bit)
        return cls(column.name, form.style if form else ".", *statistics)

    def encode(self, column: Column) -> np.ndarray:
        """Return the standardized values, float32 (n, 1)."""
        values = _numbers(understood(column, None, Form("number", self.style))[0])
        standardized = _standardize.standardize_target(self.name, values, self.mean, self.scale)
        return standardized.astype(np.float32)[:, np.newaxis]

    def decode(self, predictions: Any) -> np.ndarray:
        """Return predictions (n,) or (n, 1) in the target's own units, float64 (n,)."""
        values = checks.floating("predictions", predictions, np.float64)
        if values.ndim != 1 and values.shape[1:] != (1,):
            raise ShapeError(f"predictions: expected shape (n,) or (n, 1), got {values.shape}")
        return values.reshape(-1) * self.scale + self.mean


Target = Classes | Quantity


def fit_target(column: Column, task: str) -> Target:
    """Return the target learned from the training rows; task "auto" is found out as guessed_task does."""
    if task == "auto":
        task, _ = guessed_task(column)
    return Classes.fit(column) if task == Classes.task else Quantity.fit(column)


def numbers(column: Column) -> np.ndarray:
    """Return a column's numbers, float64 (n,); DataError where a row has none."""
    return _numbers(understood(column, None, Form("number", "."))[0])


def has_target(column: Column) -> np.ndarray:
    """Return which rows have a target, bool (n,)."""
    return ~understood(column, None, None, learns=True)[0].missing()


def guessed_task(column: Column) -> tuple[str, str]:
    """Return the task that a target is for, and the reason in words.

    Words are classes, and so are two different numbers. Whole numbers of 3 to 20 different values, each in two rows on
    average, are classes, unless the column's name speaks of a quantity, or they are 6 or more that are frequent in the
    middle or at the beginning and rare behind it, as counts and grades are. All else is a quantity.
    """
    understood_column, _ = understood(column, None, None, learns=True)
    _require_present(understood_column)
    if understood_column.kind == "category":
        return Classes.task, "its values are words"
    if understood_column.kind != "number":
        return Quantity.task, f"its values are {understood_column.kind}s"
    values = understood_column.values
    found = distinct_whole_numbers(values, MAXIMUM_GUESSED_CLASSES)
    if found is None:
        if len(values) >= 4 and len(np.unique(values)) == 2:
            return Classes.task, "it has two different values"
        is_whole = (values == np.floor(values)).all()
        return Quantity.task, f"it has {'more than 20 different values' if is_whole else 'values with decimals'}"
    if len(found) > len(values) / 2:
        return Quantity.task, "few of its values repeat"
    if len(found) <= 2:
        return Classes.task, f"it has {'two different values' if len(found) == 2 else 'one value'}"
    words = set(words_of(column.name))
    for task, of_task in ((Classes.task, OF_CLASSES), (Quantity.task, OF_QUANTITIES)):
        if named := sorted(words & of_task):
            return task, f"it has {len(found)} whole values and is called {named[0]!r}"
    if len(found) >= GRADES and _rises_and_falls(np.unique(values, return_counts=True)[1]):
        return Quantity.task, f"its {len(found)} whole values are frequent and rare in order, as counts and grades are"
    return Classes.task, f"it has {len(found)} whole values"


def _rises_and_falls(counts: np.ndarray) -> bool:
    """Whether counts in the order of their values rise to one peak and fall, but for chance, and are far from even."""
    peak = int(counts.argmax())
    outwards = [counts[peak:], counts[: peak + 1][::-1]]
    falls = all((side[1:] <= 1.25 * side[:-1] + 3 * np.sqrt(side[:-1])).all() for side in outwards)
    return falls and counts.max() > 4 * counts.min() + 4


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


def _labels(column: Column, kept: tuple[Any, ...] = ()) -> Labels:
    """Return the labels of rows; a word for a missing value is one that is a known class."""
    if not isinstance(column.values, Labels):
        _require_present(column)
        return column.texts()
    found, _ = understood(column, WORDS - set(map(text, kept)), None)
    _require_present(found)
    labels: Labels = found.values
    return labels


def _numbers_as_written(labels: list[str]) -> list[Any]:
    """Return integers, or floats, where every label is written as Python writes them; else the labels."""
    for kind in (int, float):
        try:
            numbers = [kind(label) for label in labels]
        except ValueError:
            continue
        written = [str(number) for number in numbers]
        if written == labels and not {"inf", "-inf", "nan"} & set(labels):
            return numbers
    return labels


def _canonical(label: str) -> str:
    """Return the text of the number that a label spells: 1 for 1.0; the label where it spells none."""
    value = Form("number", ".").value(label)
    return label if value is None else text(value)


def _numbers(column: Column) -> np.ndarray:
    _require_present(column)
    column.expect("number", "number values")
    return np.asarray(column.finite(), np.float64)


def _require_present(column: Column) -> None:
    absent = column.missing()
    if absent.any():
        raise DataError(
            f"column {column.name!r}: {absent.sum()} of {absent.size} rows have no target; drop those rows first"
        )
