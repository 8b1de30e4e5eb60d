"""What a call of each kernel costs beside its work: the smallest input, next to np.maximum of the same 1x1 array."""

from functools import partial
from types import ModuleType

import numpy as np

from fastnorm import kernels

from . import machine
from .kernels import ROWS, Case
from .report import Report, Row
from .timing import Contestant, alternate

COLUMNS = {"kernel": 29, "shape": 7, "dtype": 7, "threads": 7, "median_us": 9, "min_us": 9}
TARGETS = {"min_us": 2.0}
SECONDS = 0.004  # of a burst: the shortest of many short ones is what the call costs, whoever else uses the core


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """One row per kernel whose name contains `only`."""
    report.begin("calls", COLUMNS, ["numpy"])
    with report.group() as rows:
        rows.extend(_row(kernel, cases[0]) for kernel, cases in ROWS.items() if only in kernel)


def _row(kernel: str, case: Case) -> Row:
    shape = (1,) * len(case.shape)
    job, x = case.job(shape, "float32"), np.ones((1, 1), np.float32)
    call = partial(getattr(kernels, kernel), *job.arguments, **job.options)
    times = alternate({"fastnorm": Contestant(call), "numpy": Contestant(partial(np.maximum, x, x))}, seconds=SECONDS)
    ours = times["fastnorm"]
    return {
        "kernel": kernel, "shape": "x".join(map(str, shape)), "dtype": "float32", "threads": machine.THREADS,
        "median_us": ours.median * 1e6, "min_us": ours.min * 1e6, "vs_numpy": times["numpy"].ratio(ours),
        "targets": TARGETS,
    }  # fmt: skip
