"""The bench of searches: its data, the twelve configurations, cores given back, verdicts."""

import os

import numpy as np
import pytest

from fastnorm.tune import Space, Trial


def test_the_twelve_configurations_are_in_their_space(bench):
    caviar = bench("caviar")
    assert len(caviar.TWELVE) == 12
    for values in caviar.TWELVE:
        Space(caviar.SPACE).check(dict(zip(caviar.NAMES, values, strict=True)))


def test_made_up_letters_have_the_shape_of_the_real_ones(bench, tmp_path):
    letters = bench("letters")
    made = letters.load(None)
    assert (made.x.shape, made.x.dtype, made.y.dtype) == ((20_000, 16), np.float32, np.int32)
    assert set(made.y) == set(range(26))
    file = tmp_path / "letter.csv"
    rows = "\n".join(f"{'AB'[row % 2]},{row * row},{row % 3}" for row in range(20))
    file.write_text(f"letter,a,b\n{rows}\n")
    read = letters.load(file)
    assert (read.name, read.x.shape, sorted(set(read.y))) == ("letter.csv", (20, 2), [0, 1])


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system binds no process to cores")
def test_cores_are_given_back(bench):
    machine = bench("machine")
    before = os.sched_getaffinity(0)
    with machine.using(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_two_workers_share_trials_and_begin_the_dearest_of_the_last_first(bench):
    trials = [Trial(number, {}, 0, seconds=seconds) for number, seconds in enumerate([1, 1, 1, 3])]
    assert bench("caviar")._possible(trials, 2) == 6 / 3
    trials = [Trial(number, {}, 0, seconds=seconds) for number, seconds in enumerate([1, 2, *[1] * 7, 9])]
    assert bench("caviar")._possible(trials, 2) == 19 / 10


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ({"median_us": 90, "targets": {"median_us": 100}}, "PASS"),
        ({"median_us": 125, "targets": {"median_us": 100}}, "median_us 125 of 100 (-20.0%)"),
        ({"wins": 0.6, "full_gap": 0.02, "targets": {"wins": 0.75, "full_gap": 0.01}},
         "wins 0.6 of 0.75 (-20.0%); full_gap 0.02 of 0.01 (-50.0%)"),
        ({"difference": -0.1, "targets": {"difference": 0}}, "difference -0.1 of 0"),
        ({"difference": 0.1, "full_gap": 0.0, "targets": {"difference": 0, "full_gap": 0.01}}, "PASS"),
        ({"speedup": None, "targets": {"speedup": 1.8}}, ""),
    ],
)  # fmt: skip
def test_verdicts(bench, row, verdict):
    assert bench("report")._verdict(row) == verdict
