"""Coarse to fine: a search in rounds, each in a smaller box around the best trials of those before."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ... import checks
from ..space.dimensions import Choice
from ..space.space import Dimension, Space, filled
from ..study.result_order import ranked
from ..study.trial import Trial
from .random import uniform_draw

OPEN = 40  # trials for which rounds are laid out where their total is open
FEWEST = 3  # trials that make a box: of two, chance alone makes a narrow one
EDGE, SECOND_EDGE = 0.1, 0.25  # of a box's width: the best trial, and the second, are as near as that to its end
FEW = 5  # values of a dimension: where there are fewer, some are always at an end


@dataclass(frozen=True)
class Box:
    """The part of a space that a round draws from.

    fractions   for each dimension with an axis its lowest and highest fraction
    options  for each Choice those it still has
    notes    sentences on the best trial's place in the box before
    """

    fractions: Mapping[str, tuple[float, float]]
    options: Mapping[str, tuple[Any, ...]]
    notes: tuple[str, ...] = ()

    def draw(self, name: str, dimension: Dimension, fraction: float) -> Any:
        """Return the value at this fraction of the box."""
        if name in self.options:
            return Choice(self.options[name]).at(fraction)
        low, high = self.fractions[name]
        return dimension.at(min(low + fraction * (high - low), high))

    def holds(self, space: Space, hyperparameters: Mapping[str, Any]) -> bool:
        """Whether a configuration could be drawn from it."""
        return all(self._has(name, space[name], value) for name, value in hyperparameters.items())

    def _has(self, name: str, dimension: Dimension, value: Any) -> bool:
        if name in self.options:
            return value in self.options[name]
        low, high = self.fractions[name]
        return bool(dimension.at(low) <= value <= dimension.at(high))


def whole(space: Space) -> Box:
    """Return the box that leaves nothing out."""
    choices = {name: tuple(entry.options) for name, entry in space.items() if isinstance(entry, Choice)}
    return Box({name: (0.0, 1.0) for name in space if name not in choices}, choices)


def zoom(space: Space, box: Box, known: Sequence[Trial], metric: str, keep: float, margin: float) -> Box:
    """Return the box around the best of the known trials inside a box, with notes on where the best one lies.

    An axis reaches from the lowest to the highest of them, and the margin (a fraction of the old width) beyond both;
    twice that where the best one lies at the old box's end. An option stays if one of them has it, or if fewer trials
    had it than it takes for one of them to be expected among the best.
    """
    inside = [trial.hyperparameters for trial in ranked(known, metric) if box.holds(space, trial.hyperparameters)]
    if len(inside) < FEWEST:
        return replace(box, notes=(f"{len(inside)} trials are too few to zoom in on; the box stays",))
    best = inside[: max(FEWEST, math.ceil(keep * len(inside)))]
    fractions, notes = {}, []
    for name, ends in box.fractions.items():
        dimension = space[name]
        found = [dimension.fraction(values[name]) for values in best if name in values]
        side = _edge(ends, found) if name in best[0] and _has_ends(dimension) else 0
        fractions[name] = _around(ends, found, margin, side)
        if side:
            notes.append(_words(name, best[0][name], ends, side))
    options = {name: _options(name, left, inside, best, keep) for name, left in box.options.items()}
    return Box(fractions, options, tuple(notes))


def _around(ends: tuple[float, float], found: list[float], margin: float, side: int) -> tuple[float, float]:
    """The new ends of an axis; side is -1 or 1 where the best trial lies at the low or the high end, else 0."""
    if len(found) < FEWEST:
        return ends
    reach = margin * (ends[1] - ends[0])
    low = min(found) - reach * (2 if side < 0 else 1)
    high = max(found) + reach * (2 if side > 0 else 1)
    return max(low, 0.0), min(high, 1.0)


def _options(
    name: str, left: tuple[Any, ...], inside: list[dict[str, Any]], best: list[dict[str, Any]], keep: float
) -> tuple[Any, ...]:
    tried = [values[name] for values in inside if name in values]
    kept = [values[name] for values in best if name in values]
    return tuple(option for option in left if option in kept or tried.count(option) * keep < 1)


def _edge(ends: tuple[float, float], found: list[float]) -> int:
    """Whether the best trials, best first, lie at the low (-1) or the high (1) end of a box; 0: neither.

    One in twenty axes that do not matter would seem to have them there.
    """
    if len(found) < FEWEST:
        return 0
    width = ends[1] - ends[0]
    for side, depths in ((-1, [place - ends[0] for place in found]), (1, [ends[1] - place for place in found])):
        if depths[0] <= EDGE * width and depths[1] <= SECOND_EDGE * width:
            return side
    return 0


def _has_ends(dimension: Dimension) -> bool:
    values = dimension.values()
    return values is None or len(values) >= FEW


def _words(name: str, value: Any, ends: tuple[float, float], side: int) -> str:
    word, end, limit = ("high", ends[1], 1.0) if side > 0 else ("low", ends[0], 0.0)
    place = f"{name}: the best value, {value:.4g}, lies at the {word} end of"
    return f"{place} its range; widen the space" if end == limit else f"{place} the box, which is widened there"


class CoarseToFineSampler:
    """Rounds of random search, each in a smaller box around the best trials so far.

    The first round draws from the whole space; each later one from the box around the best trials inside the box
    before, those of earlier rounds counted too. Axes are the scales' own. Where the best trial lies at a box's end, the
    next box is wider there, and a warning says so, or that the space itself should be.

    rounds  the first has half of the trials, the others even parts of the rest; where their total is open, rounds are
            those of 40 trials, and the last one continues
    keep    fraction of the trials inside a box that the next one is drawn around; three at the least
    margin  how far beyond them it reaches on each side, as a fraction of the old width
    Source: Ng, Improving Deep Neural Networks, "Tuning process".
    """

    def __init__(self, rounds: int = 3, keep: float = 0.2, margin: float = 0.15) -> None:
        self.rounds = checks.integer("CoarseToFineSampler rounds", rounds, 1)
        self.keep = checks.number("CoarseToFineSampler keep", keep, 0, 1, ends="(]")
        self.margin = checks.number("CoarseToFineSampler margin", margin, 0)
        self._made: tuple[Any, list[Box]] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}(rounds={self.rounds}, keep={self.keep}, margin={self.margin})"

    def wave(self, number: int, trials: int | None) -> int:
        """Return the first trial of the round that trial `number` belongs to."""
        return max(start for start in self._starts(trials) if start <= number)

    def sample(
        self, space: Space, seed: int, number: int, trials: int | None, known: Sequence[Trial], metric: str
    ) -> dict[str, Any]:
        """Return the hyperparameters of a trial, drawn from the box of its round."""
        box = self.boxes(space, trials, known, metric, self.wave(number, trials))[-1]
        return filled(space, lambda place, name, entry: box.draw(name, entry, uniform_draw(seed, number, place)))

    def boxes(
        self, space: Space, trials: int | None, known: Sequence[Trial], metric: str, start: int
    ) -> list[Box]:
        """Return the boxes of the rounds up to the one that begins with trial `start`, with their notes.

        known  the trials before it; where there are more than that, the first ones are from before this sampler's own
        """
        facts = (dict(space), trials, list(known), metric, start)
        if self._made is None or self._made[0] != facts:
            before = len(known) - start
            boxes = [whole(space)]
            for begin in self._starts(trials)[1:]:
                if begin <= start:
                    boxes.append(zoom(space, boxes[-1], known[: before + begin], metric, self.keep, self.margin))
            self._made = (facts, boxes)
            if boxes[-1].notes:
                checks.warn(f"coarse to fine, from trial {start} on: {'; '.join(boxes[-1].notes)}")
        return self._made[1]

    def _starts(self, trials: int | None) -> list[int]:
        total = OPEN if trials is None else trials
        later = [total / 2 * (1 + count / (self.rounds - 1)) for count in range(self.rounds - 1)]
        return sorted({0, *(round(start) for start in later)})
