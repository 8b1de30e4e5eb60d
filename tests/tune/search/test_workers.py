"""Workers: threads or processes, one answer; nobody is kept waiting."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from helpers import path_for
from helpers.searching import ENDLESS, SPACE, TRAINING, search, table

from fastnorm.errors import FileError, SettingError
from fastnorm.models.sequential import Sequential
from fastnorm.nn.layers import Dense
from fastnorm.tune import Choice, KFold, Study, SuccessiveHalving
from fastnorm.tune import search as search_function


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def broken(hyperparameters):
    if hyperparameters["layers"] == 2:
        raise UnsendableError("two", "many")
    return Sequential([Dense(3)])


class UnsendableError(Exception):
    def __init__(self, one, other):
        super().__init__(f"{one} are too {other}")


FOLDED = [{"validation": KFold(3)}, {"validation": KFold(3, bagged=True)}]


@pytest.mark.parametrize("options", [{}, *FOLDED, {"pruner": SuccessiveHalving(), "epochs": 9}])
def test_processes_give_the_same_answer_as_threads(processes, options):
    ours, theirs = search(**options), search(executor=processes, **options)
    assert table(theirs) == table(ours)
    assert theirs.best_model().to_bytes() == ours.best_model().to_bytes()


def test_an_executor_of_threads_is_used_as_it_is():
    with ThreadPoolExecutor(2, thread_name_prefix="mine") as pool:
        names = set()

        def build(hyperparameters):
            names.add(threading.current_thread().name)
            return Sequential([Dense(3)])

        search(build, executor=pool)
        assert all(name.startswith("mine") for name in names)
        assert pool.submit(lambda: 1).result() == 1  # left open


def test_a_trial_that_fails_in_a_process_is_told_in_words(processes):
    with pytest.warns(UserWarning, match="UnsendableError: two are too many"):
        study = search(broken, executor=processes)
    assert {trial.state for trial in study.trials} == {"finished", "failed"}
    with pytest.raises(SettingError, match="two are too many"):
        search(broken, {"layers": Choice([2])}, trials=1, executor=processes)


def test_what_cannot_be_sent_is_explained(processes):
    with pytest.raises(SettingError, match="build and the objective must be functions that a module defines"):
        search(lambda hyperparameters: Sequential([Dense(3)]), executor=processes)


def test_a_time_limit_ends_processes_too(processes):
    search(trials=1, executor=processes)  # both are there now
    begun = time.monotonic()
    study = search(timeout=0.5, epochs=ENDLESS, executor=processes)
    assert time.monotonic() - begun < 0.8
    assert [trial.state for trial in study.trials] == ["cut", "cut"]
    assert study.best_model().predict(TRAINING[0]).shape == (120,)


class Given:
    """Samples what it was given."""

    def __init__(self, *rows):
        self.rows = rows

    def wave(self, number, trials):
        return 0

    def sample(self, space, seed, number, *others):
        return self.rows[number]


def test_an_error_of_a_callback_ends_processes_too(processes, tmp_path):
    def enough(study, trial):
        raise RuntimeError("enough")

    begun = time.monotonic()
    rows = Given({"layers": 1}, {"layers": 2})  # one goes on for ever, one fails at once
    file = tmp_path / "s.sqlite"
    with pytest.raises(RuntimeError, match="enough"):
        search(broken, executor=processes, sampler=rows, trials=2, epochs=ENDLESS, callbacks=[enough], study=file)
    assert time.monotonic() - begun < 5
    assert [trial.state for trial in Study.open(file).trials] == ["cut", "failed"]
    assert processes.submit(os.getpid).result() > 0  # left open


def square(trial):
    return trial.hyperparameters["units"] ** 2


def test_a_function_in_processes(processes):
    space = {"units": SPACE["units"]}
    ours, theirs = (search_function(square, space, trials=8, executor=pool) for pool in (None, processes))
    assert table(ours) == table(theirs)


SCRIPT = """
import os, sys
sys.path[:0] = sys.argv[2].split(os.pathsep)
from test_workers import *
if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(time.sleep, [0.3, 0.3]))
        print(*pool._processes, flush=True)
        search(**LONG, executor=pool, study=sys.argv[1])
"""
LONG = {"trials": 2, "epochs": 1500}


def test_processes_end_when_the_search_is_killed_and_it_goes_on(tmp_path):
    script, file = tmp_path / "script.py", tmp_path / "s.sqlite"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(file), path_for(__file__)]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    workers = [int(word) for word in killed.stdout.readline().split()]
    wait_for(lambda: file.exists() and len(begun_in(file)) == 2)
    killed.kill()
    killed.communicate()
    wait_for(lambda: not any(map(is_alive, workers)))
    assert [trial.state for trial in Study.open(file).trials] == ["running", "running"]
    assert table(search(**LONG, study=file)) == table(search(**LONG))


def wait_for(condition):
    """Return once it holds; an error after ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def begun_in(file):
    """The trials that a study, perhaps just being made, has on record."""
    try:
        return Study.open(file).trials
    except FileError:
        return []


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize(("options", "order"), [({}, [3, 0, 1, 2]), ({"timeout": 60.0}, [0, 1, 2, 3])])
def test_the_last_trials_begin_with_the_dearest_unless_the_time_is_limited(options, order):
    begun, known = [], [{"units": units} for units in (4, 3, 2, 200)]

    def build(hyperparameters):
        begun.append(hyperparameters["units"])
        return Sequential([Dense(hyperparameters["units"]), Dense(3)])

    with ThreadPoolExecutor(1) as pool:  # one at a time, so that the order shows
        space = {"units": [2, 3, 4, 200]}
        study = search(build, enqueue=known, trials=4, executor=pool, workers=2, space=space, **options)
    assert begun[-4:] == [known[number]["units"] for number in order]  # before: how dear are they?
    assert [trial.hyperparameters for trial in study.trials] == known
