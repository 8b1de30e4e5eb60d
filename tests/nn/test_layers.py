"""Layers: what they ask for, how their parameters start, and what they refuse."""

import numpy as np
import pytest

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.kernels import random, uniform
from fastnorm.nn.layers import INITIALIZERS, Parameter, initial


def start(kind, shape, seed=0, number=0, dtype=np.float64):
    return initial({"initializer": kind}, shape, dtype, seed, number)


@pytest.mark.parametrize(("kind", "variance"), [("he", 2 / 300), ("glorot", 2 / 500)])
def test_weights_start_uniform_with_the_variance_of_their_paper(kind, variance):
    weights = start(kind, (300, 200))
    assert abs(weights.mean()) < 5 * np.sqrt(variance / weights.size)
    assert weights.var() == pytest.approx(variance, rel=0.02)
    assert np.abs(weights).max() <= np.sqrt(3 * variance)
    assert np.abs(weights).max() > 0.999 * np.sqrt(3 * variance)
    counts, _ = np.histogram(weights, 10)
    assert counts.min() > 0.95 * weights.size / 10


def test_a_start_is_a_function_of_seed_and_parameter():
    draws = uniform(7, random.INITIALIZE, 3, 0, 6)
    expected = (2 * draws - 1) * np.sqrt(3 * 2 / 3)
    np.testing.assert_array_equal(start("he", (3, 2), seed=7, number=3), expected.reshape(3, 2))
    np.testing.assert_array_equal(start("he", (3, 2), 7, 3, np.float32), expected.reshape(3, 2).astype(np.float32))
    assert not np.array_equal(start("he", (3, 2), 7, 4), start("he", (3, 2), 7, 3))
    assert not np.array_equal(start("he", (3, 2), 8, 3), start("he", (3, 2), 7, 3))


def test_constants_start_as_they_are_called():
    assert start("zeros", (2,)).tolist() == [0, 0]
    assert start("ones", (2,), dtype=np.float32).dtype == np.float32
    assert start("ones", (2,)).tolist() == [1, 1]
    with pytest.raises(
        SettingError, match="initializer: expected one of 'he', 'glorot', 'rows', 'zeros', 'ones', got 'xavier'"
    ):
        start("xavier", (2, 2))


def test_layers_ask_for_what_they_learn():
    assert fn.Dense(3).build(2) == {
        "weight": Parameter((2, 3), "he", decay_factor=1.0),
        "bias": Parameter((3,), "zeros", optional=True),
    }
    assert fn.Dense(3, bias=True).build(2)["bias"] == Parameter((3,), "zeros")
    assert list(fn.Dense(3, bias=False, initializer="glorot").build(2)) == ["weight"]
    batchnorm = fn.BatchNorm().build(4)
    assert {name: (part.role, part.shape, part.initializer) for name, part in batchnorm.items()} == {
        "gamma": ("parameter", (4,), "ones"),
        "beta": ("parameter", (4,), "zeros"),
        "running_mean": ("statistic", (4,), "zeros"),
        "running_variance": ("statistic", (4,), "ones"),
        "running_weight": ("statistic", (1,), "zeros"),
    }
    assert not any(part.decay_factor for part in batchnorm.values())
    assert fn.ReLU().build(4) == fn.Dropout().build(4) == {}


def test_a_model_starts_by_its_seed():
    def arrays(seed):
        model = fn.Sequential([fn.Dense(4), fn.BatchNorm(), fn.Dense(2)])
        model.initialize(3, seed)
        return model.arrays

    one, same, other = arrays(1), arrays(1), arrays(2)
    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])
        assert np.array_equal(array, other[name]) == (not name.endswith("weight") or "running" in name)
    assert one["dense_0.weight"].std() > 0


def test_untrained_batch_norm_predicts_what_came_in():
    """Running mean 0 and variance 1, so that only epsilon is felt."""
    model = fn.Sequential([fn.BatchNorm(epsilon=1e-12)], "float64")
    model.initialize(3)
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(model.logits(x), x, rtol=1e-11)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fn.Dense(0), "Dense units: expected a whole number"),
        (lambda: fn.Dense(2.5), "Dense units: expected a whole number, got 2.5"),
        (lambda: fn.Dense(3, initializer="xavier"), "Dense initializer: expected one of"),
        (lambda: fn.BatchNorm(1.0), r"BatchNorm running_decay: expected a finite number in \[0, 1\), got 1.0"),
        (lambda: fn.BatchNorm(epsilon=0), r"BatchNorm epsilon: expected a finite number in \(0, inf\], got 0"),
        (lambda: fn.Dropout(1), r"Dropout rate: expected a finite number in \[0, 1\), got 1"),
        (lambda: fn.Dropout(-0.1), "Dropout rate"),
        (lambda: fn.Dropout("half"), "Dropout rate: expected a number, got 'half'"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, words):
    with pytest.raises(SettingError, match=words):
        make()


def test_layers_do_not_change():
    with pytest.raises(AttributeError):
        fn.Dense(3).units = 4
    assert fn.Dense(3) == fn.Dense(3) != fn.Dense(4)
    assert INITIALIZERS == ("he", "glorot", "rows", "zeros", "ones")
