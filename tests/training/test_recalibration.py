"""Recalibration: batch norm's statistics are exact means and variances (over n - 1) of what inference gives it."""

import numpy as np
import pytest
from helpers import networks

import fastnorm as fn
from fastnorm.errors import DataError, SettingError, ShapeError
from fastnorm.models.model import Model

RNG = np.random.default_rng(0)
X = RNG.normal(100, 3, size=(300, 4))
Y = RNG.integers(0, 3, 300)
CHAIN = [
    fn.BatchNorm(),
    fn.Dense(6),
    fn.BatchNorm(),
    fn.Tanh(),
    fn.Dropout(0.3),
    fn.BatchNorm(epsilon=0.1),
    fn.Dense(3),
]


def trained(chain, dtype):
    model = fn.Sequential(chain, dtype)
    model.fit(X, Y, epochs=1, batch_size=32)
    return model


def normalize(x, model, name, epsilon):
    """Batch norm by the statistics of these rows, in NumPy; and those statistics are the model's."""
    arrays, exact = model.arrays, 1e-9 if model.dtype == np.float64 else 1e-4
    np.testing.assert_allclose(arrays[f"{name}.running_mean"], x.mean(0), rtol=exact, atol=exact)
    np.testing.assert_allclose(arrays[f"{name}.running_variance"], x.var(0, ddof=1), rtol=exact)
    assert arrays[f"{name}.running_weight"] == 1
    assert arrays[f"{name}.running_mean"].dtype == np.float64
    scaled = (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + epsilon)
    return scaled * arrays[f"{name}.gamma"] + arrays[f"{name}.beta"]


def test_every_batch_norm_sees_what_those_before_it_give(dtype):
    model = trained(CHAIN, dtype)
    learned = {name: array for name, array in model.arrays.items() if "running" not in name}
    model.recalibrate(X)
    hidden = normalize(X.astype(dtype).astype(float), model, "batchnorm_0", 1e-5)
    hidden = normalize(hidden @ model.arrays["dense_1.weight"], model, "batchnorm_2", 1e-5)
    hidden = normalize(np.tanh(hidden), model, "batchnorm_5", 0.1)
    logits = hidden @ model.arrays["dense_6.weight"] + model.arrays["dense_6.bias"]
    np.testing.assert_allclose(model.logits(X), logits, rtol=1e-9 if dtype == np.float64 else 1e-3, atol=1e-4)
    for name, array in learned.items():
        np.testing.assert_array_equal(model.arrays[name], array)


def test_batch_norm_behind_dropout_of_the_input():
    model = trained([fn.Dropout(0.2), fn.Dropout(0.1), fn.BatchNorm(), fn.Dense(3)], "float64")
    model.recalibrate(X)
    normalize(X, model, "batchnorm_2", 1e-5)


def test_batch_norm_of_some_columns_and_of_one_of_several_inputs():
    branches = fn.Concatenate([fn.SelectColumns(1, 3), fn.BatchNorm()], fn.BatchNorm())
    model = fn.Sequential([branches, fn.Dense(3)], "float64")
    model.fit(X, Y, epochs=1)
    model.recalibrate(X)
    means = [array for name, array in model.arrays.items() if name.endswith("running_mean")]
    for mean, rows in zip(means, (X[:, 1:3], X), strict=True):
        np.testing.assert_allclose(mean, rows.mean(0), rtol=1e-12)
    several = fn.Model(lambda a, b: fn.Dense(3)(fn.BatchNorm()(b) * fn.Dense(1)(a)), inputs=(3, 1), dtype="float64")
    several.fit(X, Y, epochs=1)
    several.recalibrate((X[:, :3], X[:, 3:]))
    np.testing.assert_allclose(several.arrays["batchnorm_0.running_variance"], X[:, 3:].var(0, ddof=1), rtol=1e-12)


@pytest.mark.parametrize("widths", [(3, 1), (1, 3)])
def test_batch_norm_behind_a_layer_of_one_of_several_inputs(widths):
    several = fn.Model(
        lambda a, b: fn.Dense(3)(fn.BatchNorm()(fn.Dense(2)(b)) * fn.Dense(1)(a)), inputs=widths, dtype="float64"
    )
    parts = X[:, : widths[0]], X[:, widths[0] :]
    several.fit(parts, Y, epochs=1)
    several.recalibrate(parts)
    arrays = several.arrays
    found = (parts[1] @ arrays["dense_0.weight"]).mean(0)
    np.testing.assert_allclose(arrays["batchnorm_1.running_mean"], found, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["residual", "branches", "shared"])
def test_a_network_that_is_no_chain(name):
    """A shared batch norm is recalibrated once for each call; the last one stays."""
    model = networks.model(name, "float64")
    model.fit(X, Y, epochs=1, loss=fn.SoftmaxCrossEntropy())
    model.recalibrate(X)
    once = model.to_bytes()
    assert Model.from_bytes(once).logits(X).tobytes() == model.logits(X).tobytes()
    if name != "shared":
        model.recalibrate(X)
        assert model.to_bytes() == once


def test_rows_in_blocks_give_what_they_give_at_once(monkeypatch):
    model, other = (trained(CHAIN, "float64") for _ in range(2))
    model.recalibrate(X, threads=2)
    monkeypatch.setattr("fastnorm.training.recalibration.BLOCK", 37)
    other.recalibrate(X)
    for name, array in model.arrays.items():
        np.testing.assert_allclose(other.arrays[name], array, rtol=1e-11, atol=1e-12, err_msg=name)


def test_rows_that_do_not_fit_change_nothing():
    model = trained(CHAIN, "float32")
    before = model.to_bytes()
    with pytest.raises(ShapeError, match=r"x: expected shape \(n, 4\), got \(300, 3\)"):
        model.recalibrate(X[:, :3])
    with pytest.raises(DataError, match=r"x: expected finite numbers, got nan at \(1, 2\)"):
        model.recalibrate([[1, 2, 3, 4], [1, 2, np.nan, 4]])
    with pytest.raises(SettingError, match="batch norm needs 2 rows or more to recalibrate: the variance of one row"):
        model.recalibrate(X[:1])
    assert model.to_bytes() == before
    plain = fn.Sequential([fn.Dense(3)])
    plain.initialize(4)
    plain.recalibrate(X)  # nothing to do


def test_running_variances_of_minibatches_of_two_rows_are_nearly_the_exact_ones():
    """Divided by n they would be half of the data's, and the loss many times another after recalibration."""
    x = np.random.default_rng(1).normal(size=(600, 4))
    y = x @ [1.0, -2.0, 0.5, 1.0]
    hidden = [part for _ in range(2) for part in (fn.Dense(16), fn.BatchNorm(0.99), fn.ReLU())]
    model = fn.Sequential([*hidden, fn.Dense(1)], "float64")
    model.fit(x, y, epochs=5, batch_size=2, optimizer=fn.Adam(0.01))
    before = model.evaluate(x, y)["loss"]
    model.recalibrate(x)
    assert 2 / 3 < before / model.evaluate(x, y)["loss"] < 3 / 2
