"""What a run refuses, in words, leaving the model as it was; and that it leaves the user's rows alone."""

import numpy as np
import pytest
from helpers.running import ROWS, X, Y, assert_same, layers, make, straight

import fastnorm as fn
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"x": X[:, :0]}, ShapeError, "x: expected a matrix"),
        ({"x": X[0]}, ShapeError, r"x: expected a matrix \(n, features\) with n >= 1, got shape \(4,\)"),
        ({"x": np.where(X > 2, np.nan, X)}, DataError, r"x: expected finite numbers, got nan at \("),
        ({"x": np.full((ROWS, 4), 1e300)}, DataError, r"x: expected finite numbers, got inf at \(0, 0\)"),
        ({"x": [["a"] * 4] * ROWS}, DtypeError, "x: expected real numbers"),
        ({"x": X[:-1]}, ShapeError, "y: expected 49 rows as in x, got 50"),
        ({"y": Y - 1, "validation": (X, Y)}, DataError, "expected a class of the training rows, -1, 0, 1, got '2'"),
        ({"y": Y + 0.5}, ShapeError, r"y: expected shape \(n, 3\) as the model's outputs, got \(50,\)"),
        (
            {"y": np.full((ROWS, 3), 0.5), "loss": fn.SoftmaxCrossEntropy()},
            DataError,
            "y: expected probabilities >= 0 that sum to 1",
        ),
        ({"y": np.stack([Y] * 3, 1), "loss": fn.SoftmaxCrossEntropy()}, ShapeError, r"y: expected shape \(n,\)"),
        ({"validation": (X[:3, :3], Y[:3])}, ShapeError, r"validation x: expected shape \(n, 4\), got \(3, 3\)"),
        ({"validation": (X[:3], Y[:2])}, ShapeError, "validation: expected as many targets as rows, got 2 and 3"),
        ({"validation": (X[:3] * np.inf, Y[:3])}, DataError, "validation x: expected finite numbers"),
        ({"batch_size": 0}, SettingError, "batch_size: expected a whole number"),
        ({"batch_size": 2.5}, SettingError, "batch_size: expected a whole number, got 2.5"),
        ({"seed": -1}, SettingError, "seed: expected a whole number"),
        ({"threads": 0}, SettingError, "threads: expected a whole number"),
        ({"schedule": fn.schedules.Cosine()}, SettingError, "Cosine: expected `epochs`"),
        ({"sample_weight": np.ones(3)}, ShapeError, r"sample_weight: expected shape \(50,\), got \(3,\)"),
        ({"sample_weight": -np.ones(ROWS)}, DataError, "sample_weight: expected weights of 0 or more"),
    ],
)
def test_input_that_does_not_fit_is_refused_and_leaves_the_model_as_it_was(options, error, words):
    options = {"batch_size": 8} | options
    model = fn.Sequential(layers())
    with pytest.raises(error, match=words):
        fn.Run(model, options.pop("x", X), options.pop("y", Y), **options)
    with pytest.raises(SettingError, match="this model has not seen data yet"):
        _ = model.tape
    assert model.arrays == {}
    fn.Run(model, np.zeros((4, 7)), [0, 1, 2, 0])  # of another width, so nothing was kept
    before = dict(model.arrays)
    with pytest.raises(ShapeError, match=r"x: expected shape \(n, 7\), got \(50, 4\)"):
        fn.Run(model, X, Y)
    assert {name: id(array) for name, array in model.arrays.items()} == {name: id(a) for name, a in before.items()}


def test_the_number_of_epochs_is_checked():
    with pytest.raises(SettingError, match="epochs: expected a whole number"):
        make().advance(-1)


def test_rows_are_kept_where_they_fit_and_never_changed():
    x, y = X.copy(), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    make(x, y).advance()
    np.testing.assert_array_equal(x, X)
    fortran = np.asfortranarray(X.astype(np.float64))
    run = make(fortran, Y)
    run.advance(4)
    assert_same(run, straight())
