"""Conditions: a hyperparameter that is there only when another one, which comes before it, has certain values."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...errors import SettingError

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": lambda value, options: value in options,
}  # fmt: skip


class Condition(NamedTuple):
    """Plain data, so that a study and a TOML file can hold it: ("layers", ">=", 3)."""

    name: str
    comparison: str
    value: Any

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it does for these hyperparameters; where the one it asks for is itself absent, it does not."""
        return self.name in values and bool(COMPARISONS[self.comparison](values[self.name], self.value))

    def __str__(self) -> str:
        return f"{self.name} {self.comparison} {self.value!r}"


def condition(when: Any) -> Condition | None:
    """Return `when` as a Condition, None as it is; SettingError where it is no condition."""
    if when is None:
        return None
    if isinstance(when, str) or len(when := tuple(when)) != 3 or not isinstance(when[0], str):
        raise SettingError(f'when: expected a condition such as ("layers", ">=", 3), got {when!r}')
    if when[1] not in COMPARISONS:
        raise SettingError(f"when: expected a comparison out of {', '.join(COMPARISONS)}, got {when[1]!r}")
    if when[1] == "in" and not isinstance(when[2], list):
        raise SettingError(f'when: "in" expects a list, got {when[2]!r}')
    return Condition(*when)


def holds(when: Any, values: Mapping[str, Any]) -> bool:
    """Whether a hyperparameter with this condition, or with None, is there beside the hyperparameters before it."""
    return when is None or bool(when.holds(values))
