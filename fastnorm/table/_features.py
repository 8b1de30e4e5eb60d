"""Features: a Number or a Category for each column, learned from the training rows of a Table and frozen.

A feature owns one or more places, the columns it fills in the feature matrix. A place that no training row used would
carry weights nobody trained, so there is none: a value without a place (missing where no training row was, or a label
that none had) leaves zeros in all its column's places. For a number, zero is the mean.
"""

import heapq
from collections import Counter
from dataclasses import dataclass
from typing import Self

import numpy as np

from .. import checks
from ..errors import DataError
from . import _standardize
from ._columns import KINDS, Column, few

FEWEST_UNSEEN = 5  # values without a place, before they are warned of
MAXIMUM_CATEGORIES = 100  # labels of one column that get a place of their own


@dataclass(frozen=True)
class Number:
    """A column that measures (numbers, dates, times, durations): standardized, and flagged where missing.

    mean, scale  over the training rows that have a value; where scale is 0 all had the same within rounding, and it
                 gets no place; a value farther from the mean than _standardize.FARTHEST scales counts as that far
    missing      some training rows, but not all, have no value: the last place is 1 in such rows
    """

    name: str
    kind: str
    mean: float
    scale: float
    missing: bool

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.scale < 0:
            raise DataError(f"column {self.name!r}: expected a kind of {', '.join(KINDS)} and a scale >= 0, got {self}")

    @classmethod
    def fit(cls, column: Column) -> Self:
        values = column.numbers(column.kind)
        present = values[~np.isnan(values)]
        mean, scale = 0.0, 0.0
        if present.size:
            mean, scale = _standardize.mean_and_scale(column.name, present, column.last_bit)
        return cls(column.name, column.kind, mean, scale, 0 < present.size < values.size)

    @property
    def places(self) -> int:
        return int(self.scale > 0) + int(self.missing)

    def write(self, column: Column, out: np.ndarray) -> None:
        """Fill out (n, places), which holds zeros."""
        values = column.numbers(self.kind)
        absent = np.isnan(values)
        if self.scale > 0:
            out[:, 0] = np.where(absent, 0, _standardize.standardize_feature(values, self.mean, self.scale))
        if self.missing:
            out[:, -1] = absent


@dataclass(frozen=True)
class Category:
    """A column of labels: a place for each of the most frequent, and one for all else where training rows had such.

    categories  the labels with a place of their own, as text: the MAXIMUM_CATEGORIES most frequent; where there are
                more than that, labels of a single training row (names, keys) are not among them
    other       some training rows have another label or none: the last place is 1 in such rows, unseen labels included
    pooled      share of the training rows with another label
    boolean     the labels are "False" and "True", and later values are read as such however they are spelled
    """

    name: str
    categories: tuple[str, ...]
    other: bool
    pooled: float = 0.0
    boolean: bool = False

    def __post_init__(self) -> None:
        if any(type(label) is not str for label in self.categories) or len(set(self.categories)) < len(self.categories):
            raise DataError(f"column {self.name!r}: expected categories of distinct text")
        if not 0 <= self.pooled <= 1 or (self.boolean and not set(self.categories) <= {"False", "True"}):
            raise DataError(f"column {self.name!r}: expected a share, and truths where it is boolean, got {self}")

    @classmethod
    def fit(cls, column: Column) -> Self:
        boolean = column.is_boolean
        counts = Counter(column.truths() if boolean else column.texts())
        rows = counts.total()
        del counts[None]  # the missing; a Counter does not mind if there are none
        fewest = 1 if len(counts) <= MAXIMUM_CATEGORIES else 2
        often = heapq.nsmallest(MAXIMUM_CATEGORIES, counts.items(), key=lambda item: (-item[1], item[0]))
        kept = {str(label): count for label, count in often if count >= fewest}
        pooled = (counts.total() - sum(kept.values())) / rows
        return cls(column.name, tuple(sorted(kept)), sum(kept.values()) < rows, pooled, boolean)

    @property
    def places(self) -> int:
        """How many; one alone would be 1 in every row, and is none."""
        count = len(self.categories) + int(self.other)
        return count if count > 1 else 0

    def write(self, column: Column, out: np.ndarray) -> None:
        """Fill out (n, places), which holds zeros."""
        index: dict[str | None, int] = {label: place for place, label in enumerate(self.categories)}
        labels = column.truths() if self.boolean else column.texts()
        for label in set(labels) - set(index):
            if (whole := _whole_number(label)) in index:  # a gap has made 1.0 of 1
                index[label] = index[whole]
        unknown = len(self.categories)
        places = np.fromiter((index.get(label, unknown) for label in labels), np.int64, len(labels))
        rows = np.flatnonzero(places < self.places)
        out[rows, places[rows]] = 1
        self._warn_of_unseen([label for label in labels if label is not None and label not in index], len(labels))

    def _warn_of_unseen(self, labels: list[str], rows: int) -> None:
        """Warn where far more values than of the training rows have no place: they may be spelled in another way."""
        if len(labels) >= FEWEST_UNSEEN and len(labels) > (2 * self.pooled + 0.1) * rows:
            checks.warn(
                f"column {self.name!r}: {len(labels)} of {rows} values are none that the training rows had often, such"
                f" as {labels[0]!r}; of the training rows {self.pooled:.0%} were so. Known are {few(self.categories)}"
            )


def _whole_number(label: str | None) -> str | None:
    """Return "1" for "1.0"; None for what is no such text."""
    head, _, tail = (label or "").partition(".")
    return head if head and tail and not tail.strip("0") else None


Feature = Number | Category


def fit_feature(column: Column) -> Feature:
    """Return the feature learned from the training rows of a column; it has no places if they tell nothing."""
    return Category.fit(column) if column.kind == "category" else Number.fit(column)
