"""What the command line says of wrong words, files and data: one line, exit code 2."""

import polars
import pytest

WRONG = [
    (["bogus"], "No such command 'bogus'; see fastnorm --help"),
    (["tune"], "DATA: expected a file, or --example digits"),
    (["tune", "{data}/flowers.csv"], "--target: expected the column to predict"),
    (["tune", "{data}/missing.csv", "-t", "a"], "{data}/missing.csv: no such file"),
    (["tune", "{data}/flowers.csv", "-t", "nam"], "{data}/flowers.csv: column 'nam': not in this frame"),
    (["tune", "{data}/flowers.csv", "-t", "name", "--trials", "none"], "Invalid value for '--trials'"),
    (["tune", "{data}/flowers.csv", "-t", "name", "--trials", "0"], "Invalid value for '--trials'"),
    (["tune", "{data}/flowers.csv", "-t", "name", "--minutes", "0"], "--minutes: expected a finite number in (0, inf)"),
    (["tune", "{data}/flowers.csv", "-t", "name", "--task", "regression"], "{data}/flowers.csv: column 'name'"),
    (["tune", "{data}/flowers.csv", "-t", "name", "--out", "{data}/prices.csv/x"], "{data}/prices.csv/x: cannot make"),
    (["tune", "--example", "digit"], "--example: expected one of 'digits', got 'digit'"),
    (["tune", "--example", "digits", "--target", "digit"], "--example: it brings its own data and target"),
    (["tune", "--bogus"], "No such option"),
    (["tune", "--example", "digits", "--sampler", "tpe"], "Invalid value for '--sampler'"),
    (["tune", "--example", "digits", "--confirm", "-1"], "Invalid value for '--confirm'"),
    (["tune", "--example", "digits", "--space", "{data}/no.toml"], "{data}/no.toml: cannot read this file"),
    (["tune", "--example", "digits", "--space", "{data}/prices.csv"], "{data}/prices.csv: expected a space"),
    (["tune", "--example", "digits", "--space", "{data}/odd.toml"], "{data}/odd.toml: width: nothing would use this"),
    (["tune", "--example", "digits", "--start-from", "{data}"], "{data}/study.sqlite: no such file"),
    (["trials", "{data}"], "{data}/study.sqlite: no such file"),
    (["trials", "{data}/prices.csv"], "{data}/prices.csv: "),
    (["trials"], "Missing argument 'STUDY'"),
    (
        ["fit", "--example", "digits", "--hidden", "64,x"],
        "--hidden: expected units of each layer like 128,128, got 'x'",
    ),
    (["fit", "--example", "digits", "--learning-rate", "-1"], "learning_rate: expected"),
    (["fit", "--example", "digits", "--out", "{data}"], "{data}: is a folder"),
    (["predict"], "Missing argument 'MODEL'"),
    (["predict", "{data}/flowers.csv", "{data}/flowers.csv"], "{data}/flowers.csv: "),
    (["predict", "{data}", "{data}/flowers.csv"], "{data}/model.safetensors: cannot be read: No such file"),
    (["predict", "{data}/missing.safetensors", "{data}/flowers.csv"], "{data}/missing.safetensors: "),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_is_wrong_is_said_in_one_line(command, data, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, _, complaint = command(*(argument.format(data=data) for argument in arguments))
    assert code == 2
    assert len(complaint.splitlines()) == 1
    assert complaint.startswith("fastnorm: " + words.format(data=data))


def test_wrong_data_for_predict_are_said_in_one_line(tuned, command, data, tmp_path):
    model = tuned[0] / "model.safetensors"
    code, _, complaint = command("predict", model, data / "prices.csv")
    assert code == 2
    assert complaint.startswith(f"fastnorm: {data}/prices.csv: column 'length'")
    for out, words in [
        (data / "prices.csv" / "p.csv", f"{data}/prices.csv: cannot make this folder (File exists)"),
        (tmp_path, f"{tmp_path}: cannot be written: Is a directory"),
    ]:
        code, _, complaint = command("predict", model, data / "flowers.csv", "--out", out)
        assert (code, complaint) == (2, f"fastnorm: {words}\n")


def test_a_search_that_scored_nothing_says_what_to_change(command, data, tmp_path):
    code, _, complaint = command("tune", "--example", "digits", "--minutes", 1e-9, "--out", tmp_path / "x")
    assert code == 2
    assert complaint.splitlines()[-1].endswith("the time ended before the first epoch did; give more --minutes")
    options = ["--learning-rate", "1e30", "--epochs", 1, "--out", tmp_path / "m.safetensors"]
    code, _, complaint = command("fit", data / "prices.csv", "-t", "price", *options)
    assert code == 2
    assert complaint.splitlines()[-1].endswith("left the finite numbers in the first epoch; try a lower learning rate")
    assert not (tmp_path / "m.safetensors").exists()


def test_probabilities_of_a_quantity_are_refused(command, data, tmp_path):
    model = tmp_path / "m.safetensors"
    assert command("fit", data / "prices.csv", "-t", "price", "--epochs", 1, "--out", model)[0] == 0
    code, _, complaint = command("predict", model, data / "prices.csv", "--proba")
    assert code == 2
    assert complaint.startswith(f"fastnorm: --proba: {model} predicts a quantity")


@pytest.mark.parametrize("name", ["gaps.csv", "gaps.parquet"])
def test_rows_without_a_target_are_left_out_and_counted(command, data, tmp_path, name):
    prices = [None if row % 24 == 0 else float(row) for row in range(240)]
    frame = polars.DataFrame({"size": range(240), "price": prices})
    if name == "gaps.csv":
        frame.write_csv(tmp_path / name, null_value="NULL")
    else:
        frame.with_columns(polars.col("price").fill_null(float("nan"))).write_parquet(tmp_path / name)
    words = ["--epochs", "2", "--hidden", "4", "--out", tmp_path / "model.safetensors"]
    code, out, said = command("fit", tmp_path / name, "-t", "price", *words)
    assert code == 0
    assert "note: 10 of 240 rows have no 'price' and are left out" in said
    assert "184 training, 46 test" in out


def test_a_target_without_any_value_is_refused(command, tmp_path):
    (tmp_path / "none.csv").write_text("size,price\n1,\n2,NA\n")
    code, _, said = command("fit", tmp_path / "none.csv", "-t", "price")
    assert code == 2
    assert "none.csv: column 'price': no row has a value, so there is nothing to learn" in said
