"""ReLU and dropout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels
from fastnorm.errors import SettingError, ShapeError
from fastnorm.kernels import cpu, random


def test_relu_of_special_values(variant, dtype):
    x = np.array([[np.nan, -0.0, 0.0, np.inf, -np.inf, 1e-45, -1e-45, 5, -5]], dtype)
    np.testing.assert_array_equal(kernels.relu_forward(x)[0], np.maximum(x[0], 0))
    dy = np.full(x.shape, 3, dtype)
    np.testing.assert_array_equal(kernels.relu_backward(dy, x)[0], np.where(x[0] > 0, 3, 0))


def test_relu_backward_gives_0_for_a_gradient_of_nan_where_y_is_0(variant, dtype):
    assert kernels.relu_backward(np.full((1, 1), np.nan, dtype), np.zeros((1, 1), dtype)) == 0


def test_dropout_drops_the_share_it_is_asked_for_and_scales_the_rest(variant, dtype):
    for rate in (0.1, 0.5, 0.9):
        y = kernels.dropout(np.ones((500, 300), dtype), rate, seed=7)
        assert abs((y == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / y.size)
        np.testing.assert_array_equal(y[y != 0], dtype(1 / (1 - rate)))


def test_a_rate_of_0_changes_nothing(variant, dtype, rng):
    x = rng.normal(size=(7, 33)).astype(dtype)
    np.testing.assert_array_equal(kernels.dropout(x, 0, seed=1), x)


def test_a_rate_just_below_1_drops_nearly_all(variant, dtype):
    y = kernels.dropout(np.ones((100, 100), dtype), np.nextafter(1, 0), seed=1)
    assert (y == 0).sum() >= 9999


@pytest.mark.parametrize("name", cpu.runnable())
@given(
    n=st.integers(1, 9),
    c=st.integers(1, 70),
    cut=st.integers(0, 8),
    first=st.integers(0, 2**20),
    seed=st.integers(0, 2**64 - 1),
)
def test_what_is_dropped_depends_on_the_position_alone(name, n, c, cut, first, seed):
    whole = np.ones((n + cut, c), np.float32)
    with cpu._using(name):
        y = kernels.dropout(whole, 0.5, seed, 3, 4, first_row=first)
        rest = kernels.dropout(whole[cut:].astype(np.float64), 0.5, seed, 3, 4, first_row=first + cut)
    np.testing.assert_array_equal(y[cut:], rest)


def test_the_words_are_those_of_the_keyed_generator(variant):
    y = kernels.dropout(np.ones((3, 10)), 0.25, 99, 5, 6)
    words = kernels.random_bits(99, random.DROPOUT, 5, 6, 36).reshape(3, 12)[:, :10]
    np.testing.assert_array_equal(y == 0, words < 2**30)


@pytest.mark.parametrize("key", [{"seed": 2}, {"seed": 1 + 2**32}, {"stream": 1}, {"index": 1}, {"first_row": 1}])
def test_another_key_drops_others(variant, key):
    x = np.ones((40, 50))
    mine = kernels.dropout(x, 0.5, **({"seed": 1} | key)) == 0
    assert 0.45 < (mine == (kernels.dropout(x, 0.5, seed=1) == 0)).mean() < 0.55


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: kernels.dropout(x, 1, 0), SettingError, r"rate: expected a finite number in \[0, 1\), got 1"),
        (lambda x: kernels.dropout(x, -0.1, 0), SettingError, "rate: .*got -0.1"),
        (lambda x: kernels.dropout(x, 0.5, -1), SettingError, "seed: .*got -1"),
        (lambda x: kernels.dropout(x, 0.5, 2**64), SettingError, "seed: .*got 18446744073709551616"),
        (lambda x: kernels.dropout(x, 0.5, 0, 2**32), SettingError, "stream: .*from 0 to 4294967295"),
        (lambda x: kernels.dropout(x, 0.5, 0, 0, "a"), SettingError, "index: expected a whole number, got 'a'"),
        (lambda x: kernels.dropout(x, 0.5, 0, first_row=2**32), SettingError, "first_row: .*from 0 to 4294967292"),
        (lambda x: kernels.relu_backward(x, x[:2]), ShapeError, "y: expected 4 rows, got 2"),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call(np.ones((4, 3)))
