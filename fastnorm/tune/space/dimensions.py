"""Dimensions: for one hyperparameter its range, and the scale on which a draw is even.

A dimension maps a fraction in [0, 1) to a value and back: samplers draw fractions and know no scales, and scales
know no randomness.
Source of the scales: Ng, Improving Deep Neural Networks, "Using an appropriate scale to pick hyperparameters".
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ... import checks
from ...errors import SettingError
from .conditions import Condition, condition

# Each scale's axis: from a value to its place on the axis, and back.
AXES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (float, float),
    "log": (math.log, math.exp),
    "one_minus_log": (lambda value: -math.log1p(-value), lambda place: -math.expm1(-place)),
}
DIGITS = 12  # of a stepped Float's values: 0.1 + 2 * 0.1 is to be 0.3


@dataclass(frozen=True)
class Float:
    """A number in [low, high].

    scale  "linear"; "log" gives every factor an equal part (learning rates); "one_minus_log" does so for
           1 - value (beta_1: from 0.9 to 0.999 half of the draws are 0.99 or more)
    step   only low, low + step, ... high; each owns the stretch of the axis from half a step below to half above it
    when   the condition under which it is there, as in ("layers", ">=", 3)
    Raises SettingError for low >= high, low <= 0 on "log", a range outside [0, 1) on "one_minus_log" (with steps, these
    bounds are for the stretches), and a high that no whole number of steps reaches.
    """

    low: float
    high: float
    scale: str = "linear"
    step: float | None = None
    when: Condition | tuple[str, str, Any] | None = None

    def __post_init__(self) -> None:
        _check_scale("Float", self.scale, list(AXES))
        for name in ("low", "high"):
            object.__setattr__(self, name, checks.number(f"Float {name}", getattr(self, name), -math.inf))
        object.__setattr__(self, "when", condition(self.when))
        _check_order(self)
        if self.step is not None:
            object.__setattr__(self, "step", checks.number("Float step", self.step, 0, ends="()"))
            self._check_step()
        low, high = self._ends()
        if self.scale == "log" and low <= 0:
            raise SettingError(f"{self}: a log scale needs low > {'step / 2' if self.step else '0'}")
        if self.scale == "one_minus_log" and not 0 <= self.low < high < 1:
            raise SettingError(f"{self}: one_minus_log needs 0 <= low < high < 1{' - step / 2' if self.step else ''}")

    def _check_step(self) -> None:
        assert self.step is not None
        steps = (self.high - self.low) / self.step
        if abs(steps - round(steps)) > 1e-9 * steps or steps < 0.5:
            below = self._stepped(max(math.floor(steps), 1))
            raise SettingError(f"{self}: expected high to be a whole number of steps above low, such as {below:g}")

    def _ends(self) -> tuple[float, float]:
        half = (self.step or 0.0) / 2
        return self.low - half, self.high + half

    def _stepped(self, count: float) -> float:
        return float(f"{self.low + count * (self.step or 0.0):.{DIGITS}g}")

    def at(self, fraction: float) -> float:
        """Return the number at this fraction of the axis."""
        return self.nearest(_between(self.scale, *self._ends(), fraction))

    def fraction(self, value: float) -> float:
        """Return the fraction of the axis at which a value of this dimension lies."""
        return _fraction(self.scale, *self._ends(), value)

    def nearest(self, value: float) -> float:
        """Return the number of this dimension that is nearest to value."""
        value = min(max(float(value), self.low), self.high)
        return value if self.step is None else min(self._stepped(round((value - self.low) / self.step)), self.high)

    def values(self) -> list[float] | None:
        """Return all its numbers, None where they are too many to tell apart."""
        if self.step is None:
            return None
        return [self.nearest(self._stepped(count)) for count in range(round((self.high - self.low) / self.step) + 1)]


@dataclass(frozen=True)
class Int:
    """A whole number from low to high, both included.

    scale  "linear", or "log" (numbers of units)
    when   the condition under which it is there, as in ("layers", ">=", 3)
    Raises SettingError for low >= high and for low < 1 on "log".
    """

    low: int
    high: int
    scale: str = "linear"
    when: Condition | tuple[str, str, Any] | None = None

    def __post_init__(self) -> None:
        _check_scale("Int", self.scale, ["linear", "log"])
        for name in ("low", "high"):
            object.__setattr__(self, name, checks.integer(f"Int {name}", getattr(self, name), -(2**53), 2**53))
        object.__setattr__(self, "when", condition(self.when))
        _check_order(self)
        if self.scale == "log" and self.low < 1:
            raise SettingError(f"{self}: a log scale needs low >= 1")

    def at(self, fraction: float) -> int:
        """Return the whole number nearest to this fraction of the axis.

        The axis reaches half a step beyond both ends: each whole number owns the stretch from half below to half above
        it, the two ends too.
        """
        return self.nearest(_between(self.scale, self.low - 0.5, self.high + 0.5, fraction))

    def fraction(self, value: float) -> float:
        """Return the fraction of the axis at which a value of this dimension lies."""
        return _fraction(self.scale, self.low - 0.5, self.high + 0.5, value)

    def nearest(self, value: float) -> int:
        """Return the number of this dimension that is nearest to value."""
        return min(max(round(value), self.low), self.high)

    def values(self) -> Sequence[int]:
        """Return all its numbers."""
        return range(self.low, self.high + 1)


@dataclass(frozen=True)
class Choice:
    """One of several values, each as likely as the others; a single value is a fixed setting.

    options  numbers, words, True, False, None, or lists of these, which a study file can hold
    when     the condition under which it is there, as in ("optimizer", "==", "sgd")
    """

    options: Sequence[Any]
    when: Condition | tuple[str, str, Any] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.options, str) or not isinstance(self.options, Sequence) or not self.options:
            raise SettingError(f"Choice: expected a list with at least one option, got {self.options!r}")
        object.__setattr__(self, "options", tuple(self.options))
        object.__setattr__(self, "when", condition(self.when))
        for option in self.options:
            if not _survives_json(option):
                raise SettingError(f"Choice: {option!r} cannot be kept in a study; use numbers, words or lists of them")

    def at(self, fraction: float) -> Any:
        """Return the option at this fraction of the list."""
        return self.options[min(int(fraction * len(self.options)), len(self.options) - 1)]

    def fraction(self, value: Any) -> float:
        """Return the fraction of the list at the middle of this option."""
        return (self.options.index(value) + 0.5) / len(self.options)

    def nearest(self, value: Any) -> Any:
        """Return the option that equals value, or the number nearest to it; the first one where none does."""
        numbers = [option for option in self.options if _is_number(option)]
        if value not in self.options and _is_number(value) and numbers:
            return min(numbers, key=lambda option: abs(option - value))
        return self.options[self.options.index(value) if value in self.options else 0]

    def values(self) -> Sequence[Any]:
        """Return its options."""
        return self.options


def _survives_json(value: Any) -> bool:
    """Whether a study, which is kept as JSON, gives this value back as it is."""
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _between(scale: str, low: float, high: float, fraction: float) -> float:
    place, value = AXES[scale]
    return value(place(low) + fraction * (place(high) - place(low)))


def _fraction(scale: str, low: float, high: float, value: float) -> float:
    place, _ = AXES[scale]
    return (place(min(max(value, low), high)) - place(low)) / (place(high) - place(low))


def _check_scale(kind: str, scale: str, scales: list[str]) -> None:
    if scale == "reverse_log":
        raise SettingError(
            f"{kind} scale: 'reverse_log' is refused: KerasTuner and Vizier mirror a log scale by it, so that one draw "
            "in ten of beta in [0.9, 0.999] is 0.99 or more; for even factors of 1 - value, which gives half of them "
            "(and is Syne Tune's reverseloguniform), say 'one_minus_log'"
        )
    checks.choice(f"{kind} scale", scale, scales)


def _check_order(dimension: Float | Int) -> None:
    if dimension.low >= dimension.high:
        raise SettingError(f"{dimension}: expected low < high; a fixed value is Choice([{dimension.low}])")
