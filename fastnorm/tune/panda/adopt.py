"""adopt: a trial of a search becomes a panda, while the search is at work too; give_back returns it."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import FileError, SettingError
from ...models.model import Model
from ...training.run import Run
from ..diagnostics.guard import Guard
from ..search.caviar import training
from ..search.data import Validation
from ..search.train_trial import Training
from ..study.schema import WAITS, claimed, from_row, unless_searched
from ..study.study import Study
from ..study.trial import CUT, FAILED, RUNNING, STEERED, Trial
from ..study.writer import Writer, require_agreement, steered_alone
from .journal import LIVE, Journal
from .open import at_the_door
from .panda import Panda
from .recorded_run import RecordedRun, reach


def adopt(
    study: Study | str | os.PathLike[str],
    trial: int,
    build: Callable[[dict[str, Any]], Model] | None,
    x: Any,
    y: Any = None,
    *,
    validation: Validation = None,
    task: str | None = None,
    loss: Any = None,
    guard: Guard | None = None,
    test: Any = None,
) -> Panda:
    """Steer a trial of caviar by hand: one that has ended, was cut, or is at work this moment.

    study  that was recorded in a file, or the file
    trial  its number. A search at work, here or in another process, stops it at its next minibatch and continues
           without it. One without a recorded state is trained again by its seed, to the same bits
    build, x, y, validation, task, loss  as in the search
    guard, test  as for panda
    With KFold it is the first fold's Run. The trial is "steered" from now on, and decides nothing in its search any
    more; panda.give_back() makes its live path the trial's curve, score and model.
    Raises FileError where data differ from the search's, SettingError for a trial that failed or was never begun.
    """
    file = study.path if isinstance(study, Study) else Path(study)
    if file is None:
        raise SettingError("adopt: this study is in memory alone; give caviar a study=FILE")
    with Study.open(file) as there:  # a file that is there, and a study
        facts = there.facts
    if steered_alone(facts):
        raise FileError(f"{file}: this is the study of a panda; fn.tune.panda(run, study=...) goes on with it")
    epochs, seed = facts.get("epochs") or 1, facts["seed"]
    work, found = training(build, x, y, validation, epochs, loss, seed, task=task)
    require_agreement(file, facts, found, "adoption")
    with ExitStack() as stack:
        stack.enter_context(claimed(file, trial))
        writer = Writer(file, None)
        stack.callback(writer.close)
        before = _trial(writer.study, trial)
        run = work.run(before)
        informed, sealed = at_the_door(run, guard, test)
        _take(writer, file, trial)
        try:
            recorded = _recorded(work, writer, run, trial)
        except BaseException:
            writer.rollback()
            state = CUT if before.state == RUNNING else before.state
            writer.stand(replace(_trial(writer.study, trial), state=state))
            writer.commit()
            raise
        return Panda(recorded, informed, sealed, stack.pop_all())


def _trial(study: Study, number: int) -> Trial:
    rows = study._read("SELECT * FROM trials WHERE number = ?", number)
    if not rows:
        raise SettingError(f"adopt: expected the number of a trial that was begun, got {number!r}")
    trial = from_row(rows[0])
    if trial.state == FAILED:
        raise SettingError(f"adopt: trial {number} failed ({trial.message}), so there is no training to steer")
    return trial


def _take(writer: Writer, file: Path, number: int) -> None:
    """Have the trial be nobody else's; a search at work is asked for it."""
    asked = False
    try:
        while (trial := _trial(writer.study, number)).state != STEERED:
            with unless_searched(file) as is_free:
                if is_free:
                    writer.stand(replace(trial, state=STEERED))
                    writer.commit()
                    return
            asked = True
            writer.request(number)
            time.sleep(WAITS)
    finally:
        if asked:
            writer.request(number, withdrawn=True)


def _recorded(work: Training, writer: Writer, run: Run, number: int) -> RecordedRun:
    """Bring the run to where the trial stood, and the record with it."""
    study = writer.study
    trial = _trial(study, number)
    recorded = RecordedRun(run, Journal(writer, number), trial)
    if recorded.tree.branches:
        recorded.go_on()
        return recorded
    rows = study._read("SELECT content FROM states WHERE trial = ? AND part = ?", number, LIVE)
    twin = run.fork()
    if rows:
        twin.restore(bytes(rows[0][0]))
    else:
        reach(twin, trial.epochs, 0)
        losses = [epoch.loss for epoch in study.curve(number)]
        if len(work.validated) == 1 and repr([epoch.loss for epoch in twin.history]) != repr(losses):
            raise FileError(f"{study.path}: trial {number}, trained again, has another curve: expected the same build")
    recorded.begin(twin.state())
    return recorded
