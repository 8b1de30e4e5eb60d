"""Data, networks and rates of the subjects panda and drift: a ladder of learning rates, from too low to hopeless."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import fastnorm as fn
from fastnorm import table

from . import letters

EPOCHS = 40  # in all, with those that were taken back
BATCH_SIZE = 64
LADDER = tuple(float(f"{10 ** (step / 2):.1g}") for step in range(-7, 7))  # 3e-4, 1e-3, 3e-3 ... 1000
NETWORKS = {
    "relu": lambda: [fn.ReLU()],
    "batchnorm": lambda: [fn.BatchNorm(), fn.ReLU()],
    "tanh": lambda: [fn.Tanh()],
}  # between dense layers
OPTIMIZERS = {"sgd": lambda rate: fn.SGD(rate, momentum=0.9), "adam": fn.Adam}
ROWS = 4000  # of training, and of validation, where there are more


@dataclass(frozen=True)
class Data:
    """Rows of training and validation, and their classes."""

    name: str
    x: np.ndarray
    y: np.ndarray
    validation: tuple[np.ndarray, np.ndarray]


def load(path: Path | None) -> Data:
    """Return scikit-learn's digits, or rows of letter.csv."""
    if path is not None:
        name, x, y = letters.load(path)
        return Data(name, x[:ROWS], y[:ROWS], (x[ROWS : 2 * ROWS], y[ROWS : 2 * ROWS]))
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    training, validation = table.split(len(x), (0.8, 0.2), seed=0, classes=y)
    x = (x / 16).astype(np.float32)
    return Data("digits", x[training], y[training], (x[validation], y[validation]))


def run(data: Data, network: str, optimizer: str, rate: float, seed: int) -> fn.Run:
    """Return a start: two hidden layers of 64 units, not trained yet."""
    hidden = [layer for _ in range(2) for layer in (fn.Dense(64), *NETWORKS[network]())]
    model = fn.Sequential([*hidden, fn.Dense(int(data.y.max()) + 1)])
    return fn.Run(
        model, data.x, data.y, validation=data.validation, task="classification", optimizer=OPTIMIZERS[optimizer](rate),
        batch_size=BATCH_SIZE, seed=seed,
    )  # fmt: skip
