"""Times: contestants take turns in short bursts, and ratios are taken between neighbors, so that drift cancels."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from fastnorm.kernels import cpu

COPY_BYTES = 64 << 20  # of one array: beyond the caches
FMA_ROUNDS = 2_000_000


@dataclass(frozen=True)
class Contestant:
    """Something to call again and again; one call does `units` pieces of the work that is compared."""

    call: Callable[[], object]
    units: int = 1


@dataclass(frozen=True)
class Times:
    """Seconds per unit of one contestant, one number per burst."""

    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def min(self) -> float:
        return min(self.seconds)

    def ratio(self, ours: "Times") -> float:
        """How many times longer this one took than ours: the median over the pairs of neighboring bursts."""
        return statistics.median(theirs / own for theirs, own in zip(self.seconds, ours.seconds, strict=True))


@dataclass(frozen=True)
class Probe:
    """What the pinned core can do at this moment: float32 multiply-adds from registers, and NumPy's copy of memory."""

    fma_gflops: float
    copy_gbytes: float


def alternate(contestants: Mapping[str, Contestant], bursts: int = 9, seconds: float = 0.02) -> dict[str, Times]:
    """Run bursts of each contestant in turn, A B A B, each about `seconds` long, and return their times by name."""
    calls = {name: _calibrated(contestant, seconds) for name, contestant in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    with _without_collector():
        for _ in range(bursts):
            for name, contestant in contestants.items():
                elapsed = _burst(contestant.call, calls[name])
                times[name].append(elapsed / (calls[name] * contestant.units))
    return {name: Times(seconds) for name, seconds in times.items()}


def probe() -> Probe:
    """Measure the core: the best of three short tries each; the copy counts the bytes read and the bytes written."""
    source, target = np.ones(COPY_BYTES, np.uint8), np.ones(COPY_BYTES, np.uint8)
    copying = min(_burst(lambda: np.copyto(target, source), 1) for _ in range(3))
    multiplying = min(_burst(lambda: cpu.probe_fma(FMA_ROUNDS), 1) for _ in range(3))
    operations = cpu.probe_fma(1) * FMA_ROUNDS
    return Probe(operations / multiplying / 1e9, 2 * COPY_BYTES / copying / 1e9)


def _burst(call: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - start


def _calibrated(contestant: Contestant, seconds: float) -> int:
    """The number of calls that fill a burst; the first calls also compile, allocate and warm the caches."""
    _burst(contestant.call, 2)
    calls = 1
    while (elapsed := _burst(contestant.call, calls)) < seconds / 4:
        calls *= 4
    return max(1, round(calls * seconds / elapsed))


@contextmanager
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
