"""Study: what is recorded comes back; a file is read while it grows, survives a kill, and is never overwritten."""

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from fastnorm.errors import DataError, FileError
from fastnorm.run import Epoch
from fastnorm.tune import Choice, Float, Study, Trial
from fastnorm.tune._space import pack_space

SPACE = {"learning_rate": Float(1e-4, 0.1, scale="log"), "hidden": Choice([[3], [4, 5]])}
FACTS = json.loads(json.dumps({"metric": "accuracy", "seed": 3, "epochs": 2, "space": pack_space(SPACE)}))
TRIAL = Trial(0, {"learning_rate": 0.1, "hidden": [4, 5]}, 11)
CURVE = [Epoch(1, 0.5, 0.7, 0.6, 0.6, 0.1, 2.5, 0.01), Epoch(2, 0.1 + 0.2, 0.8, 0.5, 0.7, 0.05, 1.5, 0.01)]
ENDED = replace(TRIAL, state="finished", score=0.7, loss=0.5, best_epoch=2, epochs=2, seconds=0.1)


class Weights:
    """Stands for a model: a study keeps its bytes."""

    def __init__(self, content):
        self.content = content

    def to_bytes(self):
        return self.content


def kept(study):
    return dict(study._connection.execute("SELECT trial, content FROM models"))


def test_what_is_recorded_is_read(tmp_path):
    study = Study.create(tmp_path / "s.sqlite", FACTS)
    study.start(TRIAL)
    assert study.trials == [TRIAL]
    with pytest.raises(DataError, match="no trial has a score"):
        _ = study.best_trial
    study.end(ENDED, CURVE, Weights(b"w"))
    for reader in (study, Study.open(tmp_path / "s.sqlite")):
        assert reader.trials == [ENDED]
        assert reader.best_trial == ENDED
        assert reader.best_params == TRIAL.hyperparameters
        assert reader.curve(0) == CURVE
        assert reader.curve(1) == []
        assert reader.space == SPACE
        assert reader.facts == FACTS
        assert repr(reader) == "Study(1 trials: 1 finished)"
        assert kept(reader) == {0: b"w"}


def test_nan_in_a_curve_stays_nan():
    study = Study.create(None, FACTS)
    study.end(replace(ENDED, state="diverged"), [replace(CURVE[0], loss=math.nan, validation_loss=math.inf)], None)
    (epoch,) = study.curve(0)
    assert math.isnan(epoch.loss)
    assert epoch.validation_loss == math.inf


def test_only_models_that_may_be_the_best_are_kept():
    study = Study.create(None, FACTS)
    for number, score, left in [(1, 0.8, {1}), (2, 0.7, {1}), (3, 0.9, {1, 3}), (0, 0.85, {3}), (4, 0.9, {3})]:
        study.end(replace(ENDED, number=number, score=score), [], Weights(bytes([number])))
        assert kept(study) == {number: bytes([number]) for number in left}  # 1 to 3 wait for 0


def test_a_study_is_never_overwritten(tmp_path):
    file = tmp_path / "s.sqlite"
    Study.create(file, FACTS).close()
    before = file.read_bytes()
    with pytest.raises(FileError, match=r"s\.sqlite: exists, and a study is never overwritten"):
        Study.create(file, FACTS)
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_made_is_named(tmp_path):
    with pytest.raises(FileError, match=r"nowhere/s\.sqlite: cannot make this file \(No such file"):
        Study.create(tmp_path / "nowhere" / "s.sqlite", FACTS)


def test_what_is_no_study_is_refused(tmp_path):
    text, empty, other = tmp_path / "text", tmp_path / "empty", tmp_path / "other"
    text.write_text("a,b\n1,2\n" * 1000)
    empty.touch()
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE study (a)")
    connection.close()
    for file, words in [(text, "not a database"), (empty, "expected a fastnorm study"), (other, "expected a fastnorm")]:
        with pytest.raises(FileError, match=f"{file.name}: .*{words}"):
            Study.open(file)
    with pytest.raises(FileError, match="missing: no such file"):
        Study.open(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


def test_a_reader_cannot_write(tmp_path):
    Study.create(tmp_path / "s.sqlite", FACTS)
    with pytest.raises(FileError, match="readonly database"):
        Study.open(tmp_path / "s.sqlite").start(TRIAL)


def test_an_unknown_state_is_refused(tmp_path):
    study = Study.create(tmp_path / "s.sqlite", FACTS)
    study.start(replace(TRIAL, state="winning"))
    with pytest.raises(FileError, match="trial 0 has an unknown state 'winning'"):
        _ = study.trials


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from test_tune_study import *
study = Study.create(sys.argv[1], FACTS)
for number in range(3):
    study.start(replace(TRIAL, number=number))
    study.end(replace(ENDED, number=number, score=number / 10), CURVE, Weights(b"w"))
study.start(replace(TRIAL, number=3))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_all_that_had_ended(tmp_path):
    file = tmp_path / "s.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(file), os.path.dirname(__file__)], check=False)
    assert done.returncode == -signal.SIGKILL
    study = Study.open(file)
    assert [trial.state for trial in study.trials] == ["finished", "finished", "finished", "running"]
    assert study.best_trial.number == 2
    assert kept(study) == {2: b"w"}
    assert study.curve(2) == CURVE
