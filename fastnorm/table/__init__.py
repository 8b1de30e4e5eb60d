"""The door: files and frames to columns, columns to numbers, and predictions back to the user's words."""

from ._encoded import Encoded
from ._frames import Frame
from ._read import read
from ._split import split
from ._survey import ColumnReport, Survey, columns
from ._table import Split, Table
from ._types import read_types

__all__ = ["ColumnReport", "Encoded", "Frame", "Split", "Survey", "Table", "columns", "read", "read_types", "split"]


def __dir__() -> list[str]:
    return __all__
