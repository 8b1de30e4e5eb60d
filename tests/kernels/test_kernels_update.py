"""Steps of the optimizers: known steps, many steps against the reference, chunks, state in place."""

import inspect

import numpy as np
import pytest
from helpers import cases, tolerances

import fastnorm as fn
from fastnorm import kernels, reference
from fastnorm.errors import DtypeError, SettingError, ShapeError

CHUNK = 8192  # parameters that one thread updates at a time


def test_plain_descent_subtracts_rate_times_gradient(variant, dtype):
    p, velocity = np.array([1, -2, 3], dtype), np.zeros(3, dtype)
    squares = kernels.sgd(p, [4, 8, -16], velocity, 0.125)
    np.testing.assert_array_equal(p, [0.5, -3, 5])
    np.testing.assert_array_equal(velocity, [4, 8, -16])
    assert squares == 16 + 64 + 256
    assert type(squares) is float


def test_momentum_and_nesterov_are_those_of_torch(variant, dtype):
    """torch 2: SGD(lr=0.5, momentum=0.5) from 0 with gradients 1, 1: -0.5, -1.25; nesterov: -0.75, -1.625."""
    for nesterov, expected in ((False, [-0.5, -1.25]), (True, [-0.75, -1.625])):
        p, velocity = np.zeros(1, dtype), np.zeros(1, dtype)
        for value in expected:
            kernels.sgd(p, [1], velocity, 0.5, 0.5, nesterov=nesterov)
            assert p == value


def test_an_averaged_velocity_is_an_average_of_gradients(variant, dtype):
    """From 0 with gradients 8, 8 and momentum 0.75: 2, 3.5, of which half is subtracted; nesterov looks one ahead."""
    for nesterov, expected in ((False, [-1, -2.75]), (True, [-1.75, -4.0625])):
        p, velocity = np.zeros(1, dtype), np.zeros(1, dtype)
        for value in expected:
            kernels.sgd(p, [8], velocity, 0.5, 0.75, averaged=True, nesterov=nesterov)
            assert p == value
        assert velocity == 3.5


def test_l2_enters_the_gradient_and_weight_decay_does_not(variant, dtype):
    p, velocity = np.full(1, 2, dtype), np.zeros(1, dtype)
    assert kernels.sgd(p, [1], velocity, 0.5, 0.5, l2=0.25) == 1
    assert (p, velocity) == (1.25, 1.5)
    p, velocity = np.full(1, 2, dtype), np.zeros(1, dtype)
    kernels.sgd(p, [1], velocity, 0.5, 0.5, weight_decay=0.25)
    assert (p, velocity) == (1.25, 1)


def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient(variant, dtype):
    p, m, v = np.zeros(4, dtype), np.zeros(4, dtype), np.zeros(4, dtype)
    kernels.adam(p, [1e-3, -1, 1000, 0], m, v, 1, 0.5, epsilon=1e-12)
    np.testing.assert_allclose(p, [-0.5, 0.5, -0.5, 0], rtol=1e-6)


@pytest.mark.parametrize("options", [{}, {"l2": 0.01}, {"weight_decay": 0.1}])
def test_many_steps_of_adam_follow_the_reference(variant, dtype, rng, options):
    p, m, v = rng.normal(size=(5, 7)).astype(dtype), np.zeros((5, 7), dtype), np.zeros((5, 7), dtype)
    exact = [array.astype(np.longdouble) for array in (p, m, v)]
    for step in range(1, 51):
        gradients = rng.normal(size=p.shape).astype(dtype)
        kernels.adam(p, gradients, m, v, step, 0.01, **options)
        reference.adam(exact[0], gradients, *exact[1:], step, 0.01, **options)
    for array, wanted in zip((p, m, v), exact, strict=True):
        assert tolerances.largest_error(array, wanted, dtype, np.abs(wanted) + 1) < 40


