"""Blocks of cells, frames of text, to columns: of plain numbers where there are many different ones, else labels."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import checks
from ._columns import Column, Labels
from ._dialect import Found
from ._text import DIGITS, PLAIN, gaps

CODE = r"^[+-]?0[0-9]"  # a number with a leading zero, which is none
LARGEST = 10.0**DIGITS
FEW = 256  # different values in a column's first block up to which it is kept as labels, with the text as written


def columns_of(blocks: Iterable[Any], found: Found, text: set[str], missing: Any) -> dict[str, Column] | None:
    """Return the columns; None, with more names in `text`, where one of numbers turned out to be text far down."""
    words = gaps(missing, measuring=True)
    decimal = found.dialect.decimal or ""
    gathered = {name: _Gathered(name, name in text or decimal == ",", words) for name in found.names}
    for block in blocks:
        may_be = [name for name, column in gathered.items() if column.may_be_numbers(block[name])]
        numbers = _plain_numbers(block, may_be)
        wrong = [name for name, column in gathered.items() if not column.add(block[name], numbers.get(name))]
        if wrong:
            text.update(wrong)
            return None
    return {name: column.column(decimal) for name, column in gathered.items()}


def _plain_numbers(block: Any, names: list[str]) -> dict[str, Any]:
    """Return the columns whose cells are all plain numbers or empty, polars series of float64; on all cores at once."""
    polars = checks.extra("polars", "cli")
    column = polars.col(names)
    if not names:
        return {}
    numbers = block.select(column.cast(polars.Float64, strict=False))
    codes = block.select(column.str.contains(CODE).any())
    odd = numbers.select((polars.all().is_nan() | (polars.all().abs() >= LARGEST)).any().fill_null(False))
    return {
        name: numbers[name]
        for name in names
        if numbers[name].null_count() == block[name].null_count() and not codes[name][0] and not odd[name][0]
    }


class _Gathered:
    """A column's cells, block by block: numbers if there are many different ones, else labels."""

    def __init__(self, name: str, is_text: bool, words: frozenset[str]) -> None:
        self.name = name
        self._words = words
        self._numbers: bool | None = False if is_text else None  # None: not decided yet
        self._parts: list[np.ndarray] = []
        self._gaps: Counter[str] = Counter()
        self._index: dict[str, int] = {}

    def may_be_numbers(self, cells: Any) -> bool:
        """Return whether a block's cells, a polars series of text, are to be tried as numbers."""
        if self._numbers is None and cells.null_count() < len(cells) and cells.head(100 * FEW).n_unique() <= FEW:
            self._numbers = False
        return self._numbers is not False

    def add(self, cells: Any, numbers: Any) -> bool:
        """Add a block's cells; False where a column of numbers has one that is none.

        numbers  the same as numbers, where that is known already
        """
        if self._numbers is None and cells.null_count() < len(cells):
            self._numbers = numbers is not None or self._marked_numbers(cells) is not None
            self._gaps.clear()
        if not self._numbers:
            self._parts.append(self._labels(cells))
            return True
        values = numbers if numbers is not None else self._marked_numbers(cells)
        if values is None:
            return False
        self._parts.append(values.to_numpy())  # nan where null
        return True

    def column(self, decimal: str) -> Column:
        """Return the column of all blocks, whose parts are let go."""
        parts, self._parts = self._parts, []
        if self._numbers:
            return Column(self.name, "number", np.concatenate(parts), dict(self._gaps), decimal)
        codes = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return Column(self.name, "text", Labels(tuple(self._index), codes), {}, decimal)

    def _marked_numbers(self, cells: Any) -> Any:
        """Return cells as numbers, words for missing values as nan or null; None where a cell is neither."""
        polars = checks.extra("polars", "cli")
        cells = cells.str.strip_chars()
        numbers = cells.cast(polars.Float64, strict=False)
        odd = cells.filter(numbers.is_nan() | (numbers.is_null() & cells.is_not_null()))
        counts = dict(odd.value_counts().iter_rows()) if len(odd) else {}
        if any(word and word not in self._words for word in counts) or cells.str.contains(CODE).any():
            return None
        if (numbers.abs() >= LARGEST).any() and not all(map(PLAIN.fullmatch, cells.filter(numbers.abs() >= LARGEST))):
            return None  # a code of many digits
        self._gaps.update({word: count for word, count in counts.items() if word})
        return numbers

    def _labels(self, cells: Any) -> np.ndarray:
        """Return the code of each cell."""
        polars = checks.extra("polars", "cli")
        distinct = cells.drop_nulls().unique(maintain_order=True)
        places = [self._place(cell) for cell in distinct.to_list()]
        codes = cells.cast(polars.Enum(distinct)).to_physical().fill_null(len(distinct)).to_numpy()
        return np.array([*places, -1], np.int32)[codes]

    def _place(self, cell: str) -> int:
        cell = cell.strip()
        return self._index.setdefault(cell, len(self._index)) if cell else -1
