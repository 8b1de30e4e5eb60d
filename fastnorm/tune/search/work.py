"""A unit of work: some epochs of a trial, up to its next rung; the pool that does it; the flag that stops it.

A WorkUnit goes to a worker, an Outcome comes back. Both are plain values and bytes, so that a thread, a process or
another machine does the same work and gives the same bytes.
"""

import multiprocessing
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ...errors import SettingError
from ...kernels import cpu
from ...training.run import Epoch
from ..study.trial import CUT, FAILED, Trial

LOOKS_EVERY = 0.05  # seconds between another process's checks that its search still runs


@dataclass(frozen=True)
class WorkUnit:
    """Work on one trial.

    trial     in its present state
    until     the epoch it is to reach
    state     to continue from, a part for each of its Runs; none: from the beginning
    deadline  by time.time(), which other processes share: when the search ends
    limit     seconds this trial may still take
    """

    trial: Trial
    until: int
    state: tuple[bytes, ...] = ()
    deadline: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Outcome:
    """Result of a work unit.

    trial  in its new state: "running" where it has more epochs before it
    curve  the epochs of this slice
    model  the model file of the best epoch, where that is one of these
    state  to continue from, where epochs are left
    error  the exception of build or training; other processes tell it in trial.message alone
    """

    trial: Trial
    curve: list[Epoch] = field(default_factory=list)
    model: bytes | None = None
    state: tuple[bytes, ...] = ()
    error: Exception | None = None


class Stoppable(Protocol):
    """Anything that a stop flag can stop: a Run."""

    def stop(self) -> None:
        """Stop at the next minibatch, or before the first."""


class StopFlag:
    """Stops the Runs at work at their next minibatch, from another thread, and those to come before their first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[Stoppable] = []
        self.pulled = False

    def pull(self) -> None:
        """Stop them all, now and from now on."""
        with self._lock:
            self.pulled = True
            for run in self._held:
                run.stop()

    @contextmanager
    def holds(self, *runs: Stoppable) -> Iterator[None]:
        """Have the stop_flag act on these Runs within the block."""
        with self._lock:
            self._held += runs
        try:
            yield
        finally:
            with self._lock:
                self._held = [held for held in self._held if all(held is not run for run in runs)]


Report = Callable[[Trial], None]


class Work(Protocol):
    """The common part of a search's trials: how one of them is worked on."""

    def advance(self, unit: WorkUnit, stop_flag: StopFlag, report: Report) -> Outcome:
        """Do a work unit; `report` is called after every epoch with the trial's state."""

    def cost(self, trial: Trial) -> float:
        """How much work an epoch of the trial is, about, in any unit; 0 where that cannot be told."""


def work_on(work: Work, unit: WorkUnit, stop_flag: StopFlag, report: Report) -> Outcome:
    """Do a work unit in this thread; an exception makes it a failed trial."""
    begun = time.monotonic()
    try:
        outcome = work.advance(unit, stop_flag, report)
    except Exception as error:
        failed = replace(unit.trial, state=FAILED, message=f"{type(error).__name__}: {error}")
        outcome = Outcome(failed, error=error)
    seconds = unit.trial.seconds + time.monotonic() - begun
    return replace(outcome, trial=replace(outcome.trial, seconds=seconds))


def work_elsewhere(work: Work, unit: WorkUnit, variant: str, sign: str) -> Outcome:
    """Do a slice in another process, with the kernels of the same variant.

    It is stopped when the folder `sign` is gone, or a file with the trial's number is in it.
    """
    if cpu.variant() != variant:
        words = f"expected the kernels of variant {variant} as in the study, got {cpu.variant()}"
        raise SettingError(f"worker: {words}; set FASTNORM_ISA={variant} where the workers are started")
    stop_flag, done = StopFlag(), threading.Event()

    def watch() -> None:
        parent = multiprocessing.parent_process()
        while not done.wait(LOOKS_EVERY):
            if not Path(sign).exists() or Path(sign, str(unit.trial.number)).exists():
                stop_flag.pull()
            if parent is not None and not parent.is_alive():
                os._exit(1)  # killed: nobody is left to take the result

    threading.Thread(target=watch, daemon=True, name="caviar-watch").start()
    try:
        outcome = work_on(work, unit, stop_flag, lambda trial: None)
    finally:
        done.set()
    return replace(outcome, error=None)  # not every exception can be sent


def outcome_of(future: Future[Outcome], unit: WorkUnit, is_stopping: bool) -> Outcome:
    """Return the result of a work unit; a worker that died is an error of the executor."""
    error = None if future.cancelled() else future.exception()
    if future.cancelled() or (error is not None and is_stopping):
        return Outcome(replace(unit.trial, state=CUT), state=unit.state)
    if isinstance(error, Exception):
        words = "with processes, build and the objective must be functions that a module defines"
        script = "and a script must start the search under if __name__ == '__main__'"
        raise SettingError(f"executor: {type(error).__name__}: {error}; {words}, {script}") from error
    return future.result()


class WorkerPool:
    """The workers: threads of this process, or whatever an executor has."""

    def __init__(self, executor: Executor, until_done: ExitStack) -> None:
        self._executor = executor
        self._stop_flags: dict[Future[Outcome], tuple[int, StopFlag]] = {}  # of the slices at work, and their trials
        self._sign = ""  # a folder that tells other processes that the search still runs
        if not isinstance(executor, ThreadPoolExecutor):
            folder = TemporaryDirectory(prefix="fastnorm-", ignore_cleanup_errors=True)
            self._sign = until_done.enter_context(folder)

    def submit(self, work: Work, unit: WorkUnit, report: Report) -> Future[Outcome]:
        """Have a slice done."""
        if self._sign:
            return self._executor.submit(work_elsewhere, work, unit, cpu.variant(), self._sign)
        stop_flag = StopFlag()
        future = self._executor.submit(work_on, work, unit, stop_flag, report)
        self._stop_flags[future] = unit.trial.number, stop_flag
        future.add_done_callback(lambda future: self._stop_flags.pop(future, None))
        return future

    def costs(self, work: Work, trials: Sequence[Trial]) -> list[float]:
        """Return how much work each trial is, as a worker says; those of other processes are not asked."""
        return [0.0] * len(trials) if self._sign else list(self._executor.map(work.cost, trials))

    def stop(self, trial: int | None = None) -> None:
        """Stop the work on a trial, or all work, at the next minibatch."""
        for number, stop_flag in [*self._stop_flags.values()]:
            if trial in (None, number):
                stop_flag.pull()
        if self._sign and trial is None:
            shutil.rmtree(self._sign, ignore_errors=True)
        elif self._sign:
            Path(self._sign, str(trial)).touch()
