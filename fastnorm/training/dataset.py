"""Dataset: rows and targets made numbers once, whether arrays or frames, with labels of any type."""

import numbers
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks
from .._frozen import description
from ..errors import DataError, SettingError, ShapeError

if TYPE_CHECKING:
    from ..table import Table
    from ..table._targets import Classes, Target

TASKS = ("classification", "regression")


@description
class Dataset:
    """Rows and their targets as a Run takes them, and the way back to the user's words and units.

    x       features (n, d), or a tuple of matrices for a model of several inputs
    y       class numbers (n,); shares of classes (n, C); values (n,) or (n, outputs); or labels (n, outputs) of 0 and 1
    task    "classification", "multilabel" or "regression"
    table   of the frame that x was; None for arrays
    target  the labels that class numbers belong to, or mean and scale of standardized values; None: y means itself
    weights of the rows in training (n,), >= 0; None: all are 1
    codes   columns of x that hold codes of categories, and the names they had in the table; None: none does
    """

    x: Any
    y: Any
    task: str
    table: "Table | None" = None
    target: "Target | None" = None
    weights: np.ndarray | None = None
    codes: Mapping[int, str] | None = None

    @property
    def groups(self) -> np.ndarray | None:
        """The class of each row, where there are classes: parts of the rows keep their proportions."""
        return self.y if self.task == "classification" and np.ndim(self.y) == 1 else None

    @property
    def outputs(self) -> int:
        """Number of outputs that a model of it needs."""
        if self.groups is not None:
            return int(self.y.max()) + 1 if self.target is None else len(self.target.values)  # type: ignore[union-attr]
        return 1 if np.ndim(self.y) == 1 else self.y.shape[1]

    @property
    def labels(self) -> "Target | None":
        """The target by which other rows' labels are encoded; of plain class numbers, the numbers as labels."""
        if self.target is not None or self.task != "classification":
            return self.target
        from ..table._targets import Classes

        return Classes("y", tuple(range(max(2, self.outputs))))

    @property
    def actual(self) -> np.ndarray:
        """The targets as the user had them: labels, or values in their own units."""
        return np.asarray(self.y) if self.target is None else self.target.decode(self.y)

    def take(self, rows: np.ndarray) -> "Dataset":
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, x=self.x[rows], y=self.y[rows], weights=weights)

    def fitted_to(self, outputs: int) -> "Dataset":
        """Return it for a model of this number of outputs, which decides whether whole numbers are labels or values.

        Labels are the model's outputs in their order; one output tells two labels apart. Whole numbers that do not name
        every output are the outputs' own numbers, counted from 0.
        """
        if self.groups is None:
            return self
        from ..table._targets import Classes

        known: Any = self.target or Classes("y", tuple(range(max(2, self.outputs))))
        labels = np.array(known.values)
        if fits(labels, outputs):
            return replace(self, target=known)
        if self.table is None and labels.dtype.kind in "iu" and labels[0] >= 0 and labels[-1] < outputs:
            return replace(self, y=labels[self.y], target=Classes("y", tuple(range(outputs))))
        few = ", ".join(map(str, labels[:6].tolist())) + (" ..." if len(labels) > 6 else "")
        values = "; or task='regression', if these are values" if labels.dtype.kind in "iuf" else ""
        raise ShapeError(
            f"y: {len(labels)} different labels, {few}, for a model of {outputs} outputs; "
            f"its last layer needs one unit for each label: fn.Dense({len(labels)}){values}"
        )


def fits(labels: Sequence[Any] | np.ndarray, outputs: int) -> bool:
    """Whether a model with this number of outputs tells these labels apart; one output does so for two."""
    return len(labels) == outputs or (len(labels) == 2 and outputs == 1)


