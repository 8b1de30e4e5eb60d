"""The commands tune, trials, fit, predict and info; columns and panda have files of their own."""

import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table as Grid

from .. import checks
from .._version import __version__
from ..errors import DataError, FileError, SettingError
from ..kernels import cpu
from ..models.model import load as load_model
from ..networks import encoded, knots
from ..table._read import read_blocks
from ..tune import (
    Choice,
    CoarseToFineSampler,
    GridSampler,
    KFold,
    RandomSampler,
    Space,
    Study,
    SuccessiveHalving,
    caviar,
    default_build,
    default_space,
    lint,
)
from ..tune.search.confirm import TIMES
from ..tune.search.cores import affinity, cores, quota
from ..tune.search.defaults import USUAL, default_epochs, default_trial, require_used
from . import options
from .columns import columns
from .data import FOLDS, asked, layer_units, load, located, names_in
from .lines import results, say
from .panda import panda
from .progress import FitProgress, SearchProgress
from .report import SETTINGS, to_json, trial_lines, trial_records
from .search import MODEL, STUDY, SearchRun, make_folder, require_own, shared

KEEP = 20  # models in a study, from which an ensemble is chosen
SAMPLERS = {"random": RandomSampler, "grid": GridSampler, "coarse-to-fine": CoarseToFineSampler}