def test_weight_decay_alone_shrinks_the_parameters(variant, dtype):
    p, m, v = np.full((2, 3), 8, dtype), np.zeros((2, 3), dtype), np.zeros((2, 3), dtype)
    kernels.adam(p, np.zeros((2, 3)), m, v, 1, 0.5, weight_decay=0.25)
    np.testing.assert_array_equal(p, 7)


@pytest.mark.parametrize("count", [1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_chunks_give_the_same_bits_on_any_number_of_threads(variant, dtype, rng, name, count):
    call = cases.CALLS[name][1]
    arguments = call.arguments(rng, 1, count, dtype)
    alone = cases.outcome(getattr(kernels, name), call, arguments)
    for threads in (2, 3, 8):
        for result, expected in zip(
            cases.outcome(getattr(kernels, name), call, arguments, threads=threads), alone, strict=True
        ):
            np.testing.assert_array_equal(result, expected)


def test_parameters_may_have_any_shape(dtype):
    for shape in [(), (2, 3, 4)]:
        p, m, v = np.ones(shape, dtype), np.zeros(shape, dtype), np.zeros(shape, dtype)
        kernels.adam(p, np.ones(shape), m, v, 1, 0.25)
        np.testing.assert_allclose(p, 0.75, rtol=1e-6)
        assert p.shape == shape


def state(dtype=np.float64, shape=(3,)):
    return np.zeros(shape, dtype)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: kernels.sgd([0.0], [1], state(), 0.1),
            DtypeError,
            "parameters: expected an array of float64, got list",
        ),
        (
            lambda: kernels.sgd(state(int), state(), state(), 0.1),
            DtypeError,
            "parameters: expected an array of float64, got int64",
        ),
        (lambda: kernels.sgd(state(">f4"), state(), state(), 0.1), DtypeError, "parameters: .*got >f4"),
        (
            lambda: kernels.sgd(state(), state(shape=4), state(), 0.1),
            ShapeError,
            r"gradients: expected shape \(3,\).*got \(4,\)",
        ),
        (
            lambda: kernels.sgd(state(), state(), state(np.float32), 0.1),
            DtypeError,
            "velocity: expected an array of float64",
        ),
        (lambda: kernels.sgd(state(shape=6)[::2], state(), state(), 0.1), ShapeError, "parameters: .*not C-contiguous"),
        (lambda: kernels.sgd(state(), state(), state(), -0.1), SettingError, r"learning_rate: .*got -0.1"),
        (lambda: kernels.sgd(state(), state(), state(), 0.1, 1), SettingError, r"momentum: .*\[0, 1\), got 1"),
        (lambda: kernels.adam(state(), state(), state(), state(shape=2), 1), ShapeError, "second_moments"),
        (
            lambda: kernels.adam(state(), state(), state(), state(), 0),
            SettingError,
            "step: expected a whole number at least 1, got 0",
        ),
        (lambda: kernels.adam(state(), state(), state(), state(), 1, beta_2=1), SettingError, "beta_2"),
        (lambda: kernels.adam(state(), state(), state(), state(), 1, epsilon=0), SettingError, "epsilon"),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_arrays_changed_in_place_must_not_overlap():
    both = np.zeros(6)
    with pytest.raises(ValueError, match="velocity: expected memory of its own"):
        kernels.sgd(both[:3], np.ones(3), both[:3], 0.1)
    with pytest.raises(ValueError, match="parameters: expected memory of its own"):
        kernels.sgd(both[:3], both[2:5], np.zeros(3), 0.1)
    np.testing.assert_array_equal(both, 0)


@pytest.mark.parametrize("cls", [fn.SGD, fn.RMSprop, fn.Adam, fn.Nadam])
def test_a_kernel_starts_with_the_hyperparameters_of_its_class(cls):
    names = {"beta_2": "decay"} if cls is fn.RMSprop else {}
    parameters = inspect.signature(getattr(kernels, cls.rule)).parameters
    slots = {names.get(name, name): value for name, value in cls().slots.items()}
    shared = {name: value for name, value in slots.items() if name in parameters}
    assert "learning_rate" in shared
    assert {name: parameters[name].default for name in shared} == shared
