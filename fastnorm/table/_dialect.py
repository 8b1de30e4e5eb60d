"""How a text file is written: its encoding, separator, decimal mark and header, found out from its beginning."""

import codecs
import csv
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .. import checks
from ..errors import DataError, SettingError
from ._columns import example
from ._frames import unique_names
from ._text import MARKS, WORDS, is_number

SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}  # the comma last: it may be the decimal mark
RECORDS = 200  # records of the beginning that are looked at
_DECIMALS = {  # numbers that are none with the other mark: not 1,234
    ".": re.compile(r"[-+]?\d*\.(?:\d{1,2}|\d{4,})|[-+]?0\.\d+"),
    ",": re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d*),(?:\d{1,2}|\d{4,})|[-+]?0,\d+"),
}
_MARKS = [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]
_OTHERS = {b"PK\x03\x04": "an .xlsx or .zip file", b"PAR1": "a .parquet file", b"ARROW1": "a .feather file"}


@dataclass(frozen=True)
class Dialect:
    """How a text file is written; what is None is found out.

    separator  between the cells, one character
    decimal    "." or ","; "" where no number of the beginning has one
    encoding   "utf-8", "cp1252", "utf-16" ...
    header     whether the first record holds the names of the columns
    """

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        if self.separator is not None and (len(self.separator) != 1 or self.separator in '"\r\n'):
            raise SettingError(f"separator: expected one character, such as ';' or a tab, got {self.separator!r}")
        if self.decimal is not None:
            checks.choice("decimal", self.decimal, [".", ",", ""])
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise SettingError(f"encoding: there is none called {self.encoding!r}") from None


@dataclass(frozen=True)
class Found:
    """A file's dialect, the names of its columns, and what was found out, in words."""

    dialect: Dialect
    names: tuple[str, ...]
    notes: tuple[str, ...]
    blanks: bool  # whether quoted cells have a blank in front, which other readers take for text


def encoding_of(head: bytes, asked: str | None) -> tuple[str, int]:
    """Return the encoding of a file's first bytes, and the length of the mark in front of the text."""
    for magic, words in _OTHERS.items():
        if head.startswith(magic):
            raise DataError(f"this is {words}, but is not called so")
    for mark, name in _MARKS:
        if head.startswith(mark) and asked in (None, name, "utf-16", "utf-8-sig"):
            return name, len(mark)
    if asked is not None:
        return asked, 0
    if head[1::2].count(0) > len(head) // 4 or head[::2].count(0) > len(head) // 4:
        return ("utf-16-le" if head[1::2].count(0) > len(head) // 4 else "utf-16-be"), 0
    if b"\0" in head:
        raise DataError("it is no text: it holds bytes of 0")
    return ("utf-8" if is_utf8(head) else "cp1252"), 0


def is_utf8(head: bytes) -> bool:
    """Whether bytes are the beginning of a text in UTF-8."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def sniffed(head: str, whole: bool, asked: Dialect, known: Sequence[str]) -> Found:
    """Return the dialect of a text that begins so.

    whole  whether the head is all of it
    known  names of columns that the header must hold, if it is one
    """
    lines = head.splitlines(keepends=True)
    lines = lines if whole or len(lines) < 2 else lines[:-1]  # the last one may be cut
    if not "".join(lines).strip():
        raise DataError("it is empty")
    separator = asked.separator or _separator(lines)
    records = _records(lines, separator, blanks=True)
    blanks = _records(lines, separator, blanks=False) != records and any(f'{separator} "' in line for line in lines)
    first, *rest = [[cell.strip() for cell in record] for record in records]
    decimal = _decimal(rest or [first]) if asked.decimal is None else asked.decimal
    header, why = _header(first, rest, decimal, known) if asked.header is None else (asked.header, "")
    names = _names(first) if header else tuple(f"x{place}" for place in range(len(first)))
    notes = [] if separator == "," else [f"separator: {SEPARATORS.get(separator, repr(separator))}"]
    notes += [f"decimal mark: {decimal}"] if decimal == "," else []
    notes += [] if header else [f"no header{why}: columns are x0 to x{len(first) - 1} (--header sets it)"]
    found = replace(asked, separator=separator, decimal=decimal, header=header)
    return Found(found, names, tuple(notes), blanks)


def _records(lines: list[str], separator: str, *, blanks: bool) -> list[list[str]]:
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=blanks)
    try:
        return [record for record in itertools.islice(reader, RECORDS + 1) if record]
    except csv.Error as error:
        raise DataError(f"its beginning is no table of cells: {error}") from error


def _separator(lines: list[str]) -> str:
    """Return the separator that gives all records as many cells; where several do, the first of SEPARATORS."""
    best, most = ",", 0.0
    for separator in SEPARATORS:
        widths = [len(record) for record in _records(lines, separator, blanks=True)]
        width, count = Counter(widths).most_common(1)[0] if widths else (1, 0)
        if width > 1 and count == len(widths):
            return separator
        if width > 1 and widths[0] == width and count / len(widths) > most:
            best, most = separator, count / len(widths)
    return best


def _decimal(records: list[list[str]]) -> str:
    """Return the decimal mark of most columns of numbers with one; "" where there is none."""
    width = len(records[0])
    votes: Counter[str] = Counter()
    for column in zip(*(record for record in records if len(record) == width), strict=True):
        cells = [cell for cell in column if cell and cell not in WORDS | MARKS]
        for mark, pattern in _DECIMALS.items():
            if all(is_number(cell, mark) for cell in cells) and any(pattern.fullmatch(cell) for cell in cells):
                votes[mark] += 1
    return max(votes, key=lambda mark: (votes[mark], mark), default="")


def _header(first: list[str], rest: list[list[str]], decimal: str, known: Sequence[str]) -> tuple[bool, str]:
    """Return whether the first record is a header, and if not, why, in words.

    It is none if a cell is a number in a column of numbers, and no cell is a word in one; or if all of its cells are
    found again in their columns; never if a known name is in it.
    """
    rest = [record for record in rest if len(record) == len(first)]
    if not rest or (known and set(known) & set(first)):
        return True, ""
    columns = list(zip(*rest, strict=True))
    spoken = [
        (cell, [value for value in column if value not in WORDS | MARKS | {""}])
        for cell, column in zip(first, columns, strict=True)
    ]
    numeric = [(cell, bool(column) and all(is_number(value, decimal) for value in column)) for cell, column in spoken]
    numbers = [cell for cell, of_numbers in numeric if of_numbers and is_number(cell, decimal)]
    if numbers and all(is_number(cell, decimal) or cell in WORDS for cell, of_numbers in numeric if of_numbers):
        return False, f" ({example(numbers[0])} is a number in a column of numbers)"
    if all(cell and cell in column for cell, column in spoken):
        return False, " (the first row's cells are found again in their columns)"
    return True, ""


def _names(first: list[str]) -> tuple[str, ...]:
    """Return the names of the columns; one without a name, as pandas writes its row numbers, is called Unnamed."""
    return unique_names(name or f"Unnamed: {place}" for place, name in enumerate(first))
