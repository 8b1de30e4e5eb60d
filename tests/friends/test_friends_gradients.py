"""Gradients of random functions agree with JAX's."""

import collections
import functools

import numpy as np
import pytest
from helpers import random_functions
from helpers.random_functions import leaves
from helpers.random_steps import WORDS
from helpers.vocabulary import OURS, words

import fastnorm as fn
from fastnorm import ops

pytestmark = pytest.mark.friends

FUNCTIONS = 200
CLOSE = 1e-10  # norm of the difference, over that of JAX's gradient


@pytest.fixture(scope="module")
def jax():
    """JAX in float64, as long as these tests run."""
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        yield jax


@pytest.fixture(scope="module")
def theirs(jax):
    """The vocabulary of JAX."""
    return words(jax.numpy, jax.nn, gelu=functools.partial(jax.nn.gelu, approximate=False))


@functools.cache
def function(number):
    return random_functions.function(np.random.default_rng([2026, number]))


def flat(tree):
    return np.concatenate([np.ravel(leaf) for leaf in leaves(tree)])


@pytest.mark.parametrize("number", range(FUNCTIONS))
def test_a_random_function_has_the_value_and_the_gradient_that_jax_gives(jax, theirs, number):
    f = function(number)
    value, gradient = fn.value_and_grad(functools.partial(f.follow, OURS))(*f.arguments)
    wanted_value, wanted = jax.jit(jax.value_and_grad(functools.partial(f.follow, theirs)))(*f.arguments)
    assert jax.tree.map(np.shape, gradient) == jax.tree.map(np.shape, wanted) == jax.tree.map(np.shape, f.arguments[0])
    assert value == pytest.approx(float(wanted_value), rel=CLOSE, abs=CLOSE)
    scale = np.linalg.norm(flat(wanted))
    assert np.linalg.norm(flat(gradient) - flat(wanted)) <= CLOSE * scale
    assert 0 < scale < np.inf


def test_each_word_occurs_in_several_of_these_functions_and_most_read_a_value_twice():
    functions = [function(number) for number in range(FUNCTIONS)]
    counts = collections.Counter(word for f in functions for word in {step.word for step in f.steps})
    assert set(counts) == set(WORDS) == set(OURS)
    assert min(counts.values()) >= 5
    assert {len(f.steps) for f in functions} == set(range(3, 13))
    assert sum(f.branches() for f in functions) > FUNCTIONS / 2
    assert {type(f.arguments[0]) for f in functions} == {dict, list, tuple, np.ndarray}


TIES = {
    "maximum": lambda np, x: np.maximum(x, x * x),  # 0 and 1 equal their squares
    "minimum": lambda np, x: np.minimum(x, x * x),
    "max of rows": lambda np, x: np.max(x, axis=1),
    "max of columns": lambda np, x: np.max(x, axis=0, keepdims=True),
    "where equal": lambda np, x: np.where(x == 1, x * x, -x),
}


@pytest.mark.parametrize("name", TIES)
def test_gradients_at_ties_are_those_of_jax(jax, name):
    x = np.array([[0.0, 1, 1, -1], [2, 1, 0, 0], [1, 1, 1, 1]])
    friends = (fn.grad, ops), (jax.grad, jax.numpy)
    ours, wanted = (grad(lambda x, np=np: (TIES[name](np, x) * 3.0).sum())(x) for grad, np in friends)
    np.testing.assert_allclose(ours, wanted, rtol=1e-15)
