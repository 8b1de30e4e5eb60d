"""Losses: the targets they take, which one follows from y, and their value on given predictions."""

import numpy as np
import pytest

import fastnorm as fn
from fastnorm import reference
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError
from fastnorm.nn import losses

CROSS, SQUARED = fn.SoftmaxCrossEntropy(), fn.MeanSquaredError()


@pytest.mark.parametrize("y", [[0, 2, 1], np.array([0, 2, 1], np.uint8), np.array([0, 2, 1], ">i8"), range(3)])
def test_class_numbers_become_int32(y):
    targets = CROSS.targets(y, 3, np.float32)
    assert targets.dtype == np.int32
    assert targets.tolist() == list(y)


def test_classes_stay_where_they_lie_if_they_are_int32():
    y = np.array([0, 2, 1], np.int32)
    assert np.shares_memory(CROSS.targets(y, 3, np.float32), y)
    assert CROSS.targets(y.astype(np.int64), 3, np.float32).dtype == np.int32


def test_booleans_are_two_classes():
    assert CROSS.targets([True, False], 2, np.float32).tolist() == [1, 0]


def test_shares_become_the_programs_dtype():
    targets = CROSS.targets([[0.25, 0.75], [1.0, 0.0]], 2, np.float32)
    assert (targets.dtype, targets.tolist()) == (np.float32, [[0.25, 0.75], [1, 0]])


def test_values_become_a_matrix_of_the_programs_dtype():
    for y in ([1.0, 2.0], [[1.0], [2.0]], [1, 2]):
        targets = SQUARED.targets(y, 1, np.float64)
        assert (targets.dtype, targets.tolist()) == (np.float64, [[1], [2]])
    assert SQUARED.targets(np.zeros((2, 3)), 3, np.float32).shape == (2, 3)


@pytest.mark.parametrize(
    ("loss", "y", "error", "words"),
    [
        (CROSS, [0, 3], DataError, "y: expected integers from 0 to 2, got 3 at position 1"),
        (CROSS, [0, -1], DataError, "y: expected integers from 0 to 2, got -1"),
        (CROSS, np.array([2**63], np.uint64), DataError, "y: expected integers from 0 to 2"),
        (CROSS, [0.0, 1.0], DtypeError, "y: expected class numbers from 0 to 2, got dtype float64"),
        (CROSS, ["a", "b"], DtypeError, r"fit\(frame, target=...\) turns words into classes"),
        (CROSS, None, DtypeError, "y: expected class numbers from 0 to 2, got dtype object"),
        (CROSS, [[0], [1]], ShapeError, r"y: expected shape \(n,\), got \(2, 1\)"),
        (CROSS, [[0.5, 0.5]], ShapeError, r"y: expected shape \(n, 3\), got \(1, 2\)"),
        (CROSS, [[0.5, 0.5, 0.5]], DataError, "y: expected probabilities >= 0 that sum to 1, got .* in row 0"),
        (CROSS, [[1.5, -0.5, 0.0]], DataError, "y: expected probabilities >= 0"),
        (CROSS, [[np.nan, 0.5, 0.5]], DataError, "y: expected probabilities >= 0"),
        (SQUARED, [1.0, 2.0], ShapeError, r"y: expected shape \(n, 3\) as the model's outputs, got \(2,\)"),
        (SQUARED, [[1.0, np.inf, 0.0]], DataError, "y: expected finite numbers, got inf"),
        (SQUARED, [["a", "b", "c"]], DtypeError, "y: expected real numbers"),
    ],
)
def test_targets_that_do_not_fit_are_refused(loss, y, error, words):
    with pytest.raises(error, match=words):
        loss.targets(y, 3, np.float64)


@pytest.mark.parametrize(
    ("task", "outputs", "loss"),
    [("classification", 2, CROSS), ("classification", 1, fn.SigmoidCrossEntropy()), ("regression", 1, SQUARED)],
)
def test_the_loss_follows_from_the_task(task, outputs, loss):
    assert losses.chosen(None, task, outputs) == loss
    assert losses.chosen(fn.Huber(2), "regression", 1) == fn.Huber(2)


def test_one_output_is_too_few_for_softmax():
    with pytest.raises(SettingError, match="needs an output for each class, and this model has one; give its last"):
        losses.chosen(fn.SoftmaxCrossEntropy(), "classification", 1)


def test_the_value_of_given_predictions_is_that_of_the_reference(dtype, rng):
    logits, labels = rng.normal(size=(6, 3)).astype(dtype), rng.integers(0, 3, 6).astype(np.int32)
    values = rng.normal(size=(6, 3)).astype(dtype)
    ours = *fn.SoftmaxCrossEntropy(0.125).by_row(logits, labels), *SQUARED.by_row(logits, values)
    theirs = (
        *reference.softmax_cross_entropy_by_row(logits, labels, 0.125),
        *2 * (reference.mean_squared_error_by_row(logits, values),),
    )
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other.astype(float), rtol=1e-6)


def test_a_loss_knows_its_task_and_metric():
    assert [(loss.task, loss.metric) for loss in (CROSS, SQUARED)] == [
        ("classification", "accuracy"), ("regression", "root_mean_squared_error"),
    ]  # fmt: skip


@pytest.mark.parametrize("share", [1, -0.1, np.nan, "some"])
def test_label_smoothing_stays_within_what_it_may_be(share):
    with pytest.raises(SettingError, match="label_smoothing: expected"):
        fn.SoftmaxCrossEntropy(share)
