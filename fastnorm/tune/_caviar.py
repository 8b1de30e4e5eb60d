"""caviar: many models at once, as many fish lay their eggs; the best survives (Ng's "pandas versus caviar")."""

import json
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any

import numpy as np

from .. import __version__, checks
from ..errors import SettingError
from ..kernels import cpu, random
from ..model import Model
from ._samplers import RandomSampler, Sampler
from ._space import Space, check_space, pack_space
from ._study import Study
from ._training import Brake, Outcome, Task, train
from ._trial import Trial

Callback = Callable[[Study, Trial], None]
SEED_POSITION = 2**32 - 1  # no hyperparameter stands there


def caviar(
    build: Callable[[dict[str, Any]], Model],
    space: Mapping[str, Any],
    x: np.ndarray,
    y: np.ndarray,
    *,
    validation: tuple[np.ndarray, np.ndarray],
    trials: int | None = None,
    epochs: int = 20,
    timeout: float | None = None,
    sampler: Sampler | None = None,
    workers: int | None = None,
    study: str | os.PathLike[str] | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
) -> Study:
    """Train many models with hyperparameters from a space, side by side; return the record and the best of them.

    build       gets a dict of hyperparameters, returns a model; learning_rate, beta_1 (Adam) or momentum (SGD), l2,
                weight_decay, decay_rate and batch_size, where the space has them, are used in training it
    space       dict of name to Float, Int or Choice
    x, y        training rows (n, d), and classes (n,) of integers or values of floats
    validation  (x, y) whose metric, at a trial's best epoch, is the trial's score
    trials      how many; timeout: for how many seconds; whichever ends first
    workers     threads, each training one model at a time; by default one for each core
    study       file to record the search in, which must not exist; by default it stays in memory
    callbacks   each is called in this thread as callback(study, trial) after every epoch and when a trial has ended

    The trials are the same for any number of workers; under a timeout they are those a longer search begins with. A
    trial whose build or training raises is recorded as failed, with a warning at the end. Ctrl-C and an exception of a
    callback stop the trials at their next minibatch, record them, and are raised on.
    Raises SettingError for wrong options, FileError if the study's file exists, and what trial 0 raised if all failed.
    """
    space = check_space(space)
    if trials is None and timeout is None:
        raise SettingError("caviar: how long to search is missing; give trials=, timeout= in seconds, or both")
    limit = None if trials is None else checks.integer("trials", trials, 1)
    deadline = None if timeout is None else time.monotonic() + checks.number("timeout", timeout, 0, ends="()")
    seed = checks.integer("seed", seed, 0, 2**64 - 1)
    workers = cores() if workers is None else checks.integer("workers", workers, 1)
    metric = "accuracy" if np.asarray(y).dtype.kind in "iub" else "mean_absolute_error"
    task = Task(build, x, y, validation, checks.integer("epochs", epochs, 1), metric, deadline)
    facts = {"metric": metric, "seed": seed, "epochs": task.epochs, "space": pack_space(space)}
    facts |= {"version": __version__, "variant": cpu.variant()}
    record = Study.create(study, facts)
    with ThreadPoolExecutor(workers, thread_name_prefix="caviar") as pool:
        search = _Search(task, record, callbacks, pool)
        drawn = sampler or RandomSampler()
        search.run(lambda number: _trial(drawn, space, seed, number, limit, metric), limit, workers)
    return record


class _Search:
    """The coordinator: it hands out trials in the order of their numbers and is the only one to write the study."""

    def __init__(self, task: Task, study: Study, callbacks: Sequence[Callback], pool: ThreadPoolExecutor) -> None:
        self._task = task
        self._study = study
        self._callbacks = callbacks
        self._pool = pool
        self._brake = Brake()
        self._active: set[Future[Outcome]] = set()
        self._events: SimpleQueue[Trial | Future[Outcome]] = SimpleQueue()
        self._errors: list[tuple[int, Exception]] = []
        self._count = 0  # trials started

    def run(self, draw: Callable[[int], Trial], limit: int | None, workers: int) -> None:
        """Run the trials that `draw` gives for numbers from 0 on, until the limit or the deadline."""
        try:
            while True:
                while len(self._active) < workers and self._time_is_left() and self._count != limit:
                    self._start(draw(self._count))
                if not self._active:
                    break
                event = self._events.get()
                trial = event if isinstance(event, Trial) else self._end(event)
                for callback in self._callbacks:
                    callback(self._study, trial)
        except BaseException:
            self._brake.pull()
            for future in wait(self._active).done:
                self._end(future)
            raise
        finally:
            self._study.sync()
        self._report_failures()

    def _time_is_left(self) -> bool:
        return self._task.deadline is None or time.monotonic() < self._task.deadline

    def _start(self, trial: Trial) -> None:
        self._study.start(trial)
        self._count += 1
        future = self._pool.submit(train, self._task, trial, self._brake, self._events.put)
        self._active.add(future)
        future.add_done_callback(self._events.put)

    def _end(self, future: Future[Outcome]) -> Trial:
        outcome = future.result()
        self._study.end(outcome.trial, outcome.curve, outcome.model)
        self._active.discard(future)  # last: what interrupts the line above finds it here again
        if outcome.error is not None:
            self._errors.append((outcome.trial.number, outcome.error))
        return outcome.trial

    def _report_failures(self) -> None:
        if not self._errors:
            return
        number, first = min(self._errors, key=lambda entry: entry[0])
        if len(self._errors) == self._count:
            first.add_note(f"caviar: all {self._count} trials failed; this was trial {number}'s error")
            raise first
        words = f"{len(self._errors)} of {self._count} trials failed, see study.trials"
        warnings.warn(f"{words}; trial {number}: {type(first).__name__}: {first}", stacklevel=4)


def _trial(sampler: Sampler, space: Space, seed: int, number: int, trials: int | None, metric: str) -> Trial:
    """Return the trial of this number, with its hyperparameters just as the record gives them back."""
    hyperparameters = json.loads(json.dumps(sampler.sample(space, seed, number, trials, (), metric)))
    return Trial(number, hyperparameters, int(random.random_bits(seed, random.SAMPLE, number, SEED_POSITION, 1)[0]))


def cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
