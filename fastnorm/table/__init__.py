"""The door: files and frames to columns, columns to numbers, and predictions back to the user's words."""

from ._table import Table, read, split

__all__ = ["Table", "read", "split"]


def __dir__() -> list[str]:
    return __all__
