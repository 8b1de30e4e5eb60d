"""A user's frame as plain columns: behind this door polars, pandas and NumPy look alike.

Nothing is learned here; a column only knows its values' kind:

kind       values
number     integer or floating array, nan where missing
date       float64 days since 1970-01-01 in UTC, nan where missing; dates and date-times
time       float64 days since midnight, nan where missing
duration   float64 days, nan where missing
category   list of text, booleans or other labels, None where missing
"""

import datetime
import decimal
import difflib
import numbers
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import checks
from ..errors import DataError, DtypeError, ShapeError

KINDS = ("number", "date", "time", "duration")  # the kinds that measure; the other kind is the category
WORDS = {"true": "True", "false": "False"}  # in small letters
TRUTHS = WORDS | {"1": "True", "0": "False"}
SHOWN = 6  # names or values an error lists before it says "and more"
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Column:
    """One column of a frame: its name, its kind and its values (see the head of this file)."""

    name: str
    kind: str
    values: Any

    def missing(self) -> np.ndarray:
        """Return where a value is missing, bool (n,)."""
        if self.kind == "category":
            return np.array([value is None for value in self.values], dtype=bool)
        return np.isnan(self.values)

    @property
    def last_bit(self) -> float:
        """The relative size of the last bit of its numbers, at least float64's; 0 for integers, which are exact."""
        kind = self.values.dtype if isinstance(self.values, np.ndarray) else np.dtype(np.float64)
        return 0.0 if kind.kind in "iu" else float(max(np.finfo(kind).eps, np.finfo(np.float64).eps))

    def numbers(self, kind: str) -> np.ndarray:
        """Return the values as float64 (n,), nan where missing.

        kind  the kind expected; where it is "number" text may spell one, for one bad cell makes a CSV column all text
        Raises DataError naming the column, the row and the value that is no such number, or is infinite.
        """
        if self.kind == "category":
            parsed = (self._number(kind, row, value) for row, value in enumerate(self.values))
            values = np.fromiter(parsed, np.float64, len(self.values))
        else:
            self._expect(kind, f"{kind} values")
            values = np.asarray(self.values, dtype=np.float64)
        return self._finite(values)

    def finite(self) -> np.ndarray:
        """Return the values of a column of numbers; DataError that names an infinite one."""
        return self._finite(self.values)

    def take(self, rows: np.ndarray | None) -> "Column":
        """Return some of the rows; None: all."""
        if rows is None:
            return self
        values = [self.values[row] for row in rows] if isinstance(self.values, list) else self.values[rows]
        return Column(self.name, self.kind, values)

    def _number(self, kind: str, row: int, value: Any) -> float:
        if value is None:
            return np.nan
        try:
            if kind == "number":
                return float(value)
        except (TypeError, ValueError, OverflowError):
            pass  # the error below names the column too
        raise DataError(f"column {self.name!r}: expected {kind} values, got {value!r} in row {row} (rows count from 0)")

    def texts(self) -> list[str | None]:
        """Return each value as text, None where missing: 1, 1.0 and "1" are one category, wherever they were read."""
        if self.kind == "category":
            return [value if value is None or type(value) is str else text(value) for value in self.values]
        self._expect("number", "labels")
        return [None if value != value else text(value) for value in self._finite(self.values).tolist()]

    def truths(self) -> list[str | None]:
        """Return each value as "True" or "False", None where missing, however the truth is spelled: True, 1, "true".

        Raises DataError naming the column, the row and the value that is neither.
        """
        values = self.values if isinstance(self.values, list) else self.values.tolist()
        found = [None if value is None or value != value else TRUTHS.get(text(value).lower(), "") for value in values]
        if "" in found:
            row = found.index("")
            raise DataError(
                f"column {self.name!r}: expected true or false as in the training rows, got {values[row]!r} in row"
                f" {row} (rows count from 0)"
            )
        return found

    @property
    def is_boolean(self) -> bool:
        """Whether it has values, and all are truths, Python's or words for them; numbers are not."""
        if self.kind != "category":
            return False
        present = {value for value in self.values if value is not None}
        return bool(present) and all(type(value) is bool or str(value).lower() in WORDS for value in present)

    def _expect(self, kind: str, words: str) -> None:
        """Require the kind; a column without any value may be of any kind."""
        if self.kind != kind and not self.missing().all():
            raise DataError(f"column {self.name!r}: expected {words}, got {self.kind} values")

    def _finite(self, values: np.ndarray) -> np.ndarray:
        infinite = np.isinf(values)
        if infinite.any():
            row = int(np.argmax(infinite))
            raise DataError(
                f"column {self.name!r}: expected finite numbers, got {values[row]} in row {row} (rows count from 0);"
                " write it as missing if it means that"
            )
        return values


