"""A user's frame as plain columns: behind this door files, polars, pandas, Arrow and NumPy look alike."""

import datetime
import decimal
import difflib
import numbers
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import checks
from ..errors import DataError, DtypeError, ShapeError
from ._columns import Column, Labels, few

DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Frame:
    """Rows of named columns, each of them read when asked for; `fastnorm.table.read` gives one.

    columns  names in order
    rows     number of rows
    named    False where the names are only positions: x0, x1, ...
    read     gives a column by its name
    notes    what was found out about the file it came from, in words
    """

    columns: tuple[str, ...]
    rows: int
    named: bool
    read: Callable[[str], Column]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.rows

    def column(self, name: str) -> Column:
        """Return the named column; DataError if there is none."""
        self.require([name])
        return self.read(name)

    def texts(self, name: str) -> list[str | None]:
        """Return the named column's cells as text, None where missing."""
        labels = self.column(name).texts()
        values = [*labels.values, None]
        return [values[code] for code in labels.codes.tolist()]

    def take(self, rows: np.ndarray) -> "Frame":
        """Return some of the rows."""
        return Frame(self.columns, len(rows), self.named, lambda name: self.read(name).take(rows), self.notes)

    def require(self, names: Iterable[str]) -> None:
        """Raise DataError that names every missing column."""
        have = set(self.columns)
        missing = [name for name in names if name not in have]
        if missing:
            near = difflib.get_close_matches(missing[0], self.columns, 1) if len(missing) == 1 else []
            have_words = few([repr(name) for name in self.columns])
            hint = f"; did you mean {near[0]!r}?" if near else f", which has {have_words}"
            raise DataError(f"column {few([repr(name) for name in missing])}: not in this frame{hint}")


def open_frame(frame: Any) -> Frame:
    """Return the frame behind one face.

    frame  a Frame; a polars, pandas or Arrow frame, or whatever else narwhals reads eagerly; or an array (n, columns)
           of numbers, text, booleans, dates or objects, whose columns are named x0, x1, ...
    Raises DtypeError or ShapeError for another thing, DataError for duplicate or missing names.
    """
    if isinstance(frame, Frame):
        return frame
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
        if len(frame.columns) != 1:
            raise ShapeError(f"{name}: expected one column, got a frame of {few(frame.columns)}")
        return frame.column(frame.columns[0])
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


def _from_series(narwhals: Any, name: str, series: Any) -> Column:
    dtype = series.dtype
    if dtype == narwhals.String:
        return Column(name, "text", labels_of(series.to_list()))
    if dtype in (narwhals.Categorical, narwhals.Enum, narwhals.Boolean):
        return Column(name, "category", labels_of(series.to_list()))
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
        case "b":
            return Column(name, "category", labels_of(values.tolist()))
        case "U" | "T":
            return Column(name, "text", labels_of(values.tolist()))
        case "O":
            return _from_objects(name, [_plain(value) for value in values.tolist()])
    raise _unusable(name, str(values.dtype))


def _from_objects(name: str, values: list[Any]) -> Column:
    """Return a column of Python objects: of the first kind of _READERS that all present values belong to."""
    present = [value for value in values if value is not None]
    for kind, read in _READERS:
        if all(isinstance(value, kind) for value in present):
            return read(name, values)
    raise _unusable(name, few(sorted({type(value).__name__ for value in present})))


def _integers(name: str, values: list[Any]) -> Column:
    array = np.array(values)
    return Column(name, "number", array) if array.dtype.kind in "iu" else _reals(name, values)


def _reals(name: str, values: list[Any]) -> Column:
    return Column(name, "number", np.fromiter(map(_real, values), np.float64, len(values)))


def _real(value: Any) -> float:
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


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
    (bool, lambda name, values: Column(name, "category", labels_of(values))),
    (int, _integers),
    ((numbers.Real, decimal.Decimal), _reals),
    # Text beside numbers is text: a gap's spelling makes such columns of numbers.
    ((str, numbers.Real, decimal.Decimal), lambda name, values: Column(name, "text", labels_of(values))),
    (datetime.date, _dates),
    (datetime.timedelta, _durations),
    (datetime.time, _times),
]


def _unusable(name: str, kind: str) -> DataError:
    return DataError(
        f"column {name!r}: expected numbers, text, booleans, dates or times, got {kind}; convert it or leave it out"
    )


def labels_of(values: list[Any]) -> Labels:
    """Return labels of Python values, text without the blanks around it; an empty text is missing."""
    return Labels.of(map(_plain, values), len(values))


def _plain(value: Any) -> Any:
    if type(value) is str:
        return value.strip() or None
    try:
        if value is None or value != value:  # nan and NaT differ from themselves
            return None
    except TypeError:  # pandas.NA answers no question with yes or no
        return None
    return value.item() if isinstance(value, np.generic) else value
