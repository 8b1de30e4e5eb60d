"""A distribution of scipy.stats as a dimension; scipy is the user's, and needed only where values are drawn."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ... import checks
from ...errors import SettingError
from .conditions import Condition, condition

SMALLEST, LARGEST = 2.0**-54, 1 - 2.0**-53  # about every fraction that is drawn: at 0 and 1 many are infinite


@dataclass(frozen=True)
class Distribution:
    """A number drawn as a distribution of scipy.stats says; a space makes one of `scipy.stats.loguniform(1e-4, 1)`.

    name       its name there; a study keeps it, with the arguments
    arguments  the positional arguments, numbers; keywords: those given by name
    when       the condition under which it is there, as in ("layers", ">=", 3)
    """

    name: str
    arguments: tuple[float, ...] = ()
    keywords: dict[str, float] = field(default_factory=dict)
    when: Condition | tuple[str, str, Any] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", tuple(self.arguments))
        object.__setattr__(self, "when", condition(self.when))
        if not all(isinstance(value, int | float) for value in [*self.arguments, *self.keywords.values()]):
            raise SettingError(f"{self.name}: expected numbers as arguments, for a study keeps them, got {self}")

    @classmethod
    def of(cls, frozen: Any) -> "Distribution":
        """Return the dimension of a frozen distribution, such as scipy.stats.norm(0, 1)."""
        try:
            name, arguments, keywords = frozen.dist.name, frozen.args, frozen.kwds
        except AttributeError:
            raise SettingError(
                f"{frozen!r} cannot be kept in a study: it has no name and arguments as the frozen distributions of "
                "scipy.stats have; use one of those, or Choice([...]) of its quantiles"
            ) from None
        plain = {key: _plain(value) for key, value in keywords.items()}
        distribution = cls(name, tuple(_plain(value) for value in arguments), plain)
        ours, theirs = distribution.at(0.375), frozen.ppf(0.375)
        if not math.isclose(ours, theirs):
            raise SettingError(f"{distribution}: expected it to draw as {frozen!r} does, got {ours} for {theirs}")
        return distribution

    @cached_property
    def _frozen(self) -> Any:
        stats = checks.extra("scipy.stats", "examples")
        generic = getattr(stats, self.name, None)
        if not isinstance(generic, stats.rv_continuous | stats.rv_discrete):
            raise SettingError(f"scipy.stats has no distribution named {self.name!r}")
        return generic(*self.arguments, **self.keywords)

    def at(self, fraction: float) -> float:
        """Return the value below which this fraction of the draws lies; an int for a discrete distribution."""
        value = self._frozen.ppf(min(max(fraction, SMALLEST), LARGEST))
        return int(value) if hasattr(self._frozen, "pmf") else float(value)

    def fraction(self, value: float) -> float:
        """Return the fraction of the draws that lies below this value."""
        return float(self._frozen.cdf(value))

    def nearest(self, value: float) -> float:
        """Return the value of this distribution's range that is nearest to value."""
        low, high = self._frozen.support()
        clipped = min(max(float(value), float(low)), float(high))
        return round(clipped) if hasattr(self._frozen, "pmf") else clipped

    def values(self) -> None:
        """Return None: its values are not counted."""
        return None


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
