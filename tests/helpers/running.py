"""Small runs to drive in tests, and what must be equal between two of them."""

import dataclasses

import numpy as np
import pytest

import fastnorm as fn

ROWS = 50
X = np.random.default_rng(0).normal(size=(ROWS, 4)).astype(np.float32)
Y = (X @ np.random.default_rng(1).normal(size=(4, 3))).argmax(1)
VALIDATION = np.random.default_rng(2).normal(size=(20, 4)), np.arange(20) % 3


def layers():
    return [fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.25), fn.Dense(3)]


def make(x=X, y=Y, chain=None, dtype="float32", **options):
    """A run of a small model with everything in it."""
    options = {"batch_size": 8, "optimizer": fn.Adam(0.01), "seed": 5} | options
    return fn.Run(fn.Sequential(chain or layers(), dtype), x, y, **options)


def weights(run):
    return {name: array.tobytes() for name, array in run.model.arrays.items()}


def untimed(epochs):
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in epochs]


def assert_same(one, other):
    assert weights(one) == weights(other)
    assert untimed(one.history) == untimed(other.history)
    assert one.checkpoint().state == other.checkpoint().state


def straight(epochs=4, **options):
    run = make(**options)
    run.advance(epochs)
    return run


def one_minibatch(run):
    """Train one minibatch, or the rest of the epoch where it is the last."""
    with pytest.MonkeyPatch.context() as patch:
        train = run.program.train
        patch.setattr(run, "program", Slowly(run.program))
        run.advance()
        assert run.program.train is not train


class Slowly:
    """A program whose time is up after one minibatch."""

    def __init__(self, program):
        self.program = program

    def __getattr__(self, name):
        return getattr(self.program, name)

    def train(self, *arguments):
        order, starts, factors, _, *first = arguments
        return self.program.train(order, starts, factors, 1e-9, *first)
