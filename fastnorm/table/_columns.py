"""One column of a table: its name, its kind and its values. Nothing is learned here.

kind       values
number     integer or floating array, nan where missing
date       float64 days since 1970-01-01 in UTC, nan where missing; dates and date-times
time       float64 days since midnight, nan where missing
duration   float64 days, nan where missing
category   Labels: booleans, categoricals and other labels
text       Labels of text that has not been understood yet: it may spell numbers, dates or times, see _text
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from ..errors import DataError

MEASURING = ("number", "date", "time", "duration")  # the kinds that measure
TRUTHS = {"true": "True", "false": "False", "1": "True", "0": "False"}  # in small letters
SHOWN = 6  # names or values an error lists before it says "and more"
_EXAMPLES = [True]  # whether messages may hold cells of the data


@dataclass(frozen=True)
class Labels:
    """Labels by their code: `values` holds each one once, `codes` int32 (n,) says which a row has, -1 where missing."""

    values: tuple[Any, ...]
    codes: np.ndarray

    @classmethod
    def of(cls, rows: Iterable[Any], count: int) -> Self:
        """Return the labels of `count` rows, None where missing; of labels with one text the first is kept."""
        index: dict[str, int] = {}
        values: list[Any] = []

        def code(value: Any) -> int:
            if value is None:
                return -1
            place = index.setdefault(value if type(value) is str else text(value), len(values))
            if place == len(values):
                values.append(value)
            return place

        codes = np.fromiter((code(value) for value in rows), np.int32, count)
        return cls(tuple(values), codes)

    def __len__(self) -> int:
        return len(self.codes)

    def mapped(self, change: Callable[[Any], Any]) -> Self:
        """Return the rows with each label changed; None makes it missing."""
        index: dict[Any, int] = {}
        changed = [change(value) for value in self.values]
        places = [-1 if value is None else index.setdefault(value, len(index)) for value in changed]
        return type(self)(tuple(index), np.array([*places, -1], np.int32)[self.codes])

    def take(self, rows: np.ndarray) -> Self:
        """Return some of the rows; labels that none of them has stay in `values`."""
        return replace(self, codes=self.codes[rows])

    def counts(self) -> np.ndarray:
        """Return how many rows have each label, int64."""
        return np.bincount(self.codes + 1, minlength=len(self.values) + 1)[1:]

    def first_row(self, place: int) -> int:
        """Return the first row with the label at this place."""
        return int(np.argmax(self.codes == place))


@dataclass(frozen=True)
class Column:
    """One column of a frame (see the head of this file).

    gaps     words that were read as missing, and how often
    decimal  decimal mark of the file it came from, "" where that is not known
    first    number of its first row in the file, for messages
    """

    name: str
    kind: str
    values: Any
    gaps: dict[str, int] = field(default_factory=dict)
    decimal: str = ""
    first: int = 0

    def missing(self) -> np.ndarray:
        """Return where a value is missing, bool (n,)."""
        return self.values.codes < 0 if isinstance(self.values, Labels) else np.isnan(self.values)

    @property
    def last_bit(self) -> float:
        """The relative size of the last bit of its numbers, at least float64's; 0 for integers, which are exact."""
        kind = self.values.dtype if isinstance(self.values, np.ndarray) else np.dtype(np.float64)
        return 0.0 if kind.kind in "iu" else float(max(np.finfo(kind).eps, np.finfo(np.float64).eps))

    def finite(self) -> np.ndarray:
        """Return the values of a column that measures; DataError that names an infinite one."""
        infinite = np.isinf(self.values)
        if infinite.any():
            row = int(np.argmax(infinite))
            raise DataError(
                f"column {self.name!r}: expected finite numbers, got {self.values[row]} in row {self.first + row} (rows"
                " count from 0); write it as missing if it means that"
            )
        return np.asarray(self.values)

    def take(self, rows: np.ndarray | None) -> Self:
        """Return some of the rows; None: all."""
        if rows is None:
            return self
        values = self.values.take(rows) if isinstance(self.values, Labels) else self.values[rows]
        return replace(self, values=values)

    def texts(self) -> Labels:
        """Return each value as text: 1, 1.0 and "1" are one label, wherever they were read."""
        if isinstance(self.values, Labels):
            return self.values.mapped(lambda value: value if type(value) is str else text(value))
        self.expect("number", "labels")
        values, codes = np.unique(self.finite(), return_inverse=True)  # nan is the last of them
        labels = tuple(None if value != value else text(value) for value in values.tolist())
        return Labels(labels, codes.astype(np.int32)).mapped(lambda label: label)

    def truths(self) -> Labels:
        """Return each value as "True" or "False", however the truth is spelled: True, 1, "true".

        Raises DataError naming the column, the row and the value that is neither.
        """
        labels = self.texts()
        for place, label in enumerate(labels.values):
            if label.lower() not in TRUTHS and (labels.codes == place).any():
                raise self.wrong("true or false as in the training rows", label, labels.first_row(place))
        return labels.mapped(lambda label: TRUTHS.get(label.lower()))

    @property
    def is_boolean(self) -> bool:
        """Whether it has labels, and all are truths, Python's or words for them; numbers are not."""
        if not isinstance(self.values, Labels):
            return False
        values = self.values.values
        return bool(values) and all(type(value) is bool or str(value).lower() in ("true", "false") for value in values)

    def wrong(self, expected: str, got: Any, row: int) -> DataError:
        """Return the error for a value that does not fit."""
        place = f"row {self.first + row} (rows count from 0)"
        return DataError(f"column {self.name!r}: expected {expected}, got {example(got)} in {place}")

    def expect(self, kind: str, words: str) -> None:
        """Require the kind; a column without any value may be of any kind."""
        if self.kind != kind and not self.missing().all():
            raise DataError(f"column {self.name!r}: expected {words}, got {self.kind} values")


def example(value: Any) -> str:
    """Return a cell for a message, or a word for it where cells are kept out of messages."""
    return repr(value) if _EXAMPLES[0] else "another value"


def examples(values: Sequence[str]) -> str:
    """Return the first cells for a message, or their number where cells are kept out of messages."""
    return few(values) if _EXAMPLES[0] else f"{len(values)} values"


def examples_are_shown() -> bool:
    """Whether messages may hold cells of the data."""
    return _EXAMPLES[0]


def show_examples(are_shown: bool) -> None:
    """Set whether messages of this process may hold cells of the data; they do at first."""
    _EXAMPLES[0] = are_shown


def text(value: Any) -> str:
    """Return the text a category is known by; whole numbers have no decimal point."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def few(values: Sequence[str]) -> str:
    """Return the first values, and how many more there are."""
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(values[:SHOWN]) + more
