"""Public tables in a folder, NAME.csv or NAME.csv.gz: each is read from the raw file, and one network trained on it.

tables.toml says what is predicted, which columns give it away, and how the odd ones are to be read; `wrong` counts what
is read in another way, and each such thing is printed. `score` is the accuracy, or R squared, of the default network of
`fastnorm fit` on the test rows, `constant` that of the best constant, `seconds` are those of the whole command.
"""

import json
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np

from fastnorm import table
from fastnorm.table import Survey
from fastnorm.table._targets import has_target
from fastnorm.training.dataset import Dataset, divided

from .report import Report, Row

ROWS = 3000  # of training and validation together, drawn where there are more
SCORES = {"classification": "accuracy", "regression": "r_squared"}
COLUMNS = {"case": 16, "rows": 8, "columns": 8, "features": 9, "seconds": 8, "score": 8, "constant": 9, "wrong": 6}


@dataclass(frozen=True)
class Known:
    """What is known of a table; see tables.toml."""

    name: str
    target: str
    task: str
    rows: int
    ignore: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reads: dict[str, list[str]] = field(default_factory=dict)


KNOWN = tuple(
    Known(name, **facts)
    for name, facts in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()
)


def there(folder: Path) -> Iterator[tuple[Known, Path]]:
    """Give the tables we know that lie in a folder, or in the folder `dev` in it."""
    for known in KNOWN:
        for place in (folder, folder / "dev"):
            for path in (place / f"{known.name}.csv", place / f"{known.name}.csv.gz"):
                if path.exists():
                    yield known, path


def load(known: Known, path: Path) -> tuple[Dataset, Dataset]:
    """Read a table: rows of training, 80 %, and validation; rows without a target are left out.

    Raises DataError where it cannot be read.
    """
    frame = table.read(path, names=[known.target])
    frame = frame.take(np.flatnonzero(has_target(frame.column(known.target))))
    frame = frame.take(np.random.default_rng(0).permutation(len(frame))[:ROWS])
    types = dict.fromkeys([*known.ignore, *known.left_out], "ignore")
    whole, (training, validation) = divided(frame, known.target, (0.8, 0.2), 0, task=known.task, types=types)
    return whole.take(training), whole.take(validation)


def measure(report: Report, peers: dict[str, ModuleType], only: str, folder: Path | None) -> None:
    """Read every table, check how it was read, and train one network on it."""
    if folder is None:
        print("tables: expected --data FOLDER with the tables", file=sys.stderr)
        return
    report.begin("tables", COLUMNS, [])
    with report.group() as rows:
        for known, path in there(folder):
            if only in known.name:
                rows.append(_row(known, path))


def _row(known: Known, path: Path) -> Row:
    survey = table.columns(table.read(path, names=[known.target]), known.target)
    wrong = list(_misread(known, survey))
    with tempfile.TemporaryDirectory() as place:
        words = ["fit", path, "--target", known.target, "--out", Path(place) / "model.safetensors", "--json"]
        words += ["--ignore", ",".join(known.ignore)] if known.ignore else []
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "fastnorm.cli", *map(str, words)], capture_output=True, text=True, check=True
        )
        seconds = time.perf_counter() - begun
    document = json.loads(done.stdout)
    kept = sum(document["rows"].values())
    if kept != known.rows:
        wrong.append(f"{kept} rows were kept, not {known.rows}")
    for words_of in wrong:
        print(f"{known.name}: {words_of}")
    name = SCORES[known.task]
    return {
        "case": known.name, "rows": kept, "columns": len(survey.columns), "features": document["features"],
        "seconds": seconds, "score": document["scores"]["test"][name],
        "constant": document["best_constant"]["test"][name], "wrong": len(wrong), "targets": {"wrong": 0},
    }  # fmt: skip


def _misread(known: Known, survey: Survey) -> Iterator[str]:
    """Give what was read in another way than tables.toml says."""
    found = {column.name: column for column in survey.columns}
    target = found[known.target]
    if target.use != "target" or not target.why.startswith(known.task):
        yield f"the target is taken for {target.why}"
    told = [name for name, column in found.items() if any(note.startswith("possible leak") for note in column.notes)]
    if set(known.leaks) - set(told) or len(set(told) - set(known.leaks) - set(known.ignore)) > 1:
        yield f"possible leaks are {told}, not {known.leaks}"
    left_out = [name for name, column in found.items() if column.use == "left out"]
    if left_out != list(known.left_out):
        yield f"left out are {left_out}, not {known.left_out}"
    yield from (f"nothing is said of {note!r}" for note in known.notes if note not in survey.notes)
    for name, (kind, *words) in known.reads.items():
        column = found[name]
        spread = " to ".join(column.examples)
        said = [str(column.distinct), spread, *map(repr, column.examples), *column.notes]
        missed = [word for word in words if not any(word in each for each in said)]
        if column.kind != kind or missed:
            yield f"{name!r} is a {column.kind}, {said}, not {kind}, {words}"
