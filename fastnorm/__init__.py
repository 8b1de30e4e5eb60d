"""fastnorm: train and tune batch-normalized neural networks and softmax classifiers on the CPU you have."""

import importlib
from typing import Any

from . import errors, kernels
from .layers import BatchNorm, Dense, Dropout, ReLU
from .losses import MeanSquaredError, SoftmaxCrossEntropy
from .model import Model, load
from .optimizers import SGD, Adam, AdamW
from .run import Checkpoint, Epoch, Run
from .schedules import Constant, Cosine, InverseTime
from .sequential import Sequential
from .table import Table

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "BatchNorm",
    "Checkpoint",
    "Constant",
    "Cosine",
    "Dense",
    "Dropout",
    "Epoch",
    "InverseTime",
    "MeanSquaredError",
    "Model",
    "ReLU",
    "Run",
    "Sequential",
    "SoftmaxCrossEntropy",
    "Table",
    "errors",
    "kernels",
    "load",
    "tune",
]


def __getattr__(name: str) -> Any:
    """Import `tune` when it is first asked for: training alone needs no SQLite."""
    if name == "tune":
        return importlib.import_module(".tune", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
