"""Study: the record of a search in one SQLite file.

One thread writes, caviar's; whoever opens the file reads and disturbs nobody. In write-ahead mode with
synchronous=NORMAL a killed process leaves every trial that had ended. Tables: study (facts about the search, JSON by
name), trials, epochs (the curves), models (model files of the trials that are the best or may yet be).
"""

import json
import math
import os
import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from ..errors import DataError, FileError
from ..model import Model
from ..run import Epoch
from ._space import Dimension, unpack_space
from ._trial import RUNNING, STATES, Standing, Trial

APPLICATION = 0x666E7374  # "fnst", SQLite's application_id: this file is a study
FORMAT = 1  # SQLite's user_version
CURVE = [field.name for field in fields(Epoch)]
values_of = attrgetter(*CURVE)
PLACES = ", ".join("?" for field in fields(Trial))
SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE study (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trials (number INTEGER PRIMARY KEY, hyperparameters TEXT NOT NULL, seed INTEGER NOT NULL,
    state TEXT NOT NULL, score REAL, loss REAL, best_epoch INTEGER, epochs INTEGER NOT NULL, seconds REAL NOT NULL,
    message TEXT NOT NULL);
CREATE TABLE epochs (trial INTEGER, {", ".join(CURVE)}, PRIMARY KEY (trial, number)) WITHOUT ROWID;
CREATE TABLE models (trial INTEGER PRIMARY KEY, content BLOB NOT NULL);
"""


class Study:
    """A search: its trials, their curves, its best model. caviar makes one; Study.open reads one, grown or growing.

    path   its file, None in memory
    facts  what the search was done with: "metric", "seed", "epochs", "space", "version", "variant"
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None, facts: Mapping[str, Any]) -> None:
        self._connection = connection
        self._finalizer = weakref.finalize(self, connection.close)
        self._standing: Standing | None = None  # the writer's own, always up to date
        self.path = path
        self.facts = dict(facts)

    @classmethod
    def create(cls, path: str | os.PathLike[str] | None, facts: Mapping[str, Any]) -> "Study":
        """Start a study in a new file, or in memory where path is None.

        Raises FileError if the file exists, for a study is never overwritten, and if it cannot be made.
        """
        file = None if path is None else _claim(Path(path))
        study = cls(_connect(":memory:" if file is None else file), file, json.loads(json.dumps(facts)))
        study._standing = Standing(study.metric)
        with study._reported():
            study._connection.execute("PRAGMA journal_mode = WAL")
            study._connection.execute("PRAGMA synchronous = NORMAL")
            study._connection.executescript(SCHEMA)
        with study._transaction() as write:
            write.executemany("INSERT INTO study VALUES (?, ?)", [(k, json.dumps(v)) for k, v in study.facts.items()])
        return study

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "Study":
        """Open a study's file for reading, while another process or thread writes it or later.

        Raises FileError if the file is missing or holds no study of this format.
        """
        file = Path(path)
        if not file.is_file():
            raise FileError(f"{file}: no such file; a search with study={str(file)!r} makes it")
        study = cls(_connect(f"{file.absolute().as_uri()}?mode=ro"), file, {})
        with study._reported():
            application = study._connection.execute("PRAGMA application_id").fetchone()[0]
            version = study._connection.execute("PRAGMA user_version").fetchone()[0]
            if (application, version) != (APPLICATION, FORMAT):
                raise FileError(f"{file}: expected a fastnorm study of format {FORMAT}, got another kind of file")
            study.facts = {name: json.loads(value) for name, value in study._connection.execute("SELECT * FROM study")}
        return study

    @property
    def metric(self) -> str:
        """The score's name: "accuracy" (more is better) or "mean_absolute_error" (less is better)."""
        return str(self.facts["metric"])

    @property
    def space(self) -> dict[str, Dimension]:
        """The space that was searched."""
        return unpack_space(self.facts["space"])

    @property
    def trials(self) -> list[Trial]:
        """All trials begun, in the order of their numbers."""
        with self._reported():
            rows = self._connection.execute("SELECT * FROM trials ORDER BY number").fetchall()
            return [_trial(row) for row in rows]

    @property
    def best_trial(self) -> Trial:
        """The best finished trial; DataError before any epoch has been scored.

        Trials after one that runs or was cut by a time limit do not count, unless none before it has finished: so a
        longer search with the same seed begins with the same trials, counted the same way.
        """
        standing = self._standing
        if standing is None:
            standing = Standing(self.metric)
            for trial in self.trials:
                if trial.state != RUNNING:
                    standing.add(trial)
        best = standing.best()
        if best is None:
            raise DataError("study: no trial has a score; give the search more time, or see trials[...].message")
        return best

    @property
    def best_params(self) -> dict[str, Any]:
        """The hyperparameters of the best trial."""
        return self.best_trial.hyperparameters

    def best_model(self) -> Model:
        """Return the best trial's model, with the weights of its best epoch."""
        number = self.best_trial.number
        with self._reported():
            row = self._connection.execute("SELECT content FROM models WHERE trial = ?", [number]).fetchone()
        if row is None:
            raise FileError(f"{self.path or 'study'}: expected the model of trial {number}, found none")
        return Model.from_bytes(row[0])

    def curve(self, trial: int) -> list[Epoch]:
        """Return the epochs of a trial that has ended or was cut, by its number (SQLite keeps nan as NULL)."""
        columns = ", ".join(CURVE)
        with self._reported():
            query = f"SELECT {columns} FROM epochs WHERE trial = ? ORDER BY number"
            rows = self._connection.execute(query, [trial]).fetchall()
        curve: list[list[Any]] = [[math.nan if value is None else value for value in row] for row in rows]
        return [Epoch(*values) for values in curve]

    def close(self) -> None:
        """Close the file; a study that is let go closes itself."""
        self._finalizer()

    def __repr__(self) -> str:
        counts = Counter(trial.state for trial in self.trials)
        states = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
        return f"Study({counts.total()} trials: {states})"

    # What follows is for the one thread that writes.

    def start(self, trial: Trial) -> None:
        """Record that a trial has begun."""
        with self._transaction() as write:
            write.execute(f"INSERT INTO trials VALUES ({PLACES})", _row(trial))

    def end(self, trial: Trial, curve: Sequence[Epoch], model: Model | None) -> None:
        """Record how a trial ended, and keep its model while it may be the best."""
        assert self._standing is not None, "opened for reading"
        self._standing.add(trial)
        kept = [contender.number for contender in self._standing.contenders()]
        content = model.to_bytes() if model is not None and trial.number in kept else None
        with self._transaction() as write:
            write.execute(f"REPLACE INTO trials VALUES ({PLACES})", _row(trial))
            rows = [(trial.number, *values_of(epoch)) for epoch in curve]
            write.executemany(f"REPLACE INTO epochs VALUES (?, {', '.join('?' for name in CURVE)})", rows)
            if content is not None:
                write.execute("REPLACE INTO models VALUES (?, ?)", (trial.number, content))
            write.execute(f"DELETE FROM models WHERE trial NOT IN ({', '.join(map(str, kept))})")

    def sync(self) -> None:
        """Bring all that is recorded safely to the disk."""
        with self._reported():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reported():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Say which file it was when SQLite or its content fails."""
        try:
            yield
        except (sqlite3.Error, json.JSONDecodeError) as error:
            raise FileError(f"{self.path or 'study'}: {error}") from error


def _claim(file: Path) -> Path:
    """Make the file, so that no other search can, and return its path."""
    try:
        file.open("xb").close()
    except FileExistsError:
        raise FileError(f"{file}: exists, and a study is never overwritten; give another path or remove it") from None
    except OSError as error:
        raise FileError(f"{file}: cannot make this file ({error.strerror})") from None
    return file


def _connect(target: str | Path) -> sqlite3.Connection:
    return sqlite3.connect(target, isolation_level=None, check_same_thread=False, uri=isinstance(target, str))


def _row(trial: Trial) -> tuple[Any, ...]:
    number, hyperparameters, *rest = (getattr(trial, field.name) for field in fields(Trial))
    return (number, json.dumps(hyperparameters), *rest)


def _trial(row: tuple[Any, ...]) -> Trial:
    number, hyperparameters, seed, state, *rest = row
    if state not in STATES:
        raise FileError(f"study: trial {number} has an unknown state {state!r}")
    return Trial(number, json.loads(hyperparameters), seed, state, *rest)
