"""Sequential: layers into a model, those of one's own too, and why some cannot be recorded."""

import numpy as np
import pytest
from helpers.fitted import CLASSES, CLASSIFIER, X

import fastnorm as fn
from fastnorm import ops
from fastnorm.nn.layers import Parameter


def test_a_dense_layer_before_batch_norm_has_no_bias_unless_it_is_asked_for():
    model = fn.Sequential([fn.Dense(4), fn.BatchNorm(), fn.Dense(4, bias=True), fn.BatchNorm(), fn.Dense(4), fn.ReLU(),
                           fn.Dense(2, bias=False)])  # fmt: skip
    model.initialize(3)
    biases = [name for name in model.arrays if name.endswith(".bias")]
    assert biases == ["dense_2.bias", "dense_4.bias"]


def test_summary_shows_shapes_and_parameters():
    lines = CLASSIFIER.summary().splitlines()
    assert lines[0].split() == ["input", "(n,", "5)"]
    assert [line.split()[0] for line in lines[1:-1]] == ["dense", "batchnorm", "relu", "dropout", "dense"]
    assert [line.split()[3:4] for line in lines[1:-1]] == [["80"], ["32"], [], [], ["51"]]
    assert lines[-1] == "163 parameters, float32"
    big = fn.Sequential([fn.Dense(1000)], "float64")
    big.initialize(100)
    assert big.summary().endswith("101,000 parameters, float64")


class Squeeze:
    """A user's own layer: dense to half the width, then ReLU."""

    def build(self, features):
        return {"weight": Parameter((features, features // 2), "glorot", decay_factor=1.0)}

    def forward(self, x, weight):
        return ops.relu(ops.dense(x, weight))


def test_a_layer_of_ones_own_is_trained_and_saved_like_any_other(tmp_path):
    model = fn.Sequential([fn.Dense(16), Squeeze(), fn.Dense(3)])
    history = model.fit(X, CLASSES, epochs=15, batch_size=16, optimizer=fn.Adam(0.01))
    assert history[-1].metric > 0.85
    assert model.arrays["squeeze_1.weight"].shape == (16, 8)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(fn.load(tmp_path / "model").logits(X), model.logits(X))


class Wrong(Squeeze):
    def __init__(self, forward):
        self.forward = forward


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        (lambda x, weight: None, "wrong: expected forward to return a recorded value, got None"),
        (lambda x, weight: np.zeros((3, 2)), "wrong: expected forward to return a recorded value"),
        (lambda x, weight: x, "expected a forward pass with an operation, got none"),
        (lambda x, weight: (ops.relu(x), ops.dense(x, weight))[1], "relu_0.* is computed but never used; leave it out"),
        (lambda x, weight: (ops.dense(x, weight), x)[1], "expected a forward pass that returns what it computes last"),
        (lambda x, weight: ops.relu(x) if x > 0 else x, "less_0: .* is a recorded value without numbers: an `if`"),
        (lambda x, weight: ops.dense(x, "weight"), "expected a recorded value or real numbers, got"),
        (
            lambda x, weight: ops.dense(np.ones((2, 5)), np.ones((5, 2))),
            "dense: expected a recorded value, got ndarray",
        ),
        (lambda x, weight: [ops.relu(x) for _ in range(x.shape[0])], "the number of rows N is not known"),
    ],
)
def test_a_layer_that_cannot_be_recorded_says_why(forward, words):
    with pytest.raises(TypeError, match=words):
        fn.Sequential([Wrong(forward)]).initialize(5)
