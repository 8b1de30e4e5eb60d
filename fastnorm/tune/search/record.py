"""Record: the writing side of a study, for the one thread that coordinates a search.

The next commit keeps all writes of its methods or none, so that whenever the process is killed a
trial's row, its curve, its model and its state are of one moment. A method that was interrupted may
be called again. A state that is missing is no loss: the trial begins again by its seed, and the same bits come about.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...training.run import Epoch
from ..study.connection import Connection
from ..study.ranking import Ranking
from ..study.trial import CUT, RUNNING, STOPPED, Trial
from ..study.writer import Writer
from .work import Outcome

STOPPED_STATES = 2**28  # bytes of the states of stopped trials that are kept for a revival, the latest stopped


class Record(Writer):
    """A search's study.

    keep      of how many of the best trials the models are kept
    deadline  of the search
    """

    def __init__(self, path: Path | None, facts: Mapping[str, Any], keep: int, deadline: float | None = None) -> None:
        super().__init__(path, facts, deadline=deadline)
        self._keep = keep
        self._ranking = self.study._ranking = Ranking(self.study.metric, keep)
        self._stopped: dict[int, int] = {}  # bytes of the states of stopped trials, the latest last

    def resume(self) -> Iterator[tuple[Trial, list[Epoch]]]:
        """Give the trials that are on record, with their curves; trials that had not ended are running again."""
        with self.writing() as write:
            write.execute("UPDATE trials SET state = ? WHERE state = ?", (RUNNING, CUT))
            write.execute("DELETE FROM requests")  # whoever still waits asks again
        sizes = dict(self.study._read("SELECT trial, sum(length(content)) FROM states GROUP BY trial"))
        for trial in self.study.trials:
            if trial.state != RUNNING:
                self._ranking.add(trial)
            if trial.state == STOPPED and trial.number in sizes:
                self._stopped[trial.number] = sizes[trial.number]
            yield trial, self.study.curve(trial.number)

    def take(self, outcome: Outcome) -> None:
        """Record a trial's state after a work unit."""
        trial = outcome.trial
        if trial.state != RUNNING:
            self._ranking.add(trial)
        self.stand(trial, outcome.curve)
        with self.writing() as write:
            write.execute("DELETE FROM states WHERE trial = ?", [trial.number])
            if outcome.state:
                parts = [(trial.number, part, content) for part, content in enumerate(outcome.state)]
                write.executemany("INSERT INTO states VALUES (?, ?, ?)", parts)
            if outcome.model is not None and (outcome.state or trial.number in self._kept()):
                write.execute("REPLACE INTO models VALUES (?, ?)", (trial.number, outcome.model))
            if trial.state != RUNNING:
                self._tidy(write)

    def requests(self) -> list[int]:
        """Return the trials that a person wants to steer."""
        return [number for (number,) in self.study._read("SELECT trial FROM requests ORDER BY trial")]

    def give(self, trial: Trial) -> None:
        """Record that a trial is a person's from now on, at once; nothing of it is written here any more."""
        self._stopped.pop(trial.number, None)
        self.stand(trial)
        with self.writing() as write:
            write.execute("DELETE FROM requests WHERE trial = ?", [trial.number])
        self._ranking = self.study._ranking = self._stood()
        self.commit()

    def mark(self, trials: Sequence[Trial]) -> None:
        """Record that trials were stopped or cut where they stood."""
        with self.writing() as write:
            for trial in trials:
                self.stand(trial)
                self._ranking.add(trial)
                if trial.state == STOPPED:
                    self._stopped[trial.number] = sum(map(len, self.state(trial.number)))
            while sum(self._stopped.values()) > STOPPED_STATES:
                number = next(iter(self._stopped))
                del self._stopped[number]
                write.execute("DELETE FROM states WHERE trial = ?", [number])
            self._tidy(write)

    def state(self, trial: int) -> tuple[bytes, ...]:
        """Return the state a trial continues from, nothing where it must begin anew."""
        return tuple(
            part for (part,) in self.study._read("SELECT content FROM states WHERE trial = ? ORDER BY part", trial)
        )

    def revive(self, trial: int) -> tuple[bytes, ...]:
        """Return the state a trial continues from, which is kept from now on."""
        self._stopped.pop(trial, None)
        return self.state(trial)

    def confirm(self, trial: int, seed: int, result: Trial) -> None:
        """Record the result of a trial that was run again with another seed."""
        with self.writing() as write:
            write.execute("REPLACE INTO confirmations VALUES (?, ?, ?, ?)", (trial, seed, result.score, result.loss))

    def close(self) -> None:
        """Let others write; the study stays open for reading."""
        self.study._ranking = None
        super().close()

    def _stood(self) -> Ranking:
        """Return which trials are the best, told from the record."""
        ranking = Ranking(self.study.metric, self._keep)
        for trial in self.study.trials:
            if trial.state != RUNNING:
                ranking.add(trial)
        return ranking

    def _kept(self) -> list[int]:
        return [contender.number for contender in self._ranking.contenders()]

    def _tidy(self, write: Connection) -> None:
        """Delete the models that are no longer among the best and that no trial continues from."""
        kept = ", ".join(map(str, self._kept()))
        write.execute(f"DELETE FROM models WHERE trial NOT IN ({kept}) AND trial NOT IN (SELECT trial FROM states)")
