"""Lines of the command line: whole where a program reads them, on a terminal broken between words alone."""

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from .. import checks
from ..saving import model_file


def say(line: str, stream: TextIO | None = None, hanging: int = 0) -> None:
    """Print a line on stdout or another stream; a terminal would break it inside a number where it is too narrow.

    hanging  column in which the rest of a broken line begins
    """
    stream = stream or sys.stdout
    if stream.isatty():
        width = int(os.environ.get("COLUMNS") or os.get_terminal_size(stream.fileno()).columns or 80)
        line = textwrap.fill(
            line,
            width,
            subsequent_indent=" " * min(hanging, width // 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
    print(line, file=stream, flush=True)


@contextmanager
def results(out: Path | None) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Give a function that writes columns as rows of a CSV file, or of stdout, the first time with a header.

    The file is there, whole, when the block has ended without an error.
    """
    polars = checks.extra("polars", "cli")
    begun = False
    with model_file.replacing(out) if out else _stdout() as file:

        def write(columns: dict[str, Any]) -> None:
            nonlocal begun
            file.write(polars.DataFrame(columns).write_csv(include_header=not begun).encode())
            begun = True

        yield write


@contextmanager
def _stdout() -> Iterator[Any]:
    yield sys.stdout.buffer
    sys.stdout.flush()
