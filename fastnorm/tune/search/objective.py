"""search: the same search for any Python function, which reports on its way and may be stopped there."""

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from ... import checks
from ...errors import DataError, SettingError
from ...metrics import rank
from ...training.run import Epoch
from ..samplers.base import Sampler
from ..space.space import check_space
from ..study.study import Study
from ..study.trial import CUT, DIVERGED, FINISHED, OVERTIME, RUNNING, Trial
from .coordinator import Callback
from .pruning import Pruner
from .run_search import Options, conduct
from .work import Outcome, Report, StopFlag, WorkUnit

METRICS = {"minimize": "cost", "maximize": "score"}
ENDLESS = 2**53  # steps


class Interruption(BaseException):
    """Ends an objective at a report; no Exception, so that an objective that catches those does not catch it."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Attempt:
    """One trial as an objective gets it, to read and to report on.

    number           of the trial, from 0
    hyperparameters  from the sampler
    seed             for the objective's own randomness; its result should depend on this and the hyperparameters alone
    """

    def __init__(self, work: "Calling", unit: WorkUnit, stop_flag: StopFlag, tell: Report) -> None:
        trial = unit.trial
        self.number, self.hyperparameters, self.seed = trial.number, dict(trial.hyperparameters), trial.seed
        self.trial = trial
        self.curve: list[Epoch] = []
        self._metric = work.metric
        self._unit = unit
        self._stop_flag = stop_flag
        self._tell = tell
        self._begun = self._last = time.monotonic()

    def report(self, value: float, step: int) -> None:
        """Report the value after a step, a whole number from 1 that rises; the search may end the trial here."""
        try:
            step = checks.integer("step", step, self.trial.epochs + 1)
        except SettingError as error:
            raise SettingError(f"{error}; the order is report(value, step)") from None
        value, now = _number("value", value), time.monotonic()
        self.curve.append(Epoch(step, math.nan, math.nan, value, value, math.nan, math.nan, now - self._last))
        self.trial, self._last = replace(self.trial, epochs=step), now
        if not math.isfinite(value):
            raise Interruption(DIVERGED)
        best = self.trial.score
        if best is None or rank(self._metric, value, 0) < rank(self._metric, best, 0):
            self.trial = replace(self.trial, score=value, loss=value, best_epoch=step)
        self._tell(self.trial)
        if self._stop_flag.pulled or (self._unit.deadline is not None and time.time() >= self._unit.deadline):
            raise Interruption(CUT)
        if self._unit.limit is not None and now - self._begun >= self._unit.limit:
            raise Interruption(OVERTIME)
        if step >= self._unit.until:
            raise Interruption(RUNNING)


@dataclass(frozen=True)
class Calling:
    """The work of a search: call the objective, until it returns or a report ends it."""

    objective: Callable[[Any], Any]
    steps: int
    metric: str

    def cost(self, trial: Trial) -> float:
        """Return 0: the cost of an objective is unknown."""
        return 0.0

    def advance(self, unit: WorkUnit, stop_flag: StopFlag, report: Report) -> Outcome:
        """Call the objective from its beginning, up to the slice's last step."""
        attempt = Attempt(self, unit, stop_flag, report)
        if stop_flag.pulled:
            return Outcome(replace(unit.trial, state=CUT))
        try:
            value = self.objective(attempt)
        except Interruption as end:
            state = FINISHED if end.state == RUNNING and attempt.trial.epochs >= self.steps else end.state
            return Outcome(replace(attempt.trial, state=state), attempt.curve)
        trial = attempt.trial
        if value is not None:
            value = _number("objective", value)
            trial = replace(trial, score=value, loss=value) if math.isfinite(value) else replace(trial, state=DIVERGED)
        elif trial.score is None:
            raise DataError("objective: expected a number, or a report of one, got neither")
        return Outcome(trial if trial.state == DIVERGED else replace(trial, state=FINISHED), attempt.curve)


def search(
    objective: Callable[[Any], float | None],
    space: Mapping[str, Any],
    *,
    direction: str = "minimize",
    trials: int | None = None,
    steps: int | None = None,
    timeout: float | None = None,
    trial_timeout: float | None = None,
    sampler: Sampler | None = None,
    pruner: Pruner | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    study: str | os.PathLike[str] | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    enqueue: Sequence[Mapping[str, Any]] = (),
    start_from: Study | str | os.PathLike[str] | None = None,
    replicates: int = 1,
) -> Study:
    """Look for the hyperparameters of any Python function that are best; return the record.

    objective  gets a trial: trial.hyperparameters, trial.seed, trial.report(value, step); returns its score, or None
               where the best of its reports is the score
    direction  of scores: "minimize" or "maximize"
    steps      how many an objective reports at the most; needed with a pruner, which judges trials by their reports. A
               function cannot be paused: a trial that continues after a rung is called again, from its beginning
    The other arguments are caviar's. Time limits, Ctrl-C and a pruner take effect at the next report. Objectives run in
    threads: pure Python gains from a ProcessPoolExecutor.
    """
    metric = METRICS[checks.choice("direction", direction, list(METRICS))]
    if pruner is not None and steps is None:
        raise SettingError("steps: expected the most an objective reports, which a pruner needs, got none")
    steps = ENDLESS if steps is None else checks.integer("steps", steps, 1, ENDLESS)
    how = (trials, timeout, trial_timeout, sampler, pruner, workers, executor, study, seed, callbacks)
    options = Options(*how, enqueue=enqueue, start_from=start_from, replicates=replicates)
    name = getattr(objective, "__qualname__", type(objective).__qualname__)
    return conduct(Calling(objective, steps, metric), check_space(space), steps, metric, {"objective": name}, options)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(f"{name}: expected a number, got {value!r}") from None