def dataset(
    x: Any, y: Any = None, *, task: str | None = None, loss: Any = None, table: "Table | None" = None,
    target: "Target | None" = None, learns: bool = True, sample_weight: Any = None, class_weight: Any = None,
    types: Mapping[str, Any] | None = None, missing: Collection[str] | None = None,
) -> Dataset:  # fmt: skip
    """Return rows and targets as numbers.

    x       a frame, which goes through a Table; arrays; or a Dataset, which is returned as it is
    y       targets (n,) or (n, outputs); or the name of the frame's column that holds them, of whose rows those without
            one are left out with a warning; None: the table knows it
    task    "classification", "regression" or None: by the loss, where that is one for a task, else by y: words,
            booleans and whole numbers of at most 20 different values are classes (floats only where there are two
            rows for each of them on average); other floats are values
    loss    a loss object or function, or None
    table, target  those of a model that has learned them already
    learns  whether a table and labels may be learned of these rows; False: table and target must be known
    sample_weight   weights of the rows in training (n,), or the name of a frame's column that holds them
    class_weight    factor of the weights of a class's rows, by its label, 1 where none is given; "balanced": such that
                    all classes weigh the same, and the mean weight stays
    types, missing  as for Table.fit, where a table is fitted
    Raises SettingError where task and loss disagree, and for arrays of more than 20 different integers without either.
    """
    if class_weight is not None:
        known = {"task": task, "loss": loss, "table": table, "target": target, "learns": learns, "types": types}
        return _class_weighted(dataset(x, y, sample_weight=sample_weight, missing=missing, **known), class_weight)
    if table is None and isinstance(y, str) and checks.is_frame(x):
        x, sample_weight = _with_target(x, y, sample_weight)
    if sample_weight is not None:
        weights, types = _weights(x, sample_weight, types)
        made = dataset(
            x, y, task=task, loss=loss, table=table, target=target, learns=learns, types=types, missing=missing
        )
        return _weighted(made, weights)
    if isinstance(x, Dataset):
        return x
    if not isinstance(x, np.ndarray | tuple | list):
        from ..table import Encoded

        if isinstance(x, Encoded):
            made = dataset(np.asarray(x), y, task=task, loss=loss, target=target, learns=learns)
            return replace(made, codes=x.places)
    task = _asked_for(task, loss)
    if table is None and not learns:
        refuse_frame("x", x)
    if table is not None or isinstance(y, str) or checks.is_frame(x):
        return _of_frame(x, y, task, table, types, missing)
    if y is None:
        raise SettingError("y: expected targets, got none")
    return _of_arrays(x, y, task, target, learns)


def refuse_frame(name: str, x: Any) -> None:
    """Raise DataError for a frame where a model has learned from arrays."""
    if checks.is_frame(x):
        raise DataError(
            f"{name}: this model learned from arrays, which have no names, so it cannot find the columns of a frame; "
            "give x.to_numpy() with the columns in the order of the training data"
        )


def divided(
    x: Any, y: Any, fractions: Sequence[float], seed: int, *, groups: Any = None, time: Any = None, **known: Any
) -> tuple[Dataset, tuple[np.ndarray, ...]]:
    """Return all rows, and the row numbers of each part, divided at random; each part has the classes in proportion.

    fractions     of the parts, adding up to 1; a table is fitted on the rows of the first
    groups, time  as for split: values (n,), or the name of a frame's column; that of the groups is not learned from
    known         keywords of dataset
    """
    if isinstance(x, np.memmap):
        raise SettingError("validation: a share of a memory map's rows would be copied into memory; give (x, y)")
    from ..table import Table, split
    from ..table._reader import row_keys

    if isinstance(groups, str):
        known["types"] = {**(known.get("types") or {}), groups: "ignore"}
    task = _asked_for(known.get("task"), known.get("loss"))
    if known.get("table") is None and (isinstance(y, str) or checks.is_frame(x)):
        if y is None:
            raise SettingError("y: expected targets, or the name of the column that holds them, got none")
        weight = known.get("sample_weight")
        if isinstance(y, str):
            x, weight, groups, time = _with_target(x, y, weight, groups, time)
        weights, types = _weights(x, weight, known.get("types"))
        kind = "classification" if task == "multilabel" else task or "auto"
        table, features, values, rows = Table.fit_split(
            x, y, fractions, seed, task=kind, groups=groups, time=time, types=types, missing=known.get("missing")
        )
        if task == "multilabel":
            _refuse_shares(table)
        made = _weighted(Dataset(features, values, str(table.task), table, table.target), weights)
        return _class_weighted(made, known.get("class_weight")), rows
    whole = dataset(x, y, **known)
    whole = replace(whole, x=np.asarray(whole.x))
    if len(whole.x) != len(whole.y):
        raise DataError(f"y: expected {len(whole.x)} rows as in x, got {len(whole.y)}")
    keys = {
        name: row_keys(x, name, given) for name, given in (("groups", groups), ("time", time)) if given is not None
    }
    return whole, split(len(whole.x), fractions, seed, classes=whole.groups, **keys)


