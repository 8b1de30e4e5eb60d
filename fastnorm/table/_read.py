"""Files as frames. A text file is read in blocks of cells; columns of plain numbers become such, others labels."""

import codecs
import gzip
import io
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from .. import checks
from ..errors import DataError
from ._columns import Column, Labels
from ._dialect import Dialect, Found, encoding_of, is_utf8, sniffed
from ._frames import Frame, open_frame
from ._text import gaps

BLOCK = 1 << 24  # bytes of a text file that are read together
HEAD = 1 << 18  # bytes from which the dialect is found out
CODE = r"^[+-]?0[0-9]"  # a number with a leading zero, which is none
FEW = 256  # different values in a column's first block up to which it is kept as labels, with the text as written
BINARY = (".parquet", ".feather", ".arrow", ".xlsx")
Progress = Callable[[int], None]


def read(
    path: str | Path, *, separator: str | None = None, decimal: str | None = None, encoding: str | None = None,
    header: bool | None = None, missing: Collection[str] | None = None, names: Sequence[str] = (),
    text: Collection[str] = (), progress: Progress | None = None,
) -> Frame:  # fmt: skip
    """Return a file as a Frame: CSV and its like, also packed (.gz); .parquet, .feather, .xlsx (the extra `excel`).

    path       of the file; "-" is standard input
    separator  of the cells in a text file: one character; None: found out from the beginning, as are the following
    decimal    decimal mark, "." or ","
    encoding   such as "utf-8", "cp1252" or "utf-16"
    header     whether the first row holds the names; else columns are x0, x1 ...
    missing    words that mean a missing value, beside the empty cell; None: the usual ones (?, NA, NULL, n/a ...)
    names      columns that are known: a first row with one of them is a header
    text       columns that are kept as they are written, though all of their values look like numbers
    progress   called with the number of bytes read so far
    Blanks around a cell are dropped. Cells keep their text until a Table understands them, but for plain numbers.
    Raises DataError for a file that is missing, empty or broken, or has missing or duplicate column names.
    """
    asked = Dialect(separator, decimal, encoding, header)
    with _said(path):
        if _is_binary(path):
            return _whole(path)
        with _opened(path) as file:
            source = file if file.seekable() else io.BytesIO(file.read())
            return _gathered(source, asked, names, set(text), missing, progress)


def read_blocks(path: str | Path, text: Collection[str], names: Sequence[str], **asked: Any) -> Iterator[Frame]:
    """Give a file's rows as Frames of some thousand rows each, in order; arguments as for read."""
    with _said(path):
        if _is_binary(path):
            frame = _whole(path)
            for first in range(0, len(frame), checks.BLOCK):
                yield frame.take(np.arange(first, min(first + checks.BLOCK, len(frame))))
            return
        with _opened(path) as file:
            found, blocks = _cells(file, Dialect(**asked), names, None)
            rows = 0
            for block in blocks:
                kept = set(text)
                while (columns := _columns([block], found, kept, None)) is None:
                    pass  # once more, with columns kept as text
                rows += len(block)
                if len(block):
                    yield _frame(found, columns)
            if not rows:
                raise DataError("it has column names but no rows")


def _gathered(
    file: IO[bytes], asked: Dialect, names: Sequence[str], text: set[str], missing: Any, progress: Any
) -> Frame:
    start = file.tell()
    while True:
        found, blocks = _cells(file, asked, names, progress)
        columns = _columns(blocks, found, text, missing)
        if columns is not None:
            return _frame(found, columns)
        file.seek(start)  # a column of numbers has a word far down: read once more, with that column as text


def _frame(found: Found, columns: dict[str, Column]) -> Frame:
    rows = len(next(iter(columns.values())).values)
    if not rows:
        raise DataError("it has column names but no rows")
    return Frame(found.names, rows, True, columns.__getitem__, found.notes)


@contextmanager
def _said(path: str | Path) -> Iterator[None]:
    """Say of which file an error is."""
    name = "standard input" if str(path) == "-" else str(path)
    try:
        yield
    except (DataError, OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"{name}: {reason}") from error


def _is_binary(path: str | Path) -> bool:
    return Path(path).suffix.lower() in BINARY


def _whole(path: str | Path) -> Frame:
    """Return a file of another program's format."""
    polars = checks.extra("polars", "cli")
    if not Path(path).exists():
        raise DataError("no such file")
    kind = Path(path).suffix.lower()
    try:
        if kind == ".parquet":
            frame = polars.read_parquet(path)
        elif kind == ".xlsx":
            checks.extra("fastexcel", "excel")
            frame = polars.read_excel(path, engine="calamine")
        else:
            frame = polars.read_ipc(path)
    except polars.exceptions.PolarsError as error:
        raise DataError(f"expected a {kind} file; {str(error).splitlines()[0]}") from error
    if frame.height == 0:
        raise DataError("it has column names but no rows")
    return open_frame(frame)


