"""What the command line shows while models train: a bar on a terminal, plain lines elsewhere, both on stderr."""

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .errors import DataError
from .tune import Study, Trial


class SearchProgress:
    """A callback for caviar and a `with` block around it: the best so far, and the time left.

    trials, epochs, seconds  the search's limits; trials or seconds may be None
    unit                     what a score of 1 is in the target's own units
    study                    the study, once its first epoch has ended
    """

    def __init__(self, trials: int | None, epochs: int, seconds: float | None, unit: float = 1.0) -> None:
        self.study: Study | None = None
        self._trials = trials
        self._epochs = epochs
        self._seconds = seconds
        self._unit = unit
        self._begun = time.monotonic()
        self._running: dict[int, int] = {}  # epochs had by each trial at work
        self._ended = 0
        console = Console(stderr=True)
        self._bar: Progress | None = None
        if console.is_terminal:
            columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*columns, console=console)
            self._bar.add_task("first epoch", total=1.0)
        self._print = console.print

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, study: Study, trial: Trial) -> None:
        """Take in that a trial had an epoch or ended, and show where the search stands."""
        self.study = study
        if trial.state == "running":
            self._running[trial.number] = trial.epochs
        else:
            self._running.pop(trial.number, None)
            self._ended += 1
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._share(), description=self._standing(study, trial))
        elif self._worth_a_line(trial):
            self._print(self._standing(study, trial), markup=False, highlight=False, soft_wrap=True)

    def _worth_a_line(self, trial: Trial) -> bool:
        return trial.state != "running"

    def _standing(self, study: Study, trial: Trial) -> str:
        of = "" if self._trials is None else f" of {self._trials}"
        return f"{self._ended}{of} trials, {self._best(study)}, {self._times()}"

    def best(self) -> Trial | None:
        """Return the best trial so far, None while there is none."""
        try:
            return None if self.study is None else self.study.best_trial
        except DataError:
            return None

    def _best(self, study: Study) -> str:
        best = self.best()
        if best is None:
            return "none scored yet"
        return f"best {study.metric.replace('_', ' ')} {self._figure(best)} (trial {best.number})"

    def _figure(self, trial: Trial) -> str:
        return "unknown" if trial.score is None else f"{trial.score * self._unit:.4f}"

    def _times(self) -> str:
        passed = time.monotonic() - self._begun
        share = self._share()
        return f"{_clock(passed)} passed, {_clock(passed * (1 - share) / share)} left" if share else _clock(passed)

    def _share(self) -> float:
        """Return how much of the search is done, by trials or by time, whichever ends it first."""
        shares = [0.0]
        if self._trials is not None:
            shares.append((self._ended * self._epochs + sum(self._running.values())) / (self._trials * self._epochs))
        if self._seconds is not None:
            shares.append((time.monotonic() - self._begun) / self._seconds)
        return min(max(shares), 1.0)


class FitProgress(SearchProgress):
    """The same for a single model: a line for each epoch."""

    def _worth_a_line(self, trial: Trial) -> bool:
        return trial.state == "running"

    def _standing(self, study: Study, trial: Trial) -> str:
        figure = f"best {study.metric.replace('_', ' ')} {self._figure(trial)} (epoch {trial.best_epoch})"
        return f"epoch {trial.epochs} of {self._epochs}, {figure}, {self._times()}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
