"""Gradients compared with central differences: what agrees, what does not, and that the model stays as it is."""

import numpy as np
import pytest

import fastnorm as fn


def rows(rng, n=30, features=4):
    return rng.standard_normal((n, features)), rng.integers(0, 3, n)


def test_layers_of_all_kinds_agree_and_the_model_stays_as_it_is(dtype, rng):
    x, y = rows(rng)
    chain = [
        fn.Dense(6),
        fn.BatchNorm(),
        fn.Tanh(),
        fn.Dropout(0.3),
        fn.Dense(5),
        fn.LayerNorm(),
        fn.GELU(),
        fn.Dense(3),
    ]
    model = fn.Sequential(chain, dtype=dtype)
    assert fn.check_gradients(model, x, y).agrees
    with pytest.raises(fn.errors.SettingError, match="has not seen data yet"):
        _ = model.tape
    model.fit(x, y, epochs=1)
    before = {name: array.copy() for name, array in model.arrays.items()}
    found = fn.check_gradients(model, x, y, elements=3)
    assert found.agrees
    assert "gradients agree in all" in repr(found)
    assert [one.compared for one in found.comparisons] == [3] * len(found.comparisons)
    for name, array in model.arrays.items():
        np.testing.assert_array_equal(array, before[name])


def test_a_jump_that_backward_cannot_see_is_told(rng):
    class Jump(fn.Layer):
        def forward(self, x):
            return (x > 0) * 1.0 + x

    model = fn.Sequential(fn.Dense(2), Jump(), fn.Dense(1))
    found = fn.check_gradients(model, np.zeros((5, 3)), np.ones(5), task="regression")
    assert not found.agrees
    assert [one.name for one in found.comparisons if not one.agrees] == ["dense_0.bias"]
    assert "gradients differ in 1 of 4 arrays" in repr(found)
    assert "dense_0.bias: DIFFERS at (" in repr(found)


def test_losses_of_ones_own_are_checked(rng):
    x, _ = rows(rng)

    def quartic(prediction, target):
        return ((prediction - target) ** 4).sum(axis=1)

    assert fn.check_gradients(fn.Sequential(fn.Dense(1)), x, x[:, 0], loss=quartic).agrees


def test_a_model_of_several_inputs_is_checked(rng):
    a, b = rng.standard_normal((20, 3)), rng.standard_normal((20, 2))

    def forward(a, b):
        return fn.Dense(1)(fn.Dense(2)(a) * fn.Dense(2)(b))

    assert fn.check_gradients(fn.Model(forward, inputs=(3, 2)), (a, b), a[:, 0]).agrees
