"""Curves drawn by hand, and small trainings on digits that go as the tests of guard, look and advice need them."""

from functools import cache

import numpy as np
from sklearn.datasets import load_digits

import fastnorm as fn
from fastnorm import table
from fastnorm.training.run import Epoch


@cache
def digits():
    """Features from 0 to 1 and classes of all digits, and the row numbers of a training and a validation half."""
    x, y = load_digits(return_X_y=True)
    return (x / 16).astype(np.float32), y, *table.split(len(x), (0.5, 0.5), seed=0, classes=y)


def curve(losses, validation=None, rates=None):
    """Epochs with these losses; the rest of what an epoch tells is made up."""
    validation = [None] * len(losses) if validation is None else validation
    rates = [0.1] * len(losses) if rates is None else rates
    rows = zip(losses, validation, rates, strict=True)
    return [
        Epoch(number, loss, 0.5, judged, None if judged is None else 0.5, rate, 1.0, 0.0)
        for number, (loss, judged, rate) in enumerate(rows, 1)
    ]


def network(between=(), units=32):
    """Two hidden layers with these between them."""
    return fn.Sequential([part for _ in range(2) for part in (fn.Dense(units), *between)] + [fn.Dense(10)])


def run(between=None, optimizer=None, *, classes=None, units=32, **options):
    """A run on half of the digits, validated on the other half; classes(theirs) may replace theirs."""
    x, y, training, aside = digits()
    y = y if classes is None else classes(y)
    between = [fn.BatchNorm(), fn.ReLU()] if between is None else between
    options = {"optimizer": optimizer or fn.SGD(0.1), "batch_size": 64, "seed": 0} | options
    return fn.Run(network(between, units), x[training], y[training], validation=(x[aside], y[aside]), **options)
