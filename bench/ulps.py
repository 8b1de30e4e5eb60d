"""Errors of our own exponential, logarithm, sine and cosine on every float32 there is, on every variant this CPU runs.

The exact results come from NumPy in float64, whose own errors are a billionth of these. A row takes about a minute.
"""

from types import ModuleType

import numpy as np

from fastnorm import kernels
from fastnorm.kernels import cpu

from .report import Report, Row

COLUMNS = {"function": 10, "variant": 7, "floats": 10, "max_ulp": 8, "at": 14, "wrong_gap": 9}
FUNCTIONS = {
    "exp": (kernels.exp_forward, np.exp), "log": (kernels.log_forward, np.log), "sin": (kernels.sin_forward, np.sin),
    "cos": (kernels.cos_forward, np.cos),
}  # fmt: skip
TARGETS = {"max_ulp_gap": 0.0, "wrong_gap": 0.0}
BOUND = 1.5  # ulps
BLOCK = 1 << 22  # floats at a time


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """One row per function and variant whose names contain `only`."""
    report.begin("ulps", COLUMNS, [])
    for name in FUNCTIONS:
        for variant in cpu.runnable():
            if only in f"{name} {variant}":
                with report.group() as rows, cpu._using(variant):
                    rows.append(_row(name, variant))


def _row(name: str, variant: str) -> Row:
    worst, at, wrong = 0.0, 0.0, 0
    for first in range(0, 1 << 32, BLOCK):
        x = np.arange(first, first + BLOCK, dtype=np.uint32).view(np.float32)
        errors, bad = _errors(*FUNCTIONS[name], x)
        wrong += bad
        if errors.max() > worst:
            worst, at = float(errors.max()), float(x[errors.argmax()])
    return {
        "function": name, "variant": variant, "floats": 1 << 32, "max_ulp": worst, "at": at.hex(), "wrong_gap": wrong,
        "max_ulp_gap": max(worst - BOUND, 0.0), "targets": TARGETS,
    }  # fmt: skip


def _errors(ours, exact, x: np.ndarray) -> tuple[np.ndarray, int]:
    """Errors in ulps where the result is a number, and how often what is none, or infinite, is not as it should be."""
    with np.errstate(all="ignore"):
        expected = exact(x.astype(np.float64))
        rounded = expected.astype(np.float32)
    result = ours(x[None])[0]
    finite = np.isfinite(rounded)
    wrong = ~finite & (result != rounded) & ~(np.isnan(result) & np.isnan(rounded))
    wrong |= finite & ~np.isfinite(result)
    ulp = np.spacing(np.abs(np.where(finite, rounded, 1)))
    errors = np.abs(np.where(finite, result, 0).astype(np.float64) - np.where(finite, expected, 0)) / ulp
    return np.where(wrong, 0, errors), int(wrong.sum())
