"""The command line, run as its users do: in this process or in one of its own, on two small files."""

import subprocess
import sys

import numpy as np
import polars

from fastnorm import cli

COMMAND = [sys.executable, "-m", "fastnorm.cli"]


def run(*arguments, **options):
    """Run the command in a process of its own."""
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, **options)


def write_files(folder):
    """Write flowers.csv (classes, words, gaps) and prices.csv (a quantity), and odd.toml (a space), into a folder."""
    rng = np.random.default_rng(0)
    kind = np.arange(240) % 3
    length = kind + rng.normal(0, 0.2, 240)
    colors = np.array(["red", "blue", "white"])[np.where(rng.random(240) < 0.8, kind, 0)]
    lengths = [None if row % 17 == 0 else value for row, value in enumerate(length)]
    names = np.array(["rose", "iris", "lily, tall"])[kind]
    polars.DataFrame({"length": lengths, "color": colors, "name": names}).write_csv(folder / "flowers.csv")
    size = rng.uniform(50, 150, 240)
    prices = 1000 * size + rng.normal(0, 500, 240)
    polars.DataFrame({"size": size, "price": prices}).write_csv(folder / "prices.csv")
    (folder / "odd.toml").write_text("width = [8, 16]\n")


def call(arguments, capsys):
    """Run the command's entry point here; return exit code, stdout, stderr."""
    try:
        cli.main([str(argument) for argument in arguments])
    except SystemExit as ended:
        captured = capsys.readouterr()
        return ended.code, captured.out, captured.err
    raise AssertionError("the command line did not exit")
