"""Sequential: a model made of layers, one after the other."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from .composition import in_turn, require_layers
from .model import Model


class Sequential(Model):
    """Layers one after the other; the input's size is inferred from the data.

    layers  such as [fn.Dense(256), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.1), fn.Dense(26)]
    dtype   "float32" or "float64"
    """

    def __init__(self, layers: Sequence[Any], dtype: Any = "float32") -> None:
        self.layers = require_layers("Sequential", layers)
        super().__init__(partial(in_turn, self.layers), dtype=dtype)
