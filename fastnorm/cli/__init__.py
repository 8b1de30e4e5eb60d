"""The command `fastnorm`: runs a command of commands.py, and turns its end into words and an exit code.

0 done, 2 wrong usage or data (one line on stderr says what and where), 130 interrupted by Ctrl-C, 143 by SIGTERM,
129 by SIGHUP.
"""

import sys
import warnings
from collections.abc import Sequence

from .. import checks
from ..errors import FastnormError
from .lines import say
from .signals import Signals

WRONG = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line (sys.argv's if none is given) and exit; an empty one asks for help."""
    with Signals() as signals:
        code = _run((sys.argv[1:] if arguments is None else list(arguments)) or ["--help"], signals)
    sys.exit(code if signals.received is None else 128 + signals.received)


def _run(arguments: list[str], signals: Signals) -> int:
    try:
        typer = checks.extra("typer", "cli")
        checks.extra("rich", "cli")
        from .commands import app

        with warnings.catch_warnings():
            warnings.simplefilter("once", UserWarning)
            warnings.showwarning = lambda message, *_: say(f"note: {message}", sys.stderr)
            return app(arguments, prog_name="fastnorm", standalone_mode=False, obj=signals) or 0
    except FastnormError as error:
        return _complain(str(error))
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        if not hasattr(error, "format_message"):  # a usage error of typer, whose class moved between its versions
            raise
        return _complain(f"{error.format_message().rstrip('.')}; see {_help(error)}")


def _help(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'fastnorm'} --help"


def _complain(words: str) -> int:
    say(f"fastnorm: {' '.join(words.split())}", sys.stderr)
    return WRONG
