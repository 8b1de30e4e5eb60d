"""The record of a panda: reopened by another one, whole after a kill, refused where it does not fit."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from helpers import path_for
from helpers.records import ENDED, FACTS, end
from helpers.running import VALIDATION, X, Y, assert_same, make, untimed
from helpers.searching import search

import fastnorm as fn
from fastnorm.errors import FileError, SettingError
from fastnorm.tune import Study, panda, replay
from fastnorm.tune.search import record as record_module
from fastnorm.tune.search.record import Record

HERE = path_for(__file__)
KILLS = 5


def open_at(file, **options):
    return panda(make(**{"validation": VALIDATION} | options), file)


def steer(watched):
    """Something of everything."""
    watched.advance(2)
    watched.nudge(learning_rate=0.1, dropout=0.5)
    watched.advance(2, minibatches=9)
    watched.checkpoint("here")
    watched.nudge(beta_1=0.5)
    watched.advance(3)
    watched.revert(3)
    watched.advance(1, minibatches=4)


def record(watched):
    branches = [(branch, untimed(branch.curve)) for branch in watched.branches]
    return watched.actions, branches, untimed(watched.history), watched.run.checkpoint().state


@pytest.mark.parametrize("validation", [VALIDATION, None])
def test_the_file_opened_again_goes_on_from_the_live_state(tmp_path, validation):
    file = tmp_path / "p.sqlite"
    straight = open_at(None, validation=validation)
    steer(straight)
    with open_at(file, validation=validation) as first:
        steer(first)
        assert record(first) == record(straight)
    with open_at(file, validation=validation) as again:
        assert record(again) == record(straight)
        assert again.schedule() == straight.schedule()
        for watched in (again, straight):
            watched.undo()
            watched.undo()
            watched.advance(2)
        assert record(again) == record(straight)
        assert_same(again.run, straight.run)


def test_the_trial_tells_the_live_path(tmp_path):
    with open_at(tmp_path / "p.sqlite") as watched:
        steer(watched)
        with Study.open(tmp_path / "p.sqlite") as study:
            (trial,) = study.trials
            assert study.curve(0) == watched.history
            assert study.branches() == watched.branches
            assert [branch.curve for branch in study.branches()] == [branch.curve for branch in watched.branches]
            assert study.actions() == watched.actions
            best = max(watched.history, key=lambda epoch: (epoch.validation_metric, -epoch.validation_loss))
            assert (trial.state, trial.epochs, trial.best_epoch) == ("steered", 3, best.number)
            assert (trial.score, trial.loss) == (best.validation_metric, best.validation_loss)
            assert trial.hyperparameters["learning_rate"] == 0.01
            assert study.space["batch_size"].options == (8,)
            assert repr(study) == "Study(1 trials: 1 steered)"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 9}, "space: batch_size: options: 0: this run has 9, the study was made with 8"),
        ({"optimizer": fn.Adam(0.1)}, "space: learning_rate: options: 0: this run has 0.1, the study was made"),
        ({"seed": 6}, "seed: this run has 6, the study was made with 5"),
        ({"sample_weight": np.ones(len(X))}, "data: this run has other rows than the study was made with"),
        ({"x": X + 1}, "data: this run has other rows than the study was made with"),
        ({"validation": None}, "validation: this run has nothing, the study was made with"),
        ({"dtype": "float64"}, "data: this run has other rows"),
        ({"schedule": fn.schedules.InverseTime(1)}, "state: schedule: learning_rate: .* has 'Inverse.* 'Const"),
        ({"chain": [fn.Dense(3)]}, "state: tape: values: 1: shape: 1: this run has 3, the state comes from 8"),
    ],
)
def test_a_run_made_in_another_way_is_refused(tmp_path, options, words):
    file = tmp_path / "p.sqlite"
    with open_at(file) as watched:
        steer(watched)
    before = record(watched)
    with pytest.raises(FileError, match=rf"p\.sqlite: {words}"):
        open_at(file, **options)
    with open_at(file) as again:
        assert record(again) == before


def test_a_run_that_is_trained_already_is_not_thrown_away(tmp_path):
    file = tmp_path / "p.sqlite"
    open_at(file).close()
    run = make(validation=VALIDATION)
    run.advance()
    with pytest.raises(SettingError, match="expected one that is not trained yet, to go on with the study's own state"):
        panda(run, file)


def test_the_study_of_a_search_and_a_pandas_own_are_told_apart(tmp_path):
    file, searched = tmp_path / "p.sqlite", tmp_path / "s.sqlite"
    open_at(file).close()
    search(study=searched, trials=1)
    with pytest.raises(FileError, match="this is the study of a search, of which fn"):
        open_at(searched)
    with pytest.raises(FileError, match="this is the study of a panda; give another path"):
        search(study=file, trials=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"run": fn.Sequential([fn.Dense(3)])}, "run: expected a fn.Run, got <fastnorm.models.sequential.Sequential"),
        ({"guard": 3}, "guard: expected a Guard, got 3"),
        ({"test": X}, r"test: expected \(x, y\) or a frame .* got ndarray"),
    ],
)
def test_what_cannot_be_steered_is_refused_at_the_door(tmp_path, arguments, words):
    with pytest.raises(SettingError, match=words):
        panda(**{"run": make()} | arguments, study=tmp_path / "p.sqlite")
    assert not list(tmp_path.iterdir())


def test_a_block_that_cannot_be_recorded_lets_the_file_go(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise FileError("database or disk is full")

    watched = open_at(tmp_path / "p.sqlite")
    watched.advance(1)
    monkeypatch.setattr(watched._recorded.journal, "write", full)
    with pytest.raises(FileError, match="disk is full"), watched:
        pass
    assert watched.run.epoch == 1
    with open_at(tmp_path / "p.sqlite") as again:
        assert_same(again.run, watched.run)


def test_two_pandas_do_not_share_a_record(tmp_path):
    file = tmp_path / "p.sqlite"
    with open_at(file), pytest.raises(FileError, match=r"p\.sqlite: another panda is at work on trial 0; close it"):
        open_at(file)
    open_at(file)  # not kept, so it is let go
    open_at(file).close()
    assert not list(tmp_path.glob("*.lock"))


SCRIPT = """
import os, sys
sys.path[:0] = sys.argv[2].split(os.pathsep)
from test_panda_record import *
with open_at(sys.argv[1], **LONG) as watched:
    print(len(watched.actions), flush=True)
    for number in range(len(watched.actions), 10**6):
        if number % 3 == 2:
            watched.revert(max(watched.run.epoch - 1, 0))
        else:
            watched.nudge(learning_rate=0.01 / (number + 1))
        watched.advance(2, minibatches=1500)
