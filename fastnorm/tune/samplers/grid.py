"""The grid: every combination of a few values for each hyperparameter, the baseline the course argues against."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ... import checks
from ...errors import SettingError
from ...kernels import random
from ..space.dimensions import Choice
from ..space.space import Dimension, Space, products
from ..study.trial import Trial
from .base import Exhausted
from .random import uniform_draw

ORDER_PLACE = 2**32 - 3  # the place of no hyperparameter
LARGEST = 10**6  # configurations: beyond that nobody means to try them all


class GridSampler:
    """Every combination of a few values for each hyperparameter, in random order, so that any part of it is spread.

    points  values for each dimension, evenly on its scale; or a dict of them by name. A Choice has all of its options,
            other dimensions at most the values they have
    offset  None puts each value in the middle of its stretch of the axis; a seed shifts all values of an axis by the
            same random part of a stretch
    Its search ends when all combinations have been tried. Raises SettingError for a million of them or more.
    Source of the comparison: Bergstra & Bengio 2012, Random Search for Hyper-Parameter Optimization.
    """

    def __init__(self, points: int | Mapping[str, int] = 3, *, offset: int | None = None) -> None:
        counts = points.items() if isinstance(points, Mapping) else [("points", points)]
        for name, count in counts:
            checks.integer(f"GridSampler points, {name}", count, 1)
        self.points = points
        self.offset = None if offset is None else checks.integer("GridSampler offset", offset, 0, 2**64 - 1)
        self._made: tuple[Mapping[str, Dimension], int, list[dict[str, Any]]] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({self.points!r}, offset={self.offset})"

    def wave(self, number: int, trials: int | None) -> int:
        """Return 0: no trial depends on others."""
        return 0

    def sample(
        self, space: Space, seed: int, number: int, trials: int | None, known: Sequence[Trial], metric: str
    ) -> dict[str, Any]:
        """Return the hyperparameters of a trial; Exhausted after the last one of the grid."""
        rows = self._rows(space, seed)
        if number >= len(rows):
            raise Exhausted(f"the grid's {len(rows)} configurations have all been tried; for more, give more points")
        return dict(rows[number])

    def _rows(self, space: Space, seed: int) -> list[dict[str, Any]]:
        if self._made is None or self._made[:2] != (space, seed):
            options = self._options(space)
            count = math.prod(map(len, options.values()))
            if count > LARGEST:
                raise SettingError(f"GridSampler: {count} combinations are too many to try; give fewer points")
            rows = list(products(space, options))
            order = random.permutation(seed, random.SAMPLE, 0, ORDER_PLACE, len(rows))
            self._made = (dict(space), seed, [rows[place] for place in order])
        return self._made[2]

    def _options(self, space: Space) -> dict[str, list[Any]]:
        unknown = set(self.points) - set(space) if isinstance(self.points, Mapping) else ()
        if unknown:
            raise SettingError(f"GridSampler points: expected names out of {', '.join(space)}, got {sorted(unknown)}")
        return {name: self._axis(place, name, entry) for place, (name, entry) in enumerate(space.items())}

    def _axis(self, place: int, name: str, dimension: Dimension) -> list[Any]:
        count = self.points.get(name, 3) if isinstance(self.points, Mapping) else self.points
        if isinstance(dimension, Choice):
            return list(dimension.options)
        part = 0.5 if self.offset is None else uniform_draw(self.offset, 0, place)
        return list(dict.fromkeys(dimension.at((point + part) / count) for point in range(count)))
