"""A study that another program holds is waited for, with a word, as long as there is time."""

import io
import signal
import sqlite3
import subprocess
import sys

import pytest
from helpers.commanding import COMMAND
from helpers.searching import search, table

from fastnorm.cli.progress import SearchProgress
from fastnorm.errors import FileError
from fastnorm.models.model import load
from fastnorm.tune import Study
from fastnorm.tune.study import connection as connection_module

WAITS = "{file}: another program holds this study; waiting\n"


class Holder:
    """Another program, which holds a study from writers, or from readers too."""

    def __init__(self, file, from_readers=False):
        self.connection_module = sqlite3.connect(file, isolation_level=None, timeout=60)
        if from_readers:
            self.connection_module.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.connection_module.execute("BEGIN IMMEDIATE")
        self.connection_module.execute("CREATE TABLE something (x)")

    def let_go(self, *_):
        self.connection_module.rollback()
        self.connection_module.close()


class Heard(io.StringIO):
    """A stderr whose first words have something done."""

    def __init__(self, deed):
        super().__init__()
        self._deed = deed

    def write(self, words):
        deed, self._deed = self._deed, lambda words: None
        super().write(words)
        deed(words)


@pytest.fixture(autouse=True)
def said_at_once(monkeypatch):
    monkeypatch.setattr(connection_module, "SAYS_AFTER", 0.0)


def held(file, monkeypatch, deed=Holder.let_go):
    """A callback that has another program take the study; the first words on stderr have a deed done to it."""
    holders = []

    def callback(study, trial):
        if not holders:
            holders.append(Holder(file))
            monkeypatch.setattr(sys, "stderr", Heard(lambda words: deed(holders[0])))

    return callback, holders


def test_a_search_waits_and_says_so_once(tmp_path, monkeypatch):
    file = tmp_path / "s.sqlite"
    callback, _ = held(file, monkeypatch)
    study = search(study=file, callbacks=[callback])
    assert sys.stderr.getvalue() == WAITS.format(file=file)
    assert table(study) == table(search())


def test_a_search_begins_with_waiting_too(tmp_path, monkeypatch):
    file = tmp_path / "s.sqlite"
    search(study=file, trials=1)
    holder = Holder(file)
    monkeypatch.setattr(sys, "stderr", Heard(holder.let_go))
    assert len(search(study=file, trials=2).trials) == 2
    assert sys.stderr.getvalue() == WAITS.format(file=file)


def test_ctrl_c_ends_the_waiting_and_the_search_goes_on_later(tmp_path, monkeypatch):
    monkeypatch.setattr(connection_module, "AT_LEAST", 0.0)
    file = tmp_path / "s.sqlite"
    callback, holders = held(file, monkeypatch, lambda holder: signal.raise_signal(signal.SIGINT))
    with (
        pytest.warns(UserWarning, match="holds this study, and the time is over.*will be done again"),
        pytest.raises(KeyboardInterrupt),
    ):
        search(study=file, callbacks=[callback])
    holders[0].let_go()
    assert table(search(study=file)) == table(search())


def test_a_time_limit_ends_the_waiting(tmp_path, monkeypatch):
    monkeypatch.setattr(connection_module, "AT_LEAST", 0.0)
    file = tmp_path / "s.sqlite"
    callback, holders = held(file, monkeypatch, lambda holder: None)
    with (
        pytest.warns(UserWarning, match="will be done again"),
        pytest.raises(FileError, match=f"{file}: another program holds this study, and the time is over; try again"),
    ):
        search(study=file, timeout=0.2, trials=None, callbacks=[callback])
    holders[0].let_go()
    assert search(study=file).best_trial.score > 0.3


def test_a_reader_waits_too(tmp_path, monkeypatch):
    file = tmp_path / "s.sqlite"
    search(study=file, trials=2).close()
    monkeypatch.setattr(sys, "stderr", Heard(Holder(file, from_readers=True).let_go))
    with Study.open(file) as study:
        assert len(study.trials) == 2
    assert sys.stderr.getvalue() == WAITS.format(file=file)


def start(*words):
    words = [*COMMAND, *map(str, words)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_line_waits(tmp_path):
    file = tmp_path / "study.sqlite"
    search(study=file, trials=2).close()
    holder = Holder(file, from_readers=True)
    process = start("trials", tmp_path)
    assert process.stderr.readline() == WAITS.format(file=file)
    holder.let_go()
    printed, complaint = process.communicate(timeout=120)
    assert (process.returncode, complaint, len(printed.splitlines())) == (0, "", 3)


def test_a_signal_saves_what_is_recorded_of_a_study_that_is_held(tmp_path):
    file = tmp_path / "study.sqlite"
    process = start("tune", "--example", "digits", "--trials", 10**6, "--epochs", 1, "--out", tmp_path)
    assert "best accuracy" in process.stderr.readline()
    holder = Holder(file)
    while process.stderr.readline() != WAITS.format(file=file):
        assert process.poll() is None
    process.terminate()
    printed, complaint = process.communicate(timeout=120)
    holder.let_go()
    assert process.returncode == 143
    assert "interrupted; the best so far:" in printed
    assert "note: " in complaint
    assert "what is not recorded will be done again" in complaint
    assert load(tmp_path / "model.safetensors").table.classes == list(range(10))


def test_a_study_that_is_held_at_the_time_limit_costs_no_model(command, data, tmp_path, monkeypatch):
    def hold(progress, study, trial):
        if not holders and trial.state == "finished":
            holders.append(Holder(study.path))
        called(progress, study, trial)

    holders, called = [], SearchProgress.__call__
    monkeypatch.setattr(connection_module, "AT_LEAST", 0.0)
    monkeypatch.setattr(SearchProgress, "__call__", hold)
    options = ["--epochs", 2, "--minutes", 0.01, "--out", tmp_path]
    code, printed, complaint = command("tune", data / "flowers.csv", "-t", "name", *options)
    holders[0].let_go()
    assert (code, "interrupted; the best so far:" in printed) == (2, True)
    assert complaint.splitlines()[-1].endswith(
        "another program holds this study, and the time is over; try again later"
    )
    assert load(tmp_path / "model.safetensors").table is not None
