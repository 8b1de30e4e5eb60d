"""`fastnorm panda`: from a terminal to a saved model and a study, and on from there; without a terminal, a word."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest
from helpers.commanding import COMMAND

from fastnorm import checks
from fastnorm.errors import MissingExtra
from fastnorm.models.model import load
from fastnorm.tune import Study

ESCAPES = re.compile(r"\x1b\[[0-9;?=>]*[a-zA-Z$]|\x1b[PX_^].*?\x1b\\|\x1b.", re.DOTALL)


class Terminal:
    """A process on a terminal of 80 x 24: keys go in once a word is shown."""

    def __init__(self, *words, cwd):
        self._end, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name != "COLORTERM"}
        environment |= {"TERM": "xterm-256color"}
        ends = {"stdin": inner, "stdout": subprocess.PIPE, "stderr": inner}
        self._process = subprocess.Popen([*COMMAND, *map(str, words)], cwd=cwd, env=environment, text=True, **ends)
        os.close(inner)
        self.shown = ""

    def press_after(self, words, keys):
        """Wait until words were shown, and type."""
        self.wait_for(re.escape(words))
        os.write(self._end, keys)

    def wait_for(self, pattern):
        """Wait until what matches was shown."""
        while not re.search(pattern, ESCAPES.sub("", self.shown)):
            assert self._read()
        self.shown = ""

    def signal(self, number):
        self._process.send_signal(number)

    def _read(self):
        try:
            block = os.read(self._end, 65536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.shown += block.decode(errors="replace")
        return bool(block)

    def end(self):
        """Its exit code, and what it printed."""
        while self._read():
            pass
        printed, _ = self._process.communicate(timeout=120)
        os.close(self._end)
        return self._process.returncode, printed


def words(data, *options):
    return ["panda", data / "flowers.csv", "-t", "name", "--hidden", "8", "--epochs", "3", *options]


def test_it_is_left_and_gone_on_with(data, tmp_path):
    terminal = Terminal(*words(data), cwd=tmp_path)
    terminal.press_after("epoch 3 of 3", b"q")
    terminal.press_after("leave?", b"y")
    code, printed = terminal.end()
    assert code == 0
    folder = tmp_path / "flowers-panda"
    assert "rows: 154 training, 38 validation, 48 test" in printed
    assert re.search(r"^validation, 38 rows: accuracy [01]\.\d{4} \(best constant 0\.3421\)$", printed, re.MULTILINE)
    assert "saved flowers-panda/model.safetensors (epoch " in printed
    assert printed.splitlines()[-1].endswith("The same command goes on from here")
    assert load(folder / "model.safetensors").table is not None
    with Study.open(folder / "study.sqlite") as study:
        assert (study.trials[0].state, len(study.curve(0)), study.actions()) == ("steered", 3, [])
    again = Terminal(*words(data), cwd=tmp_path)
    again.press_after("epoch 3 of 3", b"\x1b[B")
    again.press_after("rate 0.003 to 0.001", b"\x03")
    code, printed = again.end()
    assert code == 130
    assert "saved flowers-panda/model.safetensors" in printed
    with Study.open(folder / "study.sqlite") as study:
        assert [action.kind for action in study.actions()] == ["nudge"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_it(data, tmp_path, number, code):
    terminal = Terminal(*words(data, "--epochs", 10**9), cwd=tmp_path)
    terminal.wait_for("epoch [1-9]")
    terminal.press_after("", b"q")
    terminal.wait_for(r"leave\?")  # with a question open too
    terminal.signal(number)
    ended, printed = terminal.end()
    assert ended == code
    assert "saved flowers-panda/model.safetensors" in printed
    assert "\x1b[?1049l" in terminal.shown  # the screen is the shell's again
    assert load(tmp_path / "flowers-panda" / "model.safetensors").table is not None
    with Study.open(tmp_path / "flowers-panda" / "study.sqlite") as study:
        assert study.trials[0].state == "steered"
        assert study.curve(0)


def test_a_terminal_that_is_closed_leaves_it(data, tmp_path):
    argv = [*COMMAND, *map(str, words(data, "--epochs", 10**9, "--out", tmp_path / "p"))]
    process, terminal = pty.fork()
    if process == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(argv[0], argv)
    shown = ""
    while not re.search("epoch [1-9]", ESCAPES.sub("", shown)):
        shown += os.read(terminal, 65536).decode(errors="replace")
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert load(tmp_path / "p" / "model.safetensors").table is not None


def test_the_guard_that_was_switched_off_stays_off_until_the_command_says_otherwise(data, tmp_path):
    first = Terminal(*words(data), cwd=tmp_path)
    first.press_after("guard on", b"g")
    first.press_after("guard off", b"\x03")
    assert first.end()[0] == 130
    for given, shown in [([], "guard off"), (["--guard"], "guard on")]:
        again = Terminal(*words(data, *given), cwd=tmp_path)
        again.press_after(shown, b"\x03")
        assert again.end()[0] == 130
    with Study.open(tmp_path / "flowers-panda" / "study.sqlite") as study:
        assert [action.details for action in study.actions() if action.kind == "guard"] == [{"on": False}, {"on": True}]


def test_the_study_may_lie_elsewhere_and_the_test_set_ends_it(data, tmp_path):
    study = tmp_path / "mine.sqlite"
    terminal = Terminal(*words(data, "--study", study, "--no-guard", "--optimizer", "sgd"), cwd=tmp_path)
    terminal.press_after("guard off", b"t")
    terminal.press_after("final score?", b"y")
    terminal.press_after("finished", b"q")
    terminal.press_after("leave?", b"y")
    code, printed = terminal.end()
    assert code == 0
    assert re.search(r"^test, 48 rows: accuracy [01]\.\d{4} \(best constant 0\.3333\)$", printed, re.MULTILINE)
    assert "mine.sqlite. It is finished: its test set was opened" in printed
    with Study.open(study) as record:
        assert record.actions()[-1].kind == "final_score"
        assert record.trials[0].hyperparameters["learning_rate"] == 0.1


def test_it_needs_a_terminal(command, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, printed, complaint = command(*words(data))
    wanted = "fastnorm: panda: expected a terminal, which its console needs; without one there is `fastnorm fit`\n"
    assert (code, printed, complaint) == (2, "", wanted)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def on_a_terminal(monkeypatch):
    monkeypatch.setattr("fastnorm.cli.panda._has_terminal", lambda: True)


@pytest.mark.usefixtures("on_a_terminal")
def test_textual_that_is_missing_is_told(command, data, monkeypatch):
    def extra(module, name):
        if module == "textual":
            raise MissingExtra("textual is needed for this: pip install 'fastnorm-nn[cli]'")
        return present(module, name)

    present = checks.extra
    monkeypatch.setattr(checks, "extra", extra)
    code, _, complaint = command(*words(data))
    assert (code, complaint) == (2, "fastnorm: textual is needed for this: pip install 'fastnorm-nn[cli]'\n")


@pytest.mark.usefixtures("on_a_terminal")
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--hidden", "8,x"], "--hidden: expected units of each layer like 128,128, got 'x'"),
        (["--learning-rate", "-1"], "learning_rate: expected"),
        (["--optimizer", "lion"], "Invalid value for '--optimizer'"),
        (["--study", "no/where.sqlite"], "no/where.sqlite"),
    ],
)
def test_what_is_wrong_is_said_before_the_console_opens(command, data, tmp_path, monkeypatch, options, complaint):
    monkeypatch.chdir(tmp_path)
    code, _, said = command(*words(data, *options))
    assert code == 2
    assert said.startswith(f"fastnorm: {complaint}")
    assert len(said.splitlines()) == 1


@pytest.mark.usefixtures("on_a_terminal")
def test_a_model_without_its_study_is_not_overwritten(command, data, tmp_path):
    model = tmp_path / "model.safetensors"
    model.write_text("mine")
    code, _, said = command(*words(data, "--out", tmp_path))
    assert (code, said) == (
        2,
        f"fastnorm: {model}: exists and no study is beside it; give another --out, or remove it\n",
    )
    assert model.read_text() == "mine"
