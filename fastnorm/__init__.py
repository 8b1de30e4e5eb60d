"""fastnorm: train and tune batch-normalized neural networks and softmax classifiers on the CPU you have."""

import importlib
import os
from typing import TYPE_CHECKING, Any

from . import errors
from ._version import __version__ as __version__

try:
    from . import kernels, ops
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("fastnorm.kernels."):
        raise
    raise errors.NotBuilt(
        f"{os.path.dirname(__file__)}: expected native code built for this Python, got sources alone; run Python in "
        "another folder to import the fastnorm that is installed, or build this one: pip install -e ."
    ) from None
from .models.model import Model, load
from .models.sequential import Sequential
from .nn.activations import ELU, GELU, SELU, LeakyReLU, Mish, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from .nn.combinators import Concatenate, Residual, SelectColumns, TiedLayer
from .nn.encodings import PiecewiseLinear, SmoothClip
from .nn.layers import BatchNorm, Dense, Dropout, Embedding, Layer, LayerNorm, Parameter
from .nn.losses import Focal, Huber, MeanAbsoluteError, MeanSquaredError, SigmoidCrossEntropy, SoftmaxCrossEntropy
from .training.optimizers import SGD, Adam, AdamW, Nadam, RMSprop
from .training.run import Checkpoint, Epoch, Run

if TYPE_CHECKING:
    from . import networks, table, tune
    from .autodiff import grad, minimize, value_and_grad
    from .models.ensemble import ensemble
    from .models.gradient_check import check_gradients
    from .table import Table
    from .training import schedules

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "SGD",
    "Adam",
    "AdamW",
    "BatchNorm",
    "Checkpoint",
    "Concatenate",
    "Dense",
    "Dropout",
    "Embedding",
    "Epoch",
    "Focal",
    "Huber",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Mish",
    "Model",
    "Nadam",
    "Parameter",
    "PiecewiseLinear",
    "RMSprop",
    "ReLU",
    "Residual",
    "Run",
    "SelectColumns",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SigmoidCrossEntropy",
    "SmoothClip",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Softplus",
    "Table",
    "Tanh",
    "TiedLayer",
    "check_gradients",
    "ensemble",
    "errors",
    "grad",
    "kernels",
    "load",
    "minimize",
    "networks",
    "ops",
    "schedules",
    "table",
    "tune",
    "value_and_grad",
]


# Imported when they are first asked for, so that `import fastnorm` does not wait for them.
MODULES = {"networks": ".networks", "schedules": ".training.schedules", "table": ".table", "tune": ".tune"}
LATER = {
    "Table": "table", "check_gradients": "models.gradient_check", "ensemble": "models.ensemble",
    "grad": "autodiff", "minimize": "autodiff", "value_and_grad": "autodiff",
}  # fmt: skip


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__file__", "__name__", "__path__", "__version__"]


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return importlib.import_module(MODULES[name], __name__)
    if name in LATER:
        return getattr(importlib.import_module(f".{LATER[name]}", __name__), name)
    from importlib.util import find_spec  # only now, as all of this

    if name.startswith("_") or find_spec(f".{name}", __name__):  # a module on its way in
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import foreign_words

    hint = foreign_words.way_out(foreign_words.NAMES, name, __all__)
    raise errors.UnknownName(f"fastnorm: there is no {name!r}; {hint}")
