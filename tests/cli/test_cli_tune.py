"""`fastnorm tune` in all its ways, and `fastnorm trials`: a space of one's own, continuing, confirming, ensembles."""

import json
import re
import sqlite3

import numpy as np
import polars
import pytest

from fastnorm.models.model import load
from fastnorm.tune import Study

SPACE = """
[learning_rate]
kind = "Float"
low = 0.003
high = 0.1

[layers]
kind = "Int"
low = 1
high = 3

[units]
kind = "Int"
low = 4
high = 32
scale = "log"

[units_3]
kind = "Int"
low = 4
high = 8
when = ["layers", ">=", 3]
"""


@pytest.fixture
def space(tmp_path):
    file = tmp_path / "space.toml"
    file.write_text(SPACE)
    return file


def tune(command, data, out, *options):
    return command(
        "tune", data / "flowers.csv", "-t", "name", "--epochs", 4, "--workers", 2, "--seed", 1, "--out", out, *options
    )


def test_the_same_command_again_goes_on_and_trials_is_the_total(command, data, tmp_path):
    out = tmp_path / "flowers"
    assert tune(command, data, out, "--trials", 3)[0] == 0
    code, printed, progress = tune(command, data, out, "--trials", 5)
    assert code == 0
    assert [line.split(",")[0] for line in progress.splitlines()] == ["4 of 5 trials", "5 of 5 trials"]
    assert len(Study.open(out / "study.sqlite").trials) == 5
    at_once = tmp_path / "at_once"
    assert tune(command, data, at_once, "--trials", 5)[0] == 0
    assert (out / "model.safetensors").read_bytes() == (at_once / "model.safetensors").read_bytes()
    code, again, progress = tune(command, data, out, "--trials", 5)
    assert (code, again, progress) == (0, printed, "")


def test_another_search_on_the_same_study_is_refused_in_few_words(command, data, space, tmp_path):
    out = tmp_path / "flowers"
    assert tune(command, data, out, "--trials", 2)[0] == 0
    for options, words in [
        (["--epochs", 5], "epochs: this search has 5, the study was made with 4; go on with the same"),
        (["--space", space], "space: learning_rate: low: this search has 0.003, the study was made with 0.0003"),
        (
            ["--halving"],
            "pruner: this search has SuccessiveHalving(min_epochs=1, reduction_factor=3), the study",
        ),
        (["--sampler", "grid"], "sampler: this search has GridSampler(3, offset=None), the study was made with Random"),
        (["--seed", 2], "seed: this search has 2, the study was made with 1"),
    ]:
        code, _, complaint = tune(command, data, out, *options)
        assert code == 2
        assert len(complaint.splitlines()) == (2 if "--space" in options else 1)  # and the linter's note
        assert complaint.splitlines()[-1].startswith(f"fastnorm: {out}/study.sqlite: {words}")


def test_a_study_of_another_variant_is_refused_and_the_way_out_is_one(command, data, tmp_path):
    out = tmp_path / "flowers"
    assert tune(command, data, out, "--trials", 2)[0] == 0
    with sqlite3.connect(out / "study.sqlite") as connection:
        connection.execute("UPDATE study SET value = '\"avx1024\"' WHERE name = 'variant'")
    connection.close()
    code, _, complaint = tune(command, data, out, "--trials", 4)
    assert (code, len(complaint.splitlines())) == (2, 1)
    way_out = ["--start-from", out / "study.sqlite"]
    assert " ".join(map(str, way_out)) in complaint
    assert tune(command, data, tmp_path / "again", "--trials", 2, *way_out)[0] == 0


def test_a_space_of_ones_own_is_searched_and_linted(command, data, space, tmp_path):
    code, _, progress = tune(command, data, tmp_path / "out", "--trials", 12, "--space", space)
    assert code == 0
    assert progress.splitlines()[0].startswith(f"note: {space}: learning_rate: on a linear scale")
    study = Study.open(tmp_path / "out" / "study.sqlite")
    assert list(study.space) == ["learning_rate", "layers", "units", "units_3"]
    assert {"units_3" in trial.hyperparameters for trial in study.trials} == {True, False}
    settings = study.best_params
    units = {settings["units"], settings.get("units_3", settings["units"])}
    assert {array.shape[1] for array in study.best_model().arrays.values() if array.ndim == 2} == {*units, 3}


