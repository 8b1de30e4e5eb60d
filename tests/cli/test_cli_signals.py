"""SIGTERM and SIGHUP end a command as Ctrl-C does: what is best so far is saved, the exit code says which it was."""

import os
import pty
import signal
import subprocess
import time

import pytest
from helpers.commanding import COMMAND

from fastnorm.cli import signals
from fastnorm.cli.progress import SearchProgress
from fastnorm.models.model import Model, load
from fastnorm.tune import Study

ENDLESS = 10**9
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def start(*arguments, **options):
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def fit(out, *options):
    return ["fit", "--example", "digits", "--epochs", ENDLESS, "--hidden", "8", "--out", out, *options]


def first_line(process):
    assert "left, best accuracy" in process.stderr.readline()


def end(process, number):
    """Its exit code, what it printed and complained of, after signals that come twice and mixed."""
    process.send_signal(number)
    process.send_signal(number)
    process.send_signal(signal.SIGTERM if number == signal.SIGINT else signal.SIGINT)
    printed, complaint = process.communicate(timeout=120)
    return process.returncode, printed, complaint


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_search_saves_the_best_so_far(tmp_path, number):
    out = tmp_path / "digits"
    process = start("tune", "--example", "digits", "--trials", ENDLESS, "--epochs", 1, "--out", out)
    first_line(process)
    process.send_signal(number)
    printed, complaint = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in complaint) == (CODES[number], False)
    assert "interrupted; the best so far:" in printed
    assert load(out / "model.safetensors").table.classes == list(range(10))
    assert not (out / "study.sqlite.lock").exists()
    with Study.open(out / "study.sqlite") as study:
        assert {trial.state for trial in study.trials} <= {"finished", "cut"}


@pytest.mark.parametrize("number", CODES)
def test_signals_that_follow_the_first_do_not_lose_the_model(tmp_path, number):
    process = start(*fit(tmp_path / "m.safetensors"))
    first_line(process)
    code, printed, complaint = end(process, number)
    assert code in CODES.values()  # which of several pending signals a process sees first is the system's choice
    assert "interrupted; the best so far:" in printed
    assert "Traceback" not in complaint
    assert load(tmp_path / "m.safetensors").table.classes == list(range(10))


def test_a_signal_within_the_saving_lets_it_end(command, data, tmp_path, monkeypatch):
    def save(model, path):
        signal.raise_signal(signal.SIGTERM)
        saved(model, path)

    saved = Model.save
    monkeypatch.setattr(Model, "save", save)
    before = [signal.getsignal(number) for number in CODES]
    model = tmp_path / "m.safetensors"
    code, printed, _ = command("fit", data / "flowers.csv", "-t", "name", "--epochs", 1, "--out", model)
    assert (code, printed.splitlines()[-1]) == (143, f"saved {model}")
    assert load(model).table is not None
    assert [signal.getsignal(number) for number in CODES] == before


def test_one_that_comes_much_later_raises_again(monkeypatch):
    """The first may have been raised where nobody heard it, and a saving may never end."""
    with signals.Signals() as caught:
        now = time.monotonic()
        for later in (now, now + signals.SAVING + 1):
            monkeypatch.setattr("time.monotonic", lambda later=later: later)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)
    assert caught.received == signal.SIGTERM


def test_one_before_any_model_keeps_nothing_and_says_so(command, data, tmp_path, monkeypatch):
    monkeypatch.setattr(SearchProgress, "__enter__", lambda progress: signal.raise_signal(signal.SIGTERM))
    code, _, complaint = command("fit", data / "flowers.csv", "-t", "name", "--out", tmp_path / "m.safetensors")
    assert (code, complaint.strip()) == (143, "interrupted before any model was scored: nothing to keep")
    assert list(tmp_path.iterdir()) == []


def test_a_hangup_that_was_ignored_stays_so(tmp_path):
    ignoring = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}  # as nohup starts a command
    process = start(*fit(tmp_path / "m.safetensors"), **ignoring)
    first_line(process)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode == 143  # were it not, the hangup would have come first: it has the lower number


def test_a_terminal_that_is_closed_does_not_keep_the_model_from_being_saved(tmp_path):
    words = [*COMMAND, *map(str, fit(tmp_path / "m.safetensors"))]
    process, terminal = pty.fork()  # of which the child is the first process: a hangup reaches it
    if process == 0:
        os.execvp(words[0], words)
    shown = b""
    while b"best accuracy" not in shown:
        shown += os.read(terminal, 65536)
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert load(tmp_path / "m.safetensors").table.classes == list(range(10))


@pytest.mark.parametrize("words", ["info", "trials {tuned}", "predict {tuned}/model.safetensors {data}/flowers.csv"])
@pytest.mark.parametrize("number", CODES)
def test_short_commands_end_with_these_codes_too(command, tuned, data, monkeypatch, words, number):
    monkeypatch.setattr("fastnorm.cli.commands.read_blocks", lambda *_, **__: signal.raise_signal(number))
    monkeypatch.setattr(Study, "open", lambda *_: signal.raise_signal(number))
    monkeypatch.setattr("fastnorm.kernels.cpu.variants", lambda: signal.raise_signal(number))
    code, printed, complaint = command(*words.format(tuned=tuned[0], data=data).split())
    assert (code, printed, complaint.strip()) == (CODES[number], "", "")
