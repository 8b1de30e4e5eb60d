"""Features: a Number, a Moment or a Category for each column, learned from the training rows of a Table and frozen.

A feature owns one or more places, the columns it fills in the feature matrix. A place that no training row used would
carry weights nobody trained, so there is none: a value without a place (missing where no training row was, or a label
that none had) leaves zeros in all its column's places. For a number, zero is the mean.
"""

import heapq
import re
from dataclasses import dataclass
from typing import Self

import numpy as np

from .. import checks
from ..errors import DataError
from . import _standardize
from ._columns import Column, Labels, example, examples
from ._text import WORDS, Form, understood

FEWEST_UNSEEN = 5  # values without a place, before they are warned of
MAXIMUM_CATEGORIES = 100  # labels of one column that get a place of their own
CYCLES = {"year": (365.2425, 180.0), "week": (7.0, 7.0), "day": (1.0, 0.0)}  # days, and the fewest days of training
CODE = re.compile(r"[-+]?0\d")


@dataclass(frozen=True)
class Number:
    """A column of numbers or durations: standardized, and flagged where missing.

    kind         "number" or "duration"
    style        how text spells it, see _text
    words        words for a missing value that were asked for; none: the usual ones
    mean, scale  over the training rows that have a value; where scale is 0 all had the same within rounding, and it
                 gets no place; a value farther from the mean than _standardize.FARTHEST scales counts as that far
    missing      some training rows, but not all, have no value: the last place is 1 in such rows
    """

    name: str
    kind: str
    style: str
    words: tuple[str, ...]
    mean: float
    scale: float
    missing: bool

    def __post_init__(self) -> None:
        if self.kind not in ("number", "duration") or self.scale < 0:
            raise DataError(f"column {self.name!r}: expected a kind of number, duration and a scale >= 0, got {self}")
        _require_style(self)

    @classmethod
    def fit(cls, column: Column, style: str, words: tuple[str, ...]) -> Self:
        """Learn from an understood column of the training rows."""
        return cls(column.name, column.kind, style, words, *_mean_scale_missing(column))

    @property
    def places(self) -> int:
        """Number of feature columns."""
        return int(self.scale > 0) + int(self.missing)

    def values(self, column: Column) -> np.ndarray:
        """Return a column as numbers, float64 (n,), nan where missing; truths are 1 and 0."""
        if self.kind == "number" and column.is_boolean:
            truths = column.truths()
            values = np.array([*(1.0 if label == "True" else 0.0 for label in truths.values), np.nan])
            return values[truths.codes]
        return _measured(self, column)

    def write(self, values: np.ndarray, out: np.ndarray) -> None:
        """Fill out (n, places), which holds zeros, from some of `values`."""
        absent = np.isnan(values)
        if self.scale > 0:
            out[:, 0] = np.where(absent, 0, _standardize.standardize_feature(values, self.mean, self.scale))
        if self.missing:
            out[:, -1] = absent


