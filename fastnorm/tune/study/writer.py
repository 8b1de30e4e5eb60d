"""Writer: a study's file open for writing, by a search (search/record.py) or by a panda (panda/journal.py)."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ... import checks
from ...errors import FileError
from ...kernels import cpu
from ...training.run import Epoch
from .connection import Connection, reported
from .schema import CURVE, STANDING, TRIAL, connect_writer, stands_of, to_row, values_of
from .study import Study
from .trial import Trial

STARTED = f"REPLACE INTO trials VALUES ({', '.join('?' for name in TRIAL)})"
STANDS = f"UPDATE trials SET {', '.join(f'{name} = ?' for name in STANDING)} WHERE number = ?"
EPOCHS = f"REPLACE INTO epochs VALUES (?, {', '.join('?' for name in CURVE)})"


class Writer:
    """A study that is being written: a new one, or one that is continued.

    path      its file; None: nowhere but in memory
    facts     settings of the search; those of an existing study must agree. None: keep those of the existing one
    who       writes it, for messages
    deadline  by time.monotonic(), to which it waits while another program holds the file
    Raises FileError for a file that is no study, and where the facts do not agree.
    """

    def __init__(
        self, path: Path | None, facts: Mapping[str, Any] | None, who: str = "search", deadline: float | None = None
    ) -> None:
        self._connection = connection = connect_writer(path, deadline)
        with reported(path):
            there = {name: json.loads(value) for name, value in connection.execute("SELECT * FROM study")}
        facts = there if facts is None else json.loads(json.dumps(facts))
        self.study = Study(connection, path, facts)
        if there:
            require_agreement(path, there, facts, who)
        else:
            with self.writing() as write:
                write.executemany("INSERT INTO study VALUES (?, ?)", [(k, json.dumps(v)) for k, v in facts.items()])
            self.commit()

    def start(self, trial: Trial) -> None:
        """Record that a trial has begun."""
        with self.writing() as write:
            write.execute(STARTED, to_row(trial))

    def stand(self, trial: Trial, curve: Sequence[Epoch] = ()) -> None:
        """Record a trial's state, and epochs of its curve."""
        with self.writing() as write:
            write.execute(STANDS, (*stands_of(trial), trial.number))
            write.executemany(EPOCHS, [(trial.number, *values_of(epoch)) for epoch in curve])

    def request(self, trial: int, *, withdrawn: bool = False) -> None:
        """Ask the search at work for a trial, or not any more."""
        query = "DELETE FROM requests WHERE trial = ?" if withdrawn else "REPLACE INTO requests VALUES (?)"
        with self.writing() as write:
            write.execute(query, [trial])
        self.commit()

    def commit(self) -> None:
        """Commit, which shows the changes to readers."""
        with reported(self.study.path):
            self._connection.commit()

    def rollback(self) -> None:
        """Roll back the changes since the last commit."""
        with reported(self.study.path):
            self._connection.rollback()

    def hurry(self) -> None:
        """Wait no longer than now is needed."""
        self._connection.deadline = time.monotonic()

    def sync(self) -> None:
        """Bring all records safely to the disk; pages that others still use stay in the -wal file."""
        self.commit()
        with reported(self.study.path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let others write; the study stays open for reading."""
        self.sync()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write within the next commit, all of it or nothing."""
        with reported(self.study.path):
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection


def require_agreement(path: Path | None, there: Mapping[str, Any], facts: Mapping[str, Any], who: str) -> None:
    """Raise FileError where a study is there that was made with other facts, in words of who comes with them."""
    if steered_alone(there) != steered_alone(facts):
        made = "a panda" if steered_alone(there) else "a search, of which fn.tune.adopt takes a trial"
        raise FileError(f"{path}: this is the study of {made}; give another path")
    for name, value in facts.items():
        if there.get(name) != value:
            words = _difference(name, value, there.get(name), who)
            raise FileError(f"{path}: {words}; {_way_out(name, there.get(name), path, who)}")


def steered_alone(facts: Mapping[str, Any]) -> bool:
    """Whether a study with these facts is a panda's own, and no search's: nothing was sampled."""
    return facts.get("sampler", "") is None


def _difference(name: str, here: Any, there: Any, who: str) -> str:
    """Name the smallest part in which two facts differ."""
    if name in ("data", "validation") and isinstance(here, str) and isinstance(there, str):
        return f"{name}: this {who} has other rows than the study was made with"
    part, *values = checks.difference(name, here, there)
    found, made = ("nothing" if value is None else value for value in values)
    return f"{part}: this {who} has {found}, the study was made with {made}"


def _way_out(name: str, made: Any, path: Path | None, who: str) -> str:
    """Name the way out for two facts that differ; of a computer or a version, also why that matters."""
    if name not in ("variant", "version"):
        return "go on with the same, or give another path"
    another = "give another path"
    if who == "search":
        another += f" and begin with the best of this study (start_from=, --start-from {path})"
    if name == "version":
        return f"another version may draw and train in another way; go on with fastnorm {made}, or {another}"
    same = f"go on with FASTNORM_ISA={made}" if made in cpu.runnable() else f"go on where {made} runs, not on this CPU"
    why = "weights would differ in their last bits, so that trials would not be those of one search"
    return f"{why}; {same}, or {another}"
