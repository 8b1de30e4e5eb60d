"""From a large CSV file to features: 1,000,000 rows of 16 numbers, 3 categories of 30 values and a target of 0 and 1.

`read_ms` is table.read against polars.read_csv, which finds types alone, in turns and on all cores; `features_ms` goes
from there to the features of a split, `encode_ms` to numbers and codes; `peak_MB` is the most memory of a process that
reads and makes features, `features_MB` theirs.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from fastnorm import checks, table
from fastnorm.table import Table

from .report import Report, Row

ROWS = 1_000_000
TURNS = 5
COLUMNS = {
    "case": 12, "rows": 9, "file_MB": 8, "read_ms": 8, "polars_ms": 9, "read_ratio": 10, "features_ms": 11,
    "encode_ms": 9, "peak_MB": 8, "features_MB": 11,
}  # fmt: skip
TARGETS = {"read_ratio": 3.0, "features_ms": 1200.0}
PEAK = """
import resource, sys
from fastnorm import table
x = table.Table.fit_split(table.read(sys.argv[1]), "y").x
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, x.nbytes / 1e6)
"""


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """Make the file, and read it."""
    report.begin("door", COLUMNS, [])
    with report.group() as rows, tempfile.TemporaryDirectory() as folder:
        rows.append(_row(write(Path(folder) / "rows.csv", ROWS)))


def write(path: Path, rows: int) -> Path:
    """Write a file of this many rows."""
    polars, random = checks.extra("polars", "cli"), np.random.default_rng(0)
    columns = {f"number_{place}": random.normal(size=rows).round(3) for place in range(16)}
    columns |= {f"category_{place}": random.choice([f"value {k}" for k in range(30)], rows) for place in range(3)}
    polars.DataFrame(columns | {"y": random.integers(0, 2, rows)}).write_csv(path)
    return path


def _row(path: Path) -> Row:
    polars = checks.extra("polars", "cli")
    seconds: dict[str, list[float]] = {"polars": [], "read": [], "features": [], "encode": []}
    for _ in range(TURNS):
        _timed(seconds["polars"], lambda: polars.read_csv(path))
        frame = _timed(seconds["read"], lambda: table.read(path))
        learned = _timed(seconds["features"], lambda frame=frame: Table.fit_split(frame, "y")).table
        _timed(seconds["encode"], lambda frame=frame, learned=learned: learned.encode(frame))
    done = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)
    peak, features = map(float, done.stdout.split())
    median = {name: float(np.median(each)) * 1e3 for name, each in seconds.items()}
    ratio = float(np.median(np.array(seconds["read"]) / np.array(seconds["polars"])))
    return {
        "case": "numbers", "rows": ROWS, "file_MB": path.stat().st_size / 1e6, "read_ms": median["read"],
        "polars_ms": median["polars"], "read_ratio": ratio, "features_ms": median["features"],
        "encode_ms": median["encode"], "peak_MB": peak, "features_MB": features,
        "targets": {**TARGETS, "peak_MB": 3 * features + 200},
    }  # fmt: skip


def _timed(seconds: list[float], work: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    made = work()
    seconds.append(time.perf_counter() - begun)
    return made