@dataclass(frozen=True)
class Moment:
    """A column of dates or times: the time that passed, standardized, and sine and cosine of each cycle it differs in.

    kind         "date" or "time"
    style, words, mean, scale, missing  as for a Number, in days
    cycles       some of "year", "week" and "day": those in which the training rows differ; of dates at least half a
                 year or a week apart
    """

    name: str
    kind: str
    style: str
    words: tuple[str, ...]
    mean: float
    scale: float
    missing: bool
    cycles: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.kind not in ("date", "time") or self.scale < 0 or not set(self.cycles) <= set(CYCLES):
            raise DataError(f"column {self.name!r}: expected dates or times, a scale >= 0 and cycles, got {self}")
        _require_style(self)

    @classmethod
    def fit(cls, column: Column, style: str, words: tuple[str, ...]) -> Self:
        """Learn from an understood column of the training rows."""
        mean, scale, missing = _mean_scale_missing(column)
        present = column.values[~np.isnan(column.values)]
        # A few dates far outside, as typing errors make them, do not make a year of a month.
        span = float(np.subtract(*np.quantile(present, [0.99, 0.01]))) if present.size else 0.0
        cycles = [
            name
            for name, (_, fewest) in CYCLES.items()
            if scale > 0 and span >= fewest and np.ptp(_phase(name, present)) > 0
        ]
        if column.kind == "time":
            cycles = [name for name in cycles if name == "day"]
        return cls(column.name, column.kind, style, words, mean, scale, missing, tuple(cycles))

    @property
    def places(self) -> int:
        """Number of feature columns."""
        return int(self.scale > 0) + 2 * len(self.cycles) + int(self.missing)

    def values(self, column: Column) -> np.ndarray:
        """Return a column as days, float64 (n,), nan where missing."""
        return _measured(self, column)

    def write(self, values: np.ndarray, out: np.ndarray) -> None:
        """Fill out (n, places), which holds zeros, from some of `values`."""
        absent = np.isnan(values)
        if self.scale > 0:
            out[:, 0] = np.where(absent, 0, _standardize.standardize_feature(values, self.mean, self.scale))
        for place, name in enumerate(self.cycles):
            angle = 2 * np.pi * _phase(name, np.where(absent, 0, values))
            out[:, 1 + 2 * place] = np.where(absent, 0, np.sin(angle))
            out[:, 2 + 2 * place] = np.where(absent, 0, np.cos(angle))
        if self.missing:
            out[:, -1] = absent


@dataclass(frozen=True)
class Category:
    """A column of labels: a place for each of the most frequent, and one for all else where training rows had such.

    words       words for a missing value that were asked for; none: the usual ones
    categories  the labels with a place of their own, as text: the MAXIMUM_CATEGORIES most frequent; where there are
                more than that, labels of a single training row (names, keys) are not among them
    pooled      share of the training rows with another label
    missing     share of the training rows without a label
    boolean     the labels are "False" and "True", and later values are read as such however they are spelled
    """

    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...]
    pooled: float
    missing: float
    boolean: bool

    def __post_init__(self) -> None:
        if any(type(label) is not str for label in self.categories) or len(set(self.categories)) < len(self.categories):
            raise DataError(f"column {self.name!r}: expected categories of distinct text")
        shares = 0 <= self.pooled <= 1 and 0 <= self.missing <= 1
        if not shares or (self.boolean and not set(self.categories) <= {"False", "True"}):
            raise DataError(f"column {self.name!r}: expected shares, and truths where it is boolean, got {self}")

    @classmethod
    def fit(cls, column: Column, words: tuple[str, ...]) -> Self:
        """Learn from an understood column of the training rows."""
        boolean = column.is_boolean
        labels = column.truths() if boolean else column.texts()
        rows = max(1, len(labels))
        counts = {
            str(label): count for label, count in zip(labels.values, labels.counts().tolist(), strict=True) if count
        }
        fewest = 1 if len(counts) <= MAXIMUM_CATEGORIES else 2
        often = heapq.nsmallest(MAXIMUM_CATEGORIES, counts.items(), key=lambda item: (-item[1], item[0]))
        kept = [label for label, count in often if count >= fewest]
        present = sum(counts.values())
        pooled = (present - sum(counts[label] for label in kept)) / rows
        return cls(column.name, words, tuple(sorted(kept)), pooled, (rows - present) / rows, boolean)

    @property
    def other(self) -> bool:
        """Whether training rows have another label or none: then the last place is 1 for all such and unseen labels."""
        return self.pooled > 0 or self.missing > 0

    @property
    def places(self) -> int:
        """Number of feature columns; 0 for a single category, whose column would be constant."""
        count = len(self.categories) + int(self.other)
        return count if count > 1 else 0

    def _understood(self, column: Column) -> Column:
        """Return a column as labels; a word for a missing value that is a category is one."""
        if column.kind == "number" and (codes := [label for label in self.categories if CODE.match(label)]):
            raise DataError(
                f"column {self.name!r}: expected text, got numbers, which have lost leading zeros: training rows had"
                f" codes such as {example(codes[0])}; read this column as text"
            )
        kept = [word for word in self.categories if word in WORDS]
        if kept and self.missing == 0 and column.kind != "text" and isinstance(column.values, Labels):
            absent = column.missing()
            if absent.any():
                raise DataError(
                    f"column {self.name!r}: {absent.sum()} of {len(absent)} values are missing, where training rows had"
                    f" the value {kept[0]!r}; the reader of this frame may have taken that for a missing value"
                )
        words = (self.words or WORDS) if not kept else set(self.words or WORDS) - set(kept)
        return understood(column, words, None)[0] if isinstance(column.values, Labels) else column

    def values(self, column: Column) -> np.ndarray:
        """Return the place of each row's label among the categories (n,); their number for any other label and none."""
        index: dict[str, int] = {label: place for place, label in enumerate(self.categories)}
        column = self._understood(column)
        labels = column.truths() if self.boolean else column.texts()
        for label in labels.values:
            if label not in index and (whole := _whole_number(label)) in index:  # a gap has made 1.0 of 1
                index[label] = index[whole]
        unknown = len(self.categories)
        places = np.array([*(index.get(label, unknown) for label in labels.values), unknown])
        self._warn_of_unseen(labels, [label not in index for label in labels.values])
        return places[labels.codes]

    def write(self, values: np.ndarray, out: np.ndarray) -> None:
        """Fill out (n, places), which holds zeros, from some of `values`."""
        rows = np.flatnonzero(values < self.places)
        out[rows, values[rows]] = 1

    def _warn_of_unseen(self, labels: Labels, unseen: list[bool]) -> None:
        """Warn where far more values than of the training rows have no place: they may be spelled in another way."""
        counts = labels.counts()[unseen]
        if counts.sum() >= FEWEST_UNSEEN and counts.sum() > (2 * self.pooled + 0.1) * len(labels):
            first = next(value for value, count in zip(np.array(labels.values)[unseen], counts, strict=True) if count)
            checks.warn(
                f"column {self.name!r}: {counts.sum()} of {len(labels)} values are none that the training rows had"
                f" often, such as {example(str(first))}; of the training rows {self.pooled:.0%} were so. Known are"
                f" {examples(self.categories)}"
            )


