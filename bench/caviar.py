"""Twelve networks trained side by side: the time of the search on one core and on two, and whether Python may go on.

The configurations are 12 random draws that the peers were measured with too: torch took 3.3 s for them on one core,
scikit-learn 2.7 s (without batch norm), JAX 10.6 s. 16,000 rows of training, 4,000 of validation, 5 epochs.
late_us is by how much a Python thread that wants to tick every 5 ms is late at the most, while the search runs.
possible is the speedup of workers that lose nothing: the first four trials in the order of their numbers, then, for so
caviar ends a search, the dearest first; one of the twelve is two fifths of the work.
"""

import threading
import time
from collections.abc import Callable, Sequence
from heapq import heapreplace
from pathlib import Path
from types import ModuleType
from typing import Any

import fastnorm as fn
from fastnorm import tune
from fastnorm.tune.search.coordinator import TAIL

from . import letters, machine
from .report import Report
from .timing import Contestant, alternate

COLUMNS = {"case": 20, "workers": 7, "median_us": 9, "min_us": 9, "speedup": 7, "possible": 8, "late_us": 9}
EPOCHS, VALIDATION = 5, 4000
TICK = 0.005  # seconds
BURSTS = 5
NAMES = ("learning_rate", "layers", "units", "batch_size", "beta_1")
TWELVE = (
    (0.01845783572873495, 1, 39, 256, 0.9786396969392573),
    (0.0010025696395749703, 3, 23, 128, 0.9943036701001488),
    (0.0020032835737318804, 1, 20, 64, 0.9518421818876667),
    (0.052311104478635434, 3, 19, 64, 0.9869860525200062),
    (0.004814515280113385, 2, 16, 64, 0.9879031415216448),
    (0.00020698602950272422, 3, 38, 64, 0.9961901758129821),
    (0.07261913135973111, 3, 23, 64, 0.9450513146173805),
    (0.00035238030258238564, 1, 33, 256, 0.997730994246753),
    (0.0002716662509066389, 2, 187, 128, 0.9904404649563775),
    (0.061236153987017324, 1, 112, 32, 0.9936921964622952),
    (0.03326796085793413, 1, 84, 256, 0.9906972648305632),
    (0.03406723963931512, 1, 17, 32, 0.9854734607646825),
)
SPACE = {
    "learning_rate": tune.Float(1e-4, 1e-1, scale="log"),
    "layers": tune.Int(1, 3),
    "units": tune.Int(16, 256, scale="log"),
    "batch_size": tune.Choice([32, 64, 128, 256]),
    "beta_1": tune.Float(0.9, 0.999, scale="one_minus_log"),
}
TARGETS = {1: {"median_us": 350_000, "late_us": 50_000}, 2: {"speedup": 1.8, "late_us": 50_000}}


def measure(report: Report, peers: dict[str, ModuleType], only: str, data: Path | None) -> None:
    """One row for one worker and one for two, which take turns."""
    rows_of = letters.load(data)
    report.begin(f"caviar on {rows_of.name}", COLUMNS, [])
    counts = [count for count in (1, 2) if count <= machine.cores() and only in f"{count} workers"]
    searches = {count: _search(rows_of, count) for count in counts}
    with report.group() as rows:
        times = alternate({str(count): Contestant(call) for count, call in searches.items()}, BURSTS, seconds=0.3)
        for count, call in searches.items():
            ours = times[str(count)]
            rows.append({
                "case": "12 trials, 5 epochs", "workers": count,
                "median_us": ours.median * 1e6, "min_us": ours.min * 1e6,
                "speedup": times["1"].ratio(ours) if count > 1 and "1" in times else None,
                "possible": _possible(searches[counts[0]]().trials, count) if count > 1 else None,
                "late_us": max(_lateness(call) for _ in range(BURSTS)) * 1e6, "targets": TARGETS[count],
            })  # fmt: skip


def _build(hyperparameters: dict[str, Any]) -> fn.Sequential:
    return letters.network(hyperparameters["layers"], hyperparameters["units"])


def _search(data: letters.Letters, workers: int) -> Callable[[], tune.Study]:
    """A call of the search, on as many cores as it has workers."""
    x, y = data.x, data.y
    known = [dict(zip(NAMES, values, strict=True)) for values in TWELVE]

    def call() -> tune.Study:
        with machine.using(workers):
            return tune.caviar(
                _build, SPACE, x[VALIDATION:], y[VALIDATION:], validation=(x[:VALIDATION], y[:VALIDATION]),
                task="classification", trials=len(known), epochs=EPOCHS, workers=workers, enqueue=known,
            )  # fmt: skip

    return call


def _possible(trials: Sequence[tune.Trial], workers: int) -> float:
    """How many times faster workers would be that take one trial after the other, in the order that caviar has them."""
    free = [0.0] * workers
    seconds = [trial.seconds for trial in trials]
    for each in seconds[: -TAIL * workers] + sorted(seconds[-TAIL * workers :], reverse=True):
        heapreplace(free, free[0] + each)
    return sum(seconds) / max(free)


def _lateness(call: Callable[[], object]) -> float:
    """The seconds by which a tick was late at the most, while the call ran."""
    late, done = [0.0], threading.Event()

    def tick() -> None:
        while not done.is_set():
            due = time.perf_counter() + TICK
            time.sleep(TICK)
            late.append(time.perf_counter() - due)

    ticker = threading.Thread(target=tick)
    ticker.start()
    call()
    done.set()
    ticker.join()
    return max(late)
