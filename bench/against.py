"""python -m bench against REF [SUBJECT ...]: the checkout and another commit, measured in turns.

Both are copied to a temporary folder and built there, each in an environment of its own; each runs its own bench. They
take turns, A B A B, so that what the machine does meanwhile happens to both; ratios are taken pair by pair. Rows are
matched by name, so a row that only one of them has is listed as such.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAIRS = 21
SUBJECTS = {  # arguments of the bench, and the column that is compared
    "step": (["step"], "median_us"),
    "predict": (["predict"], "median_us"),
    "calls": (["calls"], "min_us"),
    "import": (["footprint", "--only", "import"], "over_numpy_ms"),
}
NAMES = ("network", "minibatch", "rows", "kernel", "case", "dtype")  # columns that say which row it is
Rows = dict[str, float]


def main(arguments: list[str]) -> int:
    """Measure the subjects, or all; 0 when done, 2 where the commit is not known."""
    options = _options(arguments)
    top = _git("rev-parse", "--show-toplevel")
    if subprocess.run(["git", "cat-file", "-e", f"{options.ref}^{{commit}}"], capture_output=True).returncode:
        print(f"against: no commit named {options.ref!r}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="fastnorm-against-") as folder:
        sides = [Path(folder, "this"), Path(folder, "other")]
        _build(sides[0], ["git", "-C", top, "ls-files", "--cached", "--others", "--exclude-standard", "-z"], top)
        _build(sides[1], ["git", "-C", top, "archive", "--format=tar", options.ref], None)
        for subject in options.subjects or SUBJECTS:
            _compare(subject, options, *sides)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    words = "Measure this checkout against another commit."
    parser = argparse.ArgumentParser("python -m bench against", description=words)
    parser.add_argument("ref", metavar="REF", help="the other commit, as git names it: HEAD~1, main, a hash")
    parser.add_argument("subjects", nargs="*", choices=[*SUBJECTS, []], metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--pairs", type=int, default=PAIRS, metavar="N", help=f"turns of each; default {PAIRS}")
    parser.add_argument("--only", default="", metavar="TEXT", help="only rows whose name contains this text")
    return parser.parse_args(arguments)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, check=True, text=True).stdout.strip()


def _build(side: Path, listing: list[str], source: str | None) -> None:
    """Copy a side, the files of `source` that git lists, or an archive, and build it in an environment of its own."""
    print(f"building {side.name} ...", file=sys.stderr, flush=True)
    side.mkdir()
    content = subprocess.run(listing, capture_output=True, check=True).stdout
    if source is not None:
        there = b"\0".join(name for name in content.split(b"\0") if name and Path(source, os.fsdecode(name)).exists())
        content = subprocess.run(
            ["tar", "-C", source, "--null", "-T", "-", "-cf", "-"], input=there, capture_output=True, check=True
        ).stdout
    subprocess.run(["tar", "-C", side, "-xf", "-"], input=content, check=True)
    venv.create(side / ".venv", with_pip=True)
    subprocess.run([_python(side), "-m", "pip", "install", "--quiet", "-e", "."], cwd=side, check=True)


def _python(side: Path) -> str:
    return str(side / ".venv" / "bin" / "python")


def _compare(subject: str, options: argparse.Namespace, this: Path, other: Path) -> None:
    """Take turns, and print a line for each row: medians, and the median of the ratios of neighbors."""
    words, column = SUBJECTS[subject]
    words = words if not options.only or "--only" in words else [*words, "--only", options.only]
    turns: list[tuple[Rows, Rows]] = []
    for number in range(options.pairs):
        print(f"\r{subject}: pair {number + 1} of {options.pairs} ", end="", file=sys.stderr, flush=True)
        turns.append((_measured(this, words, column), _measured(other, words, column)))
    print(file=sys.stderr)
    print(f"\n{subject}, {column}: medians of {options.pairs} pairs in turns; ratio: this over {options.ref}")
    for line in _lines(turns):
        print(line)


def _measured(side: Path, words: list[str], column: str) -> Rows:
    """One run of a side's bench: its rows by name."""
    file = side / "rows.json"
    command = [_python(side), "-m", "bench", *words, "--json", str(file)]
    subprocess.run(command, cwd=side, stdout=subprocess.DEVNULL, check=True)
    rows = [row for group in json.loads(file.read_text())["groups"] for row in group["rows"]]
    return {_name(row): float(row[column]) for row in rows if row.get(column) is not None}


def _name(row: dict[str, Any]) -> str:
    return " ".join(str(row[name]) for name in NAMES if name in row)


def _lines(turns: list[tuple[Rows, Rows]]) -> Iterator[str]:
    ours, theirs = turns[0]
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        pairs = [(one[name], two[name]) for one, two in turns if name in one and name in two]
        if not pairs:
            yield f"{name:<44}only in {'this' if name in ours else 'the other'}"
            continue
        medians = [statistics.median(side) for side in zip(*pairs, strict=True)]
        ratios = sorted(one / two for one, two in pairs)
        quarter = len(ratios) // 4
        spread = f"{ratios[quarter]:.3f} to {ratios[-quarter - 1]:.3f}"
        yield f"{name:<44}{medians[0]:>11.4g}{medians[1]:>11.4g}  ratio {statistics.median(ratios):.3f}  ({spread})"
    logs = [statistics.median(one[name] / two[name] for one, two in turns) for name in ours if name in theirs]
    if len(logs) > 1:
        yield f"{'geometric mean of the ratios':<44}{'':>22}  ratio {statistics.geometric_mean(logs):.3f}"
