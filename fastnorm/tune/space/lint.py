"""Warnings about a space that is allowed but likely wrong: scales that hide the good values, ranges without room."""

import math
from collections.abc import Iterator
from typing import Any

from .conditions import Condition
from .dimensions import AXES, Choice, Float, Int
from .space import Dimension, Space, check_space

DECIMATED = ("learning_rate", "weight_decay", "l2", "decay_rate", "epsilon")  # sought by factors
AVERAGING = ("beta", "momentum", "running_decay")  # sought by factors of the distance to 1
FACTOR = 3  # from here on a range is one of factors
NARROW = 1.01  # highest over lowest: less than one hundredth is below the noise of training
FAR = 0.2  # of a power of two, as a logarithm: 72 is near 64, 100 is near none


def lint(space: Any) -> list[str]:
    """Return a sentence for each thing in a space that is allowed and yet likely wrong; none for a good one.

    A learning rate or decay on a linear scale; beta or momentum not on one_minus_log; ranges under one hundredth wide;
    batch sizes far from powers of two; an option twice; a condition that always or never holds.
    Raises SettingError for anything that is no space.
    """
    space = check_space(space)
    return [f"{name}: {words}" for name, dimension in space.items() for words in _words(space, name, dimension)]


def _words(space: Space, name: str, dimension: Dimension) -> Iterator[str]:
    if isinstance(dimension, Float):
        yield from _scale(name, dimension)
    if isinstance(dimension, Float | Int) and _spread(dimension) < NARROW:
        yield f"its range {dimension.low:g} to {dimension.high:g} is under 1 % wide; widen it or fix a value"
    if isinstance(dimension, Choice) and _repeated(dimension):
        yield f"{_repeated(dimension)!r} stands more than once among its options and is drawn as many times as often"
    if name.endswith("batch_size"):
        yield from _sizes(dimension)
    if isinstance(dimension.when, Condition):
        yield from _condition(space[dimension.when.name], dimension.when)


def _scale(name: str, dimension: Float) -> Iterator[str]:
    low, high = dimension.low, dimension.high
    if name.endswith(DECIMATED) and dimension.scale != "log" and high > FACTOR * low:
        top = 1 - dimension.fraction(high / 10)
        cure = 'scale="log"' if low > 0 else f'low > 0 and scale="log", such as Float({high / 1000:g}, {high:g}, "log")'
        yield f"on a {dimension.scale} scale {top:.0%} of the draws are above {high / 10:g}; say {cure}"
    last = name.rsplit(".", 1)[-1]
    if last.startswith(AVERAGING) and dimension.scale != "one_minus_log" and 1 - low > FACTOR * (1 - high) >= 0:
        cure = 'scale="one_minus_log"' if high < 1 else 'high < 1 and scale="one_minus_log"'
        yield f"what counts is the distance to 1, from {1 - low:.2g} to {1 - high:.2g}; say {cure}"


def _spread(dimension: Float | Int) -> float:
    """Highest over lowest value, as the scale measures them."""
    low, high = float(dimension.low), float(dimension.high)
    if dimension.scale == "linear":
        return 1 + (high - low) / max(abs(low), abs(high))
    place, _ = AXES[dimension.scale]
    return math.exp(place(high) - place(low))


def _repeated(choice: Choice) -> Any:
    return next((option for option in choice.options if choice.options.count(option) > 1), None)


def _sizes(dimension: Dimension) -> Iterator[str]:
    if isinstance(dimension, Int):
        yield "an Int draws sizes far from powers of two, which waste vectors; say Choice([32, 64, 128])"
    if isinstance(dimension, Choice):
        for size in dimension.options:
            if isinstance(size, int) and size > 0 and abs(math.log2(size) - round(math.log2(size))) > FAR:
                yield f"{size} is far from a power of two; {2 ** round(math.log2(size))} uses the vectors better"


def _condition(asked: Dimension, when: Condition) -> Iterator[str]:
    values = asked.values()
    if values is None and isinstance(asked, Float):
        values = [asked.low, asked.high]
    holds = {when.holds({when.name: value}) for value in values or ()}
    if len(holds) == 1 and (isinstance(asked, Choice | Int) or when.comparison not in ("==", "!=", "in")):
        yield f"its condition {when} {'always' if holds.pop() else 'never'} holds"
