"""Nadam and RMSprop, the other two of Adam's kernel; averages and sums of squares."""

import numpy as np
import pytest
from helpers import cases, tolerances

from fastnorm import kernels, reference
from fastnorm.errors import DtypeError, SettingError, ShapeError

CHUNK = 8192  # parameters that one thread updates at a time


def test_the_first_step_of_rmsprop_is_known(variant, dtype):
    """v = g^2 / 4, so a step of rate 0.5 is 0.5 g / (|g| / 2)."""
    p, v = np.zeros(4, dtype), np.zeros(4, dtype)
    assert kernels.rmsprop(p, [1, -2, 64, 0], v, 0.5, 0.75, epsilon=1e-12) == 1 + 4 + 4096
    np.testing.assert_allclose(p, [-1, 1, -1, 0], rtol=1e-6)
    np.testing.assert_array_equal(v, [0.25, 1, 1024, 0])


def test_the_first_step_of_nadam_is_known(variant, dtype):
    """With mu = 1/4 and then 1/8 the gradient counts (1 - 1/4) / (1 - 1/4), m = g / 2 counts 1/8 / (1 - 1/32)."""
    p, m, v = np.zeros(3, dtype), np.zeros(3, dtype), np.zeros(3, dtype)
    decay = np.log(0.5) / np.log(0.96)
    squares, product = kernels.nadam(p, [1, -1, 1000], m, v, 1, 1, 0.5, 0.5, 0.75, 1e-12, momentum_decay=decay)
    mu, after = 0.5 * (1 - 0.25), 0.5 * (1 - 0.125)
    step = 0.5 * (1 + after / (1 - mu * after) * 0.5)
    np.testing.assert_allclose(p, [-step, step, -step], rtol=1e-6)
    np.testing.assert_array_equal(m, [0.5, -0.5, 500])
    assert squares == 1000002
    assert product == pytest.approx(mu, rel=1e-15)


@pytest.mark.parametrize("options", [{}, {"l2": 0.01}, {"weight_decay": 0.1}])
def test_many_steps_follow_the_reference(variant, dtype, rng, options):
    start = rng.normal(size=(5, 7)).astype(dtype)
    arrays = {
        name: (start.copy(), *np.zeros((moments, 5, 7), dtype)) for name, moments in (("nadam", 2), ("rmsprop", 1))
    }
    exact = {name: [array.astype(np.longdouble) for array in own] for name, own in arrays.items()}
    product = wide = 1.0
    for step in range(1, 31):
        g = rng.normal(size=start.shape).astype(dtype)
        p, *moments = arrays["nadam"]
        _, product = kernels.nadam(p, g, *moments, step, product, 0.01, **options)
        p, *moments = exact["nadam"]
        _, wide = reference.nadam(p, g, *moments, step, wide, 0.01, **options)
        p, v = arrays["rmsprop"]
        kernels.rmsprop(p, g, v, **options)
        p, v = exact["rmsprop"]
        reference.rmsprop(p, g, v, **options)
    for name, own in arrays.items():
        for array, wanted in zip(own, exact[name], strict=True):
            assert tolerances.largest_error(array, wanted, dtype, np.abs(wanted) + 1) < 40


def test_weight_decay_alone_shrinks_the_parameters(variant, dtype):
    p, v = np.full((2, 3), 8, dtype), np.zeros((2, 3), dtype)
    kernels.rmsprop(p, np.zeros((2, 3)), v, 0.5, weight_decay=0.25)
    np.testing.assert_array_equal(p, 7)


@pytest.mark.parametrize("count", [1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
@pytest.mark.parametrize("name", ["nadam", "rmsprop", "average"])
def test_chunks_give_the_same_bits_on_any_number_of_threads(variant, dtype, rng, name, count):
    call = cases.CALLS[name][-1]
    arguments = call.arguments(rng, 1, count, dtype)
    alone = cases.outcome(getattr(kernels, name), call, arguments)
    for threads in (2, 3, 8):
        results = cases.outcome(getattr(kernels, name), call, arguments, threads=threads)
        for result, expected in zip(results, alone, strict=True):
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 3, 5), (CHUNK + 1,), (2, 3 * CHUNK)])
def test_squares_of_any_shape(variant, dtype, rng, shape):
    g = rng.normal(size=shape).astype(dtype)
    total = kernels.squares(g)
    assert type(total) is float
    tolerances.assert_close("squares", (total,), (reference.squares(g),), dtype, g)
    for threads in (2, 3):
        assert kernels.squares(g, threads=threads) == total
    assert kernels.squares(np.asfortranarray(g)) == total


def test_squares_keep_nan_and_infinity_and_do_not_overflow_in_float32(variant):
    assert kernels.squares(np.array([1e30, 1], np.float32)) == pytest.approx(1e60, rel=1e-6)
    assert kernels.squares([1, np.inf]) == np.inf
    assert np.isnan(kernels.squares([1, np.nan]))


def test_an_average_moves_by_its_share(variant, dtype):
    for shape in [(), (2, 3, 5), (33,)]:
        p, averages = np.full(shape, 8, dtype), np.full(shape, 4, dtype)
        assert kernels.average(p, averages, 0.25) is averages
        np.testing.assert_array_equal(averages, 5)
        np.testing.assert_array_equal(kernels.average(p, averages, 1), p)
        np.testing.assert_array_equal(kernels.average(np.zeros(shape, dtype), averages, 0), p)


def state(dtype=np.float64, shape=(3,)):
    return np.zeros(shape, dtype)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: kernels.rmsprop(state(), state(), state(shape=2)), ShapeError, "second_moments"),
        (lambda: kernels.rmsprop(state(), state(), state(), decay=1), SettingError, r"decay: .*\[0, 1\), got 1"),
        (lambda: kernels.rmsprop(state(), state(), state(), epsilon=0), SettingError, "epsilon"),
        (lambda: kernels.nadam(state(), state(), state(np.float32), state(), 1, 1), DtypeError, "first_moments"),
        (lambda: kernels.nadam(state(), state(), state(), state(), 0, 1), SettingError, "step: .*got 0"),
        (lambda: kernels.nadam(state(), state(), state(), state(), 1, 2), SettingError, "momentum_product: .*got 2"),
        (
            lambda: kernels.nadam(state(), state(), state(), state(), 1, 1, momentum_decay=-1),
            SettingError,
            "momentum_decay",
        ),
        (lambda: kernels.average(state(), state(shape=2), 0.5), ShapeError, "averages: expected .* got"),
        (lambda: kernels.average(state(), state(), 1.5), SettingError, r"share: .*\[0, 1\], got 1.5"),
        (lambda: kernels.squares([1j]), DtypeError, "gradients: expected real numbers"),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_arrays_changed_in_place_must_not_overlap():
    both = np.zeros(6)
    with pytest.raises(ValueError, match="second_moments: expected memory of its own"):
        kernels.rmsprop(both[:3], np.ones(3), both[2:5])
    with pytest.raises(ValueError, match="first_moments: expected memory of its own"):
        kernels.nadam(both[:3], np.ones(3), both[2:5], np.zeros(3), 1, 1)
    with pytest.raises(ValueError, match="averages: expected memory of its own"):
        kernels.average(both[:3], both[2:5], 0.5)
    np.testing.assert_array_equal(both, 0)
