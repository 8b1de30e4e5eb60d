"""How many cores a process may use: by its affinity, and by the CPU quota of its control groups, as containers have it.

Sources: Linux, Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cpu.cfs_quota_us).
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")  # of the file system that is looked at
MOUNTED = "sys/fs/cgroup"


def cores() -> int:
    """Return the number of cores this process may use; of a quota's last core, a part is one."""
    allowed = quota()
    return affinity() if allowed is None else max(1, min(affinity(), math.ceil(allowed)))


def affinity() -> int:
    """Return the number of cores the system may run this process on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def quota() -> float | None:
    """Return the processor time this process may take, in cores; None where nothing limits it, or nobody says so."""
    return min(_quotas(ROOT), default=None)


def _quotas(root: Path) -> Iterator[float]:
    """Give the quota of each group this process is in: a group's holds for all below it.

    A container may see its own group as the root, or the host's names of groups that it does not see: those are passed.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        if line.count(":") < 2:
            continue
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mounted = root / MOUNTED / controllers  # version 2 has no controllers here, and is mounted at the top
        inner = mounted / group.lstrip("/")
        for folder in (inner, *inner.parents):
            words = _read(folder / "cpu.max").split() if not controllers else _version_1(folder)
            limit, period = (*map(_positive, words), None, None)[:2]
            if limit and period:
                yield limit / period
            if folder == mounted:
                break


def _version_1(folder: Path) -> list[str]:
    return [_read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]


def _positive(word: str) -> int | None:
    """Return a number above 0; "max", -1 and what else is there limit nothing."""
    return int(word) if word.strip().isdecimal() and int(word) > 0 else None


def _read(file: Path) -> str:
    """Return a file's text, none where it cannot be read."""
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError):
        return ""
