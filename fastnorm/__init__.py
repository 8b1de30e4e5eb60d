"""fastnorm: train and tune batch-normalized neural networks and softmax classifiers on the CPU you have."""

import importlib
from typing import TYPE_CHECKING, Any

from . import errors, kernels, ops
from .activations import GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from .composition import Columns, Concatenate, Residual, Shared
from .layers import BatchNorm, Dense, Dropout, Embedding, Layer, LayerNorm, Parameter
from .losses import Focal, Huber, MeanAbsoluteError, MeanSquaredError, SigmoidCrossEntropy, SoftmaxCrossEntropy
from .model import Model, load
from .optimizers import SGD, Adam, AdamW, Nadam, RMSprop
from .run import Checkpoint, Epoch, Run
from .schedules import Constant, Cosine, CosineRestarts, Exponential, InverseTime, OneCycle, ReduceOnPlateau, Step
from .sequential import Sequential

if TYPE_CHECKING:
    from . import table, tune
    from .differentiation import grad, minimize, value_and_grad
    from .ensembling import ensemble
    from .table import Table

__version__ = "0.1.0"

__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "BatchNorm",
    "Checkpoint",
    "Columns",
    "Concatenate",
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Dense",
    "Dropout",
    "Embedding",
    "Epoch",
    "Exponential",
    "Focal",
    "Huber",
    "InverseTime",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Model",
    "Nadam",
    "OneCycle",
    "Parameter",
    "RMSprop",
    "ReLU",
    "ReduceOnPlateau",
    "Residual",
    "Run",
    "Sequential",
    "Shared",
    "SiLU",
    "Sigmoid",
    "SigmoidCrossEntropy",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Softplus",
    "Step",
    "Table",
    "Tanh",
    "ensemble",
    "errors",
    "grad",
    "kernels",
    "load",
    "minimize",
    "ops",
    "table",
    "tune",
    "value_and_grad",
]


# Imported when they are first asked for: training on arrays needs none of them, and waits for none.
LATER = {
    "Table": "table", "ensemble": "ensembling",
    "grad": "differentiation", "minimize": "differentiation", "value_and_grad": "differentiation",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in ("table", "tune"):
        return importlib.import_module(f".{name}", __name__)
    if name in LATER:
        return getattr(importlib.import_module(f".{LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
