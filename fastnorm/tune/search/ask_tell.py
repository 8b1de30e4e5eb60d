"""A search in a loop of one's own: ask for a trial, try it in any way, tell how good it was."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ... import checks
from ...errors import DataError, SettingError
from ..samplers.base import Exhausted, Sampler
from ..samplers.starting_points import Proposals
from ..space.space import check_space
from ..study.result_order import ranked
from ..study.study import Study
from ..study.trial import DIVERGED, FAILED, FINISHED, RUNNING, Trial
from .draw import Draw
from .objective import METRICS


class Search:
    """Trials to try by oneself: `trial = search.ask()`, then `search.tell(trial, score)`, in any order.

    The trials are a function of the arguments and the scores alone: several may be under way, and the order in which
    they are told changes nothing.

    space       dict of name to Float, Int, Choice, a list, or a distribution of scipy.stats
    direction   of scores: "minimize" or "maximize"
    trials      how many there will be, None: no end
    sampler     where to look, by default RandomSampler()
    enqueue, start_from, replicates  starting points and repetitions, see Proposals
    """

    def __init__(
        self,
        space: Mapping[str, Any],
        *,
        direction: str = "minimize",
        trials: int | None = None,
        sampler: Sampler | None = None,
        enqueue: Iterable[Mapping[str, Any]] = (),
        start_from: "Study | str | os.PathLike[str] | None" = None,
        replicates: int = 1,
        seed: int = 0,
    ) -> None:
        self.space = check_space(space)
        self.trials: list[Trial] = []
        self._metric = METRICS[checks.choice("direction", direction, list(METRICS))]
        self._limit = None if trials is None else checks.integer("trials", trials, 1)
        seed = checks.integer("seed", seed, 0, 2**64 - 1)
        self._sampler = Proposals(
            self.space, seed, sampler, enqueue=enqueue, start_from=start_from, replicates=replicates
        )  # fmt: skip
        self._draw = Draw(self._sampler, self.space, seed, self._limit, self._metric)

    def ask(self) -> Trial:
        """Return the next trial, to be tried with its hyperparameters, and with its seed where it is random.

        Raises Exhausted when there are no more, SettingError while trials it depends on are still to be told.
        """
        number = len(self.trials)
        if number == self._limit:
            raise Exhausted(f"all {number} trials have been asked for")
        known = self.trials[: self._sampler.wave(number, self._limit)]
        untold = [str(trial.number) for trial in known if trial.state == RUNNING]
        if untold:
            raise SettingError(f"ask: trial {number} depends on trials {', '.join(untold)}; tell their scores first")
        self.trials.append(self._draw.trial(number, known))
        return self.trials[-1]

    def tell(self, trial: Trial, score: float | None) -> None:
        """Say how good a trial was; None: it failed. One whose score is nan or infinite has diverged."""
        if trial.state != RUNNING or trial not in self.trials[trial.number : trial.number + 1]:
            raise SettingError(f"tell: expected a trial that ask gave and that is still to be told, got {trial}")
        if score is None:
            ended = replace(trial, state=FAILED)
        elif math.isfinite(score := float(score)):
            ended = replace(trial, state=FINISHED, score=score, loss=score)
        else:
            ended = replace(trial, state=DIVERGED)
        self.trials[trial.number] = ended

    @property
    def best_trial(self) -> Trial:
        """The best of the trials told so far; DataError before there is one."""
        best = ranked(self.trials, self._metric)
        if not best:
            raise DataError("search: no trial has a score yet; tell one first")
        return best[0]
