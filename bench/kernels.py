"""Every kernel alone, through its public door: time, share of what the core can do, peers, and error in ulps."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType

import numpy as np

from fastnorm import kernels, reference
from fastnorm.kernels import cpu

from . import accuracy, elementwise, jobs, jobs_rows, machine
from .report import Report, Row
from .timing import Contestant, alternate

COLUMNS = {
    "kernel": 29, "case": 8, "shape": 13, "dtype": 7, "variant": 7, "threads": 7, "median_us": 9, "min_us": 9,
    "GB/s": 6, "GFLOP/s": 7, "share": 5, "max_err_ulp": 11,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A kernel on arrays of one shape; targets are columns of the row and what they must reach."""

    name: str
    shape: tuple[int, ...]
    job: Callable[[tuple[int, ...], str], jobs.Job]
    targets: Mapping[str, float] = field(default_factory=dict)
    dtype: str = "float32"


def _cases(job: Callable, *shapes: tuple[int, ...]) -> tuple[Case, ...]:
    """Cases that differ in size alone."""
    return tuple(Case(name, shape, job) for name, shape in zip(("small", "large"), shapes, strict=True))


def _batchnorm(job: Callable, **targets_of_wide: float) -> tuple[Case, ...]:
    level = {"vs_torch": 1.0, "vs_jax": 1.0}
    return (
        Case("small", (64, 128), job, level),
        Case("medium", (256, 512), job, level),
        Case("wide", (4096, 1024), job, level | targets_of_wide),
        Case("long", (65536, 256), job, level),
        Case("medium", (256, 512), job, dtype="float64"),
    )


_TWICE, _THRICE = {"vs_torch": 2.0, "vs_jax": 2.0}, {"vs_torch": 3.0, "vs_jax": 3.0}
_SMALL, _LARGE, _CLASSES = (64, 128), (4096, 1024), (256, 26)
ROWS: dict[str, tuple[Case, ...]] = {
    "gemm": (
        *(Case("hidden", (64, width, width), jobs.gemm, {"share": 0.93}) for width in (64, 128, 256)),
        Case("hidden", (256, 512, 512), jobs.gemm, {"share": 0.93}),
        Case("hidden", (512, 1024, 1024), jobs.gemm, {"share": 0.90}),
        Case("hidden", (60, 100, 100), jobs.gemm, {"share": 0.80}),
        Case("first", (128, 784, 256), jobs.gemm, {"share": 0.93}),
        Case("last", (64, 64, 26), jobs.gemm),
        Case("last", (128, 256, 10), jobs.gemm),
        Case("weights", (784, 128, 256), jobs.gemm_transposed, {"share": 0.93}),
        Case("weights", (512, 256, 512), jobs.gemm_transposed, {"share": 0.93}),
        Case("hidden", (256, 512, 512), jobs.gemm, {"share": 0.93}, dtype="float64"),
    ),
    "transpose": _cases(jobs.transpose, (128, 64), (1024, 1024)),
    "column_sums": _cases(jobs_rows.of_columns, _SMALL, _LARGE),
    "batchnorm_forward": _batchnorm(jobs.batchnorm_forward),
    "batchnorm_inference": _batchnorm(jobs.batchnorm_inference),
    "batchnorm_backward": _batchnorm(jobs.batchnorm_backward, vs_torch=2.0),
    "batchnorm_running": _cases(jobs.batchnorm_running, (64,), (1024,)),
    "relu_forward": _cases(jobs.relu_forward, _SMALL, _LARGE),
    "relu_backward": _cases(jobs.relu_backward, _SMALL, _LARGE),
    "dropout": _cases(jobs.dropout, _SMALL, _LARGE),
    "random_bits": _cases(jobs.random_bits, (256,), (1 << 20,)),
    "softmax": (
        Case("digits", (64, 10), jobs.softmax),
        Case("letters", (256, 26), jobs.softmax),
        Case("words", (256, 1000), jobs.softmax),
        Case("long", (8192, 1000), jobs.softmax),
    ),
    "softmax_cross_entropy": (
        Case("digits", (64, 10), jobs.softmax_cross_entropy, _THRICE),
        Case("letters", (256, 26), jobs.softmax_cross_entropy, _THRICE),
        Case("words", (256, 1000), jobs.softmax_cross_entropy, _TWICE),
        Case("long", (8192, 1000), jobs.softmax_cross_entropy, _TWICE),
        Case("letters", (256, 26), jobs.softmax_cross_entropy, dtype="float64"),
    ),
    "mean_squared_error": _cases(jobs.mean_squared_error, (64, 1), _LARGE),
    "sgd": _cases(jobs.sgd, (6784,), (1 << 20,)),
    "adam": _cases(jobs.adam, (6784,), (1 << 20,)),
    "gather": _cases(jobs.gather, (64, 16000, 16), (256, 10000, 784)),
    "accumulate": _cases(jobs.accumulate, _SMALL, _LARGE),
    "softmax_backward": _cases(jobs_rows.softmax_backward, _CLASSES, (8192, 1000)),
    "log_softmax_forward": _cases(jobs.softmax, _CLASSES, (8192, 1000)),
    "log_softmax_backward": _cases(jobs_rows.log_softmax_backward, _CLASSES, (8192, 1000)),
    "row_sums": _cases(jobs_rows.of_rows, _SMALL, _LARGE),
    "total_sum": _cases(jobs_rows.total_sum, _SMALL, _LARGE),
    "all_finite": _cases(jobs_rows.squares, (784,), (1 << 20,)),
    "row_max": _cases(jobs_rows.of_rows, _SMALL, _LARGE),
    "column_max": _cases(jobs_rows.of_columns, _SMALL, _LARGE),
    "row_max_backward": _cases(jobs_rows.row_max_backward, _SMALL, _LARGE),
    "column_max_backward": _cases(jobs_rows.column_max_backward, _SMALL, _LARGE),
    "spread": _cases(jobs_rows.spread, _SMALL, _LARGE),
    "copy": _cases(jobs_rows.copy, _SMALL, _LARGE),
    "embedding_forward": _cases(jobs_rows.embedding_forward, (256, 100, 16), (8192, 30000, 128)),
    "embedding_backward": _cases(jobs_rows.embedding_backward, (256, 100, 16), (8192, 30000, 128)),
    "locate": _cases(jobs_rows.locate, (256, 30, 48), (8192, 30, 48)),
    "piecewise_forward": _cases(jobs_rows.piecewise_forward, (256, 30, 48, 256), (8192, 30, 48, 256)),
    "piecewise_backward": _cases(jobs_rows.piecewise_backward, (256, 30, 48, 256), (8192, 30, 48, 256)),
    "layernorm_forward": _cases(jobs_rows.layernorm_forward, _SMALL, _LARGE),
    "layernorm_backward": _cases(jobs_rows.layernorm_backward, _SMALL, _LARGE),
    "layernorm_gamma_beta_backward": _cases(jobs_rows.layernorm_gamma_beta_backward, _SMALL, _LARGE),
    "one_hot": _cases(jobs_rows.one_hot, _CLASSES, (8192, 1000)),
    "hits": _cases(jobs_rows.hits, _CLASSES, (8192, 1000)),
    "squares": _cases(jobs_rows.squares, (6784,), (1 << 20,)),
    "average": _cases(jobs_rows.average, (6784,), (1 << 20,)),
    "nadam": _cases(jobs_rows.nadam, (6784,), (1 << 20,)),
    "rmsprop": _cases(jobs_rows.rmsprop, (6784,), (1 << 20,)),
    **{name: _cases(job, _SMALL, _LARGE) for name, job in elementwise.jobs().items()},
}  # fmt: skip


