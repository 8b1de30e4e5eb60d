"""The common part of caviar and search: check options, lock the study's file, find workers, run the coordinator."""

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import checks
from ..._version import __version__
from ...errors import SettingError
from ...kernels import cpu
from ..samplers.base import Sampler
from ..samplers.starting_points import Proposals
from ..space.space import Space, pack_space
from ..study.schema import locked
from ..study.study import Study
from .confirm import confirm_best
from .coordinator import Callback, Coordinator
from .cores import cores
from .draw import Draw
from .pruning import Pruner
from .record import Record
from .scheduler import Plan
from .work import Work, WorkerPool

CONFIRMING = 0.25  # of a time limit, kept for running the best again


@dataclass(frozen=True)
class Options:
    """How a search is to be done, as caviar's arguments of the same names say; checked."""

    trials: int | None
    timeout: float | None
    trial_timeout: float | None
    sampler: Sampler | None
    pruner: Pruner | None
    workers: int | None
    executor: Executor | None
    study: str | os.PathLike[str] | None
    seed: int
    callbacks: Sequence[Callback]
    keep: int = 1
    confirm: int = 0
    revive: Sequence[int] = ()
    enqueue: Sequence[Mapping[str, Any]] = ()
    start_from: Study | str | os.PathLike[str] | None = None
    replicates: int = 1

    def __post_init__(self) -> None:
        if self.trials is None and self.timeout is None:
            raise SettingError("trials, timeout: expected trials=, timeout= in seconds, or both, got neither")
        for name, low in (("trials", 1), ("workers", 1), ("keep", 1), ("confirm", 0)):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, checks.integer(name, value, low))
        for name in ("timeout", "trial_timeout"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, checks.number(name, value, 0, ends="()"))


def conduct(work: Work, space: Space, epochs: int, metric: str, facts: dict[str, Any], options: Options) -> Study:
    """Do the search and return its record.

    epochs  that a trial has at the most
    facts   that make two searches the same beside those known here
    """
    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    search_ends = deadline
    if deadline is not None and options.timeout is not None and options.confirm:
        search_ends = deadline - CONFIRMING * options.timeout
    pruner, seed = options.pruner, options.seed
    first = {name: getattr(options, name) for name in ("enqueue", "start_from", "replicates")}
    sampler = Proposals(space, seed, options.sampler, **first)
    facts = {
        "metric": metric, "seed": seed, "epochs": epochs, "space": pack_space(space), "sampler": _described(sampler),
        "pruner": _described(pruner), **facts, "version": __version__, "variant": cpu.variant(),
    }  # fmt: skip
    file = None if options.study is None else Path(options.study)
    with ExitStack() as until_done:
        until_done.enter_context(locked(file, deadline))
        record = Record(file, facts, max(options.keep, options.confirm), deadline)
        until_done.callback(record.close)
        executor, workers = options.executor, options.workers
        if executor is None:
            workers = workers or cores()
            executor = until_done.enter_context(ThreadPoolExecutor(workers, thread_name_prefix="caviar"))
        pool = WorkerPool(executor, until_done)
        workers = workers or getattr(executor, "_max_workers", None) or cores()
        Coordinator(
            work,
            Draw(sampler, space, seed, options.trials, metric),
            Plan(sampler, pruner, options.trials, epochs, metric, frozenset(options.revive)),
            record,
            pool,
            workers=workers,
            callbacks=options.callbacks,
            deadline=search_ends,
            trial_timeout=options.trial_timeout,
        ).run()
        confirm_best(record, options.confirm, work, epochs, seed, pool, workers, options.callbacks, deadline)
    return record.study


def _described(rule: Sampler | Pruner | None) -> str | None:
    """Return a rule's identity: its repr, or its name where it has none."""
    if rule is None:
        return None
    return type(rule).__qualname__ if type(rule).__repr__ is object.__repr__ else repr(rule)
