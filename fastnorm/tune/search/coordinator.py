"""The coordinator: one loop that hands out work units, takes in their results and records them.

A unit of work is a trial's slice of epochs up to its next rung (see _work). The plan says which slices may be done
now and is a function of numbers and curves alone; the workers only decide when. What a worker gets and gives back is
plain values and bytes, so threads and processes do the same. The record is written when a trial starts, after each
unit of work, and when the pruner stops trials. To resume, the plan is given what is on record: trials that waited,
were stopped or cut go on from their recorded state, others begin again by their seed, to the same bits.
"""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from heapq import heapify, heappop, heappush
from queue import Empty, SimpleQueue

from ... import checks
from ...errors import FileError, SettingError
from ..samplers.base import Exhausted
from ..study.study import Study
from ..study.trial import CUT, FAILED, RUNNING, Trial
from .draw import Draw
from .record import Record
from .scheduler import Plan
from .work import Outcome, Work, WorkerPool, WorkUnit, outcome_of

Callback = Callable[[Study, Trial], None]
SYNCS_EVERY = 1.0  # seconds at the least between two waits for the disk
LOOKS_EVERY = 0.05  # seconds between two looks at the trials a person wants to steer
COMMITS_EVERY = 0.02  # seconds at the most between two commits while there is something to write
MOMENT = 0.002  # seconds without news after which writes are committed
TAIL = 4  # trials for each worker at a wave's end; the most expensive start first, so that workers end together
LATE = 0.1  # seconds after the deadline when slices that no worker has begun are taken back


