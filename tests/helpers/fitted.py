"""Data that a small network learns well, and models fitted to it."""

import numpy as np

import fastnorm as fn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 5))
CLASSES = (X @ RNG.normal(size=(5, 3))).argmax(1)
VALUES = X @ RNG.normal(size=(5, 2))


def network(outputs=3, dtype="float32"):
    return fn.Sequential([fn.Dense(16), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.1), fn.Dense(outputs)], dtype)


def fitted(outputs=3, y=CLASSES, **options):
    model = network(outputs)
    model.fit(X, y, **{"epochs": 15, "batch_size": 16, "optimizer": fn.Adam(0.01)} | options)
    return model


CLASSIFIER = fitted()
REGRESSOR = fitted(2, VALUES)
