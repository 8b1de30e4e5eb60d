"""Layers made of layers: residuals, branches side by side, some columns of the input, parameters used twice."""

from collections.abc import Iterable, Sequence
from typing import Any

from .. import checks, ops
from .._frozen import named
from ..errors import SettingError, ShapeError, TraceError
from ..ops.tape import Value
from .activations import ACTIVATIONS
from .layers import BatchNorm, Dense, Dropout, Embedding, Layer, LayerNorm, apply, built

LAYERS = (Dense, BatchNorm, LayerNorm, Embedding, Dropout, *ACTIVATIONS)


def listed(layers: Sequence[Any]) -> Sequence[Any]:
    """Layers that are given one by one, or all in one list."""
    one_list = len(layers) == 1 and isinstance(layers[0], Iterable) and not isinstance(layers[0], str)
    return tuple(layers[0]) if one_list else layers


def require_layers(name: str, layers: Sequence[Any]) -> tuple[Any, ...]:
    """The layers, at least one, each with build and forward; or words for layers that need no numbers."""
    layers = [named(name, layer, LAYERS) for layer in layers]
    for layer in layers:
        if isinstance(layer, type) or not (hasattr(layer, "build") and hasattr(layer, "forward")):
            raise SettingError(f"{name}: expected layers such as fn.Dense(64) and fn.ReLU(), got {layer!r}")
    if not layers:
        raise SettingError(f"{name}: expected at least one layer, got none; all are given at once")
    return tuple(layers)


def in_turn(layers: Sequence[Any], x: Value) -> Value:
    """Record layers one after the other."""
    for layer in layers:
        x = apply(layer, x)
    return x


class Residual(Layer):
    """x plus the layers' result on it: Residual(Dense(64), BatchNorm(), ReLU()) on rows of 64, or a list of layers.

    Raises ShapeError while recording if they change the length of a row.  Source: He et al. 2016.
    """

    def __init__(self, *layers: Any) -> None:
        self.layers = require_layers("Residual", listed(layers))

    def __repr__(self) -> str:
        return f"Residual({', '.join(map(repr, self.layers))})"

    def forward(self, x: Value, **parameters: Value) -> Value:
        value = in_turn(self.layers, x)
        if value.shape != x.shape:
            raise ShapeError(f"Residual: expected layers that give {x.shape} as they get, got {value.shape}")
        return x + value


class Concatenate(Layer):
    """Results of several branches on the same input, side by side: Concatenate(Dense(8), [Dense(8), ReLU()]).

    A branch is a layer or a list of layers, one after the other.
    """

    def __init__(self, *branches: Any) -> None:
        lists = [branch if isinstance(branch, list | tuple) else [branch] for branch in branches]
        self.branches = [require_layers("Concatenate", branch) for branch in lists]
        if not self.branches:
            raise SettingError("Concatenate: expected at least one branch, got none")

    def __repr__(self) -> str:
        return f"Concatenate({', '.join(map(repr, self.branches))})"

    def forward(self, x: Value, **parameters: Value) -> Value:
        return ops.concatenate([in_turn(branch, x) for branch in self.branches])


class SelectColumns(Layer):
    """Columns first to end - 1 of the input, numbered from 0."""

    def __init__(self, first: int, end: int) -> None:
        self.first = checks.integer("SelectColumns first", first, 0)
        self.end = checks.integer("SelectColumns end", end, self.first + 1)

    def __repr__(self) -> str:
        return f"SelectColumns({self.first}, {self.end})"

    def forward(self, x: Value, **parameters: Value) -> Value:
        if self.end > x.features:
            raise ShapeError(f"{self!r}: expected at least {self.end} features, got {x.features}")
        return x[:, self.first : self.end]


class TiedLayer(Layer):
    """A layer whose every call in a model uses the same parameters; of several layers, share each."""

    def __init__(self, layer: Any) -> None:
        (self.layer,) = require_layers("TiedLayer", [layer])

    def __repr__(self) -> str:
        return f"TiedLayer({self.layer!r})"

    def __call__(self, x: Value) -> Value:
        if self not in x.tape.tied:
            x.tape.tied[self] = built(self.layer, x)
        called = x.tape.layers
        value = apply(self.layer, x, x.tape.tied[self])
        if x.tape.layers != called:
            raise TraceError(
                f"{self!r}: expected a layer that has no others inside, whose parameters would not be shared"
            )
        return value

    def forward(self, x: Value, **parameters: Value) -> Value:
        return self(x)
