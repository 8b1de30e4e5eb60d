"""A CSV or Parquet file as a polars frame; only table.read comes here.

A CSV file is read as text, and each column typed by all of its values: a column is of numbers, dates or times if every
value that is not missing is one, else it stays text as written, but for blanks around the values.
"""

from collections.abc import Set
from pathlib import Path
from typing import Any

from .. import checks
from ..errors import DataError
from ._columns import unique_names

# Words for a missing value in any column; and those that are one only among numbers, dates or times.
MISSING_WORDS = ["", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None"]
MISSING_MARKS = ["-", ".", "none", "na", "missing", "unknown"]
CODE = r"^[+-]?0\d"  # a leading zero: 01 and 007 are codes, not the numbers 1 and 7
WRITTEN = r"^[$€£]? ?[+-]?(?:[1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+)|\d+)(?:\.\d*)? ?[%$€£]?$"  # $1,234.50; not 0,123
FORMATS = [  # ISO 8601 alone: 3/4/2020 is March to some and April to others
    ("Date", "%Y-%m-%d"),
    ("Datetime", "%Y-%m-%d %H:%M:%S%.f"),
    ("Datetime", "%Y-%m-%dT%H:%M:%S%.f"),
    ("Time", "%H:%M:%S%.f"),
]


def read_file(path: str | Path, words: Set[str]) -> Any:
    """Return the file as a polars frame of at least one row; `words` are the CSV columns that stay text."""
    polars = checks.extra("polars", "cli")
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file")
    try:
        frame = polars.read_parquet(path) if Path(path).suffix == ".parquet" else _read_csv(polars, path, words)
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).split("\n")[0]
        raise DataError(f"{path}: expected a CSV file with a header, or a *.parquet file; {reason}") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    if frame.height == 0:
        raise DataError(f"{path}: it has column names but no rows")
    return frame


def _read_csv(polars: Any, path: str | Path, words: Set[str]) -> Any:
    header = polars.read_csv(path, has_header=False, n_rows=1, infer_schema=False)
    names = unique_names(header.row(0))  # polars would rename the second of two without a word
    texts = polars.read_csv(path, infer_schema=False)
    return polars.DataFrame([_typed(polars, texts[name], name in words) for name in names if name in texts.columns])


def _typed(polars: Any, column: Any, stays_text: bool) -> Any:
    """Return a column of text as what all of its values are: whole numbers, numbers, dates, times, or text."""
    column = column.str.strip_chars()
    text = _without(polars, column, MISSING_WORDS)
    if stays_text or text.null_count() == len(text):
        return text
    marked = _without(polars, text, MISSING_MARKS)
    if marked.null_count() == len(marked):
        return text
    absent = marked.null_count()
    if not marked.str.contains(CODE).any():
        numbers = [marked]
        if marked.str.contains(WRITTEN).sum() == len(marked) - absent:  # nulls are not counted
            numbers.append(marked.str.replace_all(r"[$€£%, ]", ""))
        for spelled in numbers:
            for kind in (polars.Int64, polars.Float64):
                typed = spelled.cast(kind, strict=False)
                if typed.null_count() == absent:
                    return typed
    for name, pattern in FORMATS:  # polars' own try_parse_dates takes 100 times as long
        typed = marked.str.strptime(getattr(polars, name), pattern, strict=False)
        if typed.null_count() == absent:
            return typed
    return text


def _without(polars: Any, column: Any, words: list[str]) -> Any:
    """Return a column of text with these words missing."""
    return column.set(column.is_in(words), None) if column.is_in(words).any() else column
