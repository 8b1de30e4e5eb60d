"""The command line's data: a file or an example, shared among training, validation and test rows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import checks, table
from ..errors import DataError, SettingError
from ..metrics.scores import ROWS, best_constant, is_uneven, scores
from ..models.model import Model
from ..table import Table
from ..training.dataset import Dataset, divided
from .lines import say

EXAMPLES = {"digits": "digit"}  # name of each example and of its target


@dataclass(frozen=True)
class Source:
    """A frame with a target, and the file it came from (an example's name)."""

    path: Path
    frame: Any
    target: str

    @property
    def name(self) -> str:
        """Name for the results' folder."""
        return self.path.stem


@dataclass(frozen=True)
class Parts:
    """Rows of three parts as Datasets; their table was fitted on the training rows alone."""

    training: Dataset
    validation: Dataset
    test: Dataset

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
        """Return the three parts under their names."""
        return {"training": self.training, "validation": self.validation, "test": self.test}

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
        rows = self.by_name()[part]
        return best_constant(rows.task, rows.actual)


def score_name(name: str) -> str:
    """Return a score's name in words."""
    return {"r_squared": "R squared"}.get(name, name.replace("_", " "))


def figure(value: float | None) -> str:
    """Return a score in at most ten letters."""
    if value is None:
        return "undefined"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.6g}"


def load(data: Path | None, target: str | None, example: str | None) -> Source:
    """Return a file, or an example that comes with scikit-learn."""
    if example is None:
        if data is None:
            raise SettingError("DATA: expected a CSV or Parquet file, or --example digits")
        if target is None:
            raise SettingError("--target: expected the column to predict")
        return Source(data, _with_target(data, table.read(data), target), target)
    if data is not None or target is not None:
        raise SettingError("--example: it brings its own data and target; leave DATA and --target out")
    target = EXAMPLES[checks.choice("--example", example, list(EXAMPLES))]
    digits = checks.extra("sklearn.datasets", "examples").load_digits()
    polars = checks.extra("polars", "cli")
    columns = {f"pixel_{row}_{column}": digits.images[:, row, column] for row in range(8) for column in range(8)}
    return Source(Path(example), polars.DataFrame({**columns, target: digits.target}), target)


def _with_target(data: Path, frame: Any, target: str) -> Any:
    """Return the rows that have a target, and say on stderr how many have none."""
    if target not in frame.columns:
        return frame  # which is said where its columns are looked for
    column = frame[target]
    absent = column.is_null() | column.is_nan().fill_null(False) if column.dtype.is_float() else column.is_null()
    if absent.all():
        raise DataError(f"{data}: column {target!r}: no row has a value, so there is nothing to learn")
    if absent.any():
        say(f"note: {absent.sum()} of {frame.height} rows have no {target!r} and are left out", sys.stderr)
    return frame.filter(~absent)


def share(source: Source, task: str, seed: int) -> Parts:
    """Share the rows, 64 % for training, 16 % for validation and 20 % for test, each with its share of each class."""
    with located(source.path):
        whole, parts = divided(source.frame, source.target, (0.64, 0.16, 0.20), seed, task=task)
    return Parts(*(whole.take(rows) for rows in parts))


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
