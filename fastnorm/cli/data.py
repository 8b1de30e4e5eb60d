"""The command line's data: a file or an example, shared among training, validation and test rows."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import checks, table
from ..errors import DataError, SettingError
from ..metrics.scores import ROWS, best_constant, is_uneven, scores
from ..models.model import Model
from ..table import Frame, Table
from ..table._columns import show_examples
from ..table._frames import open_frame
from ..table._reader import row_keys
from ..table._survey import leaks
from ..table._targets import guessed_task, has_target
from ..table._types import choices
from ..training.dataset import Dataset, divided
from .lines import say
from .options import DataOptions, FileOptions, TypeOptions

EXAMPLES = {"digits": "digit"}  # name of each example and of its target
FRACTIONS = {"training": 0.64, "validation": 0.16, "test": 0.20}
FOLDS = 5  # of the training rows, where they judge too
LARGE = 1 << 25  # bytes of a file whose reading is shown


@dataclass(frozen=True)
class Source:
    """A frame with a target, the file it came from (an example's name), and how its rows are used."""

    path: Path
    frame: Frame
    target: str
    read: DataOptions

    @property
    def name(self) -> str:
        """Name for the results' folder."""
        return "data" if str(self.path) == "-" else self.path.name.split(".")[0]


@dataclass(frozen=True)
class Parts:
    """Rows of the parts as Datasets; their table was fitted on the training rows alone.

    validation  None: the training rows judge, each in the fold that is not trained on it
    why         the reason for the task, where it was found out
    leaks       columns that may give the target away, and the share of it that each tells
    groups      of the training rows, where groups are kept together
    """

    training: Dataset
    validation: Dataset | None
    test: Dataset
    why: str
    leaks: dict[str, float]
    groups: np.ndarray | None = None

    @property
    def table(self) -> Table:
        """The table fitted on the training rows."""
        assert self.training.table is not None
        return self.training.table

    @property
    def outputs(self) -> int:
        """The number of outputs a model of the target needs."""
        return self.training.outputs

    def by_name(self) -> dict[str, Dataset]:
        """Return the parts that there are under their names."""
        parts = {"training": self.training, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}

    def judging(self, part: str) -> Dataset:
        """Return the rows of a part; of validation, where it has none of its own, the training rows."""
        return self.by_name().get(part, self.training)

    def scores(self, model: Model, part: str) -> dict[str, float | None]:
        """Return a model's scores on a part by name, in the target's own units."""
        rows = self.by_name()[part]
        return scores(rows.task, model.predict(rows), rows.actual)

    @property
    def shown(self) -> list[str]:
        """The names of the scores that are worth a line: the balanced accuracy only where classes are uneven."""
        groups = self.training.groups
        names = list(ROWS[self.training.task])
        return names if groups is None or is_uneven(groups) else [name for name in names if name != "balanced_accuracy"]

    def best_constant(self, part: str) -> dict[str, float | None]:
        """Return the same scores of the best constant prediction."""
        rows = self.judging(part)
        return best_constant(rows.task, rows.actual)


def score_name(name: str) -> str:
    """Return a score's name in words."""
    return {"r_squared": "R squared"}.get(name, name.replace("_", " "))


def figure(value: float | None) -> str:
    """Return a score in at most ten letters."""
    if value is None:
        return "undefined"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.6g}"


def load(data: Path | None, target: str | None, example: str | None, read: DataOptions) -> Source:
    """Return a file, or an example that comes with scikit-learn."""
    if example is None:
        if data is None:
            raise SettingError("DATA: expected a file, or --example digits")
        if target is None:
            raise SettingError("--target: expected the column to predict")
        return Source(data, _with_target(data, read_file(data, read, target), target), target, read)
    if data is not None or target is not None:
        raise SettingError("--example: it brings its own data and target; leave DATA and --target out")
    target = EXAMPLES[checks.choice("--example", example, list(EXAMPLES))]
    digits = checks.extra("sklearn.datasets", "examples").load_digits()
    polars = checks.extra("polars", "cli")
    columns = {f"pixel_{row}_{column}": digits.images[:, row, column] for row in range(8) for column in range(8)}
    return Source(Path(example), open_frame(polars.DataFrame({**columns, target: digits.target})), target, read)


def read_file(data: Path, read: TypeOptions, target: str | None = None) -> Frame:
    """Return a file as a frame, and say on stderr how it was read and how far it is, where that takes long."""
    said = types_of(read)
    as_text = {name for name, each in choices(said).items() if each.kind == "category" or each.missing is not None}
    with reading(data) as progress:
        frame = table.read(
            data, **asked(read), missing=missing_words(read), names=[] if target is None else [target],
            text=as_text, progress=progress,
        )  # fmt: skip
    for words in frame.notes:
        say(f"note: {data}: {words}", sys.stderr)
    return frame