def text(value: Any) -> str:
    """Return the text a category is known by; whole numbers have no decimal point."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


@dataclass(frozen=True)
class Frame:
    """A frame whose columns are read when asked for."""

    names: tuple[str, ...]
    rows: int
    named: bool  # False where the names are only positions: x0, x1, ...
    read: Callable[[str], Column]

    def column(self, name: str) -> Column:
        """Return the named column; DataError if there is none."""
        self.require([name])
        return self.read(name)

    def require(self, names: Iterable[str]) -> None:
        """Raise DataError that names every missing column."""
        have = set(self.names)
        missing = [name for name in names if name not in have]
        if missing:
            near = difflib.get_close_matches(missing[0], self.names, 1) if len(missing) == 1 else []
            hint = f"; did you mean {near[0]!r}?" if near else f", which has {few([repr(name) for name in self.names])}"
            raise DataError(f"column {few([repr(name) for name in missing])}: not in this frame{hint}")


def open_frame(frame: Any) -> Frame:
    """Return the frame behind one face.

    frame  a polars or pandas frame, or whatever else narwhals reads eagerly; or an array (n, columns) of numbers, text,
           booleans, dates or objects, whose columns are named x0, x1, ...
    Raises DtypeError or ShapeError for another thing, DataError for duplicate or missing names.
    """
    if isinstance(frame, np.ndarray):
        if frame.ndim != 2:
            raise ShapeError(f"frame: expected an array (n, columns), got shape {frame.shape}")
        array = np.asarray(frame)
        position = {f"x{i}": i for i in range(array.shape[1])}
        return Frame(tuple(position), len(array), False, lambda name: _from_array(name, array[:, position[name]]))
    narwhals = checks.extra("narwhals", "frames")
    if not narwhals.dependencies.is_into_dataframe(frame):
        raise DtypeError(
            f"frame: expected a polars or pandas frame in memory or a NumPy matrix, got {type(frame).__name__}"
        )
    names = unique_names(getattr(frame, "column_names", frame.columns))  # column_names is pyarrow's word
    eager = narwhals.from_native(frame, eager_only=True)
    series = dict(zip(names, eager.iter_columns(), strict=True))
    return Frame(names, len(eager), True, lambda name: _from_series(narwhals, name, series[name]))


def open_column(name: str, values: Any) -> Column:
    """Return values of one column (n,): an array, a list, or a series of polars or pandas, which may bring its name."""
    if checks.is_frame(values):
        frame = open_frame(values)
        if len(frame.names) != 1:
            raise ShapeError(f"{name}: expected one column, got a frame of {few(frame.names)}")
        return frame.column(frame.names[0])
    if hasattr(values, "to_numpy"):
        narwhals = checks.extra("narwhals", "frames")
        if narwhals.dependencies.is_into_series(values):
            series = narwhals.from_native(values, series_only=True)
            return _from_series(narwhals, str(series.name or name), series)
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ShapeError(f"{name}: expected shape (n,), got {array.shape}")
    return _from_array(name, array)


def unique_names(names: Iterable[Any]) -> tuple[str, ...]:
    """Return the column names as text; DataError where one is missing or doubled."""
    given = list(names)
    for position, name in enumerate(given):
        if name is None or name != name or not str(name).strip():
            raise DataError(f"column number {position} (counted from 0): it has no name; give it one or leave it out")
    counts = Counter(map(str, given))
    twice = [repr(name) for name, count in counts.items() if count > 1]
    if twice:
        raise DataError(f"column {few(twice)}: the name stands more than once; column names must differ")
    return tuple(counts)


def few(values: Sequence[str]) -> str:
    """Return the first values, and how many more there are."""
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(values[:SHOWN]) + more


def _from_series(narwhals: Any, name: str, series: Any) -> Column:
    dtype = series.dtype
    if dtype in (narwhals.String, narwhals.Categorical, narwhals.Enum, narwhals.Boolean):
        return Column(name, "category", _plain(series.to_list()))
    if dtype.is_nested():
        raise _unusable(name, str(dtype))
    if dtype in (narwhals.Decimal, narwhals.Int128, narwhals.UInt128):  # NumPy has none of these
        series = series.cast(narwhals.Float64)
    return _from_array(name, series.to_numpy())


def _from_array(name: str, values: np.ndarray) -> Column:
    match values.dtype.kind:
        case "i" | "u" | "f":
            return Column(name, "number", values)
        case "M":
            return Column(name, "date", (values - np.datetime64("1970-01-01")) / DAY)
        case "m":
            return Column(name, "duration", values / DAY)
        case "b" | "U" | "T":
            return Column(name, "category", _plain(values.tolist()))
        case "O":
            return _from_objects(name, _plain(values.tolist()))
    raise _unusable(name, str(values.dtype))


def _from_objects(name: str, values: list[Any]) -> Column:
    """Return a column of Python objects: of the first kind of _READERS that all present values belong to."""
    present = [value for value in values if value is not None]
    for kind, read in _READERS:
        if all(isinstance(value, kind) for value in present):
            return read(name, values)
    raise _unusable(name, few(sorted({type(value).__name__ for value in present})))


def _labels(name: str, values: list[Any]) -> Column:
    return Column(name, "category", values)


def _integers(name: str, values: list[Any]) -> Column:
    array = np.array(values)
    return Column(name, "number", array) if array.dtype.kind in "iu" else _reals(name, values)


def _reals(name: str, values: list[Any]) -> Column:
    return Column(name, "number", _labels(name, values).numbers("number"))


def _dates(name: str, values: list[Any]) -> Column:
    return _from_array(name, np.array(values, "M8[us]"))


def _durations(name: str, values: list[Any]) -> Column:
    return _from_array(name, np.array(values, "m8[us]"))


def _times(name: str, values: list[Any]) -> Column:
    seconds = (
        np.nan if time is None else time.hour * 3600 + time.minute * 60 + time.second + time.microsecond / 1e6
        for time in values
    )
    return Column(name, "time", np.fromiter(seconds, np.float64, len(values)) / 86400)


_READERS: list[tuple[Any, Callable[[str, list[Any]], Column]]] = [
    (bool, _labels),
    (int, _integers),
    ((numbers.Real, decimal.Decimal), _reals),
    ((str, numbers.Real, decimal.Decimal), _labels),  # text beside numbers makes labels of both
    (datetime.date, _dates),
    (datetime.timedelta, _durations),
    (datetime.time, _times),
]


def _unusable(name: str, kind: str) -> DataError:
    return DataError(
        f"column {name!r}: expected numbers, text, booleans, dates or times, got {kind}; convert it or leave it out"
    )


def _plain(values: list[Any]) -> list[Any]:
    """Return the values as Python objects, text without the blanks around it; None where missing or blank."""
    return [value.strip() or None if type(value) is str else _plain_value(value) for value in values]


def _plain_value(value: Any) -> Any:
    try:
        if value is None or value != value:  # nan and NaT differ from themselves
            return None
    except TypeError:  # pandas.NA answers no question with yes or no
        return None
    return value.item() if isinstance(value, np.generic) else value
