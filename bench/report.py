"""What a measurement leaves behind: aligned rows on the screen, and the same rows with machine and probes as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import fastnorm
from fastnorm.kernels import cpu

from . import machine, timing

Row = dict[str, object]
AT_MOST = ("_us", "_ms", "MB", "_gap", "_ratio")  # how columns end of which less is better


class Report:
    """Rows in groups; each group stands between two probes of the core, whose mean is what its shares are taken of."""

    def __init__(self) -> None:
        self._groups: list[dict[str, object]] = []
        self._columns: Mapping[str, int] = {}
        self._subject = ""

    def begin(self, subject: str, columns: Mapping[str, int], peers: Sequence[str]) -> None:
        """Start a subject and print its header; columns are names and widths, and each peer gets a column of ratios."""
        self._subject = subject
        self._columns = {**columns, **{f"vs_{peer}": max(8, len(peer) + 3) for peer in peers}, "verdict": 7}
        print(f"\n{subject}, variant {cpu.variant()}; a vs_ column says how many times our time the peer took")
        print(self._line({name: name for name in self._columns}), flush=True)

    @contextmanager
    def group(self) -> Iterator[list[Row]]:
        """Give a list for rows, probe before and after, fill in shares and verdicts, and print."""
        rows: list[Row] = []
        before = timing.probe()
        yield rows
        after = timing.probe()
        for row in rows:
            row["share"] = _share(row, before, after)
            row["verdict"] = _verdict(row)
            print(self._line(row))
        print(_compared(before, after), flush=True)
        probes = {"before": asdict(before), "after": asdict(after)}
        self._groups.append({"subject": self._subject, "probes": probes, "rows": rows})

    def save(self, path: Path) -> None:
        """Write machine, versions, probes and rows as JSON."""
        facts = {"fastnorm": fastnorm.__version__, "variant": cpu.variant(), "threads": machine.THREADS}
        content = {"machine": machine.describe(), **facts, "groups": self._groups}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n")

    def _line(self, row: Mapping[str, object]) -> str:
        return "  ".join(_cell(row.get(name), width) for name, width in self._columns.items()).rstrip()


def _compared(before: timing.Probe, after: timing.Probe) -> str:
    fma = f"multiply-adds {before.fma_gflops:.1f}, {after.fma_gflops:.1f} GFLOP/s"
    return f"  probes before, after: {fma}; copy {before.copy_gbytes:.1f}, {after.copy_gbytes:.1f} GB/s"


def _verdict(row: Row) -> str:
    """PASS where every target is reached, else the shortfalls; empty where no column with a target was measured.

    Targets are columns and their bounds: times, memory and what is missing (_gap) at most, everything else at least.
    """
    short, measured = [], 0
    for column, bound in row.get("targets", {}).items():
        if (value := row.get(column)) is None:
            continue
        measured += 1
        less = column.endswith(AT_MOST)
        if value > bound if less else value < bound:
            share = f" ({(bound / value if less else value / bound) - 1:.1%})" if bound else ""
            short.append(f"{column} {value:.3g} of {bound:g}{share}")
    return "; ".join(short) or ("PASS" if measured else "")


def _share(row: Row, before: timing.Probe, after: timing.Probe) -> float | None:
    """The row's rate as a share of the probe that limits it: multiply-adds of its dtype, else the copy of memory."""
    if (gflops := row.get("GFLOP/s")) is not None:
        lanes = 2 if row.get("dtype") == "float64" else 1  # a vector holds half as many doubles
        return float(gflops) * lanes / ((before.fma_gflops + after.fma_gflops) / 2)
    if (gbytes := row.get("GB/s")) is not None:
        return float(gbytes) / ((before.copy_gbytes + after.copy_gbytes) / 2)
    return None


def _cell(value: object, width: int) -> str:
    if value is None:
        return "-".rjust(width)
    if isinstance(value, str):
        return value.ljust(width)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:.0f}".rjust(width)
    return f"{value:.3g}".rjust(width)