@pytest.mark.parametrize("sampler", ["grid", "coarse-to-fine"])
def test_other_samplers(command, data, tmp_path, sampler):
    assert tune(command, data, tmp_path / "out", "--trials", 6, "--sampler", sampler, "--epochs", 1)[0] == 0
    name = Study.open(tmp_path / "out" / "study.sqlite").facts["sampler"]
    assert name.startswith({"grid": "GridSampler", "coarse-to-fine": "CoarseToFineSampler"}[sampler])


def test_an_exhausted_space_ends_the_search_with_a_note(command, data, tmp_path):
    space = tmp_path / "small.toml"
    space.write_text("units = [8, 16]\n")
    code, _, progress = tune(command, data, tmp_path / "out", "--trials", 5, "--space", space)
    assert code == 0
    assert "note: the search ends after 2 trials: the space's 2 configurations have all been tried" in progress
    assert "Warning" not in progress


def test_halving_stops_trials_early(command, data, tmp_path):
    assert tune(command, data, tmp_path / "out", "--trials", 9, "--epochs", 9, "--halving")[0] == 0
    states = [trial.state for trial in Study.open(tmp_path / "out" / "study.sqlite").trials]
    assert (states.count("finished"), states.count("stopped")) == (1, 8)


def test_the_best_of_another_study_comes_first(command, data, tmp_path):
    assert tune(command, data, tmp_path / "first", "--trials", 3)[0] == 0
    assert (
        tune(command, data, tmp_path / "second", "--trials", 3, "--start-from", tmp_path / "first", "--seed", 5)[0] == 0
    )
    best = Study.open(tmp_path / "first" / "study.sqlite").best_params
    assert Study.open(tmp_path / "second" / "study.sqlite").trials[0].hyperparameters == best


def test_confirming_says_whether_the_best_two_can_be_told_apart(command, data, tmp_path):
    code, printed, progress = tune(command, data, tmp_path / "out", "--trials", 3, "--confirm", 2)
    assert code == 0
    assert re.search(r"^confirmed: trial \d .* (is better than|and) trial \d .*5 runs\)", printed, re.MULTILINE)
    assert progress.splitlines()[-1].startswith("3 of 3 trials, 10 of 10 runs again, 0:00 left, best accuracy")
    study = Study.open(tmp_path / "out" / "study.sqlite")
    assert f"\ntrial {study.best_trial.number}, epoch" in printed


def test_what_enough_trials_tell_is_said(command, data, tmp_path):
    code, printed, _ = tune(command, data, tmp_path / "out", "--trials", 32, "--epochs", 1)
    assert code == 0
    assert re.search(r"^what mattered: (\w+ \d+%|nothing)", printed, re.MULTILINE)
    assert re.search(r"^best validation accuracy to expect: 0\.\d+ of 1, .* of 32 trials$", printed, re.MULTILINE)
    gain = r"about \+[\d.]+ points \(\+- [\d.]+\)|no gain to expect( \(\+- [\d.]+ points\))?"
    assert re.search(rf"^32 more trials: ({gain})$", printed, re.MULTILINE)


def test_every_number_of_trials_says_what_it_counts(command, data, tmp_path):
    code, printed, progress = tune(command, data, tmp_path / "out", "--minutes", 0.02, "--epochs", 9, "--halving")
    assert code == 0
    found = r"^trials: (\d+) begun, (\d+) ended \([^)]*\)(?:, (\d+) cut)?$"
    begun, ended, cut = (int(count or 0) for count in re.search(found, printed, re.MULTILINE).groups())
    assert begun == ended + cut
    assert progress.splitlines()[-1].startswith(f"{ended} trials, ")
    assert re.search(rf"^best validation accuracy to expect: .* of {ended} trials$", printed, re.MULTILINE)
    assert re.search(rf"^{ended} more trials: ", printed, re.MULTILINE)
    _, listed, _ = command("trials", tmp_path / "out")
    assert len(listed.splitlines()) == 1 + begun
    assert listed.count(" cut ") == cut


