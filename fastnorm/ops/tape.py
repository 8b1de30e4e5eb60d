"""Recording: a forward pass is run once on symbols, which records a tape, a list of operations on values."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, SupportsIndex

import numpy as np

from ..errors import ShapeError, TraceError


class _Rows:
    """The number of rows of a minibatch: a symbol, for a program runs any number up to its capacity."""

    def __repr__(self) -> str:
        return "N"

    def __reduce__(self) -> str:
        return "ROWS"

    def __index__(self) -> NoReturn:
        raise TraceError(
            "the number of rows N is not known while a forward pass is recorded; "
            "use operations that work for any N, such as a mean over rows"
        )

    __int__ = __float__ = __index__


ROWS = _Rows()

FUNCTIONS: dict[str, Callable[..., "Value"]] = {}  # by NumPy's names, the functions on values; filled by ops


def _found(name: str) -> Callable[..., "Value"]:
    if name not in FUNCTIONS:
        raise TraceError(f"no operation named {name!r}; there are {', '.join(sorted(FUNCTIONS))}")
    return FUNCTIONS[name]


def _operator(name: str, *, reflected: bool = False) -> Any:
    """A method that calls one of FUNCTIONS on the value and the other operand, if any."""

    def method(self: "Value", *other: Any) -> "Value":
        return _found(name)(*((*other, self) if reflected else (self, *other)))

    return method


@dataclass(frozen=True, eq=False)
class Value:
    """One array of a recorded forward pass: its shape is known, its numbers are not.

    role      "input", "target", "weight" come with each minibatch; "parameter" is learned, "statistic" kept along the
              way (float64), "constant" given; "result" comes from an operation
    shape     (N, features) and (N,) for values with rows; (), (features,), (inputs, units) for all else
    settings  for parameters and statistics: how they start and whether weight decay touches them; for a constant: its
              array

    Python's operators, indexing of columns, and NumPy's functions on it record operations of fastnorm.ops.
    """

    tape: "Tape"
    index: int
    role: str
    name: str
    shape: tuple[Any, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def features(self) -> int:
        """Length of a row."""
        return 1 if self.shape in ((), (ROWS,)) else int(self.shape[-1])

    @property
    def ndim(self) -> int:
        """The number of dimensions, 0 to 2."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<{self.role} {self.name}: {self.shape}>"

    def _no_number(self, *_: Any) -> NoReturn:
        raise TraceError(
            f"{self!r} is a recorded value without numbers: an `if`, a loop over it or a conversion cannot use it; "
            "choose between numbers with fastnorm.ops.where(condition, a, b)"
        )

    __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __array__ = _no_number
    __hash__ = object.__hash__  # by identity, though == records a comparison

    __add__, __radd__ = _operator("add"), _operator("add", reflected=True)
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", reflected=True)
    __mul__, __rmul__ = _operator("multiply"), _operator("multiply", reflected=True)
    __truediv__, __rtruediv__ = _operator("divide"), _operator("divide", reflected=True)
    __pow__, __rpow__ = _operator("power"), _operator("power", reflected=True)
    __matmul__, __rmatmul__ = _operator("matmul"), _operator("matmul", reflected=True)
    __lt__, __le__, __gt__, __ge__ = map(_operator, ("less", "less_equal", "greater", "greater_equal"))
    __eq__, __ne__ = _operator("equal"), _operator("not_equal")
    __neg__, __abs__, __getitem__ = _operator("negative"), _operator("abs"), _operator("getitem")
    T = property(_operator("transpose"))

    def sum(self, axis: int | None = None, *, keepdims: bool = False) -> "Value":
        """See fastnorm.ops.sum."""
        return FUNCTIONS["sum"](self, axis, keepdims=keepdims)

    def mean(self, axis: int | None = None, *, keepdims: bool = False) -> "Value":
        """See fastnorm.ops.mean."""
        return FUNCTIONS["mean"](self, axis, keepdims=keepdims)

    def max(self, axis: int | None = None, *, keepdims: bool = False) -> "Value":
        """See fastnorm.ops.max."""
        return FUNCTIONS["max"](self, axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> "Value":
        """See fastnorm.ops.reshape."""
        return FUNCTIONS["reshape"](self, shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape)

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, **settings: Any) -> "Value":
        """np.exp(value) and array + value, recorded as the operation of that name."""
        if method != "__call__" or settings:
            raise TraceError(f"np.{function.__name__}: on recorded values, expected a plain call of it")
        return _found(function.__name__)(*inputs)

    def __array_function__(self, function: Any, types: Any, inputs: Any, settings: Any) -> "Value":
        """np.where(condition, a, b) and its like, recorded as the operation of that name."""
        return _found(function.__name__)(*inputs, **settings)