def asked(read: FileOptions) -> dict[str, Any]:
    """Return what was said of how a file is written, as arguments of table.read."""
    show_examples(not read.no_examples)
    separator = {"tab": "\t", "\\t": "\t"}.get(read.separator or "", read.separator)
    return {"separator": separator, "decimal": read.decimal, "encoding": read.encoding, "header": read.header}


def missing_words(read: TypeOptions) -> tuple[str, ...] | None:
    """Return the words for a missing value that were asked for."""
    return None if read.missing is None else tuple(names_in(read.missing)) or ("",)


def types_of(read: TypeOptions) -> dict[str, Any]:
    """Return what was said of columns: a types file, and the names to leave out and to keep."""
    said: dict[str, Any] = {} if read.types is None else table.read_types(read.types)
    if isinstance(read, DataOptions):
        said |= {name: "auto" for name in names_in(read.keep) if name not in said}
        said |= dict.fromkeys(names_in(read.ignore), "ignore")
    return said


def names_in(words: str | None) -> list[str]:
    """Return the names in a list that commas separate."""
    return [name.strip() for name in words.split(",") if name.strip()] if words else []


@contextmanager
def reading(data: Path) -> Iterator[Callable[[int], None] | None]:
    """Show on a terminal how much of a file has been read."""
    size = data.stat().st_size if data.is_file() else 0
    if not sys.stderr.isatty() or size < LARGE:
        yield None
        return
    try:
        yield lambda done: print(f"\rreading {data}: {min(1, done / size):4.0%}", end="", file=sys.stderr, flush=True)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _with_target(data: Path, frame: Frame, target: str) -> Frame:
    """Return the rows that have a target, and say on stderr how many have none."""
    if target not in frame.columns:
        return frame  # which is said where its columns are looked for
    with located(data):
        present = has_target(frame.column(target))
    if not present.any():
        raise DataError(f"{data}: column {target!r}: no row has a value, so there is nothing to learn")
    if present.all():
        return frame
    say(f"note: {(~present).sum()} of {len(frame)} rows have no {target!r} and are left out", sys.stderr)
    return frame.take(np.flatnonzero(present))


def share(source: Source, task: str, seed: int, folded: bool = False) -> Parts:
    """Share the rows, 64 % for training, 16 % for validation and 20 % for test, each with its share of each class.

    Parts that come from files of their own are read as the training rows were; the others share DATA in proportion.

    folded  the rows for validation are training rows too, unless they have a file of their own, are later ones, or rows
            are too few for folds
    """
    read = source.read
    files = {"validation": read.validation, "test": read.test}
    fractions = FRACTIONS
    both = FRACTIONS["training"] + FRACTIONS["validation"]
    if folded and read.validation is None and read.time is None and both * len(source.frame) >= 2 * FOLDS + 1:
        fractions = {"training": both, "test": FRACTIONS["test"]}
    own = [name for name in fractions if files.get(name) is None]
    whole = sum(fractions[name] for name in own)
    with located(source.path):
        why = guessed_task(source.frame.column(source.target))[1]
        whole_data, rows = divided(
            source.frame, source.target, [fractions[name] / whole for name in own], seed, task=task,
            sample_weight=read.weights, class_weight="balanced" if read.balanced else None, groups=read.groups,
            time=read.time, types=types_of(read), missing=missing_words(read),
        )  # fmt: skip
        learned = whole_data.table
        assert learned is not None
    kept: dict[str, Any] = dict(zip(own, rows, strict=True))
    for name, path in files.items():
        if path is not None:
            kept[name] = _from_file(path, read, learned, source.target)
    told = leaks(source.frame, source.target, str(learned.task), learned.columns, missing_words(read))
    groups = None
    if read.groups is not None:
        groups = row_keys(source.frame, "groups", read.groups, missing_words(read))[kept["training"]]
    made = {name: part if isinstance(part, Dataset) else whole_data.take(part) for name, part in kept.items()}
    return Parts(made["training"], made.get("validation"), made["test"], why, told, groups)


def _from_file(path: Path, read: DataOptions, learned: Table, target: str) -> Dataset:
    with located(path):
        frame = table.read(path, **asked(read), missing=missing_words(read), names=[target], text=learned.text_columns)
        frame = _with_target(path, frame, target)
        frame.require([target])
        features, values = learned.transform(frame), learned.transform_target(frame)
    return Dataset(features, values, str(learned.task), learned, learned.target)


def layer_units(words: str) -> list[int]:
    """Return the units of each hidden layer, from words like 128,128; none from 0."""
    units = [] if words == "0" else [word.strip() for word in words.split(",")]
    for word in units:
        if not word.isdecimal() or int(word) == 0:
            raise SettingError(f"--hidden: expected units of each layer like 128,128, got {word!r}")
    return [int(word) for word in units]


@contextmanager
def located(path: Path) -> Iterator[None]:
    """Say in a complaint about data which file they came from."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
