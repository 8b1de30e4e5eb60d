"""A frame whose columns are read and understood once, to learn from some rows and to write all of them."""

from collections.abc import Collection
from typing import Any

import numpy as np

from .. import checks
from ..errors import DataError, SettingError, ShapeError
from ._columns import Column, Labels, few
from ._features import Category, Feature, fit_feature
from ._frames import Frame, open_column, open_frame
from ._left_out import reason_to_leave_out
from ._targets import Classes, Quantity, Target, fit_target
from ._text import Form, understood
from ._types import Choice

UNKNOWN = Choice()


class Reader:
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
            why = why_left_out(feature, column.take(rows), column, choice)
            dropped |= {name: why} if why else {}
            if feature.places:
                (kept_back if why else inputs).append(feature)
                self.columns[name] = column
        if not inputs:
            inputs = kept_back
            dropped = {name: why for name, why in dropped.items() if name not in [column.name for column in inputs]}
        if not inputs:
            reasons = [f"{name!r} ({why})" for name, why in dropped.items()]
            raise DataError(f"frame: expected a column to learn from, got {few(reasons) or 'the target alone'}")
        inputs.sort(key=lambda feature: isinstance(feature, Category))
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


def why_left_out(feature: Feature, column: Column, whole: Column, choice: Choice | None) -> str | None:
    """Return why a column is not learned from: it tells nothing, or must not be used; None: it is used.

    column, whole  its training rows, and all rows
    choice         what was said of it; then it is left out only if it tells nothing
    """
    if feature.places:
        return None if choice else reason_to_leave_out(whole)
    if column.missing().all():
        return "all missing"
    if isinstance(feature, Category):
        return "constant" if feature.categories else "no value stands twice"
    return "constant within rounding" if np.nanmin(column.values) < np.nanmax(column.values) else "constant"
