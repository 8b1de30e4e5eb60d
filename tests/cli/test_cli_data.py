"""The command line's options about data: how files are read, which columns and rows are used, and for what."""

import io
import json
import sys
import tomllib

import numpy as np
import polars
import pytest

from fastnorm.models.model import load
from fastnorm.table._columns import show_examples

SHORT = ["--epochs", "2", "--hidden", "4"]


@pytest.fixture(autouse=True)
def _examples_are_shown_again():
    yield
    show_examples(True)


@pytest.fixture
def rows(tmp_path):
    """240 rows: a key, a text that gives the answer away, a day, a household, weights, a number, the answer."""
    rng = np.random.default_rng(0)
    number = rng.normal(size=240)
    answer = np.where(number + rng.normal(0, 0.5, 240) > 0, "yes", "no")
    frame = polars.DataFrame(
        {
            "id": np.arange(240) + 10, "told": answer, "number": number.round(3), "kind": rng.choice(["a", "b"], 240),
            "house": np.arange(240) // 4 % 30, "weight": rng.integers(0, 3, 240), "answer": answer,
            "day": polars.date_range(polars.date(2024, 1, 1), polars.date(2024, 8, 27), eager=True),
        }
    )  # fmt: skip
    frame.write_csv(tmp_path / "rows.csv")
    return frame


def test_what_must_not_be_learned_is_left_out_or_said(command, rows, tmp_path):
    data, model = tmp_path / "rows.csv", tmp_path / "model.safetensors"
    code, out, said = command("fit", data, "-t", "answer", "--out", model, *SHORT)
    assert code == 0
    assert "left out: id (row numbers)" in out
    assert "caution: 'told' alone tells 99% of 'answer': a leak? --ignore leaves it out" in said
    command("fit", data, "-t", "answer", "--out", model, "--ignore", "told,kind", "--keep", "id", *SHORT)
    assert load(model).table.columns == ("id", "number", "house", "weight", "day")


def test_groups_time_and_weights(command, rows, tmp_path):
    data, model = tmp_path / "rows.csv", tmp_path / "model.safetensors"
    words = ["fit", data, "-t", "answer", "--ignore", "told", "--out", model, *SHORT]
    assert command(*words, "--groups", "house", "--weights", "weight")[0] == 0
    table = load(model).table
    assert table.columns == ("number", "day", "kind")
    assert (table.dropped["house"], table.dropped["weight"]) == ("ignored", "ignored")
    code, out, _ = command(*words, "--time", "day")
    assert code == 0
    assert "rows: 154 training, 38 validation, 48 test" in out
    training = rows[:154]["number"].to_numpy()
    (number,) = [column for column in load(model).table.inputs if column.name == "number"]
    assert number.mean == pytest.approx(training.mean(), abs=1e-9)  # the past alone
    rows.with_columns(weight=polars.col("weight") - 1).write_csv(data)
    code, _, said = command(*words, "--weights", "weight")
    assert (code, "column 'weight': expected weights >= 0, got -1 in row" in said) == (2, True)
    code, _, said = command(*words, "--groups", "house", "--time", "day")
    assert (code, "split: expected groups or time, got both" in said) == (2, True)


def test_files_of_their_own_for_validation_and_test(command, rows, tmp_path):
    rows[:150].write_csv(tmp_path / "training.csv")
    rows[150:190].write_csv(tmp_path / "validation.csv")
    rows[190:].write_parquet(tmp_path / "test.parquet")
    words = ["-t", "answer", "--ignore", "told", *SHORT, "--out", tmp_path / "model.safetensors"]
    files = ["--validation", tmp_path / "validation.csv", "--test", tmp_path / "test.parquet"]
    code, out, _ = command("fit", tmp_path / "training.csv", *words, *files)
    assert code == 0
    assert "rows: 150 training, 40 validation, 50 test" in out
    _, out, _ = command("fit", tmp_path / "training.csv", *words, *files[2:])
    assert "rows: 150 training, 50 test; training rows judge too, in 5 folds" in out
    _, out, _ = command("fit", tmp_path / "training.csv", *words, *files[2:], "--single")
    assert "rows: 120 training, 30 validation, 50 test" in out
    _, _, said = command("fit", tmp_path / "training.csv", *words, "--test", tmp_path / "none.csv")
    assert "none.csv: no such file" in said


def test_predict_copies_columns_and_reads_standard_input(command, rows, tmp_path, monkeypatch):
    data, model, out = tmp_path / "rows.csv", tmp_path / "model.safetensors", tmp_path / "predictions.csv"
    command("fit", data, "-t", "answer", "--ignore", "told", "--out", model, *SHORT)
    assert command("predict", model, data, "--keep", "id,kind", "--out", out)[0] == 0
    whole = polars.read_csv(out)
    assert whole.columns == ["id", "kind", "prediction"]
    assert whole.select("id", "kind").equals(rows.select("id", "kind"))
    monkeypatch.setattr("fastnorm.table._read.BLOCK", 512)
    monkeypatch.setattr("fastnorm.table._read.HEAD", 256)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.read_bytes())))
    code, printed, _ = command("predict", model, "-", "--keep", "id,kind")
    assert code == 0
    assert printed == out.read_text()  # in many blocks the same as in one
    code, _, said = command("predict", model, data, "--keep", "idd")
    assert (code, "column 'idd': not in this frame; did you mean 'id'?" in said) == (2, True)


