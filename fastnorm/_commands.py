"""The commands tune, fit, predict and info; cli.py runs them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from . import __version__, _options, checks, table
from ._parts import Parts, Source, load, located, share
from ._progress import FitProgress, SearchProgress
from .errors import DataError, FileError, SettingError
from .kernels import cpu
from .model import load as load_model
from .tune import Choice, Study, caviar, default_build, default_model, default_space
from .tune._conduct import cores

DIVERGED = "the loss left the finite numbers in the first epoch; try a lower learning rate"
TOO_SHORT = "the time ended before the first epoch did; give more --minutes"

app = typer.Typer(
    help="Train and tune neural networks with batch norm on tables of data, on the CPU you have.",
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@app.command()
def tune(
    data: _options.Data = None,
    target: _options.Target = None,
    task: _options.Kind = _options.Task.auto,
    trials: _options.Trials = None,
    minutes: _options.Minutes = None,
    epochs: _options.Epochs = 20,
    workers: _options.Workers = None,
    seed: _options.Seed = 0,
    out: _options.Folder = None,
    example: _options.Example = None,
) -> None:
    """Search for good hyperparameters and keep the best model, its score and the record of the search.

    Rows are shared among training (64 %), validation (16 %) and test (20 %). The validation score says which model is
    the best; the test score, what to expect of it on new rows. Ctrl-C ends the search and keeps the best so far.

    - `fastnorm tune letter.csv --target letter --trials 60 --out letter`
    - `fastnorm tune adult.csv --target income --minutes 2`
    - `fastnorm tune --example digits`
    """
    source = load(data, target, example)
    out = out or Path(f"{source.name}-tuned")
    model_file, study_file = out / "model.safetensors", out / "study.sqlite"
    for file in (study_file, model_file):
        if file.exists():
            raise FileError(f"{file}: exists and is not overwritten; give another --out, or remove it")
    seconds = None if minutes is None else 60 * checks.number("--minutes", minutes, 0, ends="()")
    trials = 30 if trials is None and minutes is None else trials
    parts = _share(source, task, seed)
    _make_folder(out)

    def search() -> Study:
        return caviar(
            default_build(parts.outputs),
            default_space(len(parts.training[0])),
            *parts.training,
            validation=parts.validation,
            trials=trials,
            epochs=epochs,
            timeout=seconds,
            workers=workers,
            study=study_file,
            seed=seed,
            callbacks=[progress],
        )

    progress = SearchProgress(trials, epochs, seconds, parts.unit)
    _run(search, progress, parts, model_file)


@app.command()
def fit(
    data: _options.Data = None,
    target: _options.Target = None,
    task: _options.Kind = _options.Task.auto,
    hidden: _options.Hidden = "128,128",
    epochs: _options.Epochs = 20,
    batch_size: _options.BatchSize = 128,
    learning_rate: _options.LearningRate = 3e-3,
    decay_rate: _options.DecayRate = 0.1,
    dropout: _options.Dropout = 0.1,
    weight_decay: _options.WeightDecay = 0.0,
    seed: _options.Seed = 0,
    out: _options.ModelFile = None,
    example: _options.Example = None,
) -> None:
    """Train one model, with hyperparameters of your own; its best epoch by validation score is kept.

    Rows are shared as `fastnorm tune` shares them. Ctrl-C ends the training and keeps the best epoch so far.

    - `fastnorm fit letter.csv --target letter --hidden 256,256 --epochs 40`
    """
    source = load(data, target, example)
    out = out or Path(f"{source.name}.safetensors")
    if out.is_dir():
        raise FileError(f"{out}: is a folder; give --out the name of a file in it")
    space = {
        "hidden": Choice([[] if hidden == "0" else [_units(word) for word in hidden.split(",")]]),
        "learning_rate": Choice([learning_rate]),
        "decay_rate": Choice([decay_rate]),
        "batch_size": Choice([batch_size]),
        "dropout": Choice([dropout]),
        "weight_decay": Choice([weight_decay]),
    }
    parts = _share(source, task, seed)
    _make_folder(out.parent)

    def search() -> Study:
        return caviar(
            lambda settings: default_model(settings["hidden"], parts.outputs, settings["dropout"]),
            space,
            *parts.training,
            validation=parts.validation,
            trials=1,
            epochs=epochs,
            seed=seed,
            callbacks=[progress],
        )

    progress = FitProgress(1, epochs, None, parts.unit)
    _run(search, progress, parts, out)


@app.command()
def predict(
    model: _options.Model,
    data: _options.Rows,
    out: _options.Predictions = None,
    proba: _options.Proba = False,
) -> None:
    """Predict each row: a CSV with the column `prediction`, one row per input row, in order.

    - `fastnorm predict letter/model.safetensors new.csv --out predictions.csv --proba`
    """
    loaded = load_model(model)
    learned = loaded.table
    if learned is None:
        raise DataError(f"{model}: it was trained on arrays and knows no columns; use it from Python with arrays")
    if proba and learned.classes is None:
        raise SettingError(f"--proba: {model} predicts a quantity, which has no classes; leave --proba out")
    frame = table.read(data, learned)
    with located(data):
        columns = {"prediction": loaded.predict(frame)}
        if proba:
            names = [f"probability_{value}" for value in learned.classes or ()]
            columns |= dict(zip(names, loaded.predict_proba(frame).T, strict=True))
    text = checks.extra("polars", "cli").DataFrame(columns).write_csv()
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text)
    except OSError as error:
        raise FileError(f"{out}: cannot write this file ({error.strerror})") from error


@app.command()
def info() -> None:
    """Show the version, the variants of the kernels and the one in use, the cores."""
    grid = Grid.grid(padding=(0, 2))
    grid.add_row("version", __version__)
    grid.add_row("variants", ", ".join(cpu.variants()))
    grid.add_row("runnable", ", ".join(cpu.runnable()))
    grid.add_row("chosen", cpu.variant())
    grid.add_row("cores", str(cores()))
    Console().print(grid, highlight=False)


def _share(source: Source, task: _options.Task, seed: int) -> Parts:
    parts = share(source, task, seed)
    guessed = " (guessed; --task sets it)" if task == _options.Task.auto else ""
    rows = ", ".join(f"{len(part[0])} {name}" for name, part in parts.by_name().items())
    print(f"task: {parts.table.task}{guessed}\n{parts.table.describe()}\nrows: {rows}", flush=True)
    return parts


def _run(search: Callable[[], Study], progress: SearchProgress, parts: Parts, file: Path) -> None:
    """Run the search and keep its best model; Ctrl-C keeps the best so far and is raised on."""
    try:
        with progress:
            study = search()
    except KeyboardInterrupt:
        if progress.study is None or progress.best() is None:
            print("interrupted before any model was scored: nothing to keep")
        else:
            print("interrupted; the best so far:")
            _keep(progress.study, parts, file)
        raise
    if progress.best() is None:
        diverged = any(trial.state == "diverged" for trial in study.trials)
        raise SettingError(f"no model was scored: {DIVERGED if diverged else TOO_SHORT}")
    _keep(study, parts, file)


def _keep(study: Study, parts: Parts, file: Path) -> None:
    """Save the best model and show its scores."""
    best, model = study.best_trial, study.best_model()
    scores = {name: parts.scores(model, part) for name, part in parts.by_name().items() if name != "training"}
    model.table = parts.table
    model.save(file)
    grid = Grid("", *scores, box=None, pad_edge=False)
    for row, name in enumerate(next(iter(scores.values()))):
        grid.add_row(name, *(f"{list(values.values())[row]:.4f}" for values in scores.values()))
    settings = ", ".join(f"{name} {_short(value)}" for name, value in best.hyperparameters.items())
    trial = f"trial {best.number}, " if len(study.trials) > 1 else ""
    console = Console(highlight=False, markup=False)
    console.print(grid)
    console.print(f"{trial}epoch {best.best_epoch}: {settings}", soft_wrap=not console.is_terminal)
    print(f"saved {file}" + (f" and {study.path}" if study.path else ""))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _units(word: str) -> int:
    if not word.strip().isdecimal() or int(word) == 0:
        raise SettingError(f"--hidden: expected units of each layer like 128,128, got {word!r}")
    return int(word)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder}: cannot make this folder ({error.strerror})") from error
    if not os.access(folder, os.W_OK):
        raise FileError(f"{folder}: cannot write into this folder")
