"""Functions of single numbers: their values at the ends and far out, and their gradients."""

import numpy as np
import pytest
from helpers import cases
from helpers.cases_elementwise import SETTINGS, UNARY

from fastnorm import kernels, reference
from fastnorm.errors import SettingError, ShapeError

INF, NAN = np.inf, np.nan
SPECIAL = [-INF, -1e30, -200, -1, -0.0, 0.0, 1, 200, 1e30, INF, NAN]
WIDE = {np.float32: np.float64, np.float64: np.longdouble}


def value(function, x, dtype, *settings):
    with np.errstate(over="ignore"):
        return function(np.array([x], dtype), *settings)[0]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: kernels.exp_forward(x), [0, 0, 0, np.exp(-1), 1, 1, np.exp(1), None, INF, INF, NAN]),
        (lambda x: kernels.log_forward(x), [NAN, NAN, NAN, NAN, -INF, -INF, 0, np.log(200), None, INF, NAN]),
        (lambda x: kernels.sqrt_forward(x), [NAN, NAN, NAN, NAN, -0.0, 0, 1, np.sqrt(200), 1e15, INF, NAN]),
        (lambda x: kernels.abs_forward(x), [INF, 1e30, 200, 1, 0.0, 0, 1, 200, 1e30, INF, NAN]),
        (lambda x: kernels.tanh_forward(x), [-1, -1, -1, np.tanh(-1), -0.0, 0, np.tanh(1), 1, 1, 1, NAN]),
        (lambda x: kernels.sigmoid_forward(x), [0, 0, None, 0.268941421, 0.5, 0.5, 0.731058579, 1, 1, 1, NAN]),
        (lambda x: kernels.leaky_relu_forward(x), [-INF, -1e28, -2, -0.01, -0.0, 0, 1, 200, 1e30, INF, NAN]),
        (lambda x: kernels.gelu_forward(x), [0, 0, 0, -0.158655254, 0, 0, 0.841344746, 200, 1e30, INF, NAN]),
        (lambda x: kernels.silu_forward(x), [0, 0, None, -0.268941421, 0, 0, 0.731058579, 200, 1e30, INF, NAN]),
        (lambda x: kernels.softplus_forward(x), [0, 0, None, np.log1p(1 / np.e), np.log(2), np.log(2), np.log1p(np.e),
                                                 200, 1e30, INF, NAN]),
        (lambda x: kernels.clip_forward(x, -2, 3), [-2, -2, -2, -1, -0.0, 0, 1, 3, 3, 3, NAN]),
    ],
    ids=UNARY,
)  # fmt: skip
def test_values_at_the_ends(variant, dtype, function, expected):
    y = value(function, SPECIAL, dtype)
    for place, wanted in enumerate(expected):
        if wanted is not None:
            np.testing.assert_allclose(y[place], wanted, rtol=1e-6, atol=1e-40)


