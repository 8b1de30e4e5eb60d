"""The command line, through its entry point: from a file to predictions, what it says, its exit codes."""

import errno
import os
import pty
import re
import signal
import subprocess
import sys

import numpy as np
import polars
import pytest
from helpers.commanding import COMMAND, run

import fastnorm
from fastnorm.kernels import cpu
from fastnorm.models.model import load
from fastnorm.tune import Study


def scores_of(printed, name):
    """Validation score, that of the best constant, and the same of the test rows."""
    (row,) = re.findall(rf"^{name} +(.*)$", printed, re.MULTILINE)
    return [float(cell) for cell in row.split()]


def test_tune_ends_with_a_model_a_study_and_a_table(tuned):
    out, done = tuned
    assert done.returncode == 0, done.stderr
    assert "task: classification, because its values are words; --task regression changes it" in done.stdout
    assert "rows: 154 training, 38 validation, 48 test" in done.stdout
    study = Study.open(out / "study.sqlite")
    assert [trial.state for trial in study.trials] == ["finished"] * 4
    title, scores, rows, legend, _, *cautions = done.stdout.splitlines()[-8:-1]
    assert title.split() == ["validation", "constant", "test", "constant"]
    assert scores.split()[:2] == ["accuracy", f"{study.best_trial.score:.4f}"]
    assert scores.split()[2::2] == [f"{13 / 38:.4f}", f"{16 / 48:.4f}"]  # of the most frequent class
    assert float(scores.split()[3]) > 0.8
    assert rows.split() == ["rows", "38", "48"]
    assert legend == "constant: the best constant prediction for these rows, by each score"
    assert cautions == ["caution: the validation scores rest on 38 rows", "caution: the test scores rest on 48 rows"]
    assert done.stdout.splitlines()[-1] == f"saved {out / 'model.safetensors'} and {out / 'study.sqlite'}"


def test_without_a_terminal_progress_is_plain_lines(tuned):
    lines = tuned[1].stderr.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"{count} of 4 trials" for count in (1, 2, 3, 4)]
    assert all(re.search(r", \d+:\d\d left, best accuracy [01]\.\d{4} \(trial \d\)$", line) for line in lines)
    assert "\x1b" not in tuned[1].stderr


def test_predict_gives_a_row_for_each_row_in_order(tuned, data, tmp_path):
    model, rows = tuned[0] / "model.safetensors", tmp_path / "rows.csv"
    frame = polars.read_csv(data / "flowers.csv").drop("name")
    frame.write_csv(rows)
    done = run("predict", model, rows, "--out", tmp_path / "predictions.csv", "--proba")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    predictions = polars.read_csv(tmp_path / "predictions.csv")
    classes = ["iris", "lily, tall", "rose"]
    assert predictions.columns == ["prediction", *(f"probability_{name}" for name in classes)]
    assert predictions["prediction"].to_list() == list(load(model).predict(frame))
    probabilities = predictions.drop("prediction").to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert [classes[row] for row in probabilities.argmax(axis=1)] == predictions["prediction"].to_list()
    names = polars.read_csv(data / "flowers.csv")["name"]
    assert (names == predictions["prediction"]).mean() > 0.8
    backward = tmp_path / "backward.csv"
    frame.reverse().write_csv(backward)
    printed = run("predict", model, backward).stdout.splitlines()
    assert printed == ["prediction", *(f'"{p}"' if "," in p else p for p in predictions["prediction"].to_list()[::-1])]


def test_predict_takes_a_folder_and_makes_one(tuned, command, data, tmp_path):
    out = tmp_path / "new" / "folder" / "p.csv"
    assert command("predict", tuned[0], data / "flowers.csv", "--out", out) == (0, "", "")
    _, printed, _ = command("predict", tuned[0] / "model.safetensors", data / "flowers.csv")
    assert out.read_text() == printed
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    assert run("predict", tuned[0], data / "flowers.csv", "--out", "/dev/stdout").stdout == printed


