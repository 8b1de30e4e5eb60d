"""What fastnorm takes beside time: seconds to import, room on disk, memory of a fit. Each in a process of its own."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import fastnorm

from .report import Report, Row

COLUMNS = {"case": 46, "rows": 8, "import_ms": 9, "over_numpy_ms": 13, "MB": 6, "beside_data_MB": 14}
IMPORTS = 15  # of each, in turn; the shortest counts
INSTALLED = (".py", ".pxd", ".so", ".typed")
FIT = str(Path(__file__).with_name("footprint_fit.py"))


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """One row per case whose name contains `only`."""
    report.begin("footprint", COLUMNS, [])
    with report.group() as rows:
        rows.extend(row for name, case in CASES.items() if only in name for row in case(name))


def _import(name: str) -> list[Row]:
    """Whole processes, whose bytecode is compiled before."""
    times: dict[str, list[float]] = {"numpy": [], "fastnorm": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(IMPORTS + 1):
            for module, seconds in times.items():
                start = time.perf_counter()
                _run(["-c", f"import {module}"], PYTHONPYCACHEPREFIX=folder)
                seconds.append(time.perf_counter() - start)
    ours, numpy = (min(times[module][1:]) * 1e3 for module in ("fastnorm", "numpy"))
    return [{"case": name, "import_ms": ours, "over_numpy_ms": ours - numpy, "targets": {"over_numpy_ms": 30}}]


def _size(name: str) -> list[Row]:
    """What pip puts there, without bytecode."""
    package = Path(fastnorm.__file__).parent
    size = sum(path.stat().st_size for path in package.rglob("*") if path.suffix in INSTALLED)
    return [{"case": name, "MB": size / 1e6, "targets": {"MB": 8}}]


def _fit(name: str) -> list[Row]:
    """Peak memory of two epochs, less the arrays."""
    return [_row(name, 10**6, "validation", 20)]


def _mapped(name: str) -> list[Row]:
    """Peak of the memory that belongs to no file, less y; x is a memory map, so it should not grow with the rows."""
    if not Path("/proc/self/status").exists():
        return []
    return [_row(name, rows, "mapped", 20) for rows in (10**6, 4 * 10**6)]


def _row(name: str, rows: int, kind: str, most: float) -> Row:
    beside = float(_run([FIT, str(rows), kind]))
    return {"case": name, "rows": rows, "beside_data_MB": beside, "targets": {"beside_data_MB": most}}


def _run(arguments: list[str], **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(Path(fastnorm.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PYTHONPYCACHEPREFIX": folder, **kept, "PYTHONPATH": path, **environment}
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout


CASES = {
    "import, over NumPy's": _import,
    "installed, without bytecode": _size,
    "fit of 16-64-2 with validation": _fit,
    "fit of a memory map": _mapped,
}
