"""What writing only the forward pass costs: recording a model, and training a function against built-in layers."""

from collections.abc import Callable
from types import ModuleType

import numpy as np

import fastnorm as fn
from fastnorm import ops
from fastnorm.ops.tape import Value

from . import machine, networks
from .report import Report, Row
from .timing import Contestant, Times, alternate

COLUMNS = {"case": 36, "threads": 7, "median_us": 9, "min_us": 9}
WIDTH, BATCH, STEPS = 64, 64, 200
MINIMIZED = 10_000  # steps of fn.minimize


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """One row per case whose name contains `only`; the peer is the same network of built-in layers."""
    report.begin("forward", COLUMNS, ["layers"])
    with report.group() as rows:
        rows.extend(row for name, case in CASES.items() if only in name for row in [case(name)])


def _row(name: str, times: Times, **columns: object) -> Row:
    return {
        "case": name, "threads": machine.THREADS, "median_us": times.median * 1e6, "min_us": times.min * 1e6, **columns,
    }  # fmt: skip


def _written(x: Value) -> Value:
    """Two residual blocks, the addition and the ReLU by operators and operations."""
    for _ in range(2):
        x = x + ops.relu(fn.BatchNorm()(fn.Dense(WIDTH)(x)))
    return fn.Dense(10)(x)


def _epoch(model: fn.Model) -> Contestant:
    """An epoch of a Run; a unit is a step."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH * STEPS, WIDTH), np.float32)
    run = fn.Run(model, x, random.integers(0, 10, len(x)), batch_size=BATCH)
    return Contestant(run.advance, STEPS)


def _residual(name: str) -> Row:
    """A step of the same network written as a function and with the layer Residual."""
    blocks = [fn.Residual(fn.Dense(WIDTH), fn.BatchNorm(), fn.ReLU()) for _ in range(2)]
    built_in = fn.Sequential([*blocks, fn.Dense(10)])
    times = alternate({"written": _epoch(fn.Model(_written)), "built in": _epoch(built_in)})
    return _row(name, times["written"], vs_layers=times["built in"].ratio(times["written"]), targets={"vs_layers": 0.9})


def _recording(name: str) -> Row:
    """From a new Sequential of three dense layers to its program, ready to train."""
    x, y = networks.Network((16, 64, 64, 26), 64).data()
    network = networks.Network((16, 64, 64, 26), 64)
    options = {"task": "classification", "batch_size": 64}
    times = alternate({"fastnorm": Contestant(lambda: fn.Run(network.model(), x[:64], y[:64], **options))})
    return _row(name, times["fastnorm"], targets={"median_us": 2000})


def _minimizing(name: str) -> Row:
    """A step of the course's example."""
    function: Callable[[Value], Value] = lambda w: w**2 - 10 * w + 25  # noqa: E731
    call = Contestant(lambda: fn.minimize(function, 0.0, fn.SGD(0.01), MINIMIZED), MINIMIZED)
    return _row(name, alternate({"fastnorm": call})["fastnorm"], targets={"median_us": 1})


CASES = {
    "step, residual blocks as a function": _residual,
    "recording and building 3 layers": _recording,
    "minimize w**2 - 10 w + 25, a step": _minimizing,
}
