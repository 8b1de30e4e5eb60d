"""Layers on the columns of a table."""

import numpy as np
import pytest

import fastnorm as fn
from fastnorm import reference
from fastnorm.errors import DataError, SettingError, ShapeError
from fastnorm.models.ensemble import ensemble

RNG = np.random.default_rng(0)
X = np.stack([RNG.normal(size=300), RNG.integers(0, 2, 300), RNG.integers(0, 5, 300), np.full(300, 7.0)], axis=1)
Y = np.sin(3 * X[:, 0]) + X[:, 1] * (X[:, 2] == 3)


def test_fitted_edges_share_the_rows():
    layer = fn.PiecewiseLinear.fitted(X, 4, bins=8)
    counts = np.histogram(X[:, 0], layer.edges[0])[0]
    assert layer.edges.shape == (4, 9)
    assert counts.sum() == 300
    assert np.ptp(counts) <= 2
    assert layer.edges[1].tolist() == [0, *[1] * 8]
    assert layer.edges[2].tolist() == [0, 1, 2, 3, *[4] * 5]
    assert layer.edges[3].tolist() == [7, *[14] * 8]  # of one value: a bin above it
    assert repr(layer) == "PiecewiseLinear(edges of shape (4, 9), 4)"
    assert fn.PiecewiseLinear.fitted(np.full((3, 1), 1e6), 1).edges[0, :2].tolist() == [1e6, 2e6]


def test_a_clip_is_smooth_and_stays_within_its_limit():
    model = fn.Sequential([fn.SmoothClip(2.0), fn.Dense(1, bias=False)], dtype="float64")
    model.initialize(1)
    model.set_arrays({"dense_1.weight": np.ones((1, 1))})
    values = np.array([[0.0], [0.01], [-2.0], [1e3], [-1e3]])
    expected = values / np.sqrt(1 + (values / 2) ** 2)
    np.testing.assert_allclose(model.logits(values), expected, rtol=1e-12)
    assert np.abs(model.logits(values)).max() < 2
    with pytest.raises(SettingError, match="SmoothClip limit: "):
        fn.SmoothClip(0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_is_a_dense_layer_on_encoded_columns(dtype):
    layer = fn.PiecewiseLinear.fitted(X, 3, bins=8)
    model = fn.Sequential([layer], dtype=dtype)
    model.initialize(4, seed=1)
    (weight,) = model.arrays.values()
    expected = reference.piecewise_forward(reference.locate(X.astype(dtype), layer.edges.astype(dtype)), weight)
    np.testing.assert_allclose(model.logits(X.astype(dtype)), expected.astype(dtype), rtol=1e-4, atol=1e-5)


def network(layer):
    return fn.Sequential([layer, fn.BatchNorm(), fn.ReLU(), fn.Dense(1)])


def test_bends_are_learned_saved_and_joined(tmp_path):
    models = [network(fn.PiecewiseLinear.fitted(X, 32, bins=bins)) for bins in (8, 24)]
    for model in models:
        model.fit(X, Y, epochs=150, batch_size=32, optimizer=fn.AdamW(0.01), schedule="cosine")
        assert model.evaluate(X, Y)["r_squared"] > 0.95
    together = ensemble(models)
    together.save(tmp_path / "m.safetensors")
    loaded = fn.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), together.predict(X))
    np.testing.assert_allclose(together.predict(X), np.mean([model.predict(X) for model in models], 0), atol=1e-5)
    assert loaded.predict_one(X[5]) == loaded.predict(X)[5]
    loaded.fit(X, Y, epochs=1)


def test_a_plain_dense_layer_cannot():
    model = network(fn.Dense(32))
    model.fit(X, Y, epochs=150, batch_size=32, optimizer=fn.AdamW(0.01), schedule="cosine")
    assert model.evaluate(X, Y)["r_squared"] < 0.95


@pytest.mark.parametrize(
    ("edges", "error", "words"),
    [
        ([[0.0]], ShapeError, r"expected \(d, 2 to 257\), got \(1, 1\)"),
        (np.arange(258.0)[None], ShapeError, r"expected \(d, 2 to 257\), got \(1, 258\)"),
        ([[0, 1], [1, 0]], DataError, "expected edges that ascend, got .* in row 1"),
        ([[1, 1, 2]], DataError, "expected edges that ascend"),
        ([[0, np.inf]], DataError, "expected finite numbers"),
    ],
)
def test_edges_that_are_refused(edges, error, words):
    with pytest.raises(error, match=words):
        fn.PiecewiseLinear(edges, 3)


def test_another_number_of_columns_is_refused():
    with pytest.raises(ShapeError, match=r"PiecewiseLinear\(edges of shape \(1, 2\), 3\): expected 1 columns, got 4"):
        network(fn.PiecewiseLinear([[0, 1]], 3)).fit(X, Y, epochs=1)
