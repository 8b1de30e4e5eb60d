"""A study in a folder that nobody may write into is read, with all its trials or not at all."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from helpers.searching import search

from fastnorm.tune import Study
from fastnorm.tune.study import connection

READS = """
import os, sys, tempfile
from contextlib import redirect_stdout, suppress
from pathlib import Path
from fastnorm import cli
from fastnorm.tune import Study
file, deed = Path(sys.argv[1]), sys.argv[2]
with suppress(SystemExit), redirect_stdout(None):
    cli.main(["info"])  # imports what may lie where only root reads
if os.geteuid() == 0:  # to whom permissions mean nothing
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
assert not os.access(file.parent, os.W_OK)
if deed == "trials":
    cli.main(["trials", str(file.parent)])
if deed == "no copy":
    tempfile.tempdir = str(file.parent)
    try:
        Study.open(file)
    except Exception as error:
        print(type(error).__name__, error)
else:
    with Study.open(file) as study:
        print(len(study.trials), study.best_trial.number, study.path == file)
    print(os.listdir(tempfile.gettempdir()))
"""


@pytest.fixture
def folder():
    """A folder that others may look into, unlike pytest's."""
    outer = Path(tempfile.mkdtemp())
    outer.chmod(0o755)
    folder, scratch = outer / "folder", outer / "scratch"
    folder.mkdir()
    scratch.mkdir()
    scratch.chmod(0o777)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(outer)


def close(folder):
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)


def read(file, deed="open"):
    environment = {**os.environ, "TMPDIR": str(file.parent.with_name("scratch"))}
    words = [sys.executable, "-c", READS, file, deed]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.stderr == ""
    return done.stdout.splitlines()


def write(file, folder, shared=()):
    """Put into the folder what a process leaves that is killed after three trials; `shared` are names of its files."""

    def copy(study, trial):
        if sum(trial.state == "finished" for trial in study.trials) == 3:
            for ending in ("", "-wal", *shared):
                shutil.copyfile(f"{file}{ending}", folder / f"study.sqlite{ending}")

    search(study=file, trials=3, workers=1, callbacks=[copy])
    return folder / "study.sqlite"


def test_a_finished_study_is_read(folder):
    file = folder / "study.sqlite"
    search(study=file, trials=3).close()
    assert [path.name for path in folder.iterdir()] == [file.name]
    close(folder)
    assert read(file) == [f"3 {Study.open(file).best_trial.number} True", "[]"]
    head, *rows = read(file, "trials")
    assert (head.split()[0], len(rows)) == ("trial", 3)


@pytest.mark.parametrize("shared", [(), ("-shm",)])
def test_one_whose_process_was_killed_is_read_with_its_last_trials(tmp_path, folder, shared):
    file = write(tmp_path / "s.sqlite", folder, shared)
    assert file.with_name("study.sqlite-wal").stat().st_size > 0
    close(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    best = search(trials=3, workers=1).best_trial.number
    assert read(file) == [f"3 {best} True", "[]"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_where_no_copy_can_be_made_it_is_not_read_without_them(tmp_path, folder):
    file = write(tmp_path / "s.sqlite", folder)
    close(folder)
    (words,) = read(file, "no copy")
    assert words.startswith(f"FileError {file}: ")
    assert "Permission denied" in words


def test_one_that_is_written_meanwhile_is_not_copied(tmp_path, folder, monkeypatch):
    file, copy = write(tmp_path / "s.sqlite", folder), shutil.copyfile

    def written(source, target):
        copy(source, target)
        with open(file, "ab") as more:
            more.write(b"\0")

    monkeypatch.setattr(connection.shutil, "copyfile", written)
    monkeypatch.setattr(tempfile, "tempdir", str(folder.with_name("scratch")))
    with pytest.raises(connection.FileError, match=f"{file}: it was written while it was copied"):
        connection.connect_as_it_is(file)
    assert os.listdir(folder.with_name("scratch")) == []
