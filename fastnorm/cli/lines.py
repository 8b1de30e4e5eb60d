"""Lines of the command line: whole where a program reads them, on a terminal broken between words alone."""

import os
import sys
import textwrap
from typing import TextIO


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
