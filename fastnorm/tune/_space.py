"""What a search may try: for every hyperparameter its range, and the scale on which chance is even.

A dimension maps a share in [0, 1) to a value: samplers draw shares and know no scales, scales know no chance.
Source of the scales: Ng, Improving Deep Neural Networks, "Using an appropriate scale to pick hyperparameters".
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .. import checks
from ..errors import FileError, SettingError

# Each scale's axis: from a value to its place on the axis, and back.
AXES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (float, float),
    "log": (math.log, math.exp),
    "one_minus_log": (lambda value: -math.log1p(-value), lambda place: -math.expm1(-place)),
}


@dataclass(frozen=True)
class Float:
    """A number in [low, high].

    scale  "linear"; "log" gives every factor its even share (learning rates); "one_minus_log" gives it to every factor
           of 1 - value (beta_1: from 0.9 to 0.999 half of the draws are 0.99 or more)
    Raises SettingError for low >= high, low <= 0 on "log", and a range outside [0, 1) on "one_minus_log".
    """

    low: float
    high: float
    scale: str = "linear"

    def __post_init__(self) -> None:
        checks.choice("Float scale", self.scale, list(AXES))
        for name in ("low", "high"):
            object.__setattr__(self, name, checks.number(f"Float {name}", getattr(self, name), -math.inf))
        _check_order(self)
        if self.scale == "log" and self.low <= 0:
            raise SettingError(f"{self}: a log scale needs low > 0")
        if self.scale == "one_minus_log" and not 0 <= self.low < self.high < 1:
            raise SettingError(f"{self}: one_minus_log needs 0 <= low < high < 1")

    def at(self, share: float) -> float:
        """Return the number at this share of the axis."""
        return min(max(_between(self.scale, self.low, self.high, share), self.low), self.high)


@dataclass(frozen=True)
class Int:
    """A whole number from low to high, both included.

    scale  "linear", or "log" (numbers of units)
    Raises SettingError for low >= high and for low < 1 on "log".
    """

    low: int
    high: int
    scale: str = "linear"

    def __post_init__(self) -> None:
        checks.choice("Int scale", self.scale, ["linear", "log"])
        for name in ("low", "high"):
            object.__setattr__(self, name, checks.integer(f"Int {name}", getattr(self, name), -(2**53), 2**53))
        _check_order(self)
        if self.scale == "log" and self.low < 1:
            raise SettingError(f"{self}: a log scale needs low >= 1")

    def at(self, share: float) -> int:
        """Return the whole number nearest to this share of the axis.

        The axis reaches half a step beyond both ends: each whole number owns the stretch from half below to half above
        it, the two ends too.
        """
        nearest = round(_between(self.scale, self.low - 0.5, self.high + 0.5, share))
        return min(max(nearest, self.low), self.high)


@dataclass(frozen=True)
class Choice:
    """One of several values, each as likely as the others; a single value is a fixed setting.

    options  numbers, words, True, False, None, or lists of these: what a study file can hold
    """

    options: Sequence[Any]

    def __post_init__(self) -> None:
        if isinstance(self.options, str) or not isinstance(self.options, Sequence) or not self.options:
            raise SettingError(f"Choice: expected a list with at least one option, got {self.options!r}")
        object.__setattr__(self, "options", tuple(self.options))
        for option in self.options:
            if not _survives_json(option):
                raise SettingError(f"Choice: {option!r} cannot be kept in a study; use numbers, words or lists of them")

    def at(self, share: float) -> Any:
        """Return the option at this share of the list."""
        return self.options[int(share * len(self.options))]


Dimension = Float | Int | Choice
Space = Mapping[str, Dimension]
KINDS: dict[str, type[Dimension]] = {"Float": Float, "Int": Int, "Choice": Choice}


def check_space(space: Any) -> dict[str, Dimension]:
    """Return the space as a dict of name to Float, Int or Choice, or raise SettingError that names the entry."""
    if not isinstance(space, Mapping) or not space:
        raise SettingError(f"space: expected a dict of hyperparameters with at least one, got {space!r}")
    for name, dimension in space.items():
        if not isinstance(name, str):
            raise SettingError(f"space: expected names as keys, got {name!r}")
        if not isinstance(dimension, tuple(KINDS.values())):
            raise SettingError(f"space[{name!r}]: expected Float, Int or Choice, got {dimension!r}")
    return dict(space)


def pack_space(space: Space) -> dict[str, Any]:
    """Return the space as plain data for a study file."""
    return {name: {"kind": type(dimension).__name__, **asdict(dimension)} for name, dimension in space.items()}


def unpack_space(packed: Any) -> dict[str, Dimension]:
    """Return the space that pack_space packed; FileError where a study file holds something else."""
    try:
        entries = {name: dict(entry) for name, entry in packed.items()}
        return {name: KINDS[entry.pop("kind")](**entry) for name, entry in entries.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FileError(f"study: its space is damaged ({error})") from None


def _between(scale: str, low: float, high: float, share: float) -> float:
    place, value = AXES[scale]
    return value(place(low) + share * (place(high) - place(low)))


def _check_order(dimension: Float | Int) -> None:
    if dimension.low >= dimension.high:
        raise SettingError(f"{dimension}: expected low < high; a fixed value is Choice([{dimension.low}])")


def _survives_json(option: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(option)) == option)
    except (TypeError, ValueError):
        return False
