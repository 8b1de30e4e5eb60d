"""Table: a user's frame to arrays, and predictions back to the user's words.

A frame is a Frame that `read` gave, a polars, pandas or Arrow frame (the extra `frames`), or a NumPy matrix, whose
columns are called x0, x1, ...
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np

from .. import checks
from ..errors import FileError, SettingError
from ..saving import dataclasses
from ._columns import few
from ._encoded import Encoded
from ._features import Category, Feature, Moment, Number
from ._frames import open_column, open_frame
from ._reader import Reader, row_keys
from ._split import split
from ._targets import Classes, Quantity, Target
from ._text import STYLES
from ._types import choices

BLOCK = 1 << 13  # rows that are written together


class Split(NamedTuple):
    """A table fitted on the first part of the rows, all rows as numbers, and the row numbers of each part."""

    table: "Table"
    x: np.ndarray
    y: np.ndarray
    rows: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Table:
    """A frame's columns as learned from the training rows; frozen, so that every later row is treated alike.

    inputs   a Number or a Moment for each column that measures, then a Category for each of labels; each kind in the
             training frame's order
    target   Classes, a Quantity, or None where no target was given
    dropped  names of the columns that are left out, and why
    """

    inputs: tuple[Feature, ...]
    target: Target | None
    dropped: Mapping[str, str]

    @classmethod
    def fit(
        cls, frame: Any, target: Any = None, task: str = "auto", *, rows: np.ndarray | None = None,
        types: Mapping[str, Any] | None = None, missing: Collection[str] | None = None,
    ) -> Self:  # fmt: skip
        """Learn from the training rows.

        Text is read by what all of a column's values spell: numbers (1,234.50, $12 and 12.5 % too), dates, times, or
        labels; see _text. Numbers and durations are standardized, later ones as far as a million standard deviations
        and no farther; where missing they are the mean, with a flag if training rows missed some. Of dates come the
        time that passed, and sine and cosine of the day in the year and in the week and of the time of day, where the
        training rows differ in them. Labels, booleans and categoricals get a place for each of the 100 most frequent
        values, and one for all others and the missing if training rows have such.
        Left out are columns without a value, those constant within rounding (no two values differ by more than 4 last
        bits of the column's own dtype), row numbers, keys that differ in every row, and long text.

        target   the column to predict, without missing values: its name, in a NumPy matrix the last one; or its values
                 (n,), which belong to the frame's rows in order
        task     "classification", "regression" or "auto", which is found out from the target's values and name, see
                 _targets
        rows     numbers of the rows to learn from; None: all
        types    what you know better, by column: "number", "date", "date day first", "date month first", "time",
                 "category", "ignore" (leave it out) or "auto" (do not leave it out); or such a word and the column's
                 own `missing`: {"kind": "category", "missing": ["?"]}
        missing  words that mean a missing value, beside the empty cell; None: the usual ones (?, NA, NULL, n/a ...)
        Raises DataError, which names the column: a missing or doubled name, no such target, a target missing in
        some rows or with one value only, an infinite number, values of no use (lists, bytes), no column left to use.
        """
        reader = Reader(frame, target, task, choices(types), missing)
        return cls(*reader.fitted(rows))

    @classmethod
    def fit_split(
        cls, frame: Any, target: Any, fractions: Sequence[float] = (0.64, 0.16, 0.20), seed: int = 0, *,
        task: str = "auto", groups: Any = None, time: Any = None, types: Mapping[str, Any] | None = None,
        missing: Collection[str] | None = None,
    ) -> Split:  # fmt: skip
        """Share the rows among parts, learn from the first part alone, and return all rows as numbers.

        Each column is read and converted once. Classes keep their proportions in each part.

        groups  a column's name, or values (n,): rows of one group stay in one part
        time    a column's name, or values (n,): the first part has the earliest rows, the last one the latest
        Other arguments and errors as for fit and split.
        """
        reader = Reader(frame, target, task, choices(types), missing)
        learned = reader.fit_target(None)
        y = learned.encode(reader.target)
        by = {
            name: row_keys(reader.frame, name, given, missing)
            for name, given in (("groups", groups), ("time", time))
            if given is not None
        }
        parts = split(len(y), fractions, seed, classes=y if isinstance(learned, Classes) else None, **by)
        reader.task = learned.task
        table = cls(*reader.fitted(parts[0]))
        assert table.target is not None
        y = table.target.encode(reader.target)
        return Split(table, table._written(reader.columns.__getitem__, len(y)), y, parts)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that are used; a frame to predict needs these, in any order."""
        return tuple(column.name for column in self.inputs)

    @property
    def text_columns(self) -> set[str]:
        """The names of the columns whose cells are kept as they are written when a file is read.

        Those with words of their own for a missing value are among them: a reader knows the usual words alone.
        """
        names = {column.name for column in self.inputs if isinstance(column, Category) or column.words}
        return names | ({self.target.name} if isinstance(self.target, Classes) else set())

    @property
    def width(self) -> int:
        """The number d of features."""
        return sum(column.places for column in self.inputs)

    @property
    def _measuring(self) -> tuple[Number | Moment, ...]:
        return tuple(column for column in self.inputs if not isinstance(column, Category))

    @property
    def numbers(self) -> int:
        """How many of the features, the first ones, come from numbers, dates and times; the others are 0 or 1."""
        return sum(column.places for column in self._measuring)

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
        return self._written(opened.column, len(opened))

    def _written(self, column: Any, rows: int) -> np.ndarray:
        values = [feature.values(column(feature.name)) for feature in self.inputs]
        features = np.zeros((rows, self.width), np.float32)
        for first in range(0, rows, BLOCK):  # some rows at a time, which stay in the cache until all columns are there
            block, end = slice(first, first + BLOCK), 0
            for feature, of_column in zip(self.inputs, values, strict=True):
                start, end = end, end + feature.places
                feature.write(of_column[block], features[block, start:end])
        return features

    def encode(self, frame: Any) -> Encoded:
        """Return the rows as numbers and codes, for a network whose layers encode them.

        Columns are in their order among `columns`. Raises what transform raises.
        """
        opened = open_frame(frame)
        opened.require(self.columns)
        labels = [feature for feature in self.inputs if isinstance(feature, Category)]
        numbers = replace(self, inputs=self._measuring)._written(opened.column, len(opened))
        codes = np.zeros((len(opened), len(labels)), np.int32)
        for place, feature in enumerate(labels):
            codes[:, place] = feature.values(opened.column(feature.name))
        counts = {feature.name: len(feature.categories) + 1 for feature in labels}
        return Encoded(numbers, codes, counts)

    def transform_target(self, rows: Any) -> np.ndarray:
        """Return the target: classes, int32 (n,), or standardized values, float32 (n, 1).

        rows  a frame with the target's column, or the target's values (n,)
        """
        target = self._target()
        is_matrix = isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.shape[1] > 1
        if (checks.is_frame(rows) and target.name in open_frame(rows).columns) or is_matrix:
            return target.encode(open_frame(rows).column(target.name))
        if checks.is_frame(rows) and len(open_frame(rows).columns) > 1:
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
        counts = {
            words: sum(isinstance(column, kind) for column in self.inputs)
            for words, kind in (("numbers", Number), ("dates and times", Moment), ("categories", Category))
        }
        kinds = ", ".join(f"of {words}: {count}" for words, count in counts.items() if count)
        lines = [f"{self.width} features; columns {kinds}"]
        if isinstance(self.target, Classes):
            values = few([str(value) for value in self.target.values])
            lines.insert(0, f"{self.target.name}: classification, {len(self.target.values)} classes: {values}")
        elif self.target is not None:
            lines.insert(0, f"{self.target.name}: regression, mean {self.target.mean:g}, scale {self.target.scale:g}")
        measuring = self._measuring
        notes = {
            "flagged where missing": [column.name for column in measuring if column.missing],
            "rare and missing values pooled": [
                column.name for column in self.inputs if isinstance(column, Category) and column.other
            ],
            "written otherwise": [
                f"{column.name} ({STYLES.get(column.style, column.style)})"
                for column in measuring
                if column.style not in (".", "iso")
            ],
            "left out": [f"{name} ({why})" for name, why in self.dropped.items()],
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
            dataclasses.from_record(f"table: input {place}", entry, Number, Moment, Category)
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
