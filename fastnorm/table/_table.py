"""Table: a user's frame to arrays, and predictions back to the user's words. Also `read` for files, `split` for rows.

A frame is a polars or pandas frame (the extra `frames`) or a NumPy matrix, whose columns are called x0, x1, ...
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from .. import checks
from ..errors import DataError, FileError, SettingError, ShapeError
from ..kernels.random import SPLIT, permutation
from ..saving import dataclasses
from ._columns import Column, Frame, few, open_column, open_frame
from ._features import Category, Feature, Number, fit_feature
from ._read import read_file
from ._targets import Classes, Quantity, Target, fit_target


@dataclass(frozen=True)
class Table:
    """A frame's columns as learned from the training rows; frozen, so that every later row is treated alike.

    inputs   a Number or a Category for each column that is used, in the training frame's order
    target   Classes, a Quantity, or None where no target was given
    dropped  names of the columns that say nothing, and why
    """

    inputs: tuple[Feature, ...]
    target: Target | None
    dropped: Mapping[str, str]

    @classmethod
    def fit(cls, frame: Any, target: Any = None, task: str = "auto", *, rows: np.ndarray | None = None) -> Self:
        """Learn from the training rows.

        Numbers, dates, times and durations are standardized, later ones as far as a million standard deviations and no
        farther; where missing they are the mean, with a flag if training rows missed some. Text, booleans and
        categoricals get a place for each of the 100 most frequent values, and one for all others and the missing if
        training rows have such. All-missing columns are dropped, and so are those constant within rounding: no two
        values differ by more than 4 last bits of the column's own dtype.

        target  the column to predict, without missing values: its name, in a NumPy matrix the last one; or its values
                (n,), which belong to the frame's rows in order
        task    "classification", "regression" or "auto": text, booleans and categoricals are classes, and so are
                whole numbers with at most 20 different values, each in two rows on average; all else is a quantity
        rows    numbers of the rows to learn from; None: all
        Raises DataError, which names the column: a missing or doubled name, no such target, a target missing in
        some rows or with one value only, an infinite number, values of no use (lists, bytes), no column left to use.
        """
        checks.choice("task", task, ("auto", Classes.task, Quantity.task))
        opened = open_frame(frame)
        if opened.rows == 0 or not opened.names:
            raise DataError(f"frame: expected rows and columns, got {opened.rows} rows of {len(opened.names)} columns")
        if isinstance(target, str) and not opened.named and target != opened.names[-1]:
            raise SettingError(
                f"target: expected {opened.names[-1]!r}, the last column of this NumPy matrix, got {target!r}; without"
                " another one, the columns behind it would change their names"
            )
        column = None if target is None else _target_column(opened, target)
        learned = None if column is None else fit_target(column.take(rows), task)
        names = [name for name in opened.names if column is None or name != column.name]
        inputs, dropped = _fit_inputs(opened, names, rows)
        return cls(inputs, learned, dropped)

    @classmethod
    def fit_target(cls, frame: Any, target: Any, task: str = "auto") -> Self:
        """Learn of the target alone, as fit does: its classes, before it is known which rows are for training."""
        opened = open_frame(frame)
        return cls((), fit_target(_target_column(opened, target), task), {})

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that are used; a frame to predict needs these, in any order."""
        return tuple(column.name for column in self.inputs)

    @property
    def width(self) -> int:
        """The number d of features."""
        return sum(column.places for column in self.inputs)

    @property
    def task(self) -> str | None:
        """The words "classification" or "regression", or None without a target."""
        return None if self.target is None else self.target.task

    @property
    def classes(self) -> list[Any] | None:
        """The original values of the classes, sorted, or None where there are none."""
        return list(self.target.values) if isinstance(self.target, Classes) else None

    def transform(self, frame: Any) -> np.ndarray:
        """Return the rows as features, float32 (n, d), C-contiguous.

        Columns that are not used may be there or not. Raises DataError that names a missing column, or the column, row
        and value that does not fit.
        """
        opened = open_frame(frame)
        opened.require(self.columns)
        features = np.zeros((opened.rows, self.width), np.float32)
        end = 0
        for column in self.inputs:
            start, end = end, end + column.places
            column.write(opened.column(column.name), features[:, start:end])
        return features

    def transform_target(self, rows: Any) -> np.ndarray:
        """Return the target: classes, int32 (n,), or standardized values, float32 (n, 1).

        rows  a frame with the target's column, or the target's values (n,)
        """
        target = self._target()
        is_matrix = isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.shape[1] > 1
        if (checks.is_frame(rows) and target.name in open_frame(rows).names) or is_matrix:
            return target.encode(open_frame(rows).column(target.name))
        if checks.is_frame(rows) and len(open_frame(rows).names) > 1:
            open_frame(rows).require([target.name])
        return target.encode(open_column(target.name, rows))

    def inverse_transform_target(self, predictions: Any) -> np.ndarray:
        """Return predictions in the user's words, (n,).

        predictions  class indices (n,), which give the original values; or standardized values (n,) or (n, 1), which
                     give float64 in the target's own units
        """
        return self._target().decode(predictions)

    def _target(self) -> Target:
        if self.target is None:
            raise SettingError("table: expected one with a target, got one fitted without; give Table.fit a target")
        return self.target

    def describe(self) -> str:
        """Return a short text: the target, the columns, and those flagged, pooled or dropped."""
        numbers = [column for column in self.inputs if isinstance(column, Number)]
        categories = [column for column in self.inputs if isinstance(column, Category)]
        lines = [f"{self.width} features; columns of numbers: {len(numbers)}, of categories: {len(categories)}"]
        if isinstance(self.target, Classes):
            values = few([str(value) for value in self.target.values])
            lines.insert(0, f"{self.target.name}: classification, {len(self.target.values)} classes: {values}")
        elif self.target is not None:
            lines.insert(0, f"{self.target.name}: regression, mean {self.target.mean:g}, scale {self.target.scale:g}")
        notes = {
            "flagged where missing": [column.name for column in numbers if column.missing],
            "rare and missing values pooled": [column.name for column in categories if column.other],
            "dropped": [f"{name} ({why})" for name, why in self.dropped.items()],
        }
        return "\n".join(lines + [f"{note}: {few(names)}" for note, names in notes.items() if names])

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain values for JSON."""
        return {
            "inputs": [dataclasses.to_record(column) for column in self.inputs],
            "target": None if self.target is None else dataclasses.to_record(self.target),
            "dropped": dict(self.dropped),
        }

    @classmethod
    def from_dict(cls, record: Any) -> Self:
        """Return the table that to_dict gave. Nothing in it is trusted: FileError names a part that does not fit."""
        dataclasses.only("table", record, ["inputs", "target", "dropped"])
        entries = dataclasses.member("table", record, "inputs", list)
        inputs = tuple(
            dataclasses.from_record(f"table: input {place}", entry, Number, Category)
            for place, entry in enumerate(entries)
        )
        target = record["target"]
        if target is not None:
            target = dataclasses.from_record("table: target", target, Classes, Quantity)
        dropped = dataclasses.member("table", record, "dropped", dict)
        names = [column.name for column in inputs] + ([] if target is None else [target.name])
        if not inputs or len(set(names)) < len(names) or not all(column.places for column in inputs):
            raise FileError(f"table: expected columns of different names with a place each, got {few(names)}")
        if not all(type(part) is str for pair in dropped.items() for part in pair):
            raise FileError("table: dropped: expected names and reasons of text")
        return cls(inputs, target, dropped)


def _target_column(opened: Frame, target: Any) -> Column:
    """Return the target's column: one of the frame's by its name, or one of values beside the frame."""
    if isinstance(target, str):
        return opened.column(target)
    column = open_column("y", target)
    if len(column.values) != opened.rows:
        raise ShapeError(f"y: expected {opened.rows} rows as in the frame, got {len(column.values)}")
    if column.name in opened.names:
        raise DataError(
            f"y: it is called {column.name!r}, as a column of the frame is, which would give it away; "
            f"drop that column, or give the frame alone with target={column.name!r}"
        )
    return column


def _fit_inputs(
    opened: Frame, names: list[str], rows: np.ndarray | None
) -> tuple[tuple[Feature, ...], Mapping[str, str]]:
    inputs = []
    dropped = {}
    for name in names:
        column = opened.column(name).take(rows)
        fitted = fit_feature(column)
        if fitted.places:
            inputs.append(fitted)
        elif column.missing().all():
            dropped[name] = "all missing"
        elif isinstance(fitted, Category) and not fitted.categories:
            dropped[name] = "no value stands twice"
        elif isinstance(fitted, Number) and np.nanmin(column.values) < np.nanmax(column.values):
            dropped[name] = "constant within rounding"
        else:
            dropped[name] = "constant"
    if not inputs:
        reasons = [f"{name!r} ({why})" for name, why in dropped.items()]
        raise DataError(f"frame: expected a column to learn from, got {few(reasons) or 'the target alone'}")
    return tuple(inputs), dropped


def read(path: str | Path, table: Table | None = None) -> Any:
    """Return a file as a polars frame: Parquet if it is called *.parquet, else CSV with a header and commas.

    A CSV column is of numbers, ISO dates or times if all of its values are; else it stays text as written, true and
    false and codes with a leading zero (01) too. Blanks around a value are dropped. Missing is an empty cell and what
    is spelled ?, NA, N/A, n/a, #N/A, <NA>, NaN, nan, NULL, null or None; among numbers, dates and times also - . none
    na missing unknown. Numbers may be written 1,234.50 or 1 234.50, $12 or 12.5 %, which is 12.5.

    table  columns that were text to this table are read as text: codes that happen to be all digits keep their "01"
    Raises DataError for a file that is missing, empty or broken, or has missing or duplicate column names.
    """
    words = set()
    if table is not None:
        words = {column.name for column in table.inputs if isinstance(column, Category)}
        if isinstance(table.target, Classes) and isinstance(table.target.values[0], str):
            words.add(table.target.name)
    return read_file(path, words)


def split(
    count: int, fractions: Sequence[float] = (0.64, 0.16, 0.20), seed: int = 0, groups: Any = None
) -> tuple[np.ndarray, ...]:
    """Share the rows 0 to count - 1 at random among len(fractions) parts; each part is sorted int64 (rows,).

    fractions  each part's share, above 0; they add up to 1
    seed       the same seed gives the same parts
    groups     classes, integers (count,): each part gets its share of each class, and the first part, which is for
               training, at least one row of each
    Raises DataError if a part would be empty.
    """
    checks.integer("count", count, 1)
    shares = np.array([checks.number("fractions", fraction, 0, 1, ends="(]") for fraction in fractions])
    if abs(shares.sum() - 1) > 1e-9:
        raise SettingError(f"fractions: expected shares that add up to 1, got {tuple(fractions)}")
    classes = np.zeros(count, np.int64) if groups is None else np.unique(groups, return_inverse=True)[1]
    if classes.shape != (count,):
        raise ShapeError(f"groups: expected shape ({count},), got {classes.shape}")
    shuffled = permutation(seed, SPLIT, 0, 0, count)
    order = shuffled[np.argsort(classes[shuffled], kind="stable")]  # class by class, at random within each
    part = np.empty(count, np.int64)
    part[order] = _parts_of_sorted(np.bincount(classes), np.cumsum(shares))
    parts = tuple(np.flatnonzero(part == place) for place in range(len(shares)))
    if not all(rows.size for rows in parts):
        sizes = ", ".join(str(rows.size) for rows in parts)
        rows = f"{count} of {classes.max() + 1} classes" if groups is not None else str(count)
        raise DataError(f"rows: expected enough to share among {len(shares)} parts, got {rows}, which give {sizes}")
    return parts


def _parts_of_sorted(sizes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the part of each row where classes of these sizes stand one behind the other; shares are cumulative.

    Rounding runs on from class to class, so that it is within a row in each class and in the whole.
    """
    ends = np.cumsum(sizes)
    limits = np.rint(np.outer(np.append(0, ends), shares[:-1])).astype(np.int64)
    counts = np.diff(limits, axis=0)  # rows of each class before the end of each part but the last
    counts[:, :1] = np.maximum(counts[:, :1], 1)
    counts = np.maximum.accumulate(counts, axis=1)
    rank = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    return (rank[:, np.newaxis] >= np.repeat(counts, sizes, axis=0)).sum(axis=1)
