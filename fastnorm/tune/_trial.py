"""Trial: the record of one model tried; and Standing: which trial of a search is the best one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..metrics import rank

RUNNING = "running"  # at work, or lost with its process
FINISHED = "finished"  # had all its epochs
DIVERGED = "diverged"  # its loss left the finite numbers
CUT = "cut"  # stopped by the time limit or by hand
FAILED = "failed"  # build or its training raised
ENDED = (FINISHED, DIVERGED, FAILED)  # what a longer search would have found too
STATES = (RUNNING, FINISHED, DIVERGED, CUT, FAILED)


@dataclass(frozen=True)
class Trial:
    """One model tried.

    number           from 0, in the order of the search
    hyperparameters  what the sampler gave and `build` got
    seed             of its Run: the same model, data and seed give the same weights again
    state            "running", "finished", "diverged" (not finite any more), "cut" (time limit or Ctrl-C) or "failed"
    score            validation metric of its best epoch; None before one is known
    loss             validation loss of that epoch; decides between equal scores
    best_epoch       number of that epoch
    epochs           how many it has had
    seconds          from start to end
    message          what went wrong, for "failed"
    """

    number: int
    hyperparameters: dict[str, Any]
    seed: int
    state: str = RUNNING
    score: float | None = None
    loss: float | None = None
    best_epoch: int | None = None
    epochs: int = 0
    seconds: float = 0.0
    message: str = ""


class Standing:
    """Which of the trials added so far, in whatever order they ended, is the best one.

    Trials decide in the order of their numbers: one counts when all before it have ended, so that trials a time limit
    cut short, and what happened to end after them, change nothing in what a longer search had found by then. Only where
    no trial counts yet, the best of what is there does.

    metric  the score's name, which says whether more or less of it is better
    """

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._next = 0  # the first number that has not ended
        self._leader: Trial | None = None  # best finished trial before that number
        self._ahead: dict[int, Trial] = {}  # ended, but some trial before them has not
        self._spare: Trial | None = None  # best of those that did not finish

    def add(self, trial: Trial) -> None:
        """Take in a trial that has ended or was cut."""
        if trial.state != FINISHED and trial.score is not None and self._beats(trial, self._spare):
            self._spare = trial
        if trial.state in ENDED:
            self._ahead[trial.number] = trial
        while self._next in self._ahead:
            ended = self._ahead.pop(self._next)
            if ended.state == FINISHED and self._beats(ended, self._leader):
                self._leader = ended
            self._next += 1

    def best(self) -> Trial | None:
        """Return the best trial, None while no epoch of any has been scored."""
        candidates = list(self.contenders())
        if self._leader is not None or not candidates:
            return self._leader
        return candidates[-1]

    def contenders(self) -> Iterator[Trial]:
        """Give the trials that are the best or may yet be, worst first: those whose weights must be kept."""
        best = self._leader
        if best is not None:
            yield best
        for number in sorted(self._ahead):
            trial = self._ahead[number]
            if trial.state == FINISHED and self._beats(trial, best):
                yield trial
                best = trial
        if best is None and self._spare is not None:
            yield self._spare

    def _beats(self, trial: Trial, other: Trial | None) -> bool:
        return other is None or self._key(trial) < self._key(other)

    def _key(self, trial: Trial) -> tuple[float, ...]:
        assert trial.score is not None
        assert trial.loss is not None
        return (*rank(self._metric, trial.score, trial.loss), trial.number)
