"""Recording: a forward pass is run once on symbols, and what it does becomes a tape, a list of operations on values."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, SupportsIndex

from .errors import TraceError


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


@dataclass(frozen=True, eq=False)
class Value:
    """One array of a recorded forward pass: its shape is known, its numbers are not.

    role      "input", "target", "weight" come with each minibatch; "parameter" is learned, "statistic" kept along the
              way (float64), "constant" given; "result" is what an operation gives
    shape     (N, features) for what has rows; (features,) or (inputs, units) for parameters; () for a loss
    settings  for parameters and statistics: how they start and whether weight decay touches them
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
        return int(self.shape[-1])

    def __repr__(self) -> str:
        return f"<{self.role} {self.name}: {self.shape}>"

    def _no_number(self, *_: Any) -> NoReturn:
        raise TraceError(
            f"{self!r} is a recorded value without numbers: an `if`, a loop over it or NumPy cannot use it; "
            "write the forward pass with fastnorm.ops"
        )

    __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __array__ = _no_number


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

    def add(self, role: str, name: str, shape: tuple[SupportsIndex, ...], **settings: Any) -> Value:
        """Add a value that no operation gives. Names of parameters and statistics are unique."""
        shape = tuple(n if n is ROWS else operator.index(n) for n in shape)
        if role in ("parameter", "statistic") and any(value.name == name for value in self.values):
            raise TraceError(f"two parameters are named {name!r}; give each its own name")
        value = Value(self, len(self.values), role, name, shape, settings)
        self.values.append(value)
        return value

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
        if len(set(inputs)) < len(inputs):
            raise TraceError(f"{name}: expected a different value for each input, got {', '.join(map(repr, inputs))}")
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
    def result(self) -> Value:
        """What the last operation gives; every other result must be read by an operation."""
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
