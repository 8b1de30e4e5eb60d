"""Sequential: a model made of layers, one after the other."""

from functools import partial
from typing import Any

from .._frozen import explained
from ..nn.combinators import in_turn, listed, require_layers
from .model import Model


class Sequential(Model):
    """Layers one after the other; the input's size is inferred from the data.

    layers  such as fn.Dense(256), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.1), fn.Dense(26); or one list of them. Words
            stand for layers that need no numbers: "batch_norm", "relu"
    dtype   "float32" or "float64"
    """

    @explained
    def __init__(self, *layers: Any, dtype: Any = "float32") -> None:
        if len(layers) == 2 and isinstance(layers[0], list | tuple):  # Sequential([...], "float64")
            layers, dtype = layers
        self.layers = require_layers("Sequential", listed(layers))
        super().__init__(partial(in_turn, self.layers), dtype=dtype)
