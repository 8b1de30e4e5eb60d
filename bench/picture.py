"""The README's picture of the console: python -m bench.picture [FILE], by default bench/results/panda.svg.

A start at rate 30 on scikit-learn's digits: the guard takes it back until it learns, then a person nudges it.
"""

import asyncio
import re
import sys
from pathlib import Path

import fastnorm as fn
from fastnorm import tune
from fastnorm.cli.data import load, share
from fastnorm.console import Console, Driver

FILE = Path(__file__).parent / "results" / "panda.svg"
SIZE = 92, 28  # cells
CELL = 12.2, 24.4  # of the SVG's units
RISE = 20  # of a letter's base line below the top of its cell
DOT = 3.4  # width of one
BLANK = 0x2800
TEXT = re.compile(r'<text class="(\S+)" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*[\u2801-\u28ff][^<]*)</text>')


def main() -> None:
    """Train, steer, and write the picture."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    file.write_text(self_contained(asyncio.run(picture())))


async def picture() -> str:
    """Return the screen after 30 epochs as an SVG."""
    parts = share(load(None, None, "digits"), "auto", 0)
    model = tune.default_model([64, 64], parts.outputs, 0.1)
    data = {"validation": parts.validation, "optimizer": fn.SGD(30.0), "batch_size": 128, "seed": 0}
    run = fn.Run(model, parts.training, **data)
    guard = tune.Guard().knowing(run)
    with tune.panda(run, guard=guard, test=parts.test) as panda:
        driver = Driver(panda, 20, guard)
        console = Console(driver, "digits", "digits-panda")
        try:
            async with console.run_test(size=SIZE) as pilot:
                await _until(pilot, lambda: driver.state == "done")
                await pilot.press("down")
                await _until(pilot, lambda: driver.state == "done")
                await pilot.press("space")
                await _until(pilot, lambda: driver.state == "done" and driver.place[0] == driver.goal)
                await _until(pilot, lambda: console.shown == driver.version)
                return console.export_screenshot()
        finally:
            driver.close()


async def _until(pilot, is_so) -> None:
    await pilot.pause()
    while not is_so():
        await pilot.pause(0.05)


def self_contained(svg: str) -> str:
    """Draw Braille patterns as dots, for few fonts have them, and take any monospaced font that is there."""
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL).replace("Fira Code, monospace", "monospace")
    svg = svg.replace("Fira Code", "monospace")
    svg = re.sub(r"[ \t]*\n\s*", "\n", TEXT.sub(_dots, svg))
    return re.sub(r"terminal-\d+-", "", svg)


def _dots(text: re.Match[str]) -> str:
    color, x, y, letters = text.groups()
    squares = []
    for place, letter in enumerate(letters.replace("&#160;", " ")):
        pattern = ord(letter) - BLANK if letter != " " else 0
        for dot in range(8):
            if pattern >> dot & 1:
                row, column = (dot % 3, dot // 3) if dot < 6 else (3, dot - 6)
                left = float(x) + CELL[0] * (place + (column + 0.5) / 2) - DOT / 2
                top = float(y) - RISE + CELL[1] * (row + 0.5) / 4 - DOT / 2
                squares.append(f"M{left:.1f} {top:.1f}h{DOT}v{DOT}h-{DOT}z")
    return f'<path class="{color}" d="{"".join(squares)}"/>'


if __name__ == "__main__":
    main()
