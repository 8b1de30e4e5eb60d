"""The machine a measurement ran on, held still: one core and one thread for everybody, or as many as asked for.

Standard library only: `hold_still` must run before NumPy or a peer is imported, because they read it then."""

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

THREADS = 1  # of ours and of every peer; hold_still sets it
PACKAGES = ("numpy", "torch", "jax", "jaxlib", "scikit-learn", "onnxruntime")


ALLOWED = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []  # cores, before hold_still


def cores() -> int:
    """The number of cores that this process may use where it is not held to one."""
    return len(ALLOWED) or os.cpu_count() or 1


@contextmanager
def using(count: int) -> Iterator[None]:
    """Let this thread, and those it starts meanwhile, use so many cores."""
    if not ALLOWED:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, ALLOWED[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def hold_still(threads: int = 1) -> None:
    """Pin this process and every thread it will start to so many cores, and tell the peers to use as many threads."""
    global THREADS
    THREADS = threads
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-THREADS:])  # the first core serves most interrupts
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(THREADS)
    eigen = str(THREADS > 1).lower()
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={THREADS}"
    os.environ["JAX_PLATFORMS"] = "cpu"


def describe() -> dict[str, object]:
    """The CPU, its cores and this process's share of them, the system and the versions of NumPy and the peers."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "pinned_to": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version for name in PACKAGES if (version := _version(name))},
    }


def _cpu_name() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
