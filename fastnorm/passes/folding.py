"""Folding: a forward pass made that of inference."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from .. import ops
from ..errors import TraceError
from ..ops.tape import Operation, Tape, Value
from .fusion import feeds_only, join


def fold(tape: Tape, arrays: Mapping[str, np.ndarray]) -> Tape:
    """The tape of inference with these parameters and statistics: see Folding."""
    return Folding(tape, arrays).tape


class Folding:
    """A tape made that of inference: parameters are constants, dropout is gone, batch norm is folded into its input.

    A dense layer that feeds it alone takes it in by W' = W s and b' = (b - mean) s + beta for s = gamma / sqrt(variance
    + epsilon), computed in float64. Elsewhere (x - mean) s + beta stays an operation, "normalize".

    arrays  parameters and statistics by name, as the tape has them
    """

    def __init__(self, tape: Tape, arrays: Mapping[str, np.ndarray]) -> None:
        self._old, self._arrays, self._known = join(tape), arrays, dict[int, Value]()
        self._waiting: dict[int, Operation] = {}  # result of a dense layer that a batch norm takes in -> that layer
        self._recipes: dict[str, Callable[[], np.ndarray]] = {}  # constant -> its numbers for the present arrays
        self._new = Tape()
        for value in self._old.of_role("input"):
            self._value(value.index)  # all of them and in this order, used or not: the data keep their columns
        for operation in self._old.operations:
            if operation.name == "batchnorm":
                self._known[operation.output] = self._batchnorm(operation)
            elif operation.name == "dropout":
                self._known[operation.output] = self._value(operation.inputs[0])
            elif self._is_taken_in(operation):
                self._waiting[operation.output] = operation
            else:
                self._known[operation.output] = ops.repeat(operation, [self._value(i) for i in operation.inputs])
        self.tape = join(self._new)

    @np.errstate(all="ignore")  # a diverged model predicts nan, without a warning
    def numbers(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The numbers of the tape's constants, by name, for other parameters and statistics of the same model."""
        self._arrays = arrays
        return {name: recipe() for name, recipe in self._recipes.items()}

    def _value(self, index: int) -> Value:
        """The new tape's value for one of the old: inputs stay, values with known numbers become constants."""
        value = self._old.values[index]
        if index not in self._known:
            if value.role not in ("input", "parameter", "constant"):
                raise TraceError(f"{value!r} is no part of a forward pass for inference")
            self._known[index] = (
                self._new.add(value.role, value.name, value.shape)
                if value.role == "input"
                else self._constant(value.name, partial(self._numbers, value))
            )
        return self._known[index]

    def _constant(self, name: str, recipe: Callable[[], np.ndarray], **settings: bool) -> Value:
        self._recipes[name] = recipe
        with np.errstate(all="ignore"):
            array = recipe()
        return self._new.add("constant", name, array.shape, array=array, **settings)

    def _numbers(self, value: Value) -> np.ndarray:
        return self._arrays[value.name] if value.role != "constant" else value.settings["array"]

    def _is_taken_in(self, operation: Operation) -> bool:
        """Whether this is a dense layer whose numbers are known, which the batch norm behind it can become part of."""
        if operation.name != "dense" or operation.attributes["relu"]:
            return False
        known = all(self._old.values[index].role in ("parameter", "constant") for index in operation.inputs[1:])
        return known and feeds_only(self._old, operation.output, "batchnorm") and self._scales(operation.output)

    def _scales(self, index: int) -> bool:
        """Whether the batch norm that reads a value has a gamma and beta whose numbers are known."""
        (reader,) = self._old.consumers(index)
        return all(self._old.values[place].role in ("parameter", "constant") for place in reader.inputs[1:3])

    def _batchnorm(self, operation: Operation) -> Value:
        x, gamma, beta, mean, variance, _ = (self._old.values[index] for index in operation.inputs)
        name, relu = f"{operation.output}.", operation.attributes["relu"]

        def inverse_std() -> np.ndarray:
            return 1 / np.sqrt(self._arrays[variance.name] + operation.attributes["epsilon"])

        dense = self._waiting.get(x.index)
        if dense is None:
            centers = self._constant(name + "mean", partial(self._numbers, mean), statistic=True)
            scales = self._constant(name + "inverse_std", inverse_std, statistic=True)
            x, gamma, beta = (self._value(value.index) for value in (x, gamma, beta))
            return ops.normalize(x, gamma, beta, centers, scales, relu=relu)
        source, weight, *bias = (self._old.values[index] for index in dense.inputs)

        def scale() -> np.ndarray:
            return self._numbers(gamma).astype(np.float64) * inverse_std()

        def scaled_weight() -> np.ndarray:
            numbers = self._numbers(weight)
            return (numbers * scale()).astype(numbers.dtype)

        def shift() -> np.ndarray:
            before = self._numbers(bias[0]) if bias else 0.0
            moved = self._numbers(beta) + (before - self._arrays[mean.name]) * scale()
            return moved.astype(self._numbers(weight).dtype)

        return ops.dense(
            self._value(source.index), self._constant(name + "weight", scaled_weight),
            self._constant(name + "bias", shift), relu=relu,
        )  # fmt: skip