def test_an_error_far_down_leaves_no_predictions(command, rows, tmp_path, monkeypatch):
    data, model, out = tmp_path / "rows.csv", tmp_path / "model.safetensors", tmp_path / "predictions.csv"
    command("fit", data, "-t", "answer", "--ignore", "told", "--out", model, *SHORT)
    text = data.read_text().replace(f",{rows['number'][-1]},", ",many,")
    data.write_text(text)
    monkeypatch.setattr("fastnorm.table._read.BLOCK", 512)
    monkeypatch.setattr("fastnorm.table._read.HEAD", 256)
    code, _, said = command("predict", model, data, "--out", out)
    assert code == 2
    assert "column 'number': expected number values, got 'many' in row 239 (rows count from 0)" in said
    assert not out.exists()
    _, _, said = command("predict", model, data, "--no-examples")
    assert "expected number values, got another value in row 239" in said


def test_columns_lists_them_and_writes_types(command, rows, tmp_path):
    data, types = tmp_path / "rows.csv", tmp_path / "types.toml"
    code, out, _ = command("columns", data, "--target", "answer", "--out", types)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "240 rows of 8 columns"
    assert lines[1].split() == ["column", "kind", "missing", "distinct", "examples", "use", "notes"]
    assert lines[2].split() == ["id", "number", "240", "10", "to", "249", "left", "out", "row", "numbers"]
    assert "possible leak: alone it tells 99% of 'answer'" in lines[3]
    assert lines[-1] == f"saved {types}"
    assert tomllib.loads(types.read_text())["columns"] == {
        "id": "ignore", "told": "category", "number": "number", "kind": "category", "house": "number",
        "weight": "number", "day": "date",
    }  # fmt: skip
    text = types.read_text().replace('"house" = "number"', '"house" = "category"')
    types.write_text(text.replace('"told" = "category"', '"told" = "ignore"'))
    model = tmp_path / "model.safetensors"
    assert command("fit", data, "-t", "answer", "--types", types, "--out", model, *SHORT)[0] == 0
    kinds = {column.name: type(column).__name__ for column in load(model).table.inputs}
    assert kinds == {"number": "Number", "kind": "Category", "house": "Category", "weight": "Number", "day": "Moment"}
    code, out, _ = command("columns", data, "--json")
    document = json.loads(out)
    assert [column["name"] for column in document["columns"]] == rows.columns
    for words in ([], ["--json"]):
        _, out, _ = command("columns", data, "--no-examples", *words)
        assert "yes" not in out


def test_how_a_file_is_written_is_said_and_may_be_set(command, tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{value:.2f};{'ja' if value > 0 else 'nein'}".replace(".", ",") for value in rng.normal(size=100)]
    (tmp_path / "de.csv").write_text("größe;antwort\n" + "\n".join(rows) + "\n", encoding="cp1252")
    model = tmp_path / "model.safetensors"
    code, out, said = command("fit", tmp_path / "de.csv", "-t", "antwort", "--out", model, *SHORT)
    assert code == 0
    for words in ("encoding: cp1252", "separator: semicolon", "decimal mark: ,"):
        assert f"note: {tmp_path}/de.csv: {words}" in said
    assert "written otherwise: größe (decimal comma)" in out
    how = ["--separator", ";", "--decimal", ",", "--encoding", "cp1252", "--header"]
    assert command("fit", tmp_path / "de.csv", "-t", "antwort", "--out", model, *SHORT, *how)[0] == 0
    code, _, said = command("fit", tmp_path / "de.csv", "-t", "antwort", "--separator", "|")
    assert (code, "column 'antwort': not in this frame" in said) == (2, True)
    (tmp_path / "tabs.csv").write_text("a\tb\n1\tx\n2\ty\n" * 1)
    assert "2 rows of 2 columns" in command("columns", tmp_path / "tabs.csv", "--separator", "tab")[1]


def test_words_for_missing_values(command, tmp_path):
    rows = [f"{place % 7 if place % 5 else 'none at all'},{place % 2}" for place in range(60)]
    (tmp_path / "rows.csv").write_text("size,y\n" + "\n".join(rows) + "\n")
    assert "size    category" in command("columns", tmp_path / "rows.csv")[1]
    assert "size    number  20.0%" in command("columns", tmp_path / "rows.csv", "--missing", "none at all")[1]


def test_the_reason_for_the_task_is_in_the_json(command, rows, tmp_path):
    words = ["tune", tmp_path / "rows.csv", "-t", "answer", "--trials", "1", "--epochs", "1", "--json"]
    code, out, _ = command(*words, "--out", tmp_path / "tuned")
    assert code == 0
    document = json.loads(out)
    assert document["task_because"] == "its values are words"
    assert document["left_out"] == {"id": "row numbers"}
    assert list(document["possible_leaks"]) == ["told"]


def test_few_rows_have_no_folds(command, tmp_path):
    lines = [f"{row},{'u' if row % 2 else 'v'}" for row in range(12)]
    (tmp_path / "few.csv").write_text("a,y\n" + "\n".join(lines))
    code, out, _ = command("fit", tmp_path / "few.csv", "-t", "y", *SHORT, "--out", tmp_path / "m.safetensors")
    assert (code, "rows: 8 training, 2 validation, 2 test" in out) == (0, True)
