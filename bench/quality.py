"""How good the models are: the network of `fastnorm fit` beside other libraries' defaults, on public tables.

Each table is divided 80/20 as scikit-learn's train_test_split does it (stratified by class), by random_state 7 to 11
below 5,000 rows and 7 to 9 above; columns that give the target away are left out. Every method gets the columns as our
door reads them: numbers, dates as numbers, categories as codes (places of one-hot for the perceptron). A method sees
the 80 % alone and predicts the 20 % once. `score` is the accuracy, or the root mean squared error (green_taxi: the mean
absolute error), `error` the standard error of the mean over the divisions, `seconds` those of fit on the threads asked
for, `rank` 1 for the best of the table.

Each result is appended to results/quality.jsonl with the versions; what stands there is not measured again. Our own
results are those of one state of the code: its commit is their version.
"""

import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

import fastnorm as fn
from fastnorm import table, tune
from fastnorm.cli.data import FOLDS
from fastnorm.metrics.scores import scores
from fastnorm.table._features import Category
from fastnorm.table._frames import Frame
from fastnorm.table._targets import has_target
from fastnorm.training.dataset import dataset
from fastnorm.tune.search.defaults import default_epochs, default_trial

from . import machine
from .report import Report
from .tables import Known, there

RESULTS = Path(__file__).parent / "results" / "quality.jsonl"
ALSO = (Known("letter", "letter", "classification", 20_000), Known("adult", "income", "classification", 32_561))
FEW = 5000  # rows, below which there are five divisions and not three
METRICS = {"classification": "accuracy", "regression": "root_mean_squared_error"}
COLUMNS = {"case": 16, "method": 12, "score": 9, "error": 8, "seconds": 8, "rank": 5}


class Divided(NamedTuple):
    """One division of a table: rows of both parts as frames, and as trees take them (n, columns), nan where missing.

    labels  places of the columns that hold codes
    """

    known: Known
    frames: tuple[Frame, Frame]
    table: fn.Table
    raw: tuple[np.ndarray, np.ndarray]
    labels: list[int]

    @property
    def metric(self) -> str:
        """The name of the score; the fares of the taxi have errors that only a mean of absolute values bears."""
        return "mean_absolute_error" if self.known.name == "green_taxi" else METRICS[self.known.task]

    @property
    def targets(self) -> np.ndarray:
        """What the rows to learn from have: class numbers, or values in their own units."""
        values = self.table.transform_target(self.frames[0])
        return values if self.known.task == "classification" else self.table.inverse_transform_target(values)

    def score(self, predicted: np.ndarray) -> float:
        """Return the score of predictions of the other rows, in their own words or units."""
        actual = self.table.inverse_transform_target(self.table.transform_target(self.frames[1]))
        return float(scores(self.known.task, predicted, actual)[self.metric] or 0.0)


def seeds(rows: int) -> range:
    """Return the random states of a table's divisions."""
    return range(7, 12 if rows < FEW else 10)


def divide(known: Known, path: Path, seed: int) -> Divided:
    """Read a table and divide it."""
    from sklearn.model_selection import train_test_split

    frame = table.read(path, names=[known.target])
    frame = frame.take(np.flatnonzero(has_target(frame.column(known.target))))
    types = dict.fromkeys([*known.ignore, *known.left_out], "ignore")
    whole = fn.Table.fit(frame, known.target, known.task, types=types)
    classes = whole.transform_target(frame) if known.task == "classification" else None
    if classes is not None and np.unique(classes, return_counts=True)[1].min() < 2:
        classes = None
    rows = train_test_split(np.arange(len(frame)), test_size=0.2, random_state=seed, stratify=classes)
    parts = frame.take(rows[0]), frame.take(rows[1])
    learned = fn.Table.fit(parts[0], known.target, known.task, types=types)
    columns = learned.inputs
    raw = [[column.values(part.column(column.name)).astype(float) for column in columns] for part in parts]
    labels = [place for place, column in enumerate(columns) if isinstance(column, Category)]
    return Divided(known, parts, learned, (np.column_stack(raw[0]), np.column_stack(raw[1])), labels)


def measure(report: Report, peers: dict[str, ModuleType], only: str, folder: Path | None) -> None:
    """Measure what is not known yet, and show a row for each table and method."""
    if folder is None:
        print("quality: expected --data FOLDER with the tables", file=sys.stderr)
        return
    tables = [*there(folder), *((known, folder / f"{known.name}.csv") for known in ALSO)]
    tables = [(known, path) for known, path in tables if only in known.name]
    for name in METHODS:  # the quick ones first
        for known, path in tables:
            for seed in seeds(known.rows):
                _measure_missing(name, known, path, seed)
    report.begin("quality", COLUMNS, [])
    for known, _ in tables:
        with report.group() as rows:
            rows.extend(_rows(known))