def _with_target(x: Any, y: str, *beside: Any) -> tuple[Any, ...]:
    """Return the rows of a frame that have a target, and of what lies beside them; warn of the others."""
    from ..table._frames import open_frame
    from ..table._targets import has_target

    opened = open_frame(x)
    present = has_target(opened.column(y))
    if present.all() or not present.any():  # none at all is said where the target is learned
        return x, *beside
    checks.warn(f"{(~present).sum()} of {len(opened)} rows have no {y!r} and are left out")
    rows = np.flatnonzero(present)
    parts = (each if each is None or isinstance(each, str) else np.asarray(each)[rows] for each in beside)
    return opened.take(rows), *parts


def _weighted(data: Dataset, weights: Any) -> Dataset:
    if weights is None:
        return data
    return replace(data, weights=checks.vector("sample_weight", weights, length=len(data.y)))


def _class_weighted(data: Dataset, asked: Any) -> Dataset:
    """Return the rows with their weights times those of their classes."""
    if asked is None:
        return data
    if data.groups is None:
        raise SettingError(f"class_weight: expected a class in each row, got {data.task}")
    counts = np.bincount(data.groups)
    if asked == "balanced":
        factors = len(data.groups) / (np.maximum(counts, 1) * np.count_nonzero(counts))
    else:
        labels = list(range(len(counts))) if data.target is None else list(data.target.values)  # type: ignore[union-attr]
        if not isinstance(asked, Mapping) or not set(asked) <= set(labels):
            raise SettingError(f"class_weight: expected 'balanced' or weights by label of {labels}, got {asked!r}")
        factors = np.array([checks.number(f"class_weight {label!r}", asked.get(label, 1), 0) for label in labels])
    weights = factors[data.groups] if data.weights is None else data.weights * factors[data.groups]
    return replace(data, weights=weights)


def _weights(x: Any, given: Any, types: Mapping[str, Any] | None) -> tuple[Any, Mapping[str, Any] | None]:
    """Return the weights of rows, and types by which a column that holds them is not learned from."""
    if not isinstance(given, str):
        return given, types
    from ..table._frames import open_frame
    from ..table._targets import numbers

    weights = numbers(open_frame(x).column(given))
    if not (weights >= 0).all():
        row = int(np.argmin(weights >= 0))
        got = f"{weights[row]:g} in row {row} (rows count from 0)"
        raise DataError(f"column {given!r}: expected weights >= 0, got {got}")
    return weights, {**(types or {}), given: "ignore"}


def split_fractions(fraction: numbers.Real) -> tuple[float, float]:
    """Return the fractions of training and validation."""
    aside = checks.number("validation", fraction, 0, 1, ends="()")
    return 1 - aside, aside


def side_by_side(parts: tuple[Any, ...], widths: Sequence[int | None], dtype: np.dtype) -> np.ndarray:
    """Return one matrix of the matrices of several inputs; None: a width that is not known yet."""
    if len(widths) != len(parts):
        raise ShapeError(f"x: expected {len(widths)} inputs, got a tuple of {len(parts)}")
    matrices = [checks.matrix("x", part, dtype, width) for part, width in zip(parts, widths, strict=True)]
    if len({len(part) for part in matrices}) > 1:
        raise ShapeError(f"x: expected as many rows in each input, got {[len(part) for part in matrices]}")
    return np.concatenate(matrices, axis=1)


def pair(name: str, given: Any) -> tuple[Any, Any]:
    """Return (x, y), or a frame or Dataset that has both, as x and y."""
    if isinstance(given, Dataset) or checks.is_frame(given):
        return given, None
    if not isinstance(given, tuple | list) or len(given) != 2:
        came = repr(given) if isinstance(given, str | numbers.Number | None) else type(given).__name__
        raise SettingError(
            f"{name}: expected (x, y) or a frame with the target's column (fit takes a share of the rows too, caviar a "
            f"share or KFold), got {came}"
        )
    return given[0], given[1]


def _asked_for(task: str | None, loss: Any) -> str | None:
    """The task that task= or the loss names; None where y is to tell it."""
    if task == "auto":
        task = None
    if task is not None:
        checks.choice("task", task, TASKS)
    of_loss = getattr(loss, "task", None)
    if of_loss is not None and task is not None and (of_loss == "regression") != (task == "regression"):
        raise SettingError(f"task: {task!r} and {loss!r}, a loss for {of_loss}, do not go together; leave one out")
    return of_loss or task


