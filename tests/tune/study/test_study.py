"""Study: what is recorded comes back; a file is read while it grows, survives a kill, and is never overwritten."""

import math
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import path_for
from helpers.records import CURVE, ENDED, FACTS, SPACE, TRIAL, end

from fastnorm.errors import DataError, FileError
from fastnorm.tune import Study
from fastnorm.tune.search import record as record_module
from fastnorm.tune.search.record import Record
from fastnorm.tune.study import schema
from fastnorm.tune.study.writer import Writer


def kept(study):
    return dict(study._connection.execute("SELECT trial, content FROM models"))


def test_what_is_recorded_is_read(tmp_path):
    record = Record(tmp_path / "s.sqlite", FACTS, 1)
    study = record.study
    record.start(TRIAL)
    assert study.trials == [TRIAL]
    with pytest.raises(DataError, match="no trial has a score"):
        _ = study.best_trial
    end(record, ENDED, CURVE, b"w")
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
    record = Record(None, FACTS, 1)
    end(record, replace(ENDED, state="diverged"), [replace(CURVE[0], loss=math.nan, validation_loss=math.inf)])
    (epoch,) = record.study.curve(0)
    assert math.isnan(epoch.loss)
    assert epoch.validation_loss == math.inf


def test_only_models_that_may_be_the_best_are_kept():
    record = Record(None, FACTS, 1)
    for number, score, left in [(1, 0.8, {1}), (2, 0.7, {1}), (3, 0.9, {1, 3}), (0, 0.85, {3}), (4, 0.9, {3})]:
        end(record, replace(ENDED, number=number, score=score), model=bytes([number]))
        assert kept(record.study) == {number: bytes([number]) for number in left}  # 1 to 3 wait for 0


def test_a_study_of_an_older_format_is_told_from_another_kind_of_file(tmp_path):
    Record(tmp_path / "s.sqlite", FACTS, 1).close()
    connection = sqlite3.connect(tmp_path / "s.sqlite")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    for take in (Study.open, lambda file: Record(file, FACTS, 1)):
        with pytest.raises(FileError, match="expected a fastnorm study of format 3, got one of format 2, of another"):
            take(tmp_path / "s.sqlite")


def test_another_kind_of_file_is_never_overwritten(tmp_path):
    text, other = tmp_path / "text", tmp_path / "other"
    text.write_text("a,b\n1,2\n" * 1000)
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE study (a)")
    connection.close()
    for file, words in [(text, "not a database"), (other, "expected a fastnorm study")]:
        before = file.read_bytes()
        with pytest.raises(FileError, match=f"{file.name}: .*{words}"):
            Record(file, FACTS, 1)
        assert file.read_bytes() == before


def test_a_file_that_cannot_be_made_is_named(tmp_path):
    with pytest.raises(FileError, match=r"nowhere/s\.sqlite: cannot make this file \(No such file"):
        Record(tmp_path / "nowhere" / "s.sqlite", FACTS, 1)


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
    Record(tmp_path / "s.sqlite", FACTS, 1)
    reader = Study.open(tmp_path / "s.sqlite")
    with pytest.raises(sqlite3.OperationalError, match="readonly database"):
        reader._connection.execute("DELETE FROM trials")


def test_an_unknown_state_is_refused(tmp_path):
    record = Record(tmp_path / "s.sqlite", FACTS, 1)
    record.start(replace(TRIAL, state="winning"))
    with pytest.raises(FileError, match="trial 0 has an unknown state 'winning'"):
        _ = record.study.trials


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2].split(os.pathsep)
from test_study import *
record = Record(Path(sys.argv[1]), FACTS, 1)
for number in range(3):
    record.start(replace(TRIAL, number=number))
    end(record, replace(ENDED, number=number, score=number / 10), CURVE, b"w")
record.start(replace(TRIAL, number=3))
record.commit()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_all_that_had_ended(tmp_path):
    file = tmp_path / "s.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(file), path_for(__file__)], check=False)
    assert done.returncode == -signal.SIGKILL
    study = Study.open(file)
    assert [trial.state for trial in study.trials] == ["finished", "finished", "finished", "running"]
    assert study.best_trial.number == 2
    assert kept(study) == {2: b"w"}
    assert study.curve(2) == CURVE


def test_a_study_that_goes_on_gives_its_trials_back(tmp_path):
    record = Record(tmp_path / "s.sqlite", FACTS, 1)
    waits = replace(TRIAL, number=1, epochs=1, score=0.6, loss=0.6, best_epoch=1, seconds=0.1)
    end(record, ENDED, CURVE, b"0")
    end(record, waits, CURVE[:1], b"1", (b"a", b"bc"))
    end(record, replace(ENDED, number=2, state="cut"), CURVE, b"2", (b"d",))
    record.start(replace(TRIAL, number=3))
    record.close()
    again = Record(tmp_path / "s.sqlite", FACTS, 1)
    assert list(again.resume()) == [
        (ENDED, CURVE),
        (waits, CURVE[:1]),
        (replace(ENDED, number=2, state="running"), CURVE),
        (replace(TRIAL, number=3), []),
    ]
    assert [again.state(number) for number in range(4)] == [(), (b"a", b"bc"), (b"d",), ()]
    assert kept(again.study) == {0: b"0", 1: b"1", 2: b"2"}  # what goes on needs its best model so far
    end(again, replace(waits, state="finished"))
    assert kept(again.study) == {0: b"0", 2: b"2"}