app = typer.Typer(
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def top(version: options.Version = False) -> None:
    """Train and tune neural networks with batch norm on tables of data, on the CPU you have."""
    if version:
        say(__version__)
        raise typer.Exit


@app.command()
@options.with_options(options.DataOptions)
def tune(
    data: options.Data = None,
    target: options.Target = None,
    task: options.Kind = options.Task.auto,
    trials: options.Trials = None,
    minutes: options.Minutes = None,
    epochs: options.EpochsByRows = None,
    space: options.SpaceFile = None,
    sampler: options.Rule = options.Sampler.random,
    halving: options.Halving = False,
    start_from: options.Start = None,
    confirm: options.Confirm = 0,
    ensemble: options.Ensemble = False,
    workers: options.Workers = None,
    seed: options.Seed = 0,
    out: options.Folder = None,
    example: options.Example = None,
    json: options.Json = False,
    *,
    read: options.DataOptions,
) -> None:
    """Search for good hyperparameters and keep the best model, its score and the record of the search.

    Rows are shared among training (64 %), validation (16 %) and test (20 %). The validation score says which model is
    the best; the test score, its performance on new rows. Ctrl-C ends the search and keeps the best so far. The
    same command again continues it: --trials is the total, --minutes are more of them.

    - `fastnorm tune letter.csv --target letter --trials 60 --out letter`
    - `fastnorm tune adult.csv --target income --minutes 2 --halving --ensemble`
    - `fastnorm tune --example digits`
    """
    source = load(data, target, example, read)
    out = out or Path(f"{source.name}-tuned")
    file, study = out / MODEL, out / STUDY
    require_own(file, study)
    seconds = None if minutes is None else 60 * checks.number("--minutes", minutes, 0, ends="()")
    trials = 30 if trials is None and minutes is None else trials
    tried = None if space is None else Space.from_toml(space)
    require_used(str(space), tried or ())
    start = None if start_from is None else Study.open(_inside(start_from, STUDY))
    search_run = SearchRun(shared(source, task, seed, not json), file, ensemble, json)
    epochs = epochs or default_epochs(len(search_run.parts.training.y))
    for words in lint(tried) if tried else ():
        search_run.warn(f"{space}: {words}")
    make_folder(out)
    progress = SearchProgress(trials, epochs, seconds, TIMES * confirm)
    if study.exists():
        with Study.open(study) as begun:
            progress.begin(begun)

    def search() -> Study:
        return caviar(
            default_build.of(search_run.parts.training),
            tried or default_space(len(search_run.parts.training.y), bins=search_run.parts.table.numbers > 0),
            search_run.parts.training,
            validation=search_run.parts.validation,
            trials=trials,
            epochs=epochs,
            timeout=seconds,
            sampler=SAMPLERS[sampler](),
            pruner=SuccessiveHalving() if halving else None,
            workers=workers,
            study=study,
            seed=seed,
            callbacks=[progress],
            keep=KEEP,
            confirm=confirm,
            start_from=start,
        )

    search_run.run(search, progress)


@app.command()
def trials(study: options.StudyFile, json: options.Json = False) -> None:
    """List the trials of a study, best first, during a search too.

    - `fastnorm trials letter`
    """
    file = _inside(study, STUDY)
    with Study.open(file) as opened:
        if json:
            print(to_json({"metric": opened.metric, "trials": trial_records(opened)}))
            return
        head, *lines = trial_lines(opened)
        for line in (head, *lines):
            say(line, hanging=head.index(SETTINGS))


@app.command()
@options.with_options(options.DataOptions)
def fit(
    data: options.Data = None,
    target: options.Target = None,
    task: options.Kind = options.Task.auto,
    hidden: options.Hidden = "128,128",
    epochs: options.EpochsByRows = None,
    batch_size: options.BatchSizeByRows = None,
    learning_rate: options.LearningRate = USUAL["learning_rate"],
    decay_rate: options.DecayInstead = None,
    dropout: options.Dropout = USUAL["dropout"],
    weight_decay: options.WeightDecay = USUAL["weight_decay"],
    bins: options.Bins = USUAL["bins"],
    single: options.Single = False,
    seed: options.Seed = 0,
    out: options.ModelFile = None,
    example: options.Example = None,
    json: options.Json = False,
    *,
    read: options.DataOptions,
) -> None:
    """Train one model, with hyperparameters of your own; its best epoch by validation score is kept.

    It is the mean of five networks. Each is trained on four fifths of the training rows (80 % of all, 20 % are for
    test) and judged on the last one, so that all rows teach and all judge. With --single, and where rows are given for
    validation or shared by time, it is one network, and rows are shared as `fastnorm tune` shares them. Ctrl-C ends the
    training and keeps the best epoch so far.

    - `fastnorm fit letter.csv --target letter --hidden 256,256 --epochs 40`
    """
    source = load(data, target, example, read)
    out = out or Path(f"{source.name}.safetensors")
    if out.is_dir():
        raise FileError(f"{out}: is a folder; give --out the name of a file in it")
    units = layer_units(hidden)
    parts = shared(source, task, seed, not json, folded=not single)
    search_run = SearchRun(parts, out, json=json)
    columns, rows = knots(parts.training), len(parts.training.y)
    if parts.validation is None:
        rows = max(1, rows * (FOLDS - 1) // FOLDS)
    epochs = epochs or default_epochs(rows)
    settings = {"hidden": units} | default_trial(rows)
    settings |= {"learning_rate": learning_rate, "dropout": dropout, "weight_decay": weight_decay, "bins": bins}
    if batch_size is not None:
        settings["batch_size"] = batch_size
    if decay_rate is not None:
        del settings["schedule"]
        settings["decay_rate"] = decay_rate
    space = {name: Choice([value]) for name, value in settings.items()}
    make_folder(out.parent)

    def search() -> Study:
        return caviar(
            lambda settings: encoded(
                parts.outputs, settings["hidden"], settings["dropout"], columns, settings["bins"]
            ),
            space,
            parts.training,
            validation=parts.validation or KFold(FOLDS, bagged=True),
            groups=None if parts.validation else parts.groups,
            trials=1,
            epochs=epochs,
            seed=seed,
            callbacks=[progress],
        )

    progress = FitProgress(1, epochs, None)
    search_run.run(search, progress)


app.command()(columns)
app.command()(panda)


@app.command()
@options.with_options(options.FileOptions)
def predict(
    model: options.Model,
    data: options.Rows,
    out: options.Predictions = None,
    proba: options.Proba = False,
    keep: options.Kept = None,
    *,
    read: options.FileOptions,
) -> None:
    """Predict each row: a CSV with the column `prediction`, one row per input row, in order.

    Rows are read and predicted some thousands at a time, so that a file may be larger than the memory.

    - `fastnorm predict letter new.csv --out predictions.csv --proba`
    """
    model = _inside(model, MODEL)
    loaded = load_model(model)
    learned = loaded.table
    if learned is None:
        raise DataError(f"{model}: it was trained on arrays and knows no columns; use it from Python with arrays")
    if proba and learned.classes is None:
        raise SettingError(f"--proba: {model} predicts a quantity, which has no classes; leave --proba out")
    if out is not None and not out.parent.is_dir():
        make_folder(out.parent)
    kept = names_in(keep)
    said: set[str] = set()
    with results(out) as write:
        for frame in read_blocks(data, {*learned.text_columns, *kept}, learned.columns, **asked(read)):
            for words in frame.notes:
                if words not in said:
                    say(f"note: {data}: {words}", sys.stderr)
            said.update(frame.notes)
            with located(data):
                answers = {name: frame.texts(name) for name in kept} | {"prediction": loaded.predict(frame)}
                if proba:
                    names = [f"probability_{value}" for value in learned.classes or ()]
                    answers |= dict(zip(names, loaded.predict_proba(frame).T, strict=True))
            write(answers)


@app.command()
def info() -> None:
    """Show the version, the variants of the kernels and the one in use, the cores and a container's quota of them."""
    limit = quota()
    grid = Grid.grid(padding=(0, 2))
    grid.add_row("version", __version__)
    grid.add_row("variants", ", ".join(cpu.variants()))
    grid.add_row("runnable", ", ".join(cpu.runnable()))
    grid.add_row("chosen", cpu.variant())
    grid.add_row("cores", str(affinity()))
    grid.add_row("quota", "none" if limit is None else f"{limit:g} cores")
    grid.add_row("workers", str(cores()))
    Console().print(grid, highlight=False)


def _inside(path: Path, name: str) -> Path:
    """Return a file, also for the folder of `fastnorm tune` that it is in under this name."""
    return path / name if path.is_dir() else path
