"""panda(): a run, and the record of steering it, opened or made anew (Ng's "pandas versus caviar")."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__, checks
from ..errors import FileError, SettingError
from ..run import Run
from ._data import fingerprint
from ._dimensions import Choice
from ._file import claimed
from ._helm import Helm
from ._panda import Panda
from ._rescue import Guard, informed
from ._space import pack_space
from ._steering import Steering
from ._trial import STEERED, Trial
from ._writer import Writer


def panda(
    run: Run,
    study: str | os.PathLike[str] | None = None,
    *,
    guard: Guard | None = None,
    test: tuple[Any, Any] | None = None,
) -> Panda:
    """Steer a run by hand: nudge, look, take back, branch; every intervention is recorded by its minibatch.

    run    where it stands now is the start. To go on with a study: one made in the same way, not trained yet
    study  file of the record, by default it stays in memory. The live state is in it after every epoch and action
    guard  takes a training that has gone wrong back by itself, see Guard
    test   (x, y) that stay sealed until final_score()
    Raises FileError where the study was made with another run or other rows, or where another panda holds it.
    """
    file, sealed = None if study is None else Path(study), None if test is None else run.rows_to_judge(*test)
    with ExitStack() as stack:
        stack.enter_context(claimed(file, 0))
        guard = informed(guard, run)  # before the run is where the study stands: then it says the same as undisturbed
        writer = Writer(file, _facts(run), "run")
        stack.callback(writer.close)
        helm = Helm(run, Steering(writer, 0), Trial(0, _settings(run), run.seed, STEERED))
        if helm.tree.branches:
            _take_up(helm, file)
        else:
            helm.begin()
        return Panda(helm, guard, sealed, stack.pop_all())


def _take_up(helm: Helm, file: Path | None) -> None:
    if helm.run.program.state.position != (0, 0, 0):
        raise SettingError("run: expected one that is not trained yet, to go on with the study's own state")
    try:
        helm.go_on()
    except FileError as error:
        raise FileError(f"{file}: {error}") from None


def _settings(run: Run) -> dict[str, Any]:
    """The hyperparameters it was made with."""
    return {**run.optimizer.slots, "batch_size": run.batch_size}


def _facts(run: Run) -> dict[str, Any]:
    """What must be equal for the record to go on, beside what the state itself asks for."""
    validation, weight = run._validation, run._data[2]
    data = run._data[:2] if weight is None else (*run._data[:2], np.asarray(weight))
    return {
        "metric": run.loss.metric, "seed": checks.integer("seed", run.seed, 0, 2**63 - 1),
        "space": pack_space({name: Choice([value]) for name, value in _settings(run).items()}), "epochs": None,
        "sampler": None, "halving": None, "data": fingerprint(*data),
        "validation": None if validation is None else fingerprint(validation.x, validation.y),
        "version": __version__,
    }  # fmt: skip