def test_predictions_are_written_whole_or_not_at_all(tuned, command, data, tmp_path, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "p.csv"
    out.write_text("those of yesterday")
    monkeypatch.setattr(os, "fsync", fsync)
    code, _, complaint = command("predict", tuned[0], data / "flowers.csv", "--out", out)
    assert (code, complaint) == (2, f"fastnorm: {out}: cannot be written: No space left on device\n")
    assert out.read_text() == "those of yesterday"
    assert list(tmp_path.iterdir()) == [out]


def test_the_same_command_gives_the_same_model(tuned, command, data, tmp_path):
    out, _ = tuned
    options = ["--trials", 4, "--epochs", 10, "--workers", 1, "--seed", 1, "--out", tmp_path / "again"]
    code, _, _ = command("tune", data / "flowers.csv", "--target", "name", *options)
    assert code == 0
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (out / "model.safetensors").read_bytes()


def test_a_model_without_its_study_is_not_overwritten(command, data, tmp_path):
    model = tmp_path / "model.safetensors"
    model.write_text("mine")
    code, printed, complaint = command("tune", data / "flowers.csv", "--target", "name", "--out", tmp_path)
    words = f"fastnorm: {model}: exists and no study is beside it; give another --out, or remove it\n"
    assert (code, printed, complaint) == (2, "", words)
    assert model.read_text() == "mine"


def test_regression_is_scored_in_the_targets_own_units(command, data, tmp_path):
    options = ["--trials", 4, "--epochs", 40, "--out", tmp_path / "prices"]
    code, printed, _ = command("tune", data / "prices.csv", "-t", "price", *options)
    assert code == 0
    assert "task: regression, because it has values with decimals; --task classification changes it" in printed
    names = ("root mean squared error", "mean absolute error", "R squared")
    squared, absolute, explained = (scores_of(printed, name) for name in names)
    assert 100 < absolute[2] < squared[2] < 20_000 < absolute[3] < squared[3]
    assert explained[1] == explained[3] == 0
    assert 0.5 < explained[2] <= 1


def test_a_task_that_is_given_is_not_called_guessed(command, data, tmp_path):
    options = ["--task", "classification", "--trials", 1, "--epochs", 1, "--out", tmp_path / "x"]
    code, printed, _ = command("tune", data / "flowers.csv", "-t", "name", *options)
    assert code == 0
    assert printed.startswith("task: classification\n")


def test_minutes_end_a_search(command, tmp_path):
    code, printed, _ = command("tune", "--example", "digits", "--minutes", 0.02, "--epochs", 1, "--out", tmp_path / "d")
    assert code == 0
    assert "rows: 1150 training, 288 validation, 359 test" in printed
    assert Study.open(tmp_path / "d" / "study.sqlite").best_trial.score > 0.5


def test_fit_keeps_the_best_epoch(command, data, tmp_path):
    options = ["--hidden", "16,8", "--epochs", 12, "--batch-size", 16, "--out", tmp_path / "m.safetensors"]
    code, printed, progress = command("fit", data / "flowers.csv", "-t", "name", *options)
    assert code == 0
    epochs = [int(line.split()[1]) for line in progress.splitlines()]
    assert epochs == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]  # the first, and where another tenth is done
    assert progress.splitlines()[-1].startswith("epoch 12 of 12, 0:00 left, best accuracy ")
    best = progress.splitlines()[-1].split("best accuracy ")[1].split()[0]
    assert scores_of(printed, "accuracy")[0] == float(best)
    assert re.search(r"^epoch \d+: hidden \[16, 8\], ", printed, re.MULTILINE)
    code, printed, _ = command("predict", tmp_path / "m.safetensors", data / "flowers.csv")
    assert (code, len(printed.splitlines())) == (0, 241)


def test_fit_without_hidden_layers_is_softmax_regression(command, tmp_path):
    options = ["--hidden", 0, "--learning-rate", 0.03, "--epochs", 30, "--out", tmp_path / "m.safetensors"]
    code, printed, _ = command("fit", "--example", "digits", *options)
    assert code == 0
    assert scores_of(printed, "accuracy")[2] > 0.9


def test_ctrl_c_saves_the_best_so_far(tmp_path):
    options = ["--trials", "1000000", "--epochs", "1", "--workers", "2", "--out", str(tmp_path / "digits")]
    process = subprocess.Popen(
        [*COMMAND, "tune", "--example", "digits", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert "left, best accuracy" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    printed, rest = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert "interrupted; the best so far:" in printed
    study = Study.open(tmp_path / "digits" / "study.sqlite")
    ended = sum(trial.state == "finished" for trial in study.trials)
    begun = sum(trial.state != "cut" or trial.epochs > 0 for trial in study.trials)  # one cut at once has not begun
    counted = f"trials: {begun} begun, {ended} ended ({ended} finished)"
    assert (counted in printed) == (begun > 1)  # of one there is nothing to count
    told = [line for line in rest.splitlines() if line]
    assert not told or told[-1].startswith(f"{ended} of 1000000 trials, ")
    assert scores_of(printed, "accuracy")[0] == round(study.best_so_far.score, 4)
    assert load(tmp_path / "digits" / "model.safetensors").table.classes == list(range(10))


def test_ctrl_c_in_the_first_trial_saves_its_best_epoch(tmp_path):
    options = ["--epochs", "1000000000", "--hidden", "8", "--out", str(tmp_path / "m.safetensors")]
    process = subprocess.Popen(
        [*COMMAND, "fit", "--example", "digits", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert "best accuracy" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    printed, rest = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert "interrupted; the best so far:" in printed
    assert load(tmp_path / "m.safetensors").table.classes == list(range(10))


def test_on_a_terminal_progress_is_one_live_line(tmp_path):
    terminal, inner = pty.openpty()
    options = ["--trials", "2", "--epochs", "2", "--out", str(tmp_path / "digits")]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    words = [*COMMAND, "tune", "--example", "digits", *options]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=inner, env=environment)
    os.close(inner)
    shown = b""
    while True:
        try:
            block = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not block:
            break
        shown += block
    os.close(terminal)
    assert process.wait(timeout=120) == 0
    text = shown.decode()
    assert "2 of 2 trials, 0:00 left, best accuracy 0." in text
    assert "\x1b[?25h" in text  # the cursor is back


def test_info_tells_the_variants(command):
    done = run("info")
    assert done.returncode == 0
    facts = dict(line.strip().split(None, 1) for line in done.stdout.splitlines())
    assert facts["variants"] == ", ".join(cpu.variants())
    assert facts["chosen"] in facts["runnable"]
    assert int(facts["cores"]) >= 1
    assert facts["version"][0].isdigit()
    code, printed, _ = command("info")
    assert (code, printed) == (0, done.stdout)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["tune", "--help"], ["fit", "--help"], ["predict", "--help"]])
def test_help_is_help(command, arguments):
    code, printed, complaint = command(*arguments)
    assert (code, complaint) == (0, "")
    assert "Usage: fastnorm" in printed


def test_importing_says_nothing():
    words = [sys.executable, "-W", "error", "-c", "import fastnorm, fastnorm.tune"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_missing_extra_says_how_to_get_it(command, monkeypatch):
    monkeypatch.setitem(sys.modules, "typer", None)
    assert command("info") == (2, "", "fastnorm: typer is needed for this: pip install 'fastnorm-nn[cli]'\n")


def test_the_version_is_said(command):
    assert command("--version") == (0, fastnorm.__version__ + "\n", "")