def _of_frame(
    x: Any, y: Any, task: str | None, table: "Table | None", types: Mapping[str, Any] | None,
    missing: Collection[str] | None,
) -> Dataset:  # fmt: skip
    from ..table import Table

    of_labels = task == "multilabel"  # of one column: yes or no
    task = "classification" if of_labels else task
    if table is None:
        if y is None:
            raise SettingError("y: expected targets, or the name of the column that holds them, got none")
        table = Table.fit(x, y, task or "auto", types=types, missing=missing)
    name = y if isinstance(y, str) else None if checks.is_frame(y) else getattr(y, "name", None)
    if name and (table.target is None or table.target.name not in (name, "y")):
        raise SettingError(f"target: this model's table was not fitted for the target {name!r}")
    if task is not None and task != table.task:
        raise SettingError(f"task: this model's table was fitted for {table.task}, got {task}; make a new model for it")
    if of_labels:
        _refuse_shares(table)
    features = table.transform(x)  # a missing column is said before a missing target
    values = table.transform_target(x if y is None or isinstance(y, str) else y)
    return Dataset(features, values, str(table.task), table, table.target)


def _refuse_shares(table: "Table") -> None:
    """Raise SettingError for a column of shares where labels are expected."""
    if any(isinstance(value, float) and 0 < value < 1 for value in table.classes or ()):
        raise SettingError("y: expected labels of yes and no, got shares between 0 and 1; those need arrays, no frame")


def _of_arrays(x: Any, y: Any, task: str | None, target: "Target | None", learns: bool) -> Dataset:
    try:
        y = np.asarray(y)
    except ValueError as error:
        raise DataError(f"y: expected a target for each row, all of one length: {error}") from error
    flat = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if not flat.size:
        raise DataError("y: expected at least one row, got none")
    if flat.ndim == 1 and flat.dtype.kind == "f" and (absent := int(np.isnan(flat).sum())):
        raise DataError(f"y: {absent} of {len(flat)} rows have no target; drop those rows first")
    if flat.ndim == 1 and flat.dtype.kind not in "iuf":
        from ..table._frames import open_column

        column = open_column("y", flat)
        if column.kind == "number":  # numbers as Python objects
            flat = y = column.values
    task = task or _guessed(flat)
    if task == "regression" or (task == "multilabel" and (flat.ndim != 1 or _are_shares(flat))):
        return Dataset(x, y, task)
    if flat.ndim != 1:  # shares of classes
        fits = target is not None and len(getattr(target, "values", ())) == flat.shape[1]
        return Dataset(x, y, task, target=target if fits else None)
    return _of_labels(x, flat, target, learns)


def _are_shares(y: np.ndarray) -> bool:
    """Whether labels of one output lie between no and yes."""
    return y.dtype.kind == "f" and bool(((y > 0) & (y < 1)).any())


def _of_labels(x: Any, y: np.ndarray, target: "Classes | Any", learns: bool) -> Dataset:
    """Class numbers, and the labels they belong to; integers that are class numbers already stay where they lie."""
    from ..table._frames import open_column
    from ..table._targets import Classes, distinct_whole_numbers

    if not isinstance(target, Classes):
        found = distinct_whole_numbers(y, len(y)) if y.dtype.kind in "iuf" else None
        are_numbers = found is not None and found[0] >= 0
        if are_numbers and (not learns or len(found) == 1 or (y.dtype.kind != "f" and len(found) == found[-1] + 1)):  # type: ignore[arg-type,index]
            return Dataset(x, y.astype(np.int64) if y.dtype.kind == "f" else y, "classification")
        if not learns:
            raise DataError("y: expected numbers of classes, counted from 0, for this model knows no labels")
        target = Classes.fit(open_column("y", y))
    return Dataset(x, target.encode(open_column("y", y)), "classification", target=target)


def _guessed(y: np.ndarray) -> str:
    from ..table._targets import MAXIMUM_GUESSED_CLASSES as MOST
    from ..table._targets import distinct_whole_numbers

    if y.ndim != 1:
        if y.dtype.kind == "f":
            return "regression"
        raise SettingError(
            f"y: {y.dtype} of shape {y.shape} may mean several things; say which one with loss=: "
            "fn.SigmoidCrossEntropy() for labels of 0 and 1, fn.MeanSquaredError() for values, or give one label a row"
        )
    if y.dtype.kind not in "iuf":
        return "classification"
    found = distinct_whole_numbers(y, MOST)
    if y.dtype.kind == "f":
        return "classification" if found is not None and 4 <= 2 * len(found) <= len(y) else "regression"
    if found is None:
        raise SettingError(
            f"y: more than {MOST} different integers; say whether they are classes or values: task='classification' "
            "or task='regression'"
        )
    return "classification"