# Matrix products on the variants this CPU would not choose, as shares of what their own instructions can do.
OTHER_VARIANTS: dict[str, dict[str, float]] = {"base": {}, "avx2": {"share": 0.88}}


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """One row per case of ROWS whose kernel and case contain `only`."""
    counterparts = {name: peer.kernel for name, peer in peers.items() if hasattr(peer, "kernel")}
    report.begin("kernels", COLUMNS, list(counterparts))
    for kernel, cases in ROWS.items():
        chosen = [case for case in cases if only in f"{kernel} {case.name}"]
        if chosen:
            with report.group() as rows:
                rows.extend(_row(kernel, case, counterparts) for case in chosen)
    for variant, targets in OTHER_VARIANTS.items():
        if variant in cpu.runnable() and variant != kernels.variant() and only in f"gemm {variant}":
            with cpu._using(variant), report.group() as rows:
                rows.extend(_row("gemm", case, {}) for case in _widths(targets))


def _widths(targets: Mapping[str, float]) -> Iterator[Case]:
    """Minibatches through hidden layers of 64 to 512 units."""
    for rows, width in ((64, 64), (64, 128), (64, 256), (256, 512)):
        yield Case("hidden", (rows, width, width), jobs.gemm, targets)


def _row(kernel: str, case: Case, counterparts: dict[str, Callable]) -> Row:
    job = case.job(case.shape, case.dtype)
    error = _error(kernel, job, case.dtype)
    out = {} if job.out is None else {"out": job.out}
    contestants = {"fastnorm": Contestant(partial(getattr(kernels, kernel), *job.arguments, **job.options, **out))}
    for name, counterpart in counterparts.items():
        if (call := counterpart(kernel, job.arguments, job.options)) is not None:
            contestants[name] = Contestant(call)
    times = alternate(contestants)
    ours = times.pop("fastnorm")
    return {
        "kernel": kernel, "case": case.name, "shape": "x".join(map(str, case.shape)), "dtype": case.dtype,
        "variant": kernels.variant(), "threads": machine.THREADS,
        "median_us": ours.median * 1e6, "min_us": ours.min * 1e6,
        "GB/s": job.bytes and job.bytes / ours.median / 1e9, "GFLOP/s": job.flops and job.flops / ours.median / 1e9,
        "max_err_ulp": error, "peers_us": {name: peer.median * 1e6 for name, peer in times.items()},
        **{f"vs_{name}": peer.ratio(ours) for name, peer in times.items()}, "targets": dict(case.targets),
    }  # fmt: skip


def _error(kernel: str, job: jobs.Job, dtype: str) -> float:
    """The largest error of what the kernel returns and of what it changes in place, on copies of the arguments."""
    results, expected = (_results(getattr(module, kernel), job) for module in (kernels, reference))
    return accuracy.max_ulp(results, expected, np.dtype(dtype))


def _results(function: Callable, job: jobs.Job) -> list[object]:
    arguments = copy.deepcopy(job.arguments)
    returned = function(*arguments, **job.options)
    return [*(returned if isinstance(returned, tuple) else (returned,)), *(a for a in arguments if np.ndim(a))]
