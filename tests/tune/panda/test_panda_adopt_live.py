"""Adopting a trial that is at work this moment, in this process or another one: the search goes on without it."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context

import pytest
from helpers import path_for
from helpers.searching import search, table
from test_panda_adopt import adopted

from fastnorm.errors import FileError
from fastnorm.tune import Study, SuccessiveHalving
from fastnorm.tune.search.record import Record

HERE = path_for(__file__)


def begun(file, trial, epochs=2):
    """Wait until a search has recorded that a trial began."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with suppress(FileError), Study.open(file) as study:
            if len(study.trials) > trial:
                return
        time.sleep(0.01)
    raise AssertionError("the search did not begin")


@pytest.mark.parametrize("how", ["threads", "processes", "halving"])
def test_a_trial_at_work_is_stopped_and_the_search_goes_on_without_it(tmp_path, how):
    file, studies = tmp_path / "s.sqlite", []
    epochs = 2000
    options = {"trials": 4, "epochs": epochs, "workers": 2, "study": file}
    if how == "halving":
        options |= {"pruner": SuccessiveHalving(epochs // 3)}
    executor = ProcessPoolExecutor(2, get_context("spawn")) if how == "processes" else None
    thread = threading.Thread(target=lambda: studies.append(search(executor=executor, **options)))
    thread.start()
    begun(file, 1)
    with adopted(file, 1) as watched:
        assert thread.is_alive()
        at = watched.run.epoch
        assert at < epochs
        watched.nudge(learning_rate=0.01)
        watched.advance(3)
        watched.revert(max(at - 1, 0))
        watched.give_back()
    thread.join()
    if executor is not None:
        executor.shutdown()
    (study,) = studies
    assert [trial.state for trial in study.trials].count("steered") == 1
    assert study.trials[1].state == "steered"
    assert study.curve(1) == watched.history
    assert study.best_trial.number != 1
    assert study._read("SELECT * FROM requests") == []
    if how != "halving":
        alone = search(**options | {"study": None, "trials": 1})
        assert replace(study.trials[0], seconds=0.0) == replace(alone.trials[0], seconds=0.0)
        assert {trial.state for trial in study.trials} == {"finished", "steered"}


def test_a_trial_that_is_being_confirmed_is_given_away_and_the_next_best_takes_its_place(tmp_path):
    file = tmp_path / "s.sqlite"
    thread = threading.Thread(target=lambda: search(trials=3, epochs=1500, workers=2, confirm=1, study=file))
    thread.start()
    (confirmed,) = confirmations(file)
    with adopted(file, confirmed) as watched:
        assert thread.is_alive()
        watched.advance(1)
        watched.give_back()
        thread.join()
    with Study.open(file) as study:
        (other,) = study.confirmations
        assert len(study.confirmations[other]) == 5
        assert study.trials[confirmed].state == "steered"
        assert study.best_trial.number == other != confirmed
        assert study.curve(confirmed) == watched.history


def confirmations(file):
    """Wait until trials are run again; return what came of it so far."""
    begun(file, 0)
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with Study.open(file) as study:
            if found := study.confirmations:
                return found
        time.sleep(0.01)
    raise AssertionError("nothing was confirmed")


def test_a_request_that_is_withdrawn_changes_nothing(monkeypatch):
    options = {"trials": 3, "epochs": 300, "workers": 1, "pruner": SuccessiveHalving(100)}
    expected, wishes = table(search(**options)), [[0], [1], [0], []]
    monkeypatch.setattr(Record, "requests", lambda record: wishes.pop(0) if len(wishes) > 1 else wishes[0])
    assert table(search(**options)) == expected
    assert wishes == [[]]


SCRIPT = """
import os, sys
sys.path[:0] = sys.argv[2].split(os.pathsep)
from test_panda_adopt_live import *
print(len(search(trials=3, epochs=3000, workers=1, study=sys.argv[1]).trials))
"""


def test_a_search_in_another_process_gives_a_trial_away(tmp_path):
    file = tmp_path / "s.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(file), HERE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    begun(file, 0)
    with adopted(file, 0) as watched:
        watched.advance(2)
        out, errors = process.communicate(timeout=120)
    assert (out, errors) == ("3\n", "")
    states = [trial.state for trial in Study.open(file).trials]
    assert states == ["steered", "finished", "finished"]
    assert len(table(Study.open(file))[0]) == 3
