"""A study's file: the tables of its SQLite database, and the lock beside it.

Tables: study (facts about the search, JSON by name), trials, epochs (the curves), models (model files of the best
trials, and of those with a state), states (from which trials that wait, were stopped, cut or are steered continue, a
part for each of their Runs), confirmations (the best trials run again with other seeds).

For trials that are steered by hand, see panda/journal.py: branches, actions (with details in JSON), branch_epochs (the
part of the curve that is a branch's own; those of the live path are in epochs too), checkpoints, and requests (which a
panda asks a search at work for). `after` is the number of the last action done before that moment.

A study without a path is a temporary database: SQLite holds it in memory up to CACHE_KIB and on the disk beyond.
"""

import fcntl
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from ...errors import FileError
from ...training.run import Epoch
from .connection import Connection, connect, connect_as_it_is, has_no_place, reported
from .trial import STATES, Trial

APPLICATION = 0x666E7374  # "fnst", SQLite's application_id: this file is a study
FORMAT = 3  # SQLite's user_version
CACHE_KIB = 65536  # memory of a study's writer, parked states too
WAITS = 0.1  # seconds between two tries to lock
CURVE = [field.name for field in fields(Epoch)]
values_of = attrgetter(*CURVE)
TRIAL = [field.name for field in fields(Trial)]
STANDING = TRIAL[3:]  # the columns that change while it is worked on
stands_of = attrgetter(*STANDING)
SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE study (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trials (number INTEGER PRIMARY KEY, hyperparameters TEXT NOT NULL, seed INTEGER NOT NULL,
    state TEXT NOT NULL, score REAL, loss REAL, best_epoch INTEGER, epochs INTEGER NOT NULL, seconds REAL NOT NULL,
    message TEXT NOT NULL, weights TEXT NOT NULL);
CREATE TABLE epochs (trial INTEGER, {", ".join(CURVE)}, PRIMARY KEY (trial, number)) WITHOUT ROWID;
CREATE TABLE models (trial INTEGER PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE states (trial INTEGER, part INTEGER, content BLOB NOT NULL, PRIMARY KEY (trial, part));
CREATE TABLE confirmations (trial INTEGER, seed INTEGER, score REAL, loss REAL, PRIMARY KEY (trial, seed));
CREATE TABLE branches (trial INTEGER, number INTEGER, parent INTEGER, epoch INTEGER NOT NULL,
    minibatch INTEGER NOT NULL, after INTEGER NOT NULL, PRIMARY KEY (trial, number)) WITHOUT ROWID;
CREATE TABLE actions (trial INTEGER, number INTEGER, branch INTEGER NOT NULL, epoch INTEGER NOT NULL,
    minibatch INTEGER NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL, by TEXT NOT NULL, details TEXT NOT NULL,
    PRIMARY KEY (trial, number)) WITHOUT ROWID;
CREATE TABLE branch_epochs (trial INTEGER, branch INTEGER, {", ".join(CURVE)},
    PRIMARY KEY (trial, branch, number)) WITHOUT ROWID;
CREATE TABLE checkpoints (trial INTEGER, branch INTEGER, epoch INTEGER, minibatch INTEGER NOT NULL,
    after INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (trial, branch, epoch));
CREATE TABLE requests (trial INTEGER PRIMARY KEY);
"""


def connect_reader(file: Path) -> Connection:
    """Open a file that must be a study, for reading alone."""
    with reported(file):
        try:
            return _checked(connect(f"{file.absolute().as_uri()}?mode=ro", file), file)
        except sqlite3.OperationalError as error:
            if not has_no_place(error):
                raise
        return _checked(connect_as_it_is(file), file)


def connect_writer(file: Path | None, deadline: float | None) -> Connection:
    """Open a study's file for writing, or make it; FileError where it is another kind of file or cannot be made."""
    if file is not None and not file.parent.is_dir():
        raise FileError(f"{file}: cannot make this file (No such file or directory)")
    with reported(file):
        connection = connect(file or "", file)
        connection.deadline = deadline
        made = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not made:
            check_kind(connection, file)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA journal_mode = {'WAL' if file else 'MEMORY'}")
        connection.execute(f"PRAGMA synchronous = {'NORMAL' if file else 'OFF'}")
        if made:
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        return connection


def _checked(connection: Connection, file: Path) -> Connection:
    try:
        check_kind(connection, file)
    except BaseException:
        connection.close()
        raise
    return connection


def check_kind(connection: Connection, file: Path | None) -> None:
    """Raise FileError where a database is no study of this format."""
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if (application, version) != (APPLICATION, FORMAT):
        came = f"one of format {version}, of another version" if application == APPLICATION else "another kind of file"
        raise FileError(f"{file}: expected a fastnorm study of format {FORMAT}, got {came}")


def to_row(trial: Trial) -> tuple[Any, ...]:
    """Return a trial as a row of its table."""
    return (trial.number, json.dumps(trial.hyperparameters), trial.seed, *stands_of(trial))


def from_row(row: tuple[Any, ...]) -> Trial:
    """Return the trial of a row."""
    number, hyperparameters, seed, state, *rest = row
    if state not in STATES:
        raise FileError(f"study: trial {number} has an unknown state {state!r}")
    return Trial(number, json.loads(hyperparameters), seed, state, *rest)


@contextmanager
def locked(file: Path | None, deadline: float | None) -> Iterator[None]:
    """Hold the lock beside a study's file; wait, with a message on stderr, while another process has it.

    The system frees the lock of a process that has ended, however it did. Raises FileError at the deadline, which is
    by time.monotonic().
    """
    if file is None:
        yield
        return
    lock = _lock_of(file)
    said = False
    while (held := _try(lock)) is None:
        if not said:
            print(
                f"{file}: another search is at work on this study; waiting for it to end", file=sys.stderr, flush=True
            )
            said = True
        if deadline is not None and time.monotonic() > deadline:
            raise FileError(f"{file}: another search was at work on this study until the time limit; try again later")
        time.sleep(WAITS)
    try:
        yield
    finally:
        _free(lock, held)


@contextmanager
def unless_searched(file: Path) -> Iterator[bool]:
    """Whether no search is at work on a study's file; if so, none begins within the block."""
    lock = _lock_of(file)
    held = _try(lock)
    try:
        yield held is not None
    finally:
        if held is not None:
            _free(lock, held)


@contextmanager
def claimed(file: Path | None, trial: int) -> Iterator[None]:
    """Hold the lock of one trial, beside the study's file; FileError while another panda has it."""
    if file is None:
        yield
        return
    lock = file.with_name(f"{file.name}.trial-{trial}.lock")
    if (held := _try(lock)) is None:
        raise FileError(f"{file}: another panda is at work on trial {trial}; close it first")
    try:
        yield
    finally:
        _free(lock, held)


def _lock_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.lock")


def _free(lock: Path, held: int) -> None:
    with suppress(OSError):
        lock.unlink()  # while it is held: whoever waits for it sees that it is gone, and makes it anew
    os.close(held)


def _try(lock: Path) -> int | None:
    """Return the descriptor of the lock's file if nobody holds it."""
    try:
        held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise FileError(f"{lock}: cannot make this file ({error.strerror})") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(held), lock.stat()):
            return held
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(held)
    return None
