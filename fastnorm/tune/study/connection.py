"""Connections to a study's file: they wait while another program holds it, and read it in a read-only folder too."""

import json
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...errors import FileError

TRIES = 0.1  # seconds that SQLite itself waits; Ctrl-C comes through between two tries
SAYS_AFTER = 1.0  # seconds of waiting: others of our own hold a study for moments
AT_LEAST = 2.0  # seconds that are waited after the deadline too, where there is something to record
KIND = 0xFF  # of SQLite's extended error codes


class Connection(sqlite3.Connection):
    """A connection whose calls wait while another program holds the file, and say so on stderr.

    path      for messages
    deadline  by time.monotonic(), after which waiting ends with a FileError
    copied    the folder of the copy that is read instead, removed at close
    """

    path: Path | None = None
    deadline: float | None = None
    copied: TemporaryDirectory[str] | None = None

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        return self._patiently(super().execute, *arguments)

    def executescript(self, script: str) -> sqlite3.Cursor:
        """Run a script, which is to begin with BEGIN IMMEDIATE: where that cannot be had, it is run anew."""
        return self._patiently(super().executescript, script)

    def commit(self) -> None:
        self._patiently(super().commit)

    def close(self) -> None:
        super().close()
        if self.copied is not None:
            self.copied.cleanup()

    def _patiently(self, call: Callable[..., Any], *arguments: Any) -> Any:
        begun, is_said = time.monotonic(), False
        while True:
            try:
                return call(*arguments)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & KIND != sqlite3.SQLITE_BUSY:
                    raise
            now = time.monotonic()
            if self.deadline is not None and now > max(self.deadline, begun + AT_LEAST):
                raise FileError(f"{self.path}: another program holds this study, and the time is over; try again later")
            if not is_said and now - begun >= SAYS_AFTER:
                print(f"{self.path}: another program holds this study; waiting", file=sys.stderr, flush=True)
                is_said = True


def connect(target: str | Path, path: Path | None = None) -> Connection:
    """Open a database: a path, "" for a temporary one, or a URI; `path` is what messages name."""
    uri = isinstance(target, str) and target.startswith("file:")
    connection = sqlite3.connect(
        target, TRIES, isolation_level=None, check_same_thread=False, factory=Connection, uri=uri
    )
    connection.path = path
    return connection


def connect_as_it_is(file: Path) -> Connection:
    """Open a file for reading alone, in a folder where SQLite cannot write its helper files.

    Nobody writes there, so the file is read as it is; where there is a write-ahead file, which holds trials too, a copy
    of both.
    """
    beside = file.resolve()
    ahead = beside.with_name(f"{beside.name}-wal")
    if not ahead.exists() or not ahead.stat().st_size:
        return connect(f"{beside.as_uri()}?mode=ro&immutable=1", file)
    folder = TemporaryDirectory(prefix="fastnorm-")
    try:
        before = _stamps(beside, ahead)
        for part in (beside, ahead):
            shutil.copyfile(part, Path(folder.name, part.name))
        if _stamps(beside, ahead) != before:
            raise FileError(f"{file}: it was written while it was copied to be read; try again")
        connection = connect(f"{Path(folder.name, beside.name).as_uri()}?mode=ro", file)
    except BaseException:
        folder.cleanup()
        raise
    connection.copied = folder
    return connection


def has_no_place(error: sqlite3.OperationalError) -> bool:
    """Whether SQLite could not make or use the files that it needs beside one in write-ahead mode."""
    return error.sqlite_errorcode & KIND in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


@contextmanager
def reported(file: Path | None) -> Iterator[None]:
    """Say which file it was when SQLite, the system or its content fails."""
    try:
        yield
    except (sqlite3.Error, json.JSONDecodeError, OSError) as error:
        raise FileError(f"{file or 'study'}: {error}") from error


def _stamps(*files: Path) -> list[tuple[int, int]]:
    return [(found.st_size, found.st_mtime_ns) for found in (file.stat() for file in files)]
