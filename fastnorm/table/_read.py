"""A CSV or Parquet file as a polars frame; only table.read comes here."""

from collections.abc import Set
from pathlib import Path
from typing import Any

from .. import checks
from ..errors import DataError
from ._columns import unique_names

MISSING_WORDS = ["", "?", "NA", "N/A", "NaN", "nan", "null"]  # CSV files' words for a missing value
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
    frame = polars.read_csv(
        path,
        infer_schema_length=None,
        null_values=MISSING_WORDS,
        schema_overrides={name: polars.String for name in names if name in words},
    )
    texts = [column for column in frame.iter_columns() if column.dtype == polars.String and column.name not in words]
    return frame.with_columns([_dates(polars, column) for column in texts])


def _dates(polars: Any, column: Any) -> Any:
    """Return a text column as dates or times if all of it is; polars' own try_parse_dates takes 100 times as long."""
    for kind, pattern in FORMATS:
        parsed = column.str.strptime(getattr(polars, kind), pattern, strict=False)
        if parsed.null_count() == column.null_count():
            return parsed
    return column
