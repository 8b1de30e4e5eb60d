"""Ensemble selection: cases with known answers, and never worse than the best single model."""

import numpy as np
import pytest
from helpers import searching
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.errors import DataError, SettingError, ShapeError
from fastnorm.models.model import load
from fastnorm.tune import Study, build_ensemble, default_build, select_ensemble

CLASSES = np.array([0, 1, 0, 1])


def shares(*second):
    """Predictions of two classes by the probability of the second."""
    second = np.array(second, np.float64)
    return np.stack([1 - second, second], axis=-1)


def test_two_that_err_on_different_rows_are_right_together():
    predictions = shares([0.1, 0.9, 0.6, 0.9], [0.6, 0.9, 0.1, 0.9], [0.9, 0.1, 0.9, 0.1])
    assert select_ensemble(predictions, CLASSES, "accuracy", size=2).tolist() == [1, 1, 0]


def test_one_perfect_trial_is_enough():
    predictions = shares([0.4, 0.6, 0.4, 0.6], [0.0, 1.0, 0.0, 1.0], [0.5, 0.5, 0.5, 0.5])
    assert select_ensemble(predictions, CLASSES, "accuracy").tolist() == [0, 1, 0]


def test_the_mean_of_values_is_weighted_by_how_often_they_enter():
    targets = np.zeros((3, 1))
    predictions = np.array([[[1.0]] * 3, [[-2.0]] * 3])
    assert select_ensemble(predictions, targets, "root_mean_squared_error", size=9).tolist() == [2, 1]
    assert select_ensemble(predictions, targets[:, 0], "root_mean_squared_error", size=1).tolist() == [1, 0]


def test_equals_go_to_the_lower_number_and_the_smaller_ensemble():
    predictions = np.repeat(shares([0.2, 0.8, 0.2, 0.8]), 3, axis=0)
    assert select_ensemble(predictions, CLASSES, "accuracy").tolist() == [1, 0, 0]


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 12), st.booleans())
def test_it_is_never_worse_than_the_best_trial(seed, count, size, is_regression):
    rng = np.random.default_rng(seed)
    predictions = rng.dirichlet(np.ones(3), (count, 20)).astype(np.float32)
    if is_regression:
        targets = rng.normal(0, 1, (20, 3))
        counts = select_ensemble(predictions, targets, "root_mean_squared_error", size)
        errors = [np.square(each - targets).mean() for each in predictions]
        mean = np.tensordot(counts, predictions, 1) / counts.sum()
        assert np.square(mean - targets).mean() <= min(errors) + 1e-6
    else:
        targets = rng.integers(0, 3, 20)
        counts = select_ensemble(predictions, targets, "accuracy", size)
        single = max(np.mean(each.argmax(axis=1) == targets) for each in predictions)
        assert np.mean(np.tensordot(counts, predictions, 1).argmax(axis=1) == targets) >= single
    assert 1 <= counts.sum() <= size
    assert counts.dtype == np.int64


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((np.ones((3, 4)), CLASSES, "accuracy"), ShapeError, r"predictions: expected shape \(trials, n, outputs\)"),
        ((np.ones((3, 5, 2)), CLASSES, "accuracy"), ShapeError, r"targets: expected shape \(5,\) .*, got \(4,\)"),
        ((np.ones((3, 4, 1)), CLASSES, "accuracy"), DataError, "targets: expected integers from 0 to 0, got 1"),
        ((np.ones((3, 4, 2)), np.ones(4), "root_mean_squared_error"), ShapeError, r"targets: expected shape \(4, 2\)"),
        ((np.full((3, 4, 2), np.nan), CLASSES, "accuracy"), DataError, "predictions: expected finite numbers"),
        ((np.ones((3, 4, 2)), CLASSES, "f1"), SettingError, "metric: expected one of 'accuracy', 'root_mean"),
        ((np.ones((3, 4, 2)), CLASSES, "accuracy", 0), SettingError, "size: expected a whole number at least 1"),
    ],
)
def test_what_does_not_fit_is_named(arguments, error, words):
    with pytest.raises(error, match=words):
        select_ensemble(*arguments)


@pytest.fixture(scope="module")
def study():
    return searching.search(trials=6, epochs=2, keep=4)


def test_a_studys_best_models_become_one_that_is_no_worse(study, tmp_path):
    x, y = searching.VALIDATION
    found = build_ensemble(study, x, y, size=20)
    assert set(found.members) <= {trial.number for trial in study.leaders(10)}
    assert len(study.leaders(10)) == 4
    assert found.best_score == pytest.approx(study.best_trial.score)
    assert found.score >= found.best_score
    found.model.save(tmp_path / "ensemble.safetensors")
    loaded = load(tmp_path / "ensemble.safetensors")
    assert loaded.evaluate(x, y)["accuracy"] == pytest.approx(found.score)
    models, counts = [study.model(number) for number in found.members], list(found.members.values())
    mean = np.average([model.predict_proba(x) for model in models], axis=0, weights=counts)
    np.testing.assert_allclose(loaded.predict_proba(x), mean, atol=1e-6)
    assert str(found).startswith("ensemble of trials ")
    assert str(found).endswith(f"; trial {study.best_trial.number} alone {found.best_score:.4g}")


def test_an_ensemble_of_values_is_chosen_by_their_errors():
    (x, _), (xv, _) = searching.TRAINING, searching.VALIDATION
    training, validation = (x, x[:, :1] * 3), (xv, xv[:, :1] * 3)
    study = searching.search(default_build(1), training=training, validation=validation, trials=5)
    found = build_ensemble(study, *validation)
    assert found.metric == "root_mean_squared_error"
    assert found.score <= found.best_score == pytest.approx(study.best_trial.score, rel=1e-5)
    assert np.sqrt(np.square(found.model.logits(xv) - validation[1]).mean()) == pytest.approx(found.score, rel=1e-5)


def test_the_leaders_are_the_same_when_the_study_is_opened_again(tmp_path):
    study = searching.search(trials=6, keep=3, study=tmp_path / "s.sqlite")
    assert Study.open(tmp_path / "s.sqlite").leaders(10) == study.leaders(10)
    assert study.leaders(1) == [study.best_trial] == [study.best_so_far]


def test_an_ensemble_takes_the_best_trials_so_far_though_they_were_cut(study):
    def stop(study, trial):
        begun.add(trial.number)
        if len(begun) == 2 and trial.epochs >= 3:
            raise KeyboardInterrupt

    begun, kept = set(), []
    with pytest.raises(KeyboardInterrupt):
        searching.search(epochs=searching.ENDLESS, callbacks=[lambda study, trial: kept.append(study), stop])
    cut = kept[-1]
    assert {trial.state for trial in cut.leaders(5)} == {"cut"}
    assert cut.best_so_far == cut.leaders(1)[0]
    assert set(build_ensemble(cut, *searching.VALIDATION, top=2).members) <= {trial.number for trial in cut.leaders(2)}