@pytest.mark.parametrize("name", [name for name in UNARY if name not in ("exp", "log", "abs", "sigmoid", "softplus")])
def test_the_sign_of_0_stays(variant, dtype, name):
    settings = SETTINGS.get(name, ({},))[0]
    y = getattr(kernels, f"{name}_forward")(np.array([[-0.0, 0.0]], dtype), **settings)
    assert (y == 0).all()
    assert np.signbit(y).tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda dy, x, y: kernels.exp_backward(dy, x, y), [0, 0, 0, 3 / np.e, 3, 3, 3 * np.e, None, INF, INF, NAN]),
        (lambda dy, x, y: kernels.log_backward(dy, x, y), [0, None, -0.015, -3, -INF, INF, 3, 0.015, None, 0, NAN]),
        (lambda dy, x, y: kernels.sqrt_backward(dy, x, np.sqrt(np.abs(x))),
         [0, None, None, 1.5, INF, INF, 1.5, None, None, 0, NAN]),
        (lambda dy, x, y: kernels.abs_backward(dy, x, y), [-3, -3, -3, -3, 0, 0, 3, 3, 3, 3, NAN]),
        (lambda dy, x, y: kernels.tanh_backward(dy, x, np.tanh(x)), [0, 0, 0, 1.259923, 3, 3, 1.259923, 0, 0, 0, NAN]),
        (lambda dy, x, y: kernels.sigmoid_backward(dy, x, x), [-INF, None, None, -6, 0, 0, 0, None, None, -INF, NAN]),
        (lambda dy, x, y: kernels.leaky_relu_backward(dy, x, y, 0.5), [1.5] * 6 + [3] * 4 + [1.5]),
        (lambda dy, x, y: kernels.gelu_backward(dy, x, y), [0, 0, 0, -0.24994641, 1.5, 1.5, 3.2499464, 3, 3, 3, NAN]),
        (lambda dy, x, y: kernels.silu_backward(dy, x, y), [0, 0, None, 0.2169885, 1.5, 1.5, 2.7830115, 3, 3, 3, NAN]),
        (lambda dy, x, y: kernels.softplus_backward(dy, x, y),
         [0, 0, None, 3 / (1 + np.e), 1.5, 1.5, 3 * np.e / (1 + np.e), 3, 3, 3, NAN]),
        (lambda dy, x, y: kernels.clip_backward(dy, x, y, -1, 200), [0, 0, 0, 3, 3, 3, 3, 3, 0, 0, 0]),
    ],
    ids=UNARY,
)  # fmt: skip
def test_gradients_at_the_ends(variant, dtype, function, expected):
    x = np.array([SPECIAL], dtype)
    with np.errstate(over="ignore"):
        dx = function(np.full_like(x, 3), x, np.exp(x))[0]
    for place, wanted in enumerate(expected):
        if wanted is not None:
            np.testing.assert_allclose(dx[place], wanted, rtol=1e-5, atol=1e-9)


def far_and_near(dtype, rng):
    """Numbers of every magnitude, those around the limits of the exponential, and many between -5 and 5."""
    limits = np.finfo(dtype)
    lowest, highest = np.log(limits.smallest_subnormal), np.log(limits.max)
    with np.errstate(over="ignore"):
        every = rng.integers(0, 2**32, 30000, np.uint32).view(np.float32)
    return np.concatenate([
        every[np.isfinite(every)].astype(dtype), rng.uniform(lowest - 3, highest + 1, 30000).astype(dtype),
        rng.uniform(-5, 5, 30000).astype(dtype),
        np.ldexp(1.0, rng.integers(limits.minexp - 20, 40, 3000)).astype(dtype),
    ])[None]  # fmt: skip


BOUND = {"exp": 1.5, "log": 1, "tanh": 2, "sigmoid": 2, "gelu": 8, "silu": 4, "softplus": 4}


@pytest.mark.parametrize("name", BOUND)
def test_errors_are_small_from_the_smallest_numbers_to_the_largest(variant, dtype, rng, name):
    x = far_and_near(dtype, rng)
    y = getattr(kernels, f"{name}_forward")(x)
    with np.errstate(under="ignore", over="ignore"):
        expected = getattr(reference, f"{name}_forward")(x)
        nearest = expected.astype(dtype)
    finite = np.isfinite(nearest)
    np.testing.assert_array_equal(y[~finite], nearest[~finite])
    error = np.abs(y[finite] - expected[finite]) / np.spacing(np.abs(nearest[finite]))
    assert error.max() <= BOUND[name], x[finite][error.argmax()]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("number", [0, 1])
def test_gradients_are_those_of_central_differences(variant, rng, name, number):
    if number >= len(SETTINGS.get(name, ({},))):
        pytest.skip("one set of settings")
    settings = SETTINGS.get(name, ({},))[number]
    x = rng.uniform(0.1, 2, (3, 21)) * (1 if name in ("log", "sqrt") else rng.choice([-1, 1], (3, 21)))
    dy = rng.normal(size=x.shape)
    forward, backward = (getattr(kernels, f"{name}_{direction}") for direction in ("forward", "backward"))
    dx = backward(dy, x, forward(x, **settings), **settings)
    expected = cases.central_difference(lambda v: float((dy * forward(v, **settings)).sum()), x)
    assert cases.relative_error(dx, expected) <= 1e-8


@pytest.mark.parametrize("name", UNARY)
def test_a_number_gives_the_same_bits_wherever_it_stands(variant, dtype, rng, name):
    settings = SETTINGS.get(name, ({},))[0]
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
