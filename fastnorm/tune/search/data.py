"""The rows a search trains and judges on: one copy for all threads, one file for all processes."""

import hashlib
import numbers
import shutil
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import numpy as np

from ... import checks
from ...errors import DataError, SettingError
from ...kernels import random
from ...saving.dataclasses import to_record
from ...table._reader import row_keys
from ...training.dataset import TASKS, Dataset, dataset, divided, pair, split_fractions

ENOUGH_ROWS = 2000  # from here on a fifth of the rows judges well enough
FOLDS_STREAM = 1  # of the numbers for splits; a single split uses stream 0


@dataclass(frozen=True)
class KFold:
    """Cross-validation: a trial's score is the mean over the folds, each of rows not trained on.

    folds   2 or more; classes are spread evenly over them
    bagged  the model a trial keeps is the mean of the folds' models, each of them drawn from a seed of its own; else
            it is one more model, trained on all rows beside them
    Source: Breiman 1996; Parmanto, Munro & Doyle 1996 for folds.
    """

    folds: int = 5
    bagged: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "folds", checks.integer("KFold folds", self.folds, 2))


class Part(NamedTuple):
    """Rows for one Run, and those it is judged on; where a part has none, it is the one whose model is kept."""

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray  # of the rows; empty where all are 1
    validation: tuple[np.ndarray, np.ndarray] | None


Validation = Any  # see parts


def parts(
    x: Any, y: Any, validation: Validation, seed: int, *, groups: Any = None, time: Any = None, **known: Any
) -> tuple[list[Part], Dataset, dict[str, Any]]:
    """Return the parts of the data that a trial's Runs take, and facts that tell them.

    x, y          as dataset takes them; a table is fitted on the training rows, with KFold on all
    validation    (x, y), or a frame with the target's column; or a share of the rows; or KFold; by default KFold(5)
                  below 2,000 rows, from there on a fifth
    groups, time  as divided takes them; with KFold, rows of one group are in one fold
    known         keywords of dataset
    Also returns all rows but those of a validation of its own as a Dataset.
    """
    if validation is None:
        is_small = len(x.x if isinstance(x, Dataset) else x) < ENOUGH_ROWS
        validation = KFold() if is_small and time is None else 0.2
    if isinstance(validation, numbers.Real):
        data, (rows, others) = divided(x, y, split_fractions(validation), seed, groups=groups, time=time, **known)
        facts = {"data": fingerprint(data.x, data.y), "validation": float(validation)} | _meaning(data)
        facts |= {"rows": fingerprint(rows)} if groups is not None or time is not None else {}
        aside = data.x[others], data.y[others]
        return [Part(data.x[rows], data.y[rows], _weights(data, rows), aside)], data, facts
    if time is not None or (groups is not None and not isinstance(validation, KFold)):
        raise SettingError("groups, time: expected a fraction of the rows as validation, or KFold for groups")
    if isinstance(groups, str):
        known["types"] = {**(known.get("types") or {}), groups: "ignore"}
    data = dataset(x, y, **known)
    data = replace(data, x=np.asarray(data.x), y=np.asarray(data.y))
    if data.x.ndim != 2 or len(data.x) != len(data.y):
        shapes = f"{data.x.shape} and {data.y.shape}"
        raise DataError(f"x, y: expected a matrix (n, features) and n targets, got shapes {shapes}")
    facts = {"data": fingerprint(data.x, data.y)} | _meaning(data)
    if isinstance(validation, KFold):
        keys = None if groups is None else row_keys(x, "groups", groups)
        facts |= {} if keys is None else {"rows": fingerprint(keys)}
        return _folds(data, validation, seed, keys), data, facts | {"validation": repr(validation)}
    validated = dataset(
        *pair("validation", validation), task=data.task if data.task in TASKS else None, loss=known.get("loss"),
        table=data.table, target=data.labels, learns=False,
    )  # fmt: skip
    aside = np.asarray(validated.x), np.asarray(validated.y)
    part = Part(data.x, data.y, _weights(data, slice(None)), aside)
    return [part], data, facts | {"validation": fingerprint(*aside)}


def _weights(data: Dataset, rows: Any) -> np.ndarray:
    return np.zeros(0) if data.weights is None else np.asarray(data.weights)[rows]


def _meaning(data: Dataset) -> dict[str, Any]:
    """Labels of class numbers, or mean and scale of values, for the answers of a study's models; and the weights."""
    weights = {} if data.weights is None else {"weights": fingerprint(np.asarray(data.weights))}
    return weights | ({} if data.target is None else {"target": to_record(data.target)})


def _folds(data: Dataset, validation: KFold, seed: int, groups: np.ndarray | None) -> list[Part]:
    """Deal the rows, class by class and at random within each, to the folds in turn; or the groups of rows."""
    x, y, count = data.x, data.y, validation.folds
    keys = np.arange(len(x)) if groups is None else np.unique(groups, return_inverse=True)[1]
    dealt = int(keys.max()) + 1 if len(keys) else 0
    if len(x) < 2 * count or dealt < count:
        what = "rows" if groups is None else "groups"
        expected = 2 * count if groups is None else count
        raise DataError(f"validation: expected at least {expected} {what} for {count} folds, got {dealt}")
    order = random.permutation(seed, random.SPLIT, FOLDS_STREAM, 0, dealt)
    if data.groups is not None and groups is None:
        order = order[np.argsort(y[order], kind="stable")]
    fold = np.empty(dealt, np.int64)
    fold[order] = np.arange(dealt) % count
    validated = [fold[keys] == number for number in range(count)]
    parts = [Part(x[~aside], y[~aside], _weights(data, ~aside), (x[aside], y[aside])) for aside in validated]
    return parts if validation.bagged else [*parts, Part(x, y, _weights(data, slice(None)), None)]


def fingerprint(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


class MappedArrays:
    """Arrays that a process reads from files where a thread uses them as they are.

    The first time they are to be sent, they are written to a temporary folder, and only its name is sent; whoever
    receives it maps the files, so that all processes of a machine share one copy.
    """

    def __init__(self, arrays: Sequence[np.ndarray]) -> None:
        self.arrays = tuple(arrays)
        self._lock = threading.Lock()
        self._folder = ""

    def __reduce__(self) -> tuple[Any, tuple[str, int]]:
        with self._lock:
            if not self._folder:
                self._folder = mkdtemp(prefix="fastnorm-")
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
                for number, array in enumerate(self.arrays):
                    np.save(_file(self._folder, number), array, allow_pickle=False)
        return _mapped, (self._folder, len(self.arrays))


@lru_cache(maxsize=1)
def _mapped(folder: str, count: int) -> MappedArrays:
    """Return the arrays of another process; the latest ones stay open, for the next slices use them too."""
    arrays = [np.load(_file(folder, number), mmap_mode="r", allow_pickle=False) for number in range(count)]
    return MappedArrays([array.view(np.ndarray) for array in arrays])


def _file(folder: str, number: int) -> Path:
    return Path(folder) / f"{number}.npy"
