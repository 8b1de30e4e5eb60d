"""Progress while models train: a live line on a terminal, plain lines elsewhere, both on stderr."""

import sys
import time
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.table import Table as Grid
from rich.text import Text

from ..errors import DataError
from ..tune import Study, Trial
from ..tune.study.trial import ENDED
from .lines import say

BAR = 20  # cells


class SearchProgress:
    """A callback for caviar and a `with` block around it: how far the search is, the time left, the best so far.

    Where there is no live line, one is printed for the first result, for every tenth of the search, and at the end.

    trials, epochs, seconds  the search's limits; trials or seconds may be None
    again                    how many runs with other seeds follow
    study                    the study, once its first epoch has ended
    """

    def __init__(
        self, trials: int | None, epochs: int, seconds: float | None, again: int = 0
    ) -> None:
        self.study: Study | None = None
        self._trials = trials
        self._epochs = epochs
        self._seconds = seconds
        self._begun = time.monotonic()
        self._again = again
        self._share = self._share_before = 0.0
        self._end: float | None = None  # when all will be done, as far as one can tell
        self._running: dict[int, int] = {}  # epochs had by each trial at work
        self._ended: dict[int, int] = {}  # trials that have, and their seeds
        self._confirmed = 0
        self._last: int | None = None  # number of the trial that was told last
        self._standing = self._said = ("first epoch", "")  # what is shown before and after the time
        self._tenth = -1  # at which the last line was, where there is no live one
        self._console = Console(stderr=True)
        self._live = Live(self, console=self._console) if self._console.is_interactive else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self.study is not None and self._last is not None:  # at the end some may have ended of which nobody told
            self._count(self.study)
            self._standing = self._words(self.study, self.study.trials[self._last])
        if self._live is not None:
            self._live.stop()
        elif self._standing != self._said and self.best() is not None:
            self._say()

    def begin(self, study: Study) -> None:
        """Take in the trials that a continued study has already."""
        self._count(study)
        self._share_before = 0.0 if self._trials is None else self._done()

    def _count(self, study: Study) -> None:
        self._ended = {trial.number: trial.seed for trial in study.trials if trial.state in ENDED}
        self._confirmed = sum(map(len, study.confirmations.values()))

    def __call__(self, study: Study, trial: Trial) -> None:
        """Take in that a trial had an epoch or ended, and show the search's state."""
        self.study, self._last = study, trial.number
        is_again = self._ended.get(trial.number, trial.seed) != trial.seed
        if is_again:
            self._confirmed += 1
        elif trial.state in ENDED:
            self._running.pop(trial.number, None)
            self._ended[trial.number] = trial.seed
        else:  # at work, or cut
            self._running[trial.number] = trial.epochs
        self._share = share = self._done()
        fresh = (share - self._share_before) / max(1 - self._share_before, 1e-9)
        self._end = self._begun + (time.monotonic() - self._begun) / fresh if fresh > 0 else None
        self._standing = self._words(study, trial)
        tenth = int(10 * share + 1e-9)
        if self._live is None and self._worth_a_line(trial) and tenth > self._tenth:
            self._tenth = tenth
            self._say()

    def _say(self) -> None:
        say(self._line(), sys.stderr)
        self._said = self._standing

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw a bar, where there is room, and the line, whose clock runs while nothing is reported."""
        line, room = Text(self._line()), options.max_width - 3  # ^C takes three, and would wrap else
        shown: Text | Grid = line
        if BAR + 1 + line.cell_len <= room:
            shown = Grid.grid(Column(), Column(no_wrap=True), padding=(0, 1))
            shown.add_row(ProgressBar(1.0, self._share, width=BAR), line)
        yield from console.render(shown, options.update(width=room))

    def _line(self) -> str:
        """Return a line on the search's state at this moment."""
        done, best = self._standing
        now = time.monotonic()
        clock = f"{_clock(now - self._begun)} passed" if self._end is None else f"{_clock(self._end - now)} left"
        return f"{done}, {clock}, {best}" if best else f"{done}, {clock}"

    def best(self) -> Trial | None:
        """Return the best trial so far, None while there is none."""
        try:
            return None if self.study is None else self.study.best_so_far
        except DataError:
            return None

    def _worth_a_line(self, trial: Trial) -> bool:
        return trial.state in ENDED

    def _words(self, study: Study, trial: Trial) -> tuple[str, str]:
        of = "" if self._trials is None else f" of {self._trials}"
        best = self.best()
        figure = "" if best is None else f"{self._figure(study, best)} (trial {best.number})"
        again = f", {self._confirmed} of {self._again} runs again" if self._confirmed and self._again else ""
        return f"{len(self._ended)}{of} trials{again}", figure

    def _figure(self, study: Study, trial: Trial) -> str:
        score = "unknown" if trial.score is None else f"{trial.score:.4f}"
        return f"best {study.metric.replace('_', ' ')} {score}"

    def _done(self) -> float:
        """Return how much of the search is done, by trials or by time, whichever ends it first."""
        shares = [0.0]
        if self._trials is not None:
            epochs = (len(self._ended) + self._confirmed) * self._epochs + sum(self._running.values())
            shares.append(epochs / ((self._trials + self._again) * self._epochs))
        if self._seconds is not None:
            shares.append((time.monotonic() - self._begun) / self._seconds)
        return min(max(shares), 1.0)


class FitProgress(SearchProgress):
    """The same for a single model, by epochs."""

    def _worth_a_line(self, trial: Trial) -> bool:
        return trial.state == "running"

    def _words(self, study: Study, trial: Trial) -> tuple[str, str]:
        return f"epoch {trial.epochs} of {self._epochs}", f"{self._figure(study, trial)} (epoch {trial.best_epoch})"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(round(seconds), 0), 60)
    return f"{minutes}:{rest:02d}"