def _measure_missing(name: str, known: Known, path: Path, seed: int) -> None:
    done = ((row["method"], row["version"], row["seed"]) for row in _recorded(known.name))
    if (name, _version(name), seed) in done:
        return
    divided = divide(known, path, seed)
    begun = time.perf_counter()
    predicted = METHODS[name](divided, seed)
    row = {"table": known.name, "method": name, "version": _version(name), "seed": seed, "threads": machine.THREADS}
    row |= {"metric": divided.metric, "score": divided.score(predicted), "seconds": time.perf_counter() - begun}
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def _recorded(name: str) -> list[dict[str, Any]]:
    if not RESULTS.exists():
        return []
    rows = [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["table"] == name]


def _rows(known: Known) -> Iterator[dict[str, object]]:
    found = defaultdict(list)
    for row in _recorded(known.name):
        if row["version"] == _version(row["method"]):
            found[row["method"]].append(row)
    sign = -1 if known.task == "classification" else 1
    means = {name: statistics.fmean(row["score"] for row in rows) for name, rows in found.items()}
    order = sorted(means, key=lambda name: sign * means[name])  # of what has been measured yet
    for name in order:
        of_seeds = [row["score"] for row in found[name]]
        yield {
            "case": known.name, "method": name, "score": means[name],
            "error": statistics.stdev(of_seeds) / len(of_seeds) ** 0.5 if len(of_seeds) > 1 else None,
            "seconds": statistics.fmean(row["seconds"] for row in found[name]), "rank": order.index(name) + 1,
        }  # fmt: skip


def _version(name: str) -> str:
    if name != "fastnorm":
        return version({"lightgbm": "lightgbm", "catboost": "catboost"}.get(name, "scikit-learn"))
    words = ["git", "log", "-1", "--format=%h", "--", "fastnorm", "csrc"]
    return subprocess.run(words, capture_output=True, text=True, check=True, cwd=RESULTS.parents[2]).stdout.strip()


def _hist_boosting(divided: Divided, seed: int) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if divided.known.task == "classification" else HistGradientBoostingRegressor
    return _trees(kind(random_state=seed, categorical_features=divided.labels), divided)


def _lightgbm(divided: Divided, seed: int) -> np.ndarray:
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMClassifier if divided.known.task == "classification" else LGBMRegressor
    model = kind(random_state=seed, n_jobs=machine.THREADS, verbose=-1)
    return _trees(model, divided, categorical_feature=divided.labels)


def _catboost(divided: Divided, seed: int) -> np.ndarray:
    import pandas
    from catboost import CatBoostClassifier, CatBoostRegressor

    kind = CatBoostClassifier if divided.known.task == "classification" else CatBoostRegressor
    model = kind(random_seed=seed, thread_count=machine.THREADS, verbose=False, allow_writing_files=False)
    frames = [pandas.DataFrame(part) for part in divided.raw]  # its matrices hold no codes beside numbers
    for frame in frames:
        for place in divided.labels:
            frame[place] = frame[place].astype(int)
    return _trees(model, divided._replace(raw=(frames[0], frames[1])), cat_features=divided.labels)


def _trees(model: Any, divided: Divided, **told: Any) -> np.ndarray:
    model.fit(divided.raw[0], divided.targets, **told)
    return _in_words(divided, np.asarray(model.predict(divided.raw[1])).reshape(-1))


def _perceptron(divided: Divided, seed: int) -> np.ndarray:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPClassifier if divided.known.task == "classification" else MLPRegressor
    features = [divided.table.transform(part) for part in divided.frames]
    model = kind(random_state=seed)
    values = divided.table.transform_target(divided.frames[0])
    model.fit(features[0], values.reshape(-1))
    return divided.table.inverse_transform_target(np.asarray(model.predict(features[1])))


def _in_words(divided: Divided, predicted: np.ndarray) -> np.ndarray:
    return divided.table.inverse_transform_target(predicted) if divided.known.task == "classification" else predicted


def _ours(divided: Divided, seed: int) -> np.ndarray:
    """Train as `fastnorm fit` does."""
    data = dataset(divided.frames[0], divided.known.target, table=divided.table)
    rows = len(data.y) * (FOLDS - 1) // FOLDS
    space = {name: tune.Choice([value]) for name, value in default_trial(rows).items()}
    study = tune.caviar(
        None, space, data, validation=tune.KFold(FOLDS, bagged=True), trials=1, epochs=default_epochs(rows), seed=seed,
        workers=machine.THREADS,
    )  # fmt: skip
    return study.model(0).predict(divided.frames[1])


METHODS = {
    "fastnorm": _ours, "lightgbm": _lightgbm, "hist_boosting": _hist_boosting, "perceptron": _perceptron,
    "catboost": _catboost,
}  # fmt: skip