Feature = Number | Moment | Category


def fit_feature(column: Column, form: Form | None, words: tuple[str, ...]) -> Feature:
    """Return the feature learned from the training rows of an understood column; no places if they tell nothing."""
    if column.kind == "category":
        return Category.fit(column, words)
    moments = column.kind in ("date", "time")
    style = form.style if form else "iso" if moments else "."
    return (Moment if moments else Number).fit(column, style, words)


def _require_style(feature: Number | Moment) -> None:
    styles = r"[.,][$€£¥%]?" if isinstance(feature, Number) else "iso|day|month"
    if not re.fullmatch(styles, feature.style):
        raise DataError(f"column {feature.name!r}: expected a style of spelling, got {feature.style!r}")


def _measured(feature: Number | Moment, column: Column) -> np.ndarray:
    column, _ = understood(column, feature.words or None, Form(feature.kind, feature.style))
    column.expect(feature.kind, f"{feature.kind} values")
    if column.kind != feature.kind:  # it has no value at all
        return np.full(len(column.missing()), np.nan)
    return np.asarray(column.finite(), np.float64)


def _mean_scale_missing(column: Column) -> tuple[float, float, bool]:
    values = np.asarray(column.finite(), np.float64)
    present = values[~np.isnan(values)]
    mean, scale = 0.0, 0.0
    if present.size:
        mean, scale = _standardize.mean_and_scale(column.name, present, column.last_bit)
    return mean, scale, 0 < present.size < values.size


def _phase(name: str, days: np.ndarray) -> np.ndarray:
    """Return the part of the cycle that has passed, from 0 to 1; of year and week in whole days."""
    length = CYCLES[name][0]
    return np.mod(days if name == "day" else np.floor(days), length) / length


def _whole_number(label: str | None) -> str | None:
    """Return "1" for "1.0"; None for what is no such text."""
    head, _, tail = (label or "").partition(".")
    return head if head and tail and not tail.strip("0") else None
