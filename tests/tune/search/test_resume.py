"""A study that goes on: after Ctrl-C, a time limit or a kill, to the answer of a search that nobody disturbed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest
from helpers import path_for
from helpers.searching import SPACE, TRAINING, VALIDATION, search, table

from fastnorm import tune
from fastnorm.errors import FileError
from fastnorm.tune import Choice, GridSampler, KFold, Study, SuccessiveHalving

HERE = path_for(__file__)
KILLS = 20
LONG = {"trials": 18, "epochs": 270, "pruner": SuccessiveHalving(30)}
HALVED = {"trials": 18, "epochs": 9, "pruner": SuccessiveHalving()}


def after(count, error=KeyboardInterrupt):
    """A callback that raises at the count-th event."""
    events = iter(range(count))

    def callback(study, trial):
        if next(events, None) is None:
            raise error

    return callback


BAGGED = {"validation": KFold(3, bagged=True)}


@pytest.mark.parametrize("options", [{}, HALVED, {"validation": KFold(3)}, BAGGED, {"trials": 3, "epochs": 200}])
def test_an_interrupted_search_goes_on_to_the_same_answer(tmp_path, options):
    file, expected = tmp_path / "s.sqlite", table(search(**options))
    with pytest.raises(KeyboardInterrupt):
        search(**options, study=file, callbacks=[after(0)])
    for count in (1, 2, 4):
        with suppress(KeyboardInterrupt):  # raised, unless the workers were faster
            search(**options, study=file, callbacks=[after(count)])
        assert "running" not in {trial.state for trial in Study.open(file).trials}
    assert table(search(**options, study=file)) == expected
    assert not file.with_name("s.sqlite.lock").exists()


def test_what_a_time_limit_cut_goes_on_where_it_stands(tmp_path):
    file, options = tmp_path / "s.sqlite", {"trials": 2, "epochs": 500}
    study = search(**options, timeout=0.1, study=file)
    cut = {trial.number: trial.epochs for trial in study.trials if trial.state == "cut"}
    assert cut
    seen = {}
    again = search(**options, study=file, callbacks=[lambda study, trial: seen.setdefault(trial.number, trial.epochs)])
    assert {number: seen[number] - 1 for number in cut} == cut
    assert table(again) == table(search(**options))


def test_a_finished_search_is_not_done_again(tmp_path):
    first = search(study=tmp_path / "s.sqlite")
    again = search(study=tmp_path / "s.sqlite", callbacks=[after(0)])
    assert again.trials == first.trials
    assert again.best_model().to_bytes() == first.best_model().to_bytes()


def test_trials_is_the_total(tmp_path):
    search(trials=2, study=tmp_path / "s.sqlite")
    assert table(search(trials=6, study=tmp_path / "s.sqlite")) == table(search(trials=6))
    assert len(search(trials=3, study=tmp_path / "s.sqlite").trials) == 6


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"seed": 1}, "seed"),
        ({"epochs": 4}, "epochs"),
        ({"space": {**SPACE, "units": Choice([4])}}, "space"),
        ({"training": (TRAINING[0] + 1, TRAINING[1])}, "data"),
        ({"validation": 0.2}, "validation"),
        ({"pruner": SuccessiveHalving()}, "pruner"),
        ({"sampler": GridSampler()}, "sampler"),
    ],
)
def test_a_search_with_other_options_is_refused(tmp_path, options, name):
    study = search(trials=1, study=tmp_path / "s.sqlite")
    before = study.trials
    with pytest.raises(FileError, match=f"{name}: .*this search has .*the study was made with"):
        search(trials=1, **options, study=tmp_path / "s.sqlite")
    assert Study.open(tmp_path / "s.sqlite").trials == before


SCRIPT = """
import os, sys
sys.path[:0] = sys.argv[2].split(os.pathsep)
from test_resume import *
print("ready", flush=True)
print(len(search(**LONG, study=sys.argv[1]).trials))
"""


def start(file):
    command = [sys.executable, "-c", SCRIPT, str(file), HERE]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_search_that_is_killed_again_and_again_comes_to_the_same_answer(tmp_path):
    file, begun = tmp_path / "s.sqlite", time.perf_counter()
    expected = search(**LONG)
    whole = time.perf_counter() - begun
    stood = set()
    for delay in np.random.default_rng(0).uniform(0, whole / 3, KILLS):
        process = start(file)
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        with suppress(FileError):  # killed before there was a study
            stood.add(tuple((trial.state, trial.epochs) for trial in Study.open(file).trials))
    study = search(**LONG, study=file)
    assert table(study) == table(expected)
    assert study.best_model().to_bytes() == expected.best_model().to_bytes()
    assert len(stood) > 3  # it was killed at several places


def test_a_second_process_waits_for_the_first(tmp_path):
    file = tmp_path / "s.sqlite"
    one, other = start(file), start(file)
    ends = [process.communicate() for process in (one, other)]
    assert [out for out, _ in ends] == ["ready\n18\n"] * 2
    assert table(Study.open(file)) == table(search(**LONG))


def test_a_second_search_says_that_it_waits_and_gives_up_at_its_time_limit(tmp_path, capsys):
    def second(study, trial):
        begun = time.monotonic()
        with pytest.raises(FileError, match="another search was at work on this study until the time limit"):
            search(study=file, timeout=0.3)
        assert 0.3 <= time.monotonic() - begun < 0.6
        waited.append(capsys.readouterr().err)
        raise KeyboardInterrupt

    file, waited = tmp_path / "s.sqlite", []
    with pytest.raises(KeyboardInterrupt):
        search(study=file, callbacks=[second])
    assert waited == [f"{file}: another search is at work on this study; waiting for it to end\n"]
    assert len(search(study=file).trials) == 6


def test_a_lock_that_a_killed_process_left_holds_nobody_up(tmp_path):
    (tmp_path / "s.sqlite.lock").touch()
    assert len(search(study=tmp_path / "s.sqlite", timeout=60).trials) == 6


def test_a_study_in_memory_needs_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = tune.caviar(tune.default_build(3), SPACE, *TRAINING, validation=VALIDATION, **HALVED)
    assert study.path is None
    assert list(tmp_path.iterdir()) == []