def test_the_states_of_the_trials_that_were_stopped_last_are_kept(monkeypatch):
    monkeypatch.setattr(record_module, "STOPPED_STATES", 5)
    record = Record(None, FACTS, 1)
    for number in range(4):
        waits = replace(ENDED, number=number, state="running")
        end(record, waits, state=(b"ab",))
        record.mark([replace(waits, state="stopped")])
    assert [record.state(number) for number in range(4)] == [(), (), (b"ab",), (b"ab",)]
    record.revive(2)
    end(record, replace(ENDED, number=4, state="running"), state=(b"12345",))
    record.mark([replace(ENDED, number=4, state="stopped")])
    assert [record.state(number) for number in (2, 3, 4)] == [(b"ab",), (), (b"12345",)]


@pytest.mark.parametrize("name", ["seed", "space", "epochs"])
def test_a_study_made_with_other_options_is_refused(tmp_path, name):
    Record(tmp_path / "s.sqlite", FACTS, 1).close()
    with pytest.raises(FileError, match=rf"s\.sqlite: {name}: this search has 9, the study was made with"):
        Record(tmp_path / "s.sqlite", {**FACTS, name: 9}, 1)


@pytest.mark.parametrize(
    ("name", "made", "words"),
    [
        ("variant", "base", "weights would differ in their last bits, .*; go on with FASTNORM_ISA=base, or "),
        (
            "variant",
            "avx1024",
            "weights would differ in their last bits, .*; go on where avx1024 runs, not on this CPU, ",
        ),
        ("version", "0.0.7", "another version may draw and train in another way; go on with fastnorm 0.0.7, or "),
    ],
)
def test_a_study_of_another_computer_or_version_is_refused_with_the_way_out(tmp_path, name, made, words):
    file = tmp_path / "s.sqlite"
    Record(file, {**FACTS, name: made}, 1).close()
    way_out = rf"{words}.*begin with the best of this study \(start_from=, --start-from {file}\)$"
    with pytest.raises(FileError, match=rf"^{file}: {name}: this search has here, the study .* {made}; {way_out}"):
        Record(file, {**FACTS, name: "here"}, 1)
    with pytest.raises(FileError, match=r"or give another path$"):  # a panda has nothing to begin with
        Writer(file, {**FACTS, name: "here"}, "run")


def test_history_and_frame(tmp_path):
    record = Record(None, FACTS, 1)
    scores = [0.5, 0.4, 0.7, None, 0.7, 0.8]
    for number, score in enumerate(scores):
        state = "finished" if score is not None else "failed"
        end(record, replace(ENDED, number=number, score=score, state=state))
    assert [trial.number for trial in record.study.history] == [0, 2, 5]
    frame = record.study.trials_dataframe()
    assert frame.columns[-2:] == ["params_learning_rate", "params_hidden"]
    assert frame["score"].to_list() == scores
    assert frame["params_hidden"].to_list() == [[4, 5]] * 6


@pytest.mark.parametrize("missing", [None, "polars"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 0.5, None], [1.0, 0.5, None]),
        ([[4], "a", None], ["[4]", "a", None]),
        (["a", None, "b"], ["a", None, "b"]),
    ],
)
def test_a_column_of_the_frame_is_of_one_kind(monkeypatch, missing, values, expected):
    if missing is not None:
        monkeypatch.setitem(sys.modules, missing, None)
    record = Record(None, FACTS, 1)
    for number, value in enumerate(values):
        end(record, replace(ENDED, number=number, hyperparameters={} if value is None else {"hidden": value}))
    found = list(record.study.trials_dataframe()["params_hidden"])
    assert [None if value != value else value for value in found] == expected  # pandas has nan


def test_confirmations_decide_about_the_best():
    record = Record(None, FACTS, 2)
    with pytest.raises(DataError, match="expected two trials of 2 runs or more, got 0"):
        _ = record.study.comparison
    for number, score in enumerate([0.8, 0.9, 0.7]):
        end(record, replace(ENDED, number=number, score=score), model=bytes([number]))
    study = record.study
    assert study.leaders(2) == [study.trials[1], study.trials[0]]
    for number, scores in [(1, [0.7, 0.8]), (0, [0.75, 0.76])]:
        for seed, score in enumerate(scores):
            record.confirm(number, seed, replace(ENDED, score=score))
    assert study.confirmations == {0: [0.75, 0.76], 1: [0.7, 0.8]}
    assert study.best_trial.number == 0
    assert (study.comparison.first, study.comparison.told_apart) == (0, False)
    end(record, replace(ENDED, number=3, score=0.95), model=b"3")
    assert study.best_trial == study.best_so_far == study.trials[3]  # none knows yet what it is worth


def test_what_waits_is_on_the_disk_beyond_a_budget(monkeypatch):
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("this system does not say how much memory a process has")

    def memory():
        return int(status.read_text().split("VmRSS:")[1].split()[0]) / 1024  # MB

    monkeypatch.setattr(schema, "CACHE_KIB", 4096)
    record = Record(None, FACTS, 1)
    before = memory()
    for number in range(100):
        end(record, replace(ENDED, number=number, state="running"), state=(bytes([number]) * 10**6,))
    assert memory() - before < 50
    assert record.state(3) == (bytes([3]) * 10**6,)
