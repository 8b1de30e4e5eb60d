"""The operations locate and piecewise: their values, gradients, a model of them, its file, and what they refuse."""

import numpy as np
import pytest

import fastnorm as fn
from fastnorm import kernels, ops, reference
from fastnorm.errors import ShapeError

EDGES = np.sort(np.random.default_rng(1).normal(size=(3, 5)), axis=1)
X = np.random.default_rng(2).normal(size=(40, 3))


def pieces(x, weight):
    return ops.piecewise(ops.locate(x, EDGES), weight)


def test_values_and_gradients():
    weight = np.random.default_rng(3).normal(size=(12, 2))
    value, gradient = fn.value_and_grad(lambda w, x: (pieces(x, w) ** 2).sum())(weight, X)
    located = reference.locate(X, EDGES)
    y = reference.piecewise_forward(located, weight)
    assert value == pytest.approx(float((y**2).sum()), rel=1e-12)
    expected = reference.piecewise_backward(2 * y, located, 4)
    np.testing.assert_allclose(gradient, expected.astype(np.float64), rtol=1e-10, atol=1e-12)
    to_x = fn.grad(lambda x: pieces(x, weight).sum())(X)  # steps have no slope; none flows through the place either
    np.testing.assert_array_equal(to_x, np.zeros_like(X))


class Pieces(fn.Layer):
    """A sum of piecewise linear functions of the columns."""

    def build(self, features):
        return {"weight": fn.Parameter((features * 4, 8), "zeros")}

    def forward(self, x, weight):
        return pieces(x, weight)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_of_it_learns_is_saved_and_predicts_row_by_row(dtype, tmp_path):
    y = np.abs(X[:, 0]) + np.where(X[:, 1] > 0, 1, 0)
    model = fn.Sequential([Pieces(), fn.BatchNorm(), fn.ReLU(), fn.Dense(1)], dtype=dtype)
    history = model.fit(X, y, epochs=60, batch_size=8, optimizer=fn.Adam(0.02))
    assert history[-1].loss < 0.5 * history[0].loss
    model.save(tmp_path / "m.safetensors")
    loaded = fn.load(tmp_path / "m.safetensors")
    answers = model.predict(X)
    np.testing.assert_array_equal(loaded.predict(X), answers)
    assert [loaded.predict_one(row) for row in X[:5]] == answers[:5].tolist()
    again = fn.Sequential([Pieces(), fn.BatchNorm(), fn.ReLU(), fn.Dense(1)], dtype=dtype)
    again.fit(X, y, epochs=60, batch_size=8, optimizer=fn.Adam(0.02), threads=2)
    assert again.to_bytes() == model.to_bytes()
    assert fn.check_gradients(model, X[:8], y[:8]) is not None


def test_what_does_not_fit_is_refused():
    def forward(count, rows):
        return lambda x: ops.piecewise(ops.locate(x, np.ones((count, 3))), np.ones((rows, 2)))

    for function, words in [
        (forward(2, 6), r"locate: expected constant_0 of shape \(3, any\), got \(2, 3\)"),
        (forward(3, 7), r"piecewise: expected \(N, 2 d\) and \(d bins, units\) with at most 256 bins"),
        (lambda x: ops.locate(x, np.ones((3, 1))), "locate: expected at least 2 edges for each column"),
    ]:
        with pytest.raises(ShapeError, match=words):
            fn.grad(lambda x, function=function: function(x).sum())(X)


def test_the_door_is_the_kernel():
    weight = np.ones((12, 2))
    y = fn.value_and_grad(lambda x: pieces(x, weight).sum())(X)[0]
    assert y == pytest.approx(kernels.piecewise_forward(kernels.locate(X, EDGES), weight).sum())
