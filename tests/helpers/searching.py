"""Small searches: three clouds of points, networks of a few units."""

from dataclasses import replace

import numpy as np

from fastnorm import tune
from fastnorm.tune import Choice, Float, Int

SPACE = {
    "learning_rate": Float(1e-3, 1e-1, scale="log"),
    "decay_rate": Float(0.01, 1, scale="log"),
    "beta_1": Float(0.8, 0.99, scale="one_minus_log"),
    "batch_size": Choice([16, 32]),
    "layers": Int(1, 2),
    "units": Int(4, 16, scale="log"),
    "dropout": Float(0, 0.3),
    "weight_decay": Float(1e-6, 1e-2, scale="log"),
}
ENDLESS = 10**9  # epochs


def clouds(seed, rows):
    """Three classes of four features, each around a point of its own."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows, dtype=np.int32) % 3
    x = rng.normal(0, 0.7, (rows, 4)) + np.eye(3, 4)[y] * 2
    return x.astype(np.float32), y


TRAINING, VALIDATION = clouds(0, 120), clouds(1, 60)


def search(build=None, space=SPACE, training=TRAINING, validation=VALIDATION, **options):
    options = {"trials": 6, "epochs": 3, "workers": 2} | options
    return tune.caviar(build or tune.default_build(3), space, *training, validation=validation, **options)


def table(study):
    """Everything about a study but what it took."""
    rows = [replace(trial, seconds=0.0) for trial in study.trials]
    return rows, [[replace(epoch, seconds=0.0) for epoch in study.curve(row.number)] for row in rows]
