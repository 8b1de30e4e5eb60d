"""Proposals: first the given starting points, then the sampler's draws, none twice unless asked."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from statistics import fmean
from typing import Any

from ... import checks
from ...errors import DataError, SettingError
from ...kernels import random
from ..space.space import Space, filled
from ..study.result_order import DECIDING, ranked
from ..study.study import Study
from ..study.trial import Trial
from .base import Exhausted, Sampler, described
from .random import RandomSampler, uniform_draw

AGAIN_PLACE = 2**32 - 4  # of the seeds for further draws of a trial; the place of no hyperparameter
ATTEMPTS = 100  # draws before the remaining options are listed
LEFT = 10_000  # configurations among which that last draw is
TAKEN_OVER = 5  # best configurations of another study


class Proposals:
    """A sampler for one search around another: it begins with known configurations, and repeats none.

    space, seed  the search's
    sampler      draws after the starting points; RandomSampler by default
    enqueue      configurations to begin with; hyperparameters that they leave out are drawn
    start_from   another study, or its file, whose five best configurations come next: of each value the nearest in this
                 space; hyperparameters that are not in both are drawn
    replicates   how many trials in a row have the same configuration, for their seeds differ; the sampler around which
                 this is gets to see their mean score
    A configuration drawn a second time is drawn again; when none is left, the search ends (Exhausted).
    Raises SettingError where one of `enqueue` is no configuration of the space.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        sampler: Sampler | None = None,
        *,
        enqueue: Iterable[Mapping[str, Any]] = (),
        start_from: "Study | str | os.PathLike[str] | None" = None,
        replicates: int = 1,
    ) -> None:
        self.sampler = sampler or RandomSampler()
        self.replicates = checks.integer("replicates", replicates, 1)
        self.first = _first(space, seed, _checked(space, enqueue), start_from)
        self._made: list[dict[str, Any]] = []
        self._seen: set[str] = set()

    def __repr__(self) -> str:
        if not self.first and self.replicates == 1:
            return described(self.sampler)  # it then acts as that one
        return f"Proposals({described(self.sampler)}, first={self.first!r}, replicates={self.replicates})"

    def wave(self, number: int, trials: int | None) -> int:
        """Return the first trial of the wave of trial `number`."""
        index = number // self.replicates - len(self.first)
        start = self.sampler.wave(index, self._drawn(trials)) if index > 0 else 0
        return (len(self.first) + start) * self.replicates if start else 0

    def sample(
        self, space: Space, seed: int, number: int, trials: int | None, known: Sequence[Trial], metric: str
    ) -> dict[str, Any]:
        """Return the hyperparameters of a trial; Exhausted where none are left that have not been tried."""
        index = number // self.replicates
        for trial in known[len(self._made) * self.replicates :: self.replicates]:
            self._add(trial.hyperparameters)
        seen = averaged(known, self.replicates)
        while len(self._made) <= index:
            self._add(self._next(space, seed, trials, seen, metric))
        return dict(self._made[index])

    def _next(
        self, space: Space, seed: int, trials: int | None, known: Sequence[Trial], metric: str
    ) -> dict[str, Any]:
        place = len(self._made)
        if place < len(self.first):
            return self.first[place]
        for attempt in range(ATTEMPTS):
            key = _again(seed, place, attempt) if attempt else seed
            drawn = self.sampler.sample(space, key, place - len(self.first), self._drawn(trials), known, metric)
            if _words(drawn) not in self._seen:
                return drawn
        rows = space.configurations()
        if rows is None:
            raise Exhausted(f"the last {ATTEMPTS} draws gave only configurations that had been tried before")
        left = list(islice((row for row in rows if _words(row) not in self._seen), LEFT))
        if not left:
            raise Exhausted(f"the space's {place} configurations have all been tried; replicates= tries each again")
        return left[int(uniform_draw(seed, place, AGAIN_PLACE) * len(left))]

    def _add(self, values: dict[str, Any]) -> None:
        self._made.append(values)
        self._seen.add(_words(values))

    def _drawn(self, trials: int | None) -> int | None:
        """How many configurations the sampler is to draw in all."""
        return None if trials is None else max(-(-trials // self.replicates) - len(self.first), 1)


def averaged(trials: Sequence[Trial], replicates: int) -> list[Trial]:
    """Return one trial for each configuration, with its mean score; a bad end decides for all runs."""
    if replicates == 1:
        return list(trials)
    groups = [trials[begin : begin + replicates] for begin in range(0, len(trials), replicates)]
    return [_mean(group) for group in groups]


def best_configurations(study: "Study | str | os.PathLike[str]", count: int = TAKEN_OVER) -> list[dict[str, Any]]:
    """Return the best configurations of a study, best first; DataError where it has none."""
    study = study if isinstance(study, Study) else Study.open(study)
    best = {_words(trial.hyperparameters): trial.hyperparameters for trial in ranked(study.trials, study.metric)}
    if not best:
        raise DataError("start_from: expected a study with finished trials, found none in it")
    return list(best.values())[:count]


def _checked(space: Space, enqueue: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = [dict(values) for values in enqueue]
    for place, values in enumerate(rows):
        try:
            space.check(values)
        except SettingError as error:
            raise SettingError(f"enqueue[{place}]: {error}") from None
    return rows


def _first(space: Space, seed: int, enqueued: list[dict[str, Any]], start_from: Any) -> list[dict[str, Any]]:
    """Return the complete, distinct configurations that a search begins with."""
    others = [] if start_from is None else best_configurations(start_from)
    rows = [_near(space, values) for values in [*enqueued, *others]]
    complete = [_completed(space, values, _again(seed, place, 0)) for place, values in enumerate(rows)]
    return list({_words(values): values for values in complete}.values())


def _near(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    near: dict[str, Any] = {}
    for name in values.keys() & space.keys():
        with suppress(TypeError, ValueError):  # a word where this space has numbers: drawn then
            near[name] = space[name].nearest(values[name])
    return near


def _completed(space: Space, values: Mapping[str, Any], seed: int) -> dict[str, Any]:
    return filled(space, lambda place, name, entry: values.get(name, entry.at(uniform_draw(seed, 0, place))))


def _again(seed: int, number: int, attempt: int) -> int:
    low, high = random.random_bits(seed, random.SAMPLE, number, AGAIN_PLACE, 4, first=4 * attempt)[:2]
    return int(low) << 32 | int(high)


def _mean(group: Sequence[Trial]) -> Trial:
    odd = next((trial for trial in group if trial.state not in DECIDING or trial.score is None), None)
    if odd is not None or len(group) == 1:
        return odd or group[0]
    scores, losses = ([getattr(trial, name) for trial in group] for name in ("score", "loss"))
    return replace(group[0], score=fmean(scores), loss=None if None in losses else fmean(losses))


def _words(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)
