"""Functions of single numbers: their values at the ends and far out, and their gradients."""

import numpy as np
import pytest
from helpers import cases, tolerances
from helpers.cases_elementwise import CHOSEN

from fastnorm import kernels, reference
from fastnorm.errors import SettingError, ShapeError
from fastnorm.ops import spec

INF, NAN = np.inf, np.nan
SPECIAL = [-INF, -1e30, -200, -1, -0.0, 0.0, 1, 200, 1e30, INF, NAN]


@pytest.mark.parametrize(("name", "settings"), CHOSEN)
def test_values_and_gradients_at_the_ends(variant, dtype, name, settings):
    """As the reference has them: 0 of either sign, numbers far out, where nothing overflows, infinities and nan."""
    x = np.array([SPECIAL], dtype)
    forward, backward = (getattr(reference, f"{name}_{direction}") for direction in ("forward", "backward"))
    with np.errstate(all="ignore"):
        expected = forward(x, **settings).astype(dtype)
        slopes = backward(np.full_like(x, 3), x, expected, **settings).astype(dtype)
    y = getattr(kernels, f"{name}_forward")(x, **settings)
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-40)
    zeros = (x == 0) & (y == 0)
    np.testing.assert_array_equal(np.signbit(y[zeros]), np.signbit(expected[zeros]))
    dx = getattr(kernels, f"{name}_backward")(np.full_like(x, 3), x, expected, **settings)
    np.testing.assert_allclose(dx, slopes, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", -INF, 0), ("exp", 1, np.e), ("log", 0, -INF), ("log", -1, NAN), ("sqrt", 1e30, 1e15), ("abs", -2, 2),
        ("tanh", -INF, -1), ("sigmoid", -1, 0.268941421), ("leaky_relu", -200, -2), ("gelu", -1, -0.158655254),
        ("gelu", -INF, 0), ("silu", 1, 0.731058579), ("silu", -INF, 0), ("softplus", 0, np.log(2)),
    ],
)  # fmt: skip
def test_values_by_hand(variant, dtype, name, x, expected):
    """So that the reference is not alone in what it says."""
    np.testing.assert_allclose(getattr(kernels, f"{name}_forward")(np.array([[x]], dtype)), expected, rtol=1e-6)


def far_and_near(dtype, rng):
    """Numbers of every magnitude, those around the limits of the exponential, and many between -5 and 5.

    And multiples of pi / 2, the nearest numbers to them, where a sine or a cosine is tiny.
    """
    limits = np.finfo(dtype)
    lowest, highest = np.log(limits.smallest_subnormal), np.log(limits.max)
    with np.errstate(over="ignore"):
        every = rng.integers(0, 2**32, 30000, np.uint32).view(np.float32)
    return np.concatenate([
        every[np.isfinite(every)].astype(dtype), rng.uniform(lowest - 3, highest + 1, 30000).astype(dtype),
        rng.uniform(-5, 5, 30000).astype(dtype),
        np.ldexp(rng.choice([-1.3, 1.0], 6000), rng.integers(limits.minexp - 20, limits.maxexp, 6000)).astype(dtype),
        np.pi / 2 * rng.integers(-(2**30), 2**30, 3000).astype(dtype), np.pi / 2 * np.arange(300, dtype=dtype),
    ])[None]  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), CHOSEN)
def test_errors_are_small_from_the_smallest_numbers_to_the_largest(variant, dtype, rng, name, settings):
    x = far_and_near(dtype, rng)
    y = getattr(kernels, f"{name}_forward")(x, **settings)
    with np.errstate(all="ignore"):
        expected = getattr(reference, f"{name}_forward")(x, **settings)
        nearest = expected.astype(dtype)
    finite = np.isfinite(nearest)
    np.testing.assert_array_equal(y[~finite], nearest[~finite])
    error = np.abs(y[finite] - expected[finite]) / np.spacing(np.abs(nearest[finite]))
    assert error.max() <= tolerances.BOUNDS[f"{name}_forward"][0].ulps, x[finite][error.argmax()]


@pytest.mark.parametrize(("name", "settings"), CHOSEN)
def test_gradients_are_those_of_central_differences(variant, rng, name, settings):
    x = rng.uniform(0.1, 2, (3, 21)) * (1 if spec.of(name).positive else rng.choice([-1, 1], (3, 21)))
    dy = rng.normal(size=x.shape)
    forward, backward = (getattr(kernels, f"{name}_{direction}") for direction in ("forward", "backward"))
    dx = backward(dy, x, forward(x, **settings), **settings)
    expected = cases.central_difference(lambda v: float((dy * forward(v, **settings)).sum()), x)
    assert cases.relative_error(dx, expected) <= 1e-8


@pytest.mark.parametrize(("name", "settings"), CHOSEN)
def test_a_number_gives_the_same_bits_wherever_it_stands(variant, dtype, rng, name, settings):
    x = np.abs(rng.normal(0, 3, (1, 37))).astype(dtype)
    together = getattr(kernels, f"{name}_forward")(x, **settings)
    alone = [getattr(kernels, f"{name}_forward")(x[:, i : i + 1], **settings)[0, 0] for i in range(x.size)]
    np.testing.assert_array_equal(together[0], alone)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: kernels.leaky_relu_forward(x, NAN), SettingError, "slope: expected a finite number"),
        (lambda x: kernels.leaky_relu_backward(x, x, x, "a"), SettingError, "slope: expected a number, got 'a'"),
        (lambda x: kernels.clip_forward(x, 1, 0), SettingError, r"high: expected a finite number in \[1, inf\], got 0"),
        (lambda x: kernels.clip_backward(x, x, x, -INF, 0), SettingError, "low: expected a finite number"),
        (lambda x: kernels.exp_backward(x, x[:2], x), ShapeError, "x: expected 4 rows, got 2"),
        (lambda x: kernels.exp_backward(x, x, x[:, :2]), ShapeError, r"y: expected shape \(n, 3\), got \(4, 2\)"),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call(np.ones((4, 3)))
