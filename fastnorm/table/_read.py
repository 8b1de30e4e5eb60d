"""Files as frames. A text file is read in blocks of cells; columns of plain numbers become such, others labels."""

import codecs
import gzip
import io
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from .. import checks
from ..errors import DataError
from ._cells import columns_of
from ._columns import Column
from ._dialect import Dialect, Found, encoding_of, is_utf8, sniffed
from ._frames import Frame, open_frame

BLOCK = 1 << 24  # bytes of a text file that are read together
HEAD = 1 << 18  # bytes from which the dialect is found out
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
            yield from _parts(path)
            return
        with _opened(path) as file:
            found, blocks, late = _cells(file, Dialect(**asked), names, None)
            rows = 0
            for block in blocks:
                kept = set(text)
                while (columns := columns_of([block], found, kept, None)) is None:
                    pass  # once more, with columns kept as text
                if len(block):
                    yield _frame(found, {name: replace(column, first=rows) for name, column in columns.items()}, late)
                rows += len(block)
            if not rows:
                raise DataError("it has column names but no rows")


def _gathered(
    file: IO[bytes], asked: Dialect, names: Sequence[str], text: set[str], missing: Any, progress: Any
) -> Frame:
    start = file.tell()
    while True:
        found, blocks, late = _cells(file, asked, names, progress)
        columns = columns_of(blocks, found, text, missing)
        if columns is not None:
            return _frame(found, columns, late)
        file.seek(start)  # a column of numbers has a word far down: read once more, with that column as text


def _frame(found: Found, columns: dict[str, Column], late: Sequence[str]) -> Frame:
    rows = len(next(iter(columns.values())).values)
    if not rows:
        raise DataError("it has column names but no rows")
    return Frame(found.names, rows, True, columns.__getitem__, (*found.notes, *late))


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


def _parts(path: str | Path) -> Iterator[Frame]:
    """Give the rows of another program's file, those of a Parquet file without holding all of them."""
    if Path(path).suffix.lower() != ".parquet" or not Path(path).exists():
        frame = _whole(path)
        for first in range(0, len(frame), checks.BLOCK):
            yield frame.take(np.arange(first, min(first + checks.BLOCK, len(frame))))
        return
    polars = checks.extra("polars", "cli")
    try:
        rows = polars.scan_parquet(path).select(polars.len()).collect().item()
        for first in range(0, rows, checks.BLOCK):
            yield open_frame(polars.scan_parquet(path).slice(first, checks.BLOCK).collect())
    except polars.exceptions.PolarsError as error:
        raise DataError(f"expected a .parquet file; {str(error).splitlines()[0]}") from error
    if rows == 0:
        raise DataError("it has column names but no rows")


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
) -> tuple[Found, Iterator[Any], list[str]]:
    """Return a text file's dialect, its blocks of cells, polars frames of text, and notes that they add on the way."""
    raw = file.read(HEAD)
    encoding, mark = encoding_of(raw, asked.encoding)
    whole = len(raw) < HEAD
    head = codecs.getincrementaldecoder(encoding)(errors="replace").decode(raw[mark:], final=whole)
    found = sniffed(head, whole, asked, names)
    if encoding != "utf-8":
        found = Found(found.dialect, found.names, (f"encoding: {encoding}", *found.notes), found.blanks)
    late: list[str] = []
    return found, _blocks(file, raw[mark:], encoding, found, progress, late), late


def _blocks(
    file: IO[bytes], head: bytes, encoding: str, found: Found, progress: Progress | None, late: list[str]
) -> Iterator[Any]:
    polars = checks.extra("polars", "cli")
    skips = int(bool(found.dialect.header))
    assert found.dialect.separator is not None
    separator = found.dialect.separator.encode()
    for part in _records(_utf8(file, head, encoding, progress)):
        if found.blanks:
            quoted = f'{found.dialect.separator}"'.encode()
            part = part.replace(quoted.replace(b'"', b' "'), quoted)
        try:
            block = polars.read_csv(
                part, has_header=False, infer_schema=False, separator=found.dialect.separator,
                schema=dict.fromkeys(found.names, polars.String),
            )  # fmt: skip
        except polars.exceptions.PolarsError as error:
            raise DataError(f"expected rows of {len(found.names)} cells; {str(error).splitlines()[0]}") from error
        short = block.height * (block.width - 1) - part.count(separator)
        if short > 0 and not late and b'"' not in part:  # which may hold separators
            late.append(f"rows are shorter than {block.width} cells; their last columns are taken for missing")
        yield block[skips:]
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
    """Return where the last record that ends in a text ends; 0: none does. `quotes`: the number before it."""
    end = text.rfind(b"\n") + 1
    quotes += text.count(b'"', 0, end)
    while end and quotes % 2:
        before = text.rfind(b"\n", 0, end - 1) + 1
        quotes -= text.count(b'"', before, end)
        end = before
    return end