@dataclass(frozen=True)
class Operation:
    """One step of the tape: values of these indices in, the value of index `output` out.

    attributes  numbers and flags, JSON-able; those named in `slots` may change between minibatches
    slots       attribute -> name of the slot that holds it while training
    """

    name: str
    inputs: tuple[int, ...]
    output: int
    attributes: Mapping[str, Any]
    slots: Mapping[str, str]


class Tape:
    """The recorded forward pass: values and operations in the order they came."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.operations: list[Operation] = []
        self.layers = 0  # called so far: their numbers name their parameters
        self.tied: dict[Any, dict[str, Value]] = {}  # layer -> its parameters, where all its calls have the same

    def add(self, role: str, name: str, shape: tuple[SupportsIndex, ...], **settings: Any) -> Value:
        """Add a value that no operation gives. Names of parameters, statistics and constants are unique."""
        shape = tuple(n if n is ROWS else operator.index(n) for n in shape)
        if len(shape) > 2 or ROWS in shape[1:] or any(isinstance(n, int) and n < 1 for n in shape):
            raise ShapeError(f"{name}: expected at most two dimensions, of at least 1 each, got shape {shape}")
        kept = ("parameter", "statistic", "constant")
        if role in kept and any(value.name == name for value in self.of_role(*kept)):
            raise TraceError(f"two parameters are named {name!r}; give each its own name")
        value = Value(self, len(self.values), role, name, shape, settings)
        self.values.append(value)
        return value

    def constant(self, array: Any) -> Value:
        """Add a number or an array as it is now; later changes of the array have no effect."""
        array = np.asarray(array)
        if array.dtype.kind not in "fiub":
            raise TraceError(f"expected a recorded value or real numbers, got {array.dtype}: {array!r}")
        array = np.array(array, array.dtype if array.dtype == np.float32 else np.float64)
        array.flags.writeable = False
        return self.add("constant", f"constant_{len(self.of_role('constant'))}", array.shape, array=array)

    def record(
        self,
        name: str,
        inputs: tuple[Value, ...],
        shape: tuple[Any, ...],
        slots: Mapping[str, str] | None = None,
        /,
        **attributes: Any,
    ) -> Value:
        """Add an operation and return its result.

        slots  attributes that may change between minibatches -> the kind of slot: "dropout" gives dropout_0, dropout_1
        """
        if any(value.tape is not self for value in inputs):
            raise TraceError(f"{name}: expected values of one recording, got {', '.join(map(repr, inputs))} of several")
        output = self.add("result", f"{name}_{len(self.operations)}", shape)
        names = {attribute: f"{kind}_{self._count(kind)}" for attribute, kind in (slots or {}).items()}
        operation = Operation(name, tuple(value.index for value in inputs), output.index, attributes, names)
        self.operations.append(operation)
        return output

    def _count(self, kind: str) -> int:
        """How many slots of this kind there are so far."""
        names = [name for operation in self.operations for name in operation.slots.values()]
        return sum(name.rpartition("_")[0] == kind for name in names)

    def of_role(self, *roles: str) -> list[Value]:
        """The values of these roles, in order."""
        return [value for value in self.values if value.role in roles]

    def one(self, role: str) -> Value:
        """The only value of this role."""
        values = self.of_role(role)
        if len(values) != 1:
            raise TraceError(f"expected one {role}, got {', '.join(map(repr, values)) or 'none'}")
        return values[0]

    @property
    def features(self) -> int:
        """Length of a row of data: the inputs lie in it side by side."""
        return sum(value.features for value in self.of_role("input"))

    @property
    def result(self) -> Value:
        """The result of the last operation; every other result must be read by an operation."""
        if not self.operations:
            raise TraceError("expected a forward pass with an operation, got none")
        *others, last = (operation.output for operation in self.operations)
        unread = set(others) - {index for operation in self.operations for index in operation.inputs}
        if unread:
            raise TraceError(f"{self.values[min(unread)]!r} is computed but never used; leave it out")
        return self.values[last]

    def consumers(self, index: int) -> list[Operation]:
        """The operations that read a value."""
        return [operation for operation in self.operations if index in operation.inputs]
