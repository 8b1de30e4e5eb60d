"""Study: the record of a search in one SQLite file, to read; its tables are in schema.py, its writers in writer.py."""

import json
import math
import os
import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from statistics import fmean
from typing import Any, Self

from ... import checks
from ...errors import DataError, FileError, MissingExtra
from ...metrics import HIGHER_IS_BETTER, rank
from ...models.model import Model
from ...training.run import Epoch
from ..space.space import Dimension, unpack_space
from .actions import Action, Branch
from .comparison import Comparison, compare_best
from .connection import Connection, reported
from .ranking import Ranking
from .schema import CURVE, TRIAL, connect_reader, from_row
from .trial import CUT, RUNNING, SCORED, STATES, STEERED, Trial


class Study:
    """A search: its trials, their curves, its best models. caviar makes one; Study.open reads one, grown or growing.

    Actions of a person on a trial are part of it (actions, branches); a panda's own study has one trial, number 0.

    path   its file, None in memory
    facts  settings of the search: "metric", "seed", "epochs", "space", "sampler", "data", "version", ...
    """

    def __init__(self, connection: Connection, path: Path | None, facts: Mapping[str, Any]) -> None:
        self._connection = connection
        self._finalizer = weakref.finalize(self, connection.close)
        self._ranking: Ranking | None = None  # the writer's own while it writes, always up to date
        self.path = path
        self.facts = dict(facts)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "Study":
        """Open a study's file for reading, while another process or thread writes it or later, in any folder.

        Raises FileError if the file is missing or holds no study of this format.
        """
        file = Path(path)
        if not file.is_file():
            raise FileError(f"{file}: no such file; a search with study={str(file)!r} makes it")
        study = cls(connect_reader(file), file, {})
        study.facts = {name: json.loads(value) for name, value in study._read("SELECT * FROM study")}
        return study

    @property
    def metric(self) -> str:
        """The score's name: "accuracy" (more is better) or "root_mean_squared_error" (less is better)."""
        return str(self.facts["metric"])

    @property
    def space(self) -> dict[str, Dimension]:
        """The space that was searched."""
        return unpack_space(self.facts["space"])

    @property
    def trials(self) -> list[Trial]:
        """All trials begun, in the order of their numbers."""
        with reported(self.path):
            return [from_row(row) for row in self._connection.execute("SELECT * FROM trials ORDER BY number")]

    @property
    def best_trial(self) -> Trial:
        """The best trial; DataError before any epoch has been scored.

        Where the best ones were run again with other seeds (caviar's confirm), the best mean of those runs decides.
        Trials after one that runs or was cut by a time limit do not count, unless none before it has finished: so a
        longer search with the same seed begins with the same trials, counted the same way.
        """
        ranking = self._ranking
        if ranking is None:
            ranking = Ranking(self.metric)
            for trial in self.trials:
                if trial.state != RUNNING:
                    ranking.add(trial)
        return self._decided(ranking.best())

    @property
    def best_so_far(self) -> Trial:
        """The best of all trials, those at work and those a time limit cut included; DataError before there is one.

        When a search has ended by itself it is best_trial. Before, it depends on how far the machine came.
        """
        return self._decided(self.leaders(1) or self._best_of([STEERED], 1))

    def leaders(self, count: int) -> list[Trial]:
        """Return the best trials so far whose models are kept, best first."""
        return self._best_of([*SCORED, CUT, RUNNING], count)

    def _best_of(self, states: Sequence[str], count: int) -> list[Trial]:
        order = "DESC" if self.metric in HIGHER_IS_BETTER else "ASC"
        listed = ", ".join(f"'{state}'" for state in states)
        rows = self._read(
            f"SELECT * FROM trials WHERE score IS NOT NULL AND state IN ({listed}) AND number IN "
            f"(SELECT trial FROM models) ORDER BY score {order}, loss, number LIMIT ?", count,
        )  # fmt: skip
        return [from_row(row) for row in rows]

    @property
    def best_params(self) -> dict[str, Any]:
        """The hyperparameters of the best trial."""
        return self.best_trial.hyperparameters

    def best_model(self) -> Model:
        """Return the best trial's model, with the weights of its best epoch."""
        return self.model(self.best_trial.number)

    def model(self, trial: int) -> Model:
        """Return the model of a trial, by its number; those of the best trials are kept (caviar's keep)."""
        rows = self._read("SELECT content FROM models WHERE trial = ?", trial)
        if not rows:
            steered = bool(self._read("SELECT * FROM trials WHERE number = ? AND state = ?", trial, STEERED))
            way_out = "it is kept by panda.give_back()" if steered else "raise keep="
            raise FileError(f"{self.path or 'study'}: expected the model of trial {trial}, found none; {way_out}")
        return Model.from_bytes(rows[0][0])

    def curve(self, trial: int) -> list[Epoch]:
        """Return the epochs of a trial that has ended, waits or was cut, by its number (SQLite keeps nan as NULL)."""
        rows = self._read(f"SELECT {', '.join(CURVE)} FROM epochs WHERE trial = ? ORDER BY number", trial)
        return [self._epoch(row) for row in rows]

    def actions(self, trial: int = 0) -> list[Action]:
        """Return the actions on a steered trial, in order."""
        columns = ", ".join(field.name for field in fields(Action))
        rows = self._read(f"SELECT {columns} FROM actions WHERE trial = ? ORDER BY number", trial)
        with reported(self.path):
            return [Action(*(*row[:-1], json.loads(row[-1]))) for row in rows]

    def branches(self, trial: int = 0) -> list[Branch]:
        """Return the branches of a trial that was steered, each with its own epochs."""
        curves: dict[int, list[Epoch]] = {}
        query = f"SELECT branch, {', '.join(CURVE)} FROM branch_epochs WHERE trial = ? ORDER BY branch, number"
        for branch, *values in self._read(query, trial):
            curves.setdefault(branch, []).append(self._epoch(values))
        rows = self._read(
            "SELECT number, parent, epoch, minibatch, after FROM branches WHERE trial = ? ORDER BY number", trial
        )
        return [Branch(*(*row, curves.get(row[0], []))) for row in rows]

    @property
    def history(self) -> list[Trial]:
        """The trials that were the best when they came, in the order of their numbers."""
        leaders: list[Trial] = []
        for trial in self.trials:
            if trial.state in SCORED and trial.score is not None and trial.loss is not None:
                key = rank(self.metric, trial.score, trial.loss)
                if not leaders or key < rank(self.metric, leaders[-1].score or 0.0, leaders[-1].loss or 0.0):
                    leaders.append(trial)
        return leaders

    @property
    def confirmations(self) -> dict[int, list[float]]:
        """The scores of the trials that were run again with other seeds, by their numbers; without steered ones."""
        return {trial: [score for score, _ in results] for trial, results in self._confirmed().items()}

    @property
    def comparison(self) -> Comparison:
        """Whether the best two of the confirmed trials can be told apart; DataError where none were run again."""
        return compare_best(self.confirmations, self.metric)

    def trials_dataframe(self) -> Any:
        """Return the trials as a polars frame, or a pandas one where only that is installed; see Trial for the columns.

        A hyperparameter's column is named params_ and its name; it is empty where a trial has no such one.
        """
        try:
            frames = checks.extra("polars", "cli")
        except MissingExtra:
            frames = checks.extra("pandas", "cli")
        trials = self.trials
        columns = {name: [getattr(trial, name) for trial in trials] for name in TRIAL if name != "hyperparameters"}
        for name in self.facts["space"]:
            columns[f"params_{name}"] = _of_one_kind([trial.hyperparameters.get(name) for trial in trials])
        return frames.DataFrame(columns)

    def close(self) -> None:
        """Close the file; a study that is let go closes itself."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        counts = Counter(trial.state for trial in self.trials)
        states = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
        return f"Study({counts.total()} trials: {states})"

    def _epoch(self, row: Sequence[Any]) -> Epoch:
        """Return the epoch of a row of its table; SQLite keeps nan as NULL, and None where nothing is validated."""
        unjudged = () if self.facts.get("validation", 0) is not None else ("validation_loss", "validation_metric")
        values: dict[str, Any] = dict(zip(CURVE, (math.nan if value is None else value for value in row), strict=True))
        return Epoch(**values | dict.fromkeys(unjudged))

    def _decided(self, best: list[Trial]) -> Trial:
        """Return the best trial, or the one that is when the best have been run again."""
        if not best:
            raise DataError("study: no trial has a score; give the search more time, or see trials[...].message")
        confirmed = self._confirmed()
        if best[0].number not in confirmed:
            return best[0]
        winner = min(confirmed, key=lambda number: (self._mean_rank(confirmed[number]), number))
        return from_row(self._read("SELECT * FROM trials WHERE number = ?", winner)[0])

    def _confirmed(self) -> dict[int, list[tuple[float, float]]]:
        """Scores and losses of the trials that were run again."""
        results: dict[int, list[tuple[float, float]]] = {}
        query = (
            "SELECT trial, score, loss FROM confirmations WHERE trial IN (SELECT number FROM trials WHERE state != ?) "
            "ORDER BY trial, seed"
        )
        for trial, score, loss in self._read(query, STEERED):
            results.setdefault(trial, []).append(
                (math.nan if score is None else score, math.nan if loss is None else loss)
            )
        return results

    def _mean_rank(self, results: list[tuple[float, float]]) -> tuple[float, float]:
        scores, losses = zip(*results, strict=True)
        return rank(self.metric, fmean(scores), fmean(losses))

    def _read(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with reported(self.path):
            return self._connection.execute(query, values).fetchall()


def _of_one_kind(values: list[Any]) -> list[Any]:
    """Return a frame's column: numbers of two kinds become floats, values of several kinds words."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) < 2:
        return values
    kind = float if kinds == {int, float} else str
    return [None if value is None else kind(value) for value in values]
