"""panda(): a run and the record of steering it, made anew or gone on with (Ng's "pandas versus caviar"); replay()."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ... import checks
from ..._version import __version__
from ...errors import FileError, SettingError
from ...training.run import Run
from ...training.validation import Validation
from ..diagnostics.guard import Guard
from ..search.data import fingerprint
from ..space.dimensions import Choice
from ..space.space import pack_space
from ..study.actions import Tree
from ..study.schema import claimed
from ..study.study import Study
from ..study.trial import STEERED, Trial
from ..study.writer import Writer
from .journal import Journal, live, start
from .panda import Panda
from .recorded_run import RecordedRun, reach


def panda(
    run: Run,
    study: str | os.PathLike[str] | None = None,
    *,
    guard: Guard | None = None,
    test: Any = None,
) -> Panda:
    """Steer a run by hand: nudge, look, take back, branch; every intervention is recorded by its minibatch.

    run    its present state is the start. To continue a study: one made in the same way, not trained yet
    study  file of the record, by default it stays in memory. The live state is in it after every epoch and action
    guard  takes a training that has gone wrong back by itself, see Guard
    test   (x, y) that stay sealed until final_score()
    Raises FileError where the study was made with another run or other rows, or where another panda holds it.
    """
    file, (guard, sealed) = None if study is None else Path(study), at_the_door(run, guard, test)
    with ExitStack() as stack:
        stack.enter_context(claimed(file, 0))
        writer = Writer(file, _facts(run), "run")
        stack.callback(writer.close)
        recorded = RecordedRun(run, Journal(writer, 0), Trial(0, _settings(run), run.seed, STEERED))
        if recorded.tree.branches:
            _take_up(recorded, file)
        else:
            recorded.begin()
        return Panda(recorded, guard, sealed, stack.pop_all())


def at_the_door(
    run: Run, guard: Guard | None, test: Any
) -> tuple[Guard | None, Validation | None]:
    """Return the guard, with the facts it needs of the run, and the rows to be sealed."""
    if not isinstance(run, Run):
        raise SettingError(f"run: expected a fn.Run, got {run!r}")
    if guard is not None and not callable(getattr(guard, "decide", None)):
        raise SettingError(f"guard: expected a Guard, got {guard!r}")
    informed = guard.knowing(run) if isinstance(guard, Guard) else guard
    return informed, None if test is None else run.evaluation_rows(test, "test")


def _take_up(recorded: RecordedRun, file: Path | None) -> None:
    if recorded.run.program.state.position != (0, 0, 0):
        raise SettingError("run: expected one that is not trained yet, to go on with the study's own state")
    try:
        recorded.go_on()
    except FileError as error:
        raise FileError(f"{file}: {error}") from None


def _settings(run: Run) -> dict[str, Any]:
    """The hyperparameters it was made with."""
    return {**run.optimizer.slots, "batch_size": run.batch_size}


def _facts(run: Run) -> dict[str, Any]:
    """Facts that must be equal for a record to be continued, beside those of the run's state."""
    validation, (x, y, weight) = run.validation, run.data
    data = (x, y) if weight is None else (x, y, np.asarray(weight))
    return {
        "metric": run.loss.metric, "seed": checks.integer("seed", run.seed, 0, 2**63 - 1),
        "space": pack_space({name: Choice([value]) for name, value in _settings(run).items()}), "epochs": None,
        "sampler": None, "pruner": None, "data": fingerprint(*data),
        "validation": None if validation is None else fingerprint(validation.x, validation.y),
        "version": __version__,
    }  # fmt: skip


def replay(study: Study | str | os.PathLike[str], run: Run, trial: int = 0) -> Panda:
    """Repeat, at the same minibatches, the actions that led to the end of a record, without those taken back.

    study  with the record, or its file; trial: which one of it was steered
    run    one made in the same way, not trained yet
    Returns a panda whose record, in memory, has these actions alone. Its weights are those at the end of the record,
    bit for bit: FileError where they are not, and where the run was made in another way.
    """
    at_the_door(run, None, None)
    if not isinstance(study, Study):
        with Study.open(study) as opened:
            return replay(opened, run, trial)
    facts, tree = run.configuration(), Tree(study.branches(trial), study.actions(trial))
    recorded = live(study, trial, tree, facts)
    if run.program.state.position != (0, 0, 0):
        raise SettingError(f"replay: expected a run that is not trained yet, got one of {run.epoch} epochs")
    begins = tree.branches[0]
    if (begins.epoch, begins.minibatch) == (0, 0) and start(study, trial, facts).state != run.checkpoint().state:
        raise FileError("run: expected one that starts as the recorded one did: other weights, or hyperparameters")
    end = run.fork()
    end.revert(recorded)
    again = panda(run)
    for action in tree.done(tree.now(end.epoch, end.minibatch)):
        reach(run, action.epoch, action.minibatch, again)
        again._redo(action)
    reach(run, end.epoch, end.minibatch, again)
    if run.checkpoint().state != recorded.state:
        raise FileError(f"{study.path or 'study'}: other weights came about than are recorded: expected the same rows")
    return again
