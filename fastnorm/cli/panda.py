"""The command panda: a run opened, or opened again, steered in the console, and kept."""

import sys
from pathlib import Path

import typer

from .. import checks
from ..errors import SettingError
from ..training import optimizers
from ..training.run import Run
from ..training.schedules import InverseTime
from ..tune import Guard, Panda, Study, default_model
from ..tune import panda as steer
from . import options
from .data import Parts, figure, layer_units, load, score_name
from .lines import say
from .search import MODEL, STUDY, make_folder, require_own, shared
from .signals import Signals

USUAL = 3e-3  # learning rate, and of plain gradient descent:
USUAL_OF_SGD = 0.1


@options.with_options(options.DataOptions)
def panda(
    context: typer.Context,
    data: options.Data = None,
    target: options.Target = None,
    task: options.Kind = options.Task.auto,
    hidden: options.Hidden = "128,128",
    epochs: options.EpochsSteered = 20,
    batch_size: options.BatchSize = 128,
    optimizer: options.Rules = options.Optimizer.adam,
    learning_rate: options.FirstRate = None,
    decay_rate: options.DecayRate = 0.0,
    dropout: options.Dropout = 0.1,
    weight_decay: options.WeightDecay = 0.0,
    guard: options.Guarded = None,
    seed: options.Seed = 0,
    out: options.Folder = None,
    study: options.StudyToWrite = None,
    example: options.Example = None,
    *,
    read: options.DataOptions,
) -> None:
    """Steer one model while it trains: on a terminal, with curves, a key for every action, and undo.

    Rows are shared as `fastnorm tune` shares them; the test rows stay sealed until one asks for the final score. What
    is done is recorded in the study, and the same command again continues it, paused or with the guard off as it
    was left. Leaving saves the model of the best epoch, of all branches; Ctrl-C, SIGTERM and a terminal that is closed
    do, too. `?` shows the keys.

    - `fastnorm panda letter.csv --target letter --hidden 64,64 --learning-rate 30`
    - `fastnorm panda --example digits`
    """
    if not _has_terminal():
        raise SettingError("panda: expected a terminal, which its console needs; without one there is `fastnorm fit`")
    checks.extra("textual", "cli")
    units = layer_units(hidden)
    source = load(data, target, example, read)
    out = out or Path(f"{source.name}-panda")
    file, study = out / MODEL, study or out / STUDY
    require_own(file, study)
    usual = USUAL_OF_SGD if optimizer == options.Optimizer.sgd else USUAL
    rate = usual if learning_rate is None else learning_rate
    parts = shared(source, task, seed)
    run = Run(
        default_model(units, parts.outputs, dropout),
        parts.training,
        validation=parts.validation,
        optimizer=optimizers.of({"optimizer": str(optimizer), "learning_rate": rate, "weight_decay": weight_decay}),
        schedule=InverseTime(decay_rate) if decay_rate else None,
        batch_size=batch_size,
        seed=seed,
    )
    watch = Guard().knowing(run)
    make_folder(out)
    with steer(run, study, guard=watch, test=parts.test) as steered:
        if guard is None or steered.opened is not None:
            guard = steered.switched is not False
        steered.guard = watch if guard else None
        _show(steered, epochs, watch, source.name, file, study, parts, context.obj)


def _show(
    steered: Panda, epochs: int, watch: Guard, name: str, file: Path, study: Path, parts: Parts, signals: Signals
) -> None:
    """Open the console; however it is left, the model is saved, and errors come after that."""
    from ..console import INTERRUPTED, Console, Driver

    driver = Driver(steered, epochs, watch)
    console, left = Console(driver, name, str(file.parent), lambda: signals.received is not None), None
    signals.raises = False  # the console looks at them, for its terminal must be put in order again
    try:
        left = console.run()
    finally:
        driver.close()
        _keep(steered, file, study, parts)
    if driver.failure is not None:
        raise driver.failure
    if left == INTERRUPTED or signals.received is not None:
        raise KeyboardInterrupt
    sys.exit(console.return_code)


def _keep(steered: Panda, file: Path, study: Path, parts: Parts) -> None:
    """Save the model of the best epoch, and print the files and how to continue."""
    from ..console.log_words import best_in_words

    opened = steered.opened
    if steered.best is None:
        say(f"saved {study}, and no model: no epoch was trained. The same command goes on from here")
        return
    epoch = best_in_words(steered)
    steered.give_back()
    with Study.open(study) as record:
        model = record.model(0)
    for part, words in {"validation": "validation", **({"test": "test"} if opened else {})}.items():
        constants = parts.best_constant(part)
        said = [
            f"{score_name(name)} {figure(value)} (best constant {figure(constants[name])})"
            for name, value in parts.scores(model, part).items()
            if name in parts.shown
        ]
        say(f"{words}, {len(parts.by_name()[part].y)} rows: {', '.join(said)}")
    model.save(file)
    further = "It is finished: its test set was opened" if opened else "The same command goes on from here"
    say(f"saved {file} (epoch {epoch}) and {study}. {further}")


def _has_terminal() -> bool:
    """Whether keys can be read, and the screen, which Textual draws on stderr, be seen."""
    return sys.stdin.isatty() and sys.stderr.isatty()
