"""The data of the subjects caviar and study: letter.csv, or clusters of the same shape where no file is given."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

import fastnorm as fn
from fastnorm import table

ROWS, FEATURES, CLASSES, CLUSTERS = 20_000, 16, 26, 4  # clusters of a class
NOISE = 0.75  # beside centers of unit variance: classes overlap, so that no network is right on all rows


class Letters(NamedTuple):
    """Standardized features (n, 16) float32, classes (n,) int32, shuffled."""

    name: str
    x: np.ndarray
    y: np.ndarray


def load(path: Path | None) -> Letters:
    """Read a CSV file with the column `letter`, or make rows up."""
    if path is None:
        return _made_up()
    frame = table.read(path)
    learned = fn.Table.fit(frame, "letter", "classification")
    return Letters(path.name, *_shuffled(learned.transform(frame), learned.transform_target(frame)))


def _made_up() -> Letters:
    random = np.random.default_rng(0)
    cluster = random.integers(0, CLASSES * CLUSTERS, ROWS)
    centers = random.standard_normal((CLASSES * CLUSTERS, FEATURES))
    x = centers[cluster] + NOISE * random.standard_normal((ROWS, FEATURES))
    return Letters("clusters", *_shuffled(x, cluster % CLASSES))


def _shuffled(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(1).permutation(len(x))
    return np.ascontiguousarray(x[order], np.float32), np.ascontiguousarray(y[order], np.int32)


def network(layers: int, units: int) -> fn.Sequential:
    """Hidden layers of dense, batch norm and ReLU, and a dense layer of logits."""
    hidden = [layer for _ in range(layers) for layer in (fn.Dense(units), fn.BatchNorm(), fn.ReLU())]
    return fn.Sequential([*hidden, fn.Dense(CLASSES)])