class Coordinator:
    """One search at work.

    deadline       by time.monotonic(), when it ends; trial_timeout: seconds of work that one trial may take
    workers        slices that are done at a time
    """

    def __init__(
        self,
        work: Work,
        draw: Draw,
        plan: Plan,
        record: Record,
        pool: WorkerPool,
        *,
        workers: int,
        callbacks: Sequence[Callback] = (),
        deadline: float | None = None,
        trial_timeout: float | None = None,
    ) -> None:
        self._work = work
        self._draw = draw
        self._plan = plan
        self._record = record
        self._pool = pool
        self._workers = workers
        self._callbacks = callbacks
        self._deadline = deadline
        self._trial_timeout = trial_timeout
        self._active: dict[Future[Outcome], WorkUnit] = {}
        self._due: list[tuple[float, int]] = []  # new trials that may begin, the dearest first; a heap
        self._events: SimpleQueue[Trial | Future[Outcome]] = SimpleQueue()
        self._wanted: set[int] = set()  # trials at work that a person is to have
        self._errors: dict[int, Exception] = {}  # that of the first trial that failed
        self._synced = self._committed = time.monotonic()

    def run(self) -> None:
        """Continue the recorded trials, then begin new ones, until there are enough or the time is over."""
        try:
            for trial, curve in self._record.resume():
                self._plan.open(trial)
                self._plan.add(trial, curve)
            self._decide()
            self._loop()
        except BaseException:
            self._stop()
            raise
        self._leave()
        self._report_failures()

    def _stop(self) -> None:
        """Stop all work and record its state, without a long wait for a study that another program holds."""
        self._pool.stop()
        self._record.hurry()
        for future in [*self._active]:
            future.cancel()
        ended = wait(self._active).done
        try:
            for future in ended:
                self._record_end(future, is_stopping=True)
            self._leave()
        except FileError as error:
            checks.warn(f"{error}; what is not recorded will be done again")

    def _leave(self) -> None:
        """Record the trials under way as cut, and bring all to the disk."""
        running = [trial for trial in self._plan.trials if trial.state == RUNNING]
        self._record.mark([replace(trial, state=CUT) for trial in running])
        self._record.sync()

    def _loop(self) -> None:
        while True:
            while len(self._active) < self._workers and self._seconds_left() > 0:
                number = self._next()
                if number is None:
                    break
                self._submit(number)
            if not self._active:
                return
            try:
                event = self._event()
            except Empty:
                for future in [*self._active]:
                    future.cancel()
                continue
            if isinstance(event, Trial):
                self._tell(event)
            else:
                self._take(event)

    def _event(self) -> "Trial | Future[Outcome]":
        """Return the next event; Empty where none comes before the deadline.

        Writes are committed while the workers are at work, but together where many events come at once.
        """
        if time.monotonic() - self._committed < COMMITS_EVERY:
            with suppress(Empty):
                return self._events.get(timeout=MOMENT)
        self._record.commit()
        self._committed = time.monotonic()
        while True:
            self._give()
            patience = self._patience()
            try:
                return self._events.get(timeout=min(patience, LOOKS_EVERY))
            except Empty:
                if patience <= LOOKS_EVERY:
                    raise

    def _give(self) -> None:
        """Give trials that a person wants to steer away; one that is being worked on, when its slice has ended."""
        for number in self._record.requests():
            if any(unit.trial.number == number for unit in self._active.values()):
                if number not in self._wanted:
                    self._wanted.add(number)
                    self._pool.stop(number)
            elif number < len(self._plan.trials):
                self._due = [entry for entry in self._due if entry[1] != number]
                heapify(self._due)
                trial = self._plan.steer(number)
                self._record.give(trial)
                self._events.put(trial)  # and others may now go on
                self._decide()

    def _next(self) -> int | None:
        """Return the trial to work on now, which may be a new one."""
        if not self._due:
            number = self._plan.next()
            if number is None or number < len(self._plan.trials):
                return number
            self._begin(number)
            if not self._due:
                return self._plan.next()
        return heappop(self._due)[1]

    def _begin(self, number: int) -> None:
        """Begin the next trial, and with it the rest of its wave where that is small.

        Under a time limit trials begin in the order of their numbers, so that the trials begun are a prefix.
        """
        rest = None
        if self._deadline is None and self._workers > 1:
            rest = self._plan.rest_of_wave(number, TAIL * self._workers)
        drawn: list[Trial] = []
        for new in rest or [number]:
            try:
                drawn.append(self._draw.trial(new, self._plan.trials[: self._plan.wave(new)]))
            except Exhausted as end:
                checks.warn(f"the search ends after {new} trials: {end}")
                self._plan.limit = new
                self._decide()
                break
        for trial, cost in zip(drawn, self._pool.costs(self._work, drawn) if rest else [0.0] * len(drawn), strict=True):
            self._plan.open(trial)  # first: an interruption of the next line leaves a trial on record that is cut then
            self._record.start(trial)
            heappush(self._due, (-cost, trial.number))

    def _submit(self, number: int) -> None:
        trial = self._plan.trials[number]
        state = self._record.revive(number) if trial.seconds else ()
        if not state:
            trial = Trial(trial.number, trial.hyperparameters, trial.seed)
        limit = None if self._trial_timeout is None else self._trial_timeout - trial.seconds
        until, left = self._plan.until(number), self._seconds_left()
        deadline = None if self._deadline is None else time.time() + left
        report = self._events.put if self._callbacks else _ignore
        unit = WorkUnit(trial, until, state, deadline, limit)
        future = self._pool.submit(self._work, unit, report)
        self._active[future] = unit
        future.add_done_callback(self._events.put)

    def _take(self, future: Future[Outcome]) -> None:
        number = self._record_end(future).number
        if number in self._wanted:
            self._wanted.remove(number)
            self._give()
            if self._plan.trials[number].state == CUT:  # and nobody wants it any more
                self._plan.go_on(number)
        elif self._plan.trials[number].state != RUNNING:
            self._tell(self._plan.trials[number])
        self._decide()

    def _record_end(self, future: Future[Outcome], is_stopping: bool = False) -> Trial:
        outcome = outcome_of(future, self._active[future], is_stopping)
        self._record.take(outcome)
        self._plan.add(outcome.trial, outcome.curve)
        del self._active[future]  # last: after an interruption of the lines above it is still here
        number, error = outcome.trial.number, outcome.error
        if error is not None and number <= min(self._errors, default=number):
            self._errors = {number: error}
        return outcome.trial

    def _decide(self) -> None:
        """Stop the trials that the pruner stops now."""
        stopped = self._plan.decide()
        if not stopped:
            return
        self._record.mark(stopped)
        if time.monotonic() - self._synced > SYNCS_EVERY:
            self._record.sync()
            self._synced = time.monotonic()
        for trial in stopped:
            self._tell(trial)

    def _tell(self, trial: Trial) -> None:
        if self._callbacks:
            self._record.commit()
        for callback in self._callbacks:
            callback(self._record.study, trial)

    def _seconds_left(self) -> float:
        return 1.0 if self._deadline is None else self._deadline - time.monotonic()

    def _patience(self) -> float:
        return math.inf if self._deadline is None else max(self._seconds_left(), 0) + LATE

    def _report_failures(self) -> None:
        """Warn of trials that failed; where all did, raise the error of the first."""
        failed = [trial for trial in self._plan.trials if trial.state == FAILED]
        if not failed:
            return
        first, count = failed[0], len(self._plan.trials)
        if len(failed) == count:
            error = self._errors.get(first.number, SettingError(first.message))
            error.add_note(f"all {count} trials failed; this was trial {first.number}'s error")
            raise error
        words = f"{len(failed)} of {count} trials failed, see study.trials; trial {first.number}: {first.message}"
        checks.warn(words)


def _ignore(trial: Trial) -> None: ...
