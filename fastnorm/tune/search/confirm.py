"""Confirming the winner: the best trials are run again with new seeds, for the best of many scores is partly luck."""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace

from ...kernels import random
from ..study.trial import CUT, FAILED, STEERED, Trial
from .coordinator import LOOKS_EVERY, Callback
from .record import Record
from .work import Outcome, Work, WorkerPool, WorkUnit

TIMES = 5  # a trial is run again
SEEDS_POSITION = 2**32 - 2  # the place of no hyperparameter


def confirm_best(
    record: Record,
    count: int,
    work: Work,
    epochs: int,
    seed: int,
    pool: WorkerPool,
    workers: int,
    callbacks: Sequence[Callback],
    deadline: float | None,
) -> None:
    """Run the best `count` trials again and record their scores; recorded runs are not repeated.

    A trial that a person asks for is given away, and the next best one takes its place.
    Runs that the deadline (by time.monotonic()) prevents are done when the same search continues.
    """
    active: dict[Future[Outcome], Trial] = {}

    def to_do() -> list[Trial]:
        done = {(trial.number, trial.seed) for trial in active.values()}
        done.update(record.study._read("SELECT trial, seed FROM confirmations"))
        return [
            Trial(trial.number, trial.hyperparameters, other)
            for trial in record.study.leaders(count)
            for other in map(int, random.random_bits(seed, random.SAMPLE, trial.number, SEEDS_POSITION, TIMES))
            if (trial.number, other) not in done
        ]

    waiting = to_do()
    try:
        while active or waiting:
            left = None if deadline is None else deadline - time.monotonic()
            while waiting and len(active) < workers and (left is None or left > 0):
                trial = waiting.pop(0)
                until = None if left is None else time.time() + left
                active[pool.submit(work, WorkUnit(trial, epochs, deadline=until), lambda trial: None)] = trial
            if not active:
                return
            for future in wait(active, LOOKS_EVERY, return_when=FIRST_COMPLETED).done:
                trial, result = active.pop(future), future.result().trial
                if result.state not in (CUT, FAILED):
                    record.confirm(trial.number, trial.seed, result)
                    record.commit()
                    for callback in callbacks:
                        callback(record.study, result)
            for number in record.requests():
                pool.stop(number)
                given = record.study.trials[number]
                record.give(given if given.state == FAILED else replace(given, state=STEERED))
                waiting = to_do()
    except BaseException:
        pool.stop()
        wait(active)
        raise
