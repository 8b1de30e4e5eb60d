"""The command line's data: a file or an example, shared among training, validation and test rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import checks, table
from .errors import DataError, SettingError
from .model import Model
from .table import Table

Arrays = tuple[np.ndarray, np.ndarray]
EXAMPLES = {"digits": "digit"}  # name of each example and of its target


@dataclass(frozen=True)
class Source:
    """A frame with a target, and the file it came from (an example's name)."""

    path: Path
    frame: Any
    target: str

    @property
    def name(self) -> str:
        """What results are called after."""
        return self.path.stem


@dataclass(frozen=True)
class Parts:
    """Features and targets of three parts; the table was fitted on the training rows alone."""

    table: Table
    training: Arrays
    validation: Arrays
    test: Arrays

    @property
    def outputs(self) -> int:
        """The number of outputs a model of the target needs."""
        return 1 if self.table.classes is None else len(self.table.classes)

    @property
    def unit(self) -> float:
        """What a difference of 1 between model outputs is in the target's own units."""
        return unit_of(self.table)

    def by_name(self) -> dict[str, Arrays]:
        """Return the three parts under their names."""
        return {"training": self.training, "validation": self.validation, "test": self.test}

    def scores(self, model: Model, part: Arrays) -> dict[str, float]:
        """Return what a model reaches on a part: accuracy, or mean absolute error and share of variance explained.

        model  one whose own table is not set yet: it takes features and gives class indices or standardized values
        """
        x, y = part
        predicted = model.predict(x)
        if self.table.classes is not None:
            return {"accuracy": float(np.mean(predicted == y))}
        actual = self.table.restore(y)
        errors = self.table.restore(predicted) - actual
        explained = 1 - float(np.mean(errors**2) / max(float(np.var(actual)), 1e-300))
        return {"mean absolute error": float(np.mean(np.abs(errors))), "R squared": explained}


def unit_of(learned: Table) -> float:
    """Return what a difference of 1 between model outputs is in the target's own units."""
    if learned.classes is not None:
        return 1.0
    zero, one = learned.restore(np.array([0.0, 1.0]))
    return float(one - zero)


def load(data: Path | None, target: str | None, example: str | None) -> Source:
    """Return a file, or an example that comes with scikit-learn."""
    if example is None:
        if data is None:
            raise SettingError("DATA: expected a CSV or Parquet file, or --example digits")
        if target is None:
            raise SettingError("--target: expected the column to predict")
        return Source(data, table.read(data), target)
    if data is not None or target is not None:
        raise SettingError("--example: it brings its own data and target; leave DATA and --target out")
    target = EXAMPLES[checks.choice("--example", example, list(EXAMPLES))]
    digits = checks.extra("sklearn.datasets", "examples").load_digits()
    polars = checks.extra("polars", "cli")
    columns = {f"pixel_{row}_{column}": digits.images[:, row, column] for row in range(8) for column in range(8)}
    return Source(Path(example), polars.DataFrame({**columns, target: digits.target}), target)


def share(source: Source, task: str, seed: int) -> Parts:
    """Share the rows, 64 % for training, 16 % for validation and 20 % for test, each with its share of each class."""
    with located(source.path):
        whole = Table.fit(source.frame, source.target, task)  # for the classes; models see what training rows teach
        groups = None if whole.classes is None else whole.target_values(source.frame)
        frames = [source.frame[rows] for rows in table.split(len(source.frame), seed=seed, groups=groups)]
        learned = Table.fit(frames[0], source.target, str(whole.task))
        training, validation, test = [(learned.features(part), learned.target_values(part)) for part in frames]
    return Parts(learned, training, validation, test)


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
