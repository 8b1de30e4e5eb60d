"""caviar: many models at once, as many fish lay their eggs; the best survives (Ng's "pandas versus caviar")."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from ... import checks
from ..._frozen import explained
from ...models.model import Model
from ...nn import losses
from ...nn.custom_loss import METRICS
from ...training.dataset import Dataset
from ..samplers.base import Sampler
from ..space.space import check_space
from ..study.study import Study
from .coordinator import Callback
from .cores import cores
from .data import Validation, parts
from .defaults import default_build, default_space
from .pruning import Pruner
from .run_search import Options, conduct
from .train_trial import Training


@explained
def caviar(
    build: Callable[[dict[str, Any]], Model] | None,
    space: Mapping[str, Any] | None,
    x: Any,
    y: Any = None,
    *,
    validation: Validation = None,
    task: str | None = None,
    trials: int | None = None,
    epochs: int = 20,
    loss: Any = None,
    timeout: float | None = None,
    trial_timeout: float | None = None,
    sampler: Sampler | None = None,
    pruner: Pruner | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    study: str | os.PathLike[str] | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    keep: int = 10,
    confirm: int = 0,
    revive: Sequence[int] = (),
    enqueue: Sequence[Mapping[str, Any]] = (),
    start_from: Study | str | os.PathLike[str] | None = None,
    replicates: int = 1,
    sample_weight: Any = None,
    class_weight: Any = None,
    groups: Any = None,
    time: Any = None,
    types: Mapping[str, Any] | None = None,
    missing: Collection[str] | None = None,
) -> Study:
    """Train many models with hyperparameters from a space, side by side; return the record and the best of them.

    build          gets a dict of hyperparameters, returns a model; those that training has are used in training it:
                   optimizer and its settings, schedule and its settings, batch_size; see below. None: default_build
    space          dict of name to Float, Int, Choice, a list or a distribution of scipy.stats. None: default_space
    x, y           training rows (n, d) and their targets, as for Run: labels of any type, or values; or a frame, and
                   the name of its target or values beside it: then the models have a table, fitted on the training
                   rows (with KFold on all rows)
    validation     rows that score a trial's best epoch: (x, y), a share of the rows, or KFold; by default KFold(5)
                   below 2,000 rows, from there on a fifth of them. The score is accuracy for classes, and the root mean
                   squared error in the target's units for values; the loss decides between equal ones
    task           "classification" or "regression", where neither the loss nor y tells it
    trials         number in all, those already in the study included; timeout: for how many seconds; whichever
                   ends first
    loss           as for Run; a function of one's own must be importable where workers are processes
    trial_timeout  seconds of work for one trial; a trial that needs more is marked "overtime"
    sampler        where to look, by default RandomSampler(); pruner: which trials end early, by default none
    workers        how many at a time, by default one for each core; executor: who they are, by default threads
    study          file to record the search in; by default it stays in memory. The same command again continues it
    callbacks      each is called in this thread as callback(study, trial) after every epoch (with processes, not after
                   each), and when a trial has ended or was run again (its seed is another then)
    keep           of how many of the best trials the models are kept
    confirm        how many of the best trials are run again with five new seeds, which then decide about the best; the
                   last quarter of a timeout is theirs
    revive         numbers of trials that the pruner stopped and that are to go on to their last epoch
    enqueue        configurations to begin with; hyperparameters they leave out are drawn
    start_from     another study, or its file, whose best configurations come next
    replicates     how many trials in a row have the same hyperparameters; else no two have
    sample_weight, class_weight, groups, time, types, missing
                   as for Model.fit; with KFold rows of one group are in one fold

    Hyperparameters of training are found by name. `optimizer` is "sgd", "rmsprop", "adam", "adamw" or "nadam", by
    default SGD where the space has momentum, else Adam; `schedule` is a name such as "one_cycle" of fn.schedules, by
    default inverse time where the space has decay_rate, else constant. Their settings have the names of the classes'
    arguments (beta_2, clip_norm, warm_up ...); what only some of them have is given to those:
    Float(0.8, 0.99, when=("optimizer", "==", "sgd")).

    The trials are the same for any number of workers, threads or processes, and after any interruption; under a timeout
    they are those a longer search begins with. A trial whose build or training raises is recorded as failed, with a
    warning at the end. Ctrl-C and an exception of a callback stop the trials at their next minibatch, record them, and
    are raised on. While another process works on the same study, this one waits, and says so.
    Raises SettingError for wrong options, FileError if the study was made with others, and the error of trial 0 if all
    failed.
    """
    epochs, seed = checks.integer("epochs", epochs, 1), checks.integer("seed", seed, 0, 2**64 - 1)
    how = (trials, timeout, trial_timeout, sampler, pruner, workers, executor, study, seed, callbacks)
    options = Options(*how, keep, confirm, revive, enqueue, start_from, replicates)
    known = {"task": task, "sample_weight": sample_weight, "groups": groups, "time": time, "types": types}
    known |= {"class_weight": class_weight, "missing": missing}
    work, facts = training(build, x, y, validation, epochs, loss, seed, **known)
    if space is None:
        table = work.meaning.table
        rows = len(x.x if isinstance(x, Dataset) else x)
        space = default_space(rows, bins=build is None and table is not None and table.numbers > 0)
    space = check_space(space)
    if executor is None and trials is not None:  # fewer trials than workers: their folds are trained side by side
        work = replace(work, threads=max(1, (workers or cores()) // max(1, trials)))
    return conduct(work, space, epochs, work.metric, facts, options)


def training(
    build: Callable[[dict[str, Any]], Model] | None, x: Any, y: Any, validation: Validation, epochs: int, loss: Any,
    seed: int, **known: Any,
) -> tuple[Training, dict[str, Any]]:  # fmt: skip
    """Return the common part of caviar's trials, from its arguments of the same names, and facts that identify it."""
    loss = losses.asked_for(loss)
    rows, data, facts = parts(x, y, validation, seed, loss=loss, **known)
    if loss is not None:
        facts["loss"] = getattr(loss, "__qualname__", repr(loss))
    return Training.on(build or default_build.of(data), rows, data, epochs, METRICS[data.task], loss), facts
