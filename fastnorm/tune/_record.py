"""Record: the writing side of a study, for the one thread that coordinates a search.

What its methods write is kept by the next commit, all of it or nothing, so that whenever the process is killed a
trial's row, its curve, its model and the state it goes on from tell the same moment. A method that was interrupted may
be called again. A state that is missing is no loss: the trial begins again by its seed, and the same bits come about.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import FileError
from ..run import Epoch
from ._file import CURVE, STANDING, TRIAL, connect_writer, reported, stands_of, to_row, values_of
from ._standing import Standing
from ._study import Study
from ._trial import CUT, RUNNING, STOPPED, Trial
from ._work import Outcome

STOPPED_STATES = 2**28  # bytes of the states of stopped trials that are kept for a revival, the latest stopped
STARTED = f"REPLACE INTO trials VALUES ({', '.join('?' for name in TRIAL)})"
STANDS = f"UPDATE trials SET {', '.join(f'{name} = ?' for name in STANDING)} WHERE number = ?"
EPOCHS = f"REPLACE INTO epochs VALUES (?, {', '.join('?' for name in CURVE)})"


class Record:
    """A study that is being written: a new one, or one that goes on.

    path   its file; None: nowhere but in memory
    facts  what the search is done with; those of a study that is there must agree
    keep   of how many of the best trials the models are kept
    Raises FileError for a file that is no study, and where the facts do not agree.
    """

    def __init__(self, path: Path | None, facts: Mapping[str, Any], keep: int) -> None:
        connection = connect_writer(path)
        self._connection = connection
        facts = json.loads(json.dumps(facts))
        self.study = Study(connection, path, facts)
        with reported(path):
            there = {name: json.loads(value) for name, value in connection.execute("SELECT * FROM study")}
        if there:
            _require_agreement(path, there, facts)
        else:
            with self._writing() as write:
                write.executemany("INSERT INTO study VALUES (?, ?)", [(k, json.dumps(v)) for k, v in facts.items()])
            self.commit()
        self._standing = self.study._standing = Standing(self.study.metric, keep)
        self._stopped: dict[int, int] = {}  # bytes of the states of stopped trials, the latest last

    def resume(self) -> Iterator[tuple[Trial, list[Epoch]]]:
        """Give the trials that are on record, with their curves; those that had not ended are running again."""
        with self._writing() as write:
            write.execute("UPDATE trials SET state = ? WHERE state = ?", (RUNNING, CUT))
        sizes = dict(self.study._read("SELECT trial, sum(length(content)) FROM states GROUP BY trial"))
        for trial in self.study.trials:
            if trial.state != RUNNING:
                self._standing.add(trial)
            if trial.state == STOPPED and trial.number in sizes:
                self._stopped[trial.number] = sizes[trial.number]
            yield trial, self.study.curve(trial.number)

    def start(self, trial: Trial) -> None:
        """Record that a trial has begun."""
        with self._writing() as write:
            write.execute(STARTED, to_row(trial))

    def take(self, outcome: Outcome) -> None:
        """Record how a trial stands after a slice."""
        trial = outcome.trial
        if trial.state != RUNNING:
            self._standing.add(trial)
        with self._writing() as write:
            write.execute(STANDS, (*stands_of(trial), trial.number))
            write.executemany(EPOCHS, [(trial.number, *values_of(epoch)) for epoch in outcome.curve])
            write.execute("DELETE FROM states WHERE trial = ?", [trial.number])
            if outcome.state:
                parts = [(trial.number, part, content) for part, content in enumerate(outcome.state)]
                write.executemany("INSERT INTO states VALUES (?, ?, ?)", parts)
            if outcome.model is not None and (outcome.state or trial.number in self._kept()):
                write.execute("REPLACE INTO models VALUES (?, ?)", (trial.number, outcome.model))
            if trial.state != RUNNING:
                self._tidy(write)

    def mark(self, trials: Sequence[Trial]) -> None:
        """Record that trials were stopped or cut where they stood."""
        with self._writing() as write:
            for trial in trials:
                write.execute(STANDS, (*stands_of(trial), trial.number))
                self._standing.add(trial)
                if trial.state == STOPPED:
                    self._stopped[trial.number] = sum(map(len, self.state(trial.number)))
            while sum(self._stopped.values()) > STOPPED_STATES:
                number = next(iter(self._stopped))
                del self._stopped[number]
                write.execute("DELETE FROM states WHERE trial = ?", [number])
            self._tidy(write)

    def state(self, trial: int) -> tuple[bytes, ...]:
        """Return what a trial goes on from, nothing where it must begin anew."""
        return tuple(
            part for (part,) in self.study._read("SELECT content FROM states WHERE trial = ? ORDER BY part", trial)
        )

    def revive(self, trial: int) -> tuple[bytes, ...]:
        """Return what a trial goes on from, which is not to be let go any more."""
        self._stopped.pop(trial, None)
        return self.state(trial)

    def confirm(self, trial: int, seed: int, result: Trial) -> None:
        """Record what came of a trial that was run again with another seed."""
        with self._writing() as write:
            write.execute("REPLACE INTO confirmations VALUES (?, ?, ?, ?)", (trial, seed, result.score, result.loss))

    def commit(self) -> None:
        """Keep what has been written, and show it to readers."""
        with reported(self.study.path):
            self._connection.commit()

    def sync(self) -> None:
        """Bring all that is recorded safely to the disk."""
        self.commit()
        with reported(self.study.path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let others write; the study stays open for reading."""
        self.study._standing = None
        self.sync()

    def _kept(self) -> list[int]:
        return [contender.number for contender in self._standing.contenders()]

    def _tidy(self, write: sqlite3.Connection) -> None:
        """Let go the models that are no longer among the best and that nobody goes on from."""
        kept = ", ".join(map(str, self._kept()))
        write.execute(f"DELETE FROM models WHERE trial NOT IN ({kept}) AND trial NOT IN (SELECT trial FROM states)")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Write to what the next commit keeps."""
        with reported(self.study.path):
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN")
            yield self._connection


def _require_agreement(path: Path | None, there: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        if there.get(name) != value:
            raise FileError(
                f"{path}: {_difference(name, value, there.get(name))}; go on with the same, or give another path"
            )


def _difference(name: str, here: Any, there: Any) -> str:
    """Say in what two facts differ, the smallest part of them that does."""
    if isinstance(here, dict) and isinstance(there, dict):
        part = next(key for key in [*here, *there] if here.get(key) != there.get(key))
        return _difference(f"{name}: {part}", here.get(part), there.get(part))
    if name in ("data", "validation") and isinstance(here, str) and isinstance(there, str):
        return f"{name}: this search has other rows than the study was made with"
    found, made = ("nothing" if value is None else value for value in (here, there))
    return f"{name}: this search has {found}, the study was made with {made}"
