"""Scores: their values, what the best constant reaches, and those that are not defined."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.metrics.scores import best_constant, is_uneven, scores


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 3))
def test_regression_has_three_scores_that_are_sklearns(seed, rows, outputs):
    rng = np.random.default_rng(seed)
    actual, predicted = rng.normal(100, 5, (2, rows, outputs))
    found = scores("regression", predicted, actual)
    assert list(found) == ["root_mean_squared_error", "mean_absolute_error", "r_squared"]
    squared = sklearn.metrics.mean_squared_error(actual, predicted)
    assert found["root_mean_squared_error"] == pytest.approx(squared**0.5)
    assert found["mean_absolute_error"] == pytest.approx(sklearn.metrics.mean_absolute_error(actual, predicted))
    if rows == 1:
        assert found["r_squared"] is None
    else:
        assert found["r_squared"] == pytest.approx(sklearn.metrics.r2_score(actual, predicted))


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.randoms())
def test_the_balanced_accuracy_is_the_mean_over_the_classes(actual, random):
    predicted = [random.randrange(4) for _ in actual]
    found = scores("classification", predicted, actual)
    assert found["accuracy"] == pytest.approx(np.mean(np.array(predicted) == actual))
    counts = np.unique(actual, return_counts=True)[1]
    assert is_uneven(np.array(actual)) == (counts.max() > 2 * counts.min())
    shares = [np.mean(np.array(predicted)[np.array(actual) == value] == value) for value in set(actual)]
    assert found["balanced_accuracy"] == pytest.approx(np.mean(shares))


def test_r_squared_of_one_value_is_not_defined():
    for actual in ([3.0], [3.0, 3.0], [[1.0, 2.0], [1.0, 3.0]]):
        assert scores("regression", np.zeros_like(actual), actual)["r_squared"] is None
        assert best_constant("regression", actual)["r_squared"] is None


def test_always_no_shows_through_a_high_accuracy():
    actual = ["no"] * 96 + ["yes"] * 4
    assert scores("classification", ["no"] * 100, actual) == {"accuracy": 0.96, "balanced_accuracy": 0.5}
    assert best_constant("classification", actual) == {"accuracy": 0.96, "balanced_accuracy": 0.5}


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=20), st.floats(-100, 100))
def test_no_constant_is_better_than_the_best(actual, constant):
    best, other = best_constant("regression", actual), scores("regression", np.full(len(actual), constant), actual)
    for name in ("root_mean_squared_error", "mean_absolute_error"):
        assert best[name] <= other[name] + 1e-9


def test_labels_of_their_own_have_a_constant_each():
    actual = np.array([[0, 1], [0, 1], [1, 1], [0, 0]])
    assert best_constant("multilabel", actual) == {"accuracy": 0.75}
    assert scores("multilabel", actual, actual) == {"accuracy": 1.0}
