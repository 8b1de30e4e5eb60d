"""Columns that must not be learned from: row numbers, keys and long text."""

import re

import numpy as np

from ._columns import Column, Labels

FEWEST = 20  # rows; of fewer, the whole numbers from 1 on are no sign
MOSTLY = 0.9  # of the steps are 1 in row numbers from which rows have been taken
LONG = 60  # characters of a text, on average, that is no label
INDEX_NAMES = re.compile(r"Unnamed: \d+|__index_level_\d+__|index|level_0|row_?(?:id|names?|num(?:ber)?)", re.I)
KEY_WORDS = frozenset(["id", "key", "uuid", "guid", "pk", "rowid", "identifier"])


def reason_to_leave_out(column: Column) -> str | None:
    """Return why a column of all rows, understood, is not to be learned from; None: it may be."""
    if isinstance(column.values, Labels):
        return _long_text(column.values)
    values = column.values
    if column.kind != "number" or len(values) < FEWEST or np.isnan(values).any() or np.isinf(values).any():
        return None
    if (values != np.floor(values)).any():
        return None
    steps = np.diff(values)
    if (steps > 0).all() and (steps == 1).mean() > MOSTLY:
        return "row numbers"
    if len(np.unique(values)) < len(values):
        return None
    if np.ptp(values) == len(values) - 1 or INDEX_NAMES.fullmatch(column.name):
        return "row numbers in another order"
    return "a key: it differs in every row" if KEY_WORDS & set(words_of(column.name)) else None


def words_of(name: str) -> list[str]:
    """Return the words of a column's name in small letters: customer and id of customerID."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _long_text(labels: Labels) -> str | None:
    counts = labels.counts()
    present = int(counts.sum())
    if present < FEWEST or 2 * np.count_nonzero(counts) < present:
        return None
    lengths = np.array([len(value) if type(value) is str else 0 for value in labels.values])
    return "long text" if (lengths * counts).sum() / present > LONG else None