def test_an_ensemble_is_one_model_file_that_predicts_raw_rows(command, data, tmp_path):
    out, space = tmp_path / "out", tmp_path / "weak.toml"
    rates = "learning_rate = {kind = 'Float', low = 0.003, high = 0.03, scale = 'log'}"
    space.write_text(f"bins = [0]\nunits = [4, 8, 16]\n{rates}\n")
    weak = ["--trials", 8, "--epochs", 1, "--space", space, "--seed", 0]
    code, printed, _ = tune(command, data, out, *weak, "--ensemble")
    assert code == 0
    scores = dict(re.findall(r"^accuracy, (best trial|ensemble) +(\S+)", printed, re.MULTILINE))
    assert float(scores["ensemble"]) >= float(scores["best trial"])
    code, predicted, _ = command("predict", out / "model.safetensors", data / "flowers.csv", "--proba")
    assert code == 0
    frame = polars.read_csv(predicted.encode())
    np.testing.assert_allclose(frame.drop("prediction").to_numpy().sum(axis=1), 1, atol=1e-5)
    members = re.search(r"^ensemble: trials (.*), chosen by the validation rows$", printed, re.MULTILINE)
    prefixes = {name.split(".")[0] for name in load(out / "model.safetensors").arrays}
    assert len(prefixes) == len(members[1].split(", "))


def test_a_quantity_can_have_an_ensemble_too(command, data, tmp_path):
    options = ["--trials", 4, "--epochs", 30, "--ensemble", "--out", tmp_path / "out"]
    code, printed, _ = command("tune", data / "prices.csv", "-t", "price", *options)
    assert code == 0
    errors = dict(re.findall(r"^root mean squared error, (best trial|ensemble) +(\S+)", printed, re.MULTILINE))
    assert float(errors["ensemble"]) <= float(errors["best trial"])
    code, listed, _ = command("trials", tmp_path / "out")
    assert listed.splitlines()[1].split()[4] == errors["best trial"]  # both in the target's own units


def test_json_is_one_document(command, data, tmp_path):
    out = tmp_path / "out"
    code, printed, _ = tune(command, data, out, "--trials", 8, "--confirm", 2, "--ensemble", "--json")
    assert code == 0
    document = json.loads(printed)
    study = Study.open(out / "study.sqlite")
    assert document["task"] == "classification"
    assert document["rows"] == {"training": 154, "validation": 38, "test": 48}
    assert document["best_trial"]["number"] == study.best_trial.number
    assert set(document["scores"]) == set(document["ensemble"]["scores"]) == {"validation", "test"}
    assert document["metric"] == "accuracy"
    best = {"validation": 13 / 38, "test": 16 / 48}
    assert document["best_constant"] == {
        part: {"accuracy": share, "balanced_accuracy": 1 / 3} for part, share in best.items()
    }
    assert document["warnings"][-1] == "the test scores rest on 48 rows"
    assert document["confirmation"]["words"] == str(study.comparison)
    assert document["forecast"]["more"] == 8
    assert document["model"] == str(out / "model.safetensors")


def test_trials_lists_the_best_first(command, tuned):
    folder, _ = tuned
    code, printed, complaint = command("trials", folder)
    assert (code, complaint) == (0, "")
    study = Study.open(folder / "study.sqlite")
    head, *lines = printed.splitlines()
    assert head.split() == ["trial", "state", "epochs", "accuracy", "seconds", "hyperparameters"]
    assert [line.startswith("*") for line in lines] == [True, False, False, False]
    assert lines[0].split()[1] == str(study.best_trial.number)
    scores = [float(line.lstrip("*").split()[3]) for line in lines]
    assert scores == sorted(scores, reverse=True)
    assert all("learning_rate 0." in line for line in lines)
    code, printed, _ = command("trials", folder / "study.sqlite", "--json")
    document = json.loads(printed)
    assert (code, document["metric"]) == (0, "accuracy")
    assert [entry["best"] for entry in document["trials"]] == [True, False, False, False]
    assert document["trials"][0]["hyperparameters"] == study.best_params
