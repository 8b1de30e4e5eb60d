"""The arguments and options of the commands, with their bounds and help."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..ops._layers import BINS


class Task(StrEnum):
    """Kind of the target."""

    auto = "auto"
    classification = "classification"
    regression = "regression"


class Sampler(StrEnum):
    """Where the next trial is looked for."""

    random = "random"
    grid = "grid"
    coarse_to_fine = "coarse-to-fine"


class Optimizer(StrEnum):
    """The rule that updates the weights."""

    sgd = "sgd"
    rmsprop = "rmsprop"
    adam = "adam"
    nadam = "nadam"


def _option(names: str, metavar: str, words: str, default: str | bool = True, **bounds: Any) -> Any:
    return typer.Option(*names.split(), metavar=metavar, help=words, show_default=default, **bounds)


def _flag(name: str, words: str) -> Any:
    return typer.Option(name, help=words, show_default=False)


def _argument(metavar: str, words: str) -> Any:
    return typer.Argument(metavar=metavar, help=words, show_default=False)


Version = Annotated[bool, typer.Option("--version", help="Print the version.", metavar="", is_eager=True)]
Data = Annotated[
    Path | None,
    _argument("DATA", "A table: CSV and its like, also .gz; .parquet, .feather, .xlsx; - for standard input."),
]
Target = Annotated[str | None, _option("--target -t", "COLUMN", "The column to predict.", False)]
Kind = Annotated[Task, _option("--task", "KIND", "auto (guess, and say so), classification or regression.")]
Example = Annotated[str | None, _option("--example", "NAME", "Instead of DATA: digits, scikit-learn's.", False)]
Trials = Annotated[
    int | None, _option("--trials", "N", "Models to try, earlier ones included.", "30, or what --minutes allow", min=1)
]
Minutes = Annotated[float | None, _option("--minutes", "M", "Time to search.", "no limit")]
EpochsByRows = Annotated[
    int | None, _option("--epochs", "N", "How often it sees a training row.", "12 to 120, fewer for more rows", min=1)
]
EpochsSteered = Annotated[int, _option("--epochs", "N", "Where it stops by itself; a key goes on.", min=1)]
Workers = Annotated[int | None, _option("--workers", "N", "Models trained at a time.", "one per core", min=1)]
Seed = Annotated[int, _option("--seed", "N", "Same seed, same rows and models.", min=0)]
Folder = Annotated[
    Path | None, _option("--out", "FOLDER", "For the model and the study, which goes on.", "named after DATA")
]
Rule = Annotated[Sampler, _option("--sampler", "NAME", "random, grid, or coarse-to-fine (zooms in on the best).")]
Halving = Annotated[bool, _flag("--halving", "Stop the worse two thirds early, again and again.")]
SpaceFile = Annotated[Path | None, _option("--space", "FILE", "TOML file of what to try.", "a space for tables")]
Start = Annotated[Path | None, _option("--start-from", "STUDY", "Try the best of another study first.", False)]
Ensemble = Annotated[bool, _flag("--ensemble", "Save the models that predict best together, as one.")]
Confirm = Annotated[int, _option("--confirm", "N", "Run the best N again, five times each; that decides.", min=0)]
Json = Annotated[bool, _flag("--json", "Say it as one JSON document.")]
StudyFile = Annotated[Path, _argument("STUDY", "Folder of `fastnorm tune`, or the study.sqlite in it.")]
Hidden = Annotated[str, _option("--hidden", "UNITS", "Of each hidden layer; 0: softmax or linear regression.")]
BatchSize = Annotated[int, _option("--batch-size", "N", "Rows in a minibatch.", min=1)]
BatchSizeByRows = Annotated[
    int | None, _option("--batch-size", "N", "Rows in a minibatch.", "32 to 256, by the rows", min=1)
]
LearningRate = Annotated[float, _option("--learning-rate", "RATE", "Of Adam, in the first epoch.")]
FirstRate = Annotated[float | None, _option("--learning-rate", "RATE", "In the first epoch.", "0.003; 0.1 for sgd")]
Rules = Annotated[Optimizer, _option("--optimizer", "NAME", "sgd (momentum 0.9), rmsprop, adam or nadam.")]
DecayRate = Annotated[float, _option("--decay-rate", "X", "The rate in epoch n is divided by 1 + X n.", min=0)]
DecayInstead = Annotated[
    float | None,
    _option("--decay-rate", "X", "Divide the rate in epoch n by 1 + X n.", "the rate falls by a cosine", min=0),
]
Dropout = Annotated[float, _option("--dropout", "SHARE", "Of hidden units left out in training.", min=0)]
WeightDecay = Annotated[float, _option("--weight-decay", "X", "Decoupled, as in AdamW.", min=0)]
Bins = Annotated[int, _option("--bins", "N", "Of each column of numbers; 0: a number alone.", min=0, max=BINS)]
Single = Annotated[bool, typer.Option("--single", help="One network, not the mean of five.")]
ModelFile = Annotated[Path | None, _option("--out", "FILE", "For the model.", "named after DATA")]
Guarded = Annotated[
    bool | None,
    typer.Option(
        "--guard/--no-guard",
        help="Take a training that goes wrong back, to a third of the rate. [default: as it was left; on at first]",
        show_default=False,
    ),
]
StudyToWrite = Annotated[Path | None, _option("--study", "FILE", "For the record, which goes on.", "in --out")]
Model = Annotated[
    Path, _argument("MODEL", "Model file of `fastnorm tune` or `fastnorm fit`, or the folder of the former.")
]
Rows = Annotated[Path, _argument("DATA", "A table with the columns the model learned from; - for standard input.")]
Predictions = Annotated[Path | None, _option("--out", "FILE", "CSV file to write.", "the terminal")]
Proba = Annotated[bool, typer.Option("--proba", help="Add a column with the probability of each class.")]
Kept = Annotated[str | None, _option("--keep", "A,B", "Columns of DATA to copy into the output.", False)]
TypesOut = Annotated[Path | None, _option("--out", "FILE", "Write the kinds as a file for --types.", False)]
Table = Annotated[Path, _argument("DATA", "A table: CSV and its like, also .gz; .parquet, .feather, .xlsx.")]
Separator = Annotated[str | None, _option("--separator", "C", "Between the cells: one character, or tab.", "found out")]
Decimal = Annotated[str | None, _option("--decimal", "MARK", "Decimal mark, . or a comma.", "found out")]
Encoding = Annotated[str | None, _option("--encoding", "NAME", "utf-8, cp1252, utf-16 ...", "found out")]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header", help="Whether the first row holds names. [default: found out]", show_default=False
    ),
]
NoExamples = Annotated[bool, _flag("--no-examples", "Keep the data's cells out of messages.")]
Missing = Annotated[
    str | None, _option("--missing", "A,B", "Words for a missing value; '': the empty cell alone.", "?, NA, NULL ...")
]
Types = Annotated[Path | None, _option("--types", "FILE", "Kinds of columns, from `fastnorm columns --out`.", False)]
Ignore = Annotated[str | None, _option("--ignore", "A,B", "Columns to leave out.", False)]
Keep = Annotated[str | None, _option("--keep", "A,B", "Columns not to leave out, as keys are by themselves.", False)]
Validation = Annotated[Path | None, _option("--validation", "FILE", "Rows that choose the model.", "16 % of DATA")]
Test = Annotated[Path | None, _option("--test", "FILE", "Rows that judge it.", "20 % of DATA")]
Balanced = Annotated[bool, typer.Option("--balanced", help="Let all classes weigh the same in training.")]
Weights = Annotated[str | None, _option("--weights", "COLUMN", "Weight of each training row.", False)]
Groups = Annotated[str | None, _option("--groups", "COLUMN", "Rows of one group stay in one part.", False)]
Time = Annotated[str | None, _option("--time", "COLUMN", "Train on the past, judge by the future.", False)]


@dataclass(frozen=True)
class FileOptions:
    """How a file is written; options of every command that reads one."""

    separator: Separator = None
    decimal: Decimal = None
    encoding: Encoding = None
    header: Header = None
    no_examples: NoExamples = False


@dataclass(frozen=True)
class TypeOptions(FileOptions):
    """What its columns mean besides."""

    missing: Missing = None
    types: Types = None


@dataclass(frozen=True)
class DataOptions(TypeOptions):
    """How its rows are used besides; options of the commands that train."""

    ignore: Ignore = None
    keep: Keep = None
    validation: Validation = None
    test: Test = None
    weights: Weights = None
    balanced: Balanced = False
    groups: Groups = None
    time: Time = None


def with_options(kind: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that gives a command the options of a dataclass, which its parameter `read` gets."""

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        names = [field.name for field in fields(kind)]
        for field in fields(kind):
            field.type.__metadata__[0].rich_help_panel = "The table"  # type: ignore[union-attr]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            read = kind(**{name: given.pop(name) for name in names})
            command(**given, read=read)

        signature = inspect.signature(command)
        own = [parameter for name, parameter in signature.parameters.items() if name != "read"]
        added = [
            inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
            for field in fields(kind)
        ]
        keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        run.__signature__ = signature.replace(parameters=keyword + added)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in keyword + added}
        return run

    return decorated