@contextmanager
def _opened(path: str | Path) -> Iterator[IO[bytes]]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    if not Path(path).exists() or Path(path).is_dir():
        raise DataError("no such file")
    with open(path, "rb") as file:
        if not file.seekable():
            yield file
            return
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        yield gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[misc]


def _cells(
    file: IO[bytes], asked: Dialect, names: Sequence[str], progress: Progress | None
) -> tuple[Found, Iterator[Any]]:
    """Return a text file's dialect and its blocks of cells, polars frames of text."""
    raw = file.read(HEAD)
    encoding, mark = encoding_of(raw, asked.encoding)
    whole = len(raw) < HEAD
    head = codecs.getincrementaldecoder(encoding)(errors="replace").decode(raw[mark:], final=whole)
    found = sniffed(head, whole, asked, names)
    if encoding != "utf-8":
        found = Found(found.dialect, found.names, (f"encoding: {encoding}", *found.notes), found.blanks)
    return found, _blocks(file, raw[mark:], encoding, found, progress)


def _blocks(file: IO[bytes], head: bytes, encoding: str, found: Found, progress: Progress | None) -> Iterator[Any]:
    polars = checks.extra("polars", "cli")
    skips = int(bool(found.dialect.header))
    for part in _records(_utf8(file, head, encoding, progress)):
        if found.blanks:
            quoted = f'{found.dialect.separator}"'.encode()
            part = part.replace(quoted.replace(b'"', b' "'), quoted)
        try:
            yield polars.read_csv(
                part, has_header=False, infer_schema=False, separator=found.dialect.separator,
                schema=dict.fromkeys(found.names, polars.String),
            )[skips:]  # fmt: skip
        except polars.exceptions.PolarsError as error:
            raise DataError(f"expected rows of {len(found.names)} cells; {str(error).splitlines()[0]}") from error
        skips = 0


def _utf8(file: IO[bytes], head: bytes, encoding: str, progress: Progress | None) -> Iterator[bytes]:
    """Give the text in UTF-8, some megabytes at a time; DataError that says where the encoding is not as it began."""
    decode = codecs.getincrementaldecoder(encoding)()
    count, plain, part = 0, True, head + file.read(max(0, BLOCK - len(head)))
    while part:
        count += len(part)
        if progress:
            progress(getattr(file, "fileobj", file).tell() if file.seekable() else count)  # of a packed file
        if encoding == "utf-8" and part.isascii() and not decode.getstate()[0]:
            yield part
        else:
            if encoding == "utf-8" and plain and not is_utf8(part):
                encoding = "cp1252"  # all before was ASCII, which is the same in both
                decode = codecs.getincrementaldecoder(encoding)()
            plain = False
            yield _decoded(decode, part, encoding, count).encode()
        part = file.read(BLOCK)
    _decoded(decode, b"", encoding, count, final=True)


def _decoded(decode: Any, part: bytes, encoding: str, count: int, final: bool = False) -> str:
    try:
        text: str = decode.decode(part, final)
        return text
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise DataError(
            f"it is not in {encoding} all through: the byte {byte:#04x} near byte {count - len(part) + error.start};"
            " give --encoding"
        ) from error


def _records(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Give the same bytes, cut behind a record: at a line's end outside of quotes."""
    rest, quotes = b"", 0  # what is left of the parts before, and the quotes in it
    for part in parts:
        end = _end_of_record(part, quotes)
        if end:
            yield rest + part[:end]
            rest, quotes = b"", 0
        rest += part[end:]
        quotes += part.count(b'"', end)
    if rest.strip():
        yield rest


def _end_of_record(text: bytes, quotes: int) -> int:
    """Return where the last record that ends in a text ends; 0: none does. `quotes` stand before it."""
    end = text.rfind(b"\n") + 1
    quotes += text.count(b'"', 0, end)
    while end and quotes % 2:
        before = text.rfind(b"\n", 0, end - 1) + 1
        quotes -= text.count(b'"', before, end)
        end = before
    return end


# ---- cells to columns


def _columns(blocks: Iterable[Any], found: Found, text: set[str], missing: Any) -> dict[str, Column] | None:
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
    odd = numbers.select(polars.all().is_nan().any().fill_null(False))
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
