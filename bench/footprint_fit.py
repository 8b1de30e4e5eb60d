"""A fit whose peak of memory is printed in MB beside its data: python footprint_fit.py ROWS validation|mapped"""

import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import fastnorm as fn

FEATURES, BLOCK = 16, 10**5


def status(name: str) -> float:
    """A line of Linux's account of this process, in MB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024 / 1e6


def peak() -> float:
    """Of all memory, in MB. Linux's ru_maxrss would begin with that of the process that started this one."""
    if sys.platform == "linux":
        return status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def anonymous() -> float:
    """Memory that belongs to no file, in MB."""
    return status("RssAnon")


def model() -> fn.Sequential:
    return fn.Sequential([fn.Dense(64), fn.BatchNorm(), fn.ReLU(), fn.Dense(2)])


def in_memory(rows: int) -> float:
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, FEATURES), np.float32)
    y = (x[:, 0] > 0).astype(np.int32)
    model().fit(x[:256], y[:256], epochs=1)  # what is allocated once, such as the thread pool
    before = peak()
    model().fit(x, y, validation=(x[: rows // 5], y[: rows // 5]), epochs=2)
    return peak() - before


def mapped(rows: int) -> float:
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        x = np.lib.format.open_memmap(Path(folder, "x.npy"), "w+", np.float32, (rows, FEATURES))
        for first in range(0, rows, BLOCK):
            x[first : first + BLOCK] = random.standard_normal((BLOCK, FEATURES), np.float32)
        y = np.arange(rows, dtype=np.int32) % 2
        model().fit(np.array(x[:256]), y[:256], epochs=1)
        seen, stop = [before := anonymous()], threading.Event()

        def watch() -> None:
            while not stop.is_set():
                seen.append(anonymous())
                time.sleep(0.002)

        watcher = threading.Thread(target=watch)
        watcher.start()
        model().fit(x, y, validation=(x[: rows // 5], y[: rows // 5]), epochs=1)
        stop.set()
        watcher.join()
    return max(seen) - before


if __name__ == "__main__":
    print({"validation": in_memory, "mapped": mapped}[sys.argv[2]](int(sys.argv[1])))
