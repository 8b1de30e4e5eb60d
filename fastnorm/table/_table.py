"""Table: a user's frame to arrays, and predictions back to the user's words.

A frame is a Frame that `read` gave, a polars, pandas or Arrow frame (the extra `frames`), or a NumPy matrix, whose
columns are called x0, x1, ...
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np

from .. import checks
from ..errors import DataError, FileError, SettingError, ShapeError
from ..saving import dataclasses
from ._columns import Column, Labels, few
from ._features import Category, Feature, Moment, Number, fit_feature
from ._frames import Frame, open_column, open_frame
from ._left_out import reason_to_leave_out
from ._split import split
from ._targets import Classes, Quantity, Target, fit_target
from ._text import Form, understood
from ._types import Choice, choices

UNKNOWN = Choice()
STYLES = {"day": "day first", "month": "month first", ",": "decimal comma"}


class Split(NamedTuple):
    """A table fitted on the first part of the rows, all rows as numbers, and the row numbers of each part."""

    table: "Table"
    x: np.ndarray
    y: np.ndarray
    rows: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Table:
    """A frame's columns as learned from the training rows; frozen, so that every later row is treated alike.

    inputs   a Number, a Moment or a Category for each column that is used, in the training frame's order
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
        reader = _Reader(frame, target, task, choices(types), missing)
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
        reader = _Reader(frame, target, task, choices(types), missing)
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
        """The names of the columns whose cells are kept as they are written when a file is read."""
        names = {column.name for column in self.inputs if isinstance(column, Category)}
        return names | ({self.target.name} if isinstance(self.target, Classes) else set())

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
        return self._written(opened.column, len(opened))

    def _written(self, column: Any, rows: int) -> np.ndarray:
        features = np.zeros((rows, self.width), np.float32)
        end = 0
        for feature in self.inputs:
            start, end = end, end + feature.places
            feature.write(feature.understood(column(feature.name)), features[:, start:end])
        return features

    def encode(self, frame: Any) -> "Encoded":
        """Return the rows as numbers and codes, for a network whose layers encode them.

        Columns are in their order among `columns`. Raises what transform raises.
        """
        opened = open_frame(frame)
        opened.require(self.columns)
        measuring = [feature for feature in self.inputs if not isinstance(feature, Category)]
        labels = [feature for feature in self.inputs if isinstance(feature, Category)]
        whole = replace(self, inputs=tuple(measuring))
        codes = np.zeros((len(opened), len(labels)), np.int32)
        for place, feature in enumerate(labels):
            codes[:, place] = feature.codes(feature.understood(opened.column(feature.name)))
        counts = tuple(len(feature.categories) + 1 for feature in labels)
        return Encoded(whole._written(opened.column, len(opened)), codes, counts)

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
        measuring = [column for column in self.inputs if not isinstance(column, Category)]
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


class Encoded(NamedTuple):
    """Rows as numbers and codes.

    numbers  float32 (n, places): a standardized number for each column that measures, 0 where missing, with a flag
             behind it where training rows had gaps; of dates the sines and cosines too
    codes    int32 (n, columns of labels): each label's place among the categories, their number for any other or none
    counts   how many codes each column has
    """

    numbers: np.ndarray
    codes: np.ndarray
    counts: tuple[int, ...]


