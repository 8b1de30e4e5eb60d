"""Sequential: a model made of layers, one after the other."""

from collections.abc import Sequence
from typing import Any

from . import checks
from .errors import SettingError, TraceError
from .layers import BatchNorm, Dense, Layer
from .model import Model
from .trace import ROWS, Tape, Value


class Sequential(Model):
    """Layers one after the other; the input's size is inferred from the data.

    layers  such as [fn.Dense(256), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.1), fn.Dense(26)]
    dtype   "float32" or "float64"
    """

    def __init__(self, layers: Sequence[Layer], dtype: Any = "float32") -> None:
        super().__init__(dtype=dtype)
        self.layers = tuple(layers)
        for layer in self.layers:
            if isinstance(layer, type) or not (hasattr(layer, "build") and hasattr(layer, "forward")):
                raise SettingError(f"Sequential: expected layers such as fn.Dense(64) and fn.ReLU(), got {layer!r}")
        if not self.layers:
            raise SettingError("Sequential: expected at least one layer, got none")

    def _recorded(self, features: int) -> Tape:
        tape = Tape()
        value = tape.add("input", "x", (ROWS, checks.integer("features", features, 1)))
        for number, layer in enumerate(self.layers):
            following = self.layers[number + 1] if number + 1 < len(self.layers) else None
            if isinstance(layer, Dense) and layer.bias is None and isinstance(following, BatchNorm):
                layer = Dense(layer.units, False, layer.initializer)
            kind = type(layer).__name__.lower()
            parameters = {
                name: tape.add(p.role, f"{kind}_{number}.{name}", p.shape, initializer=p.initializer, decays=p.decays)
                for name, p in layer.build(value.features).items()
            }
            value = layer.forward(value, **parameters)
            if not isinstance(value, Value):
                raise TraceError(f"{kind}_{number}: expected forward to return a recorded value, got {value!r}")
        if not any(value.role == "parameter" for value in tape.values):
            raise TraceError("Sequential: expected a layer with something to learn, such as Dense")
        if value is not tape.result:
            raise TraceError(f"{kind}_{number}: expected forward to return what it computes last, got {value!r}")
        return tape