"""
LONG = {"x": np.tile(X, (160, 1)), "y": np.tile(Y, 160)}


def test_a_kill_at_any_moment_loses_the_present_epoch_at_the_most(tmp_path):
    file, counts = tmp_path / "p.sqlite", []
    for delay in np.random.default_rng(0).uniform(0.1, 0.6, KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(file), HERE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = process.stdout.readline()
        assert line, process.stderr.read()
        counts.append(int(line))
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        with Study.open(file) as study:
            again = replay(study, make(validation=VALIDATION, **LONG))
            assert untimed(study.curve(0)) == untimed(again.history)
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]  # it went on
    with open_at(file, **LONG) as watched:
        assert_same(again.run, watched.run)
        assert len(watched.actions) >= counts[-1]
        assert replace(watched.study.trials[0], seconds=0).epochs == watched.run.epoch


def test_a_trial_that_is_given_to_a_person_decides_nothing_and_keeps_its_state(monkeypatch):
    monkeypatch.setattr(record_module, "STOPPED_STATES", 5)
    record = Record(None, FACTS, 1)
    for number, score in enumerate([0.7, 0.9, 0.8]):
        end(record, replace(ENDED, number=number, score=score), model=bytes([number]))
    waits = replace(ENDED, number=3, state="running")
    end(record, waits, state=(b"ab",))
    record.mark([replace(waits, state="stopped")])
    for trial in (record.study.trials[1], record.study.trials[3]):
        record.give(replace(trial, state="steered"))
    assert record.study.best_trial.number == 2
    end(record, replace(ENDED, number=4, state="running"), state=(b"12345",))
    record.mark([replace(ENDED, number=4, state="stopped")])
    assert record.state(3) == (b"ab",)  # a person's, whatever is let go here
    assert [trial.state for trial in record.study.trials] == ["finished", "steered", "finished", "steered", "stopped"]