class _Reader:
    """A frame whose columns are read and understood once, to learn from some rows and to write all of them."""

    def __init__(
        self, frame: Any, target: Any, task: str, said: dict[str, Choice], missing: Collection[str] | None
    ) -> None:
        checks.choice("task", task, ("auto", Classes.task, Quantity.task))
        self.frame = open_frame(frame)
        if self.frame.rows == 0 or not self.frame.columns:
            raise DataError(
                f"frame: expected rows and columns, got {self.frame.rows} rows of {len(self.frame.columns)} columns"
            )
        if isinstance(target, str) and not self.frame.named and target != self.frame.columns[-1]:
            raise SettingError(
                f"target: expected {self.frame.columns[-1]!r}, the last column of this NumPy matrix, got {target!r};"
                " without another one, the columns behind it would change their names"
            )
        self.frame.require(said)
        self.task, self.columns = task, dict[str, Column]()
        self._said, self._missing = said, missing
        self._target = None if target is None else target_column(self.frame, target)

    @property
    def target(self) -> Column:
        """The column to predict."""
        assert self._target is not None
        return self._target

    def fit_target(self, rows: np.ndarray | None) -> Target:
        """Return the target learned from some rows."""
        return fit_target(self.target.take(rows), self.task)

    def fitted(self, rows: np.ndarray | None) -> tuple[tuple[Feature, ...], Target | None, dict[str, str]]:
        """Return the parts of a Table, learned from some rows."""
        learned = None if self._target is None else self.fit_target(rows)
        inputs: list[Feature] = []
        kept_back: list[Feature] = []  # keys and row numbers, which are learned from only where there is nothing else
        dropped: dict[str, str] = {}
        for name in self.frame.columns:
            if self._target is not None and name == self._target.name:
                continue
            choice = self._said.get(name)
            if choice and choice.kind == "ignore":
                dropped[name] = "ignored"
                continue
            column, form, words = read_column(self.frame.column(name), choice or UNKNOWN, self._missing)
            feature = fit_feature(column.take(rows), form, words)
            if not feature.places:
                dropped[name] = _says_nothing(feature, column.take(rows))
            else:
                why = None if choice else reason_to_leave_out(column)
                (kept_back if why else inputs).append(feature)
                dropped |= {name: why} if why else {}
                self.columns[name] = column
        if not inputs:
            inputs = kept_back
            dropped = {name: why for name, why in dropped.items() if name not in [column.name for column in inputs]}
        if not inputs:
            reasons = [f"{name!r} ({why})" for name, why in dropped.items()]
            raise DataError(f"frame: expected a column to learn from, got {few(reasons) or 'the target alone'}")
        return tuple(inputs), learned, dropped


def row_keys(frame: Any, name: str, given: Any, missing: Collection[str] | None = None) -> np.ndarray:
    """Return the "groups" or the "time" of rows (n,): of a column of the frame by its name, or of values beside it."""
    column = open_frame(frame).column(given) if isinstance(given, str) else open_column(name, given)
    column, _ = understood(column, missing, None, learns=True)
    if name == "groups":
        return column.texts().codes if column.kind in ("number", "category") else column.finite()
    if column.kind == "category":
        raise DataError(f"column {column.name!r}: expected times or numbers that tell the order, got labels")
    return np.asarray(column.finite(), np.float64)


def read_column(
    column: Column, choice: Choice, missing: Collection[str] | None
) -> tuple[Column, Any, tuple[str, ...]]:
    """Return a column as what it spells, its form, and the words for missing values that were asked for."""
    asked = choice.missing if choice.missing is not None else missing
    words = () if asked is None else tuple(asked) or ("",)
    said = choice.kind.partition(" ")[0]
    if said == "category":
        if not isinstance(column.values, Labels):
            column = Column(column.name, "category", column.texts())
        return understood(column, asked, None)[0], None, words
    learned, form = understood(column, asked, choice.form, learns=choice.form is None)
    if said not in ("auto", learned.kind) and not learned.missing().all():
        if isinstance(column.values, Labels):  # the error names the first value that is none of this kind
            understood(column, asked, Form(said, "." if said == "number" else "iso"))
        raise DataError(f"column {column.name!r}: expected {said} values, got {learned.kind} values")
    return learned, form, words


def target_column(opened: Frame, target: Any) -> Column:
    """Return the target's column: one of the frame's by its name, or one of values beside the frame."""
    if isinstance(target, str):
        return opened.column(target)
    column = open_column("y", target)
    if len(column.values) != opened.rows:
        raise ShapeError(f"y: expected {opened.rows} rows as in the frame, got {len(column.values)}")
    if column.name in opened.columns:
        raise DataError(
            f"y: it is called {column.name!r}, as a column of the frame is, which would give it away; "
            f"drop that column, or give the frame alone with target={column.name!r}"
        )
    return column


def _says_nothing(feature: Feature, column: Column) -> str:
    """Return why a feature has no places."""
    if column.missing().all():
        return "all missing"
    if isinstance(feature, Category):
        return "constant" if feature.categories else "no value stands twice"
    return "constant within rounding" if np.nanmin(column.values) < np.nanmax(column.values) else "constant"
