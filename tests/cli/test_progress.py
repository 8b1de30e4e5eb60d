"""What is shown while models train: few lines where nobody looks, and no number torn apart on a narrow terminal."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
from contextlib import redirect_stderr
from dataclasses import replace

import pytest
from helpers.commanding import COMMAND
from helpers.fitted import CLASSES, X, network
from helpers.records import ENDED, FACTS, end
from rich.console import Console

from fastnorm.cli.progress import FitProgress, SearchProgress
from fastnorm.tune import Study
from fastnorm.tune.search.record import Record


def terminal(columns):
    """Both ends of a terminal of this width."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    return outer, inner


# ---- fit, from Python


def test_fit_gives_a_line_for_the_first_epoch_for_every_tenth_and_for_the_last(capsys):
    network().fit(X, CLASSES, epochs=40, verbose=1)
    *lines, last = capsys.readouterr().err.splitlines()
    assert last == "kept epoch 40 of 40, the last"
    numbers = [line.split()[1] for line in lines]
    assert numbers == [f"{number}/40" for number in (1, *range(4, 41, 4))]
    history = network().fit(X, CLASSES, epochs=1000, validation=0.2, patience=3, verbose=1)
    numbers = [line.split()[1] for line in capsys.readouterr().err.splitlines()[:-1]]
    assert len(numbers) <= 11
    assert (numbers[0], numbers[-1]) == ("1/1000", f"{len(history)}/1000")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_fits_line_has_room_on_a_terminal(columns):
    """One that the terminal breaks could not be written over, and would tear a number apart."""
    outer, inner = terminal(columns)
    with open(inner, "w") as stream, redirect_stderr(stream):
        network().fit(X, CLASSES, epochs=2, validation=0.2, verbose=1)
    content = b""
    while block := read(outer):
        content += block
    os.close(outer)
    shown = content.decode().partition("kept epoch")[0]
    lines = [line.replace("\x1b[K", "").rstrip() for line in shown.split("\r") if "epoch" in line]
    assert [line.split()[1] for line in lines] == ["1/2", "2/2"]
    assert all(len(line) < columns for line in lines)
    assert all(re.fullmatch(r"epoch \d/2(  ([a-z ]+ \d+\.\d+|\d+\.\d\d s))*", line) for line in lines)
    assert lines[0].endswith(" s") == (columns == 200)


# ---- the command line


def follow(progress, states, epochs=1, scale=1.0):
    """Tell a progress of trials that end in these states; return its study."""
    record = Record(None, FACTS, 1)
    with progress:
        for number, state in enumerate(states):
            trial = replace(ENDED, number=number, state=state, score=scale * (0.5 + number / 1e4), epochs=epochs)
            end(record, trial, model=b"m")
            progress(record.study, trial)
    return record.study


def test_a_search_gives_a_line_for_the_first_trial_and_for_every_tenth(capsys):
    follow(SearchProgress(60, 1, None), ["finished"] * 60)
    counts = [int(line.split()[0]) for line in capsys.readouterr().err.splitlines()]
    assert counts == [1, *range(6, 61, 6)]


def test_a_search_that_ends_early_says_how_far_it_came(capsys):
    follow(SearchProgress(60, 1, None), [*["finished"] * 7, "cut"])
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        "1 of 60 trials", "6 of 60 trials", "7 of 60 trials",
    ]  # fmt: skip


def test_what_was_cut_is_not_counted_as_a_trial_that_ended(capsys):
    follow(SearchProgress(None, 1, 100.0), ["finished", "stopped", "cut", "diverged", "cut"])
    assert capsys.readouterr().err.splitlines()[-1].startswith("3 trials, ")


def test_a_fit_gives_a_line_for_every_tenth(capsys):
    progress = FitProgress(1, 50, None)
    record = Record(None, FACTS, 1)
    record.start(replace(ENDED, state="running"))
    with progress:
        for number in range(1, 51):
            progress(record.study, replace(ENDED, state="running", epochs=number))
    assert [int(line.split()[1]) for line in capsys.readouterr().err.splitlines()[:11]] == [1, *range(5, 51, 5)]


@pytest.mark.parametrize("columns", [30, 40, 60, 80, 120])
@pytest.mark.parametrize("scale", [1.0, 12345.678])
def test_the_live_line_breaks_between_words_alone(columns, scale):
    progress = SearchProgress(30, 1, None, again=10)
    follow(progress, ["finished"] * 3, scale=scale)
    shown = io.StringIO()
    Console(file=shown, width=columns, force_terminal=True, color_system=None).print(progress)
    words = progress._line().split()
    lines = shown.getvalue().splitlines()
    assert [word for line in lines for word in line.split() if set(word) - set("━╸╺")] == words
    assert all(len(line.rstrip()) <= columns - 3 for line in lines)


@pytest.mark.parametrize("columns", [40, 80])
def test_the_list_of_trials_breaks_between_words_alone(tuned, columns):
    outer, inner = terminal(columns)
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": "xterm"}
    process = subprocess.Popen([*COMMAND, "trials", tuned[0]], stdout=inner, env=environment)
    os.close(inner)
    shown = b""
    while block := read(outer):
        shown += block
    os.close(outer)
    assert process.wait(timeout=60) == 0
    lines = shown.decode().splitlines()
    assert max(map(len, lines)) <= columns
    words = " ".join(lines).split()
    with Study.open(tuned[0] / "study.sqlite") as study:
        values = study.best_params.values()
        assert {f"{value:.4g}" for value in values if isinstance(value, float)} <= {word.rstrip(",") for word in words}
    plain = subprocess.run([*COMMAND, "trials", tuned[0]], capture_output=True, text=True, check=True).stdout
    assert words == plain.split()
    assert len(plain.splitlines()) == 5  # whole, where a program reads them


def read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""
