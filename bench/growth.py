"""How an epoch's time grows with the rows and with the layers: both should be straight lines."""

from types import ModuleType

import numpy as np

import fastnorm as fn

from . import machine
from .report import Report, Row
from .timing import Contestant, alternate

COLUMNS = {"case": 8, "rows": 9, "layers": 6, "threads": 7, "epoch_ms": 9, "row_ns": 7, "vs_1e5": 6, "layer_us": 8}
FEATURES, CLASSES, BATCH = 16, 10, 128
ROWS = tuple(10**power for power in (5, 3, 4, 6, 7))  # the one the others are compared with comes first
LAYERS = (1, 2, 4, 8, 16)
DEEP_ROWS = 100 * BATCH


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """The case `rows`: time per row against that of 1e5 rows. The case `layers`: what each more costs a step."""
    report.begin("growth", COLUMNS, [])
    for case in CASES:
        if only in case:
            with report.group() as rows:
                rows.extend(CASES[case]())


def _epoch(rows: int, layers: int, width: int) -> float:
    """Seconds of an epoch, the shortest of some."""
    random = np.random.default_rng(0)
    x = np.resize(random.standard_normal((min(rows, 10**6), FEATURES), np.float32), (rows, FEATURES))
    hidden = [layer for _ in range(layers) for layer in (fn.Dense(width), fn.BatchNorm(), fn.ReLU())]
    model = fn.Sequential([*hidden, fn.Dense(CLASSES)])
    run = fn.Run(model, x, random.integers(0, CLASSES, rows, np.int32), batch_size=BATCH, threads=machine.THREADS)
    return alternate({"fastnorm": Contestant(run.advance)}, bursts=3 if rows > 10**6 else 9)["fastnorm"].min


def _rows() -> list[Row]:
    rows, per_row = [], {}
    for count in ROWS:
        seconds = _epoch(count, 2, 32)
        per_row[count] = seconds / count
        rows.append({
            "case": "rows", "rows": count, "layers": 2, "threads": machine.THREADS, "epoch_ms": seconds * 1e3,
            "row_ns": per_row[count] * 1e9, "vs_1e5": per_row[count] / per_row[ROWS[0]],
        })  # fmt: skip
    return sorted(rows, key=lambda row: row["rows"])


def _layers() -> list[Row]:
    rows, of_one = [], 0.0
    for count in LAYERS:
        seconds = _epoch(DEEP_ROWS, count, 64)
        of_one = of_one or seconds
        steps = DEEP_ROWS / BATCH
        rows.append({
            "case": "layers", "rows": DEEP_ROWS, "layers": count, "threads": machine.THREADS, "epoch_ms": seconds * 1e3,
            "row_ns": seconds / DEEP_ROWS * 1e9,
            "layer_us": (seconds - of_one) / steps / (count - 1) * 1e6 if count > 1 else None,
        })  # fmt: skip
    return rows


CASES = {"rows": _rows, "layers": _layers}
