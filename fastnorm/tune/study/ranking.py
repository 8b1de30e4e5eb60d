"""Ranking: which trials of a search are the best ones."""

from collections.abc import Iterator

from ...metrics import rank
from .trial import ENDED, SCORED, Trial


class Ranking:
    """Which of the trials added so far, in whatever order they ended, are the best ones.

    Trials decide in the order of their numbers: one counts when all before it have ended, so that trials a time limit
    cut short, and what happened to end after them, change nothing in what a longer search had found by then. Only where
    no trial counts yet, the best of all does.

    metric  the score's name, which says whether more or less of it is better
    places  how many of the best are told
    """

    def __init__(self, metric: str, places: int = 1) -> None:
        self._metric = metric
        self._places = places
        self._next = 0  # the first number that has not ended
        self._leaders: list[Trial] = []  # of those before that number, best first
        self._ahead: dict[int, Trial] = {}  # ended, but some trial before them has not
        self._spare: Trial | None = None  # best of the trials that did not end well

    def add(self, trial: Trial) -> None:
        """Take in a trial that has ended or was cut; one that comes again takes its former place."""
        if trial.number < self._next:
            self._leaders = [leader for leader in self._leaders if leader.number != trial.number]
            self._lead(trial)
        elif trial.state in ENDED:
            self._ahead[trial.number] = trial
        if trial.state not in SCORED and trial.score is not None and self._beats(trial, self._spare):
            self._spare = trial
        while self._next in self._ahead:
            self._lead(self._ahead.pop(self._next))
            self._next += 1

    def best(self) -> list[Trial]:
        """Return the best trials, best first; none while no epoch of any has been scored."""
        if self._leaders:
            return self._leaders
        return list(self.contenders())[:1]

    def contenders(self) -> Iterator[Trial]:
        """Give the trials that are among the best or may yet be: those whose weights must be kept."""
        field = list(self._leaders)
        for number in sorted(self._ahead):
            trial = self._ahead[number]
            if _may_lead(trial) and sum(self._beats(other, trial) for other in field) < self._places:
                field.append(trial)
        if not field and self._spare is not None:
            field.append(self._spare)
        yield from sorted(field, key=self._key)

    def _lead(self, trial: Trial) -> None:
        if _may_lead(trial):
            self._leaders = sorted([*self._leaders, trial], key=self._key)[: self._places]

    def _beats(self, trial: Trial, other: Trial | None) -> bool:
        return other is None or self._key(trial) < self._key(other)

    def _key(self, trial: Trial) -> tuple[float, ...]:
        assert trial.score is not None
        assert trial.loss is not None
        return (*rank(self._metric, trial.score, trial.loss), trial.number)


def _may_lead(trial: Trial) -> bool:
    return trial.state in SCORED and trial.score is not None
