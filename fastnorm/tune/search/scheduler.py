"""Plan: which trials may be worked on now, and up to which epoch.

It knows no clock and no workers: its choices are a function of the numbers of the trials and of their curves. Two
things make a trial wait. Its wave: the sampler may look at all trials before the wave, so these must have ended. Its
rung: the pruner compares it with its peers there, so these must have come as far or have ended. A search that continues
gives the plan the trials that are on record, and the same decisions come about again.
"""

import math
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush

from ...metrics import rank
from ...training.run import Epoch
from ..samplers.base import Sampler
from ..study.trial import DIVERGED, ENDED, FAILED, OVERTIME, RUNNING, STEERED, STOPPED, Trial
from .pruning import Key, Pruner

WORST = (math.inf, math.inf)


class Plan:
    """The trials of a search, and the choice of the next one to work on.

    limit    how many trials, None: no end
    revived  numbers of trials that go on whatever the pruner says
    """

    def __init__(
        self,
        sampler: Sampler,
        pruner: Pruner | None,
        limit: int | None,
        epochs: int,
        metric: str,
        revived: Collection[int] = (),
    ) -> None:
        self.trials: list[Trial] = []
        self.limit = limit
        self._total = limit  # the total told to the sampler, even where it ends the search before
        self._sampler = sampler
        self._pruner = pruner
        self._rungs = pruner.rungs(epochs) if pruner else [epochs]
        self._metric = metric
        self._revived = revived
        self._epochs = epochs
        self._best: list[Key] = []  # of each trial, the best result so far
        self._keys: list[list[Key]] = []  # of each trial, its best result at each rung it has come to
        self._waiting: dict[int, int] = {}  # trials at a rung -> its place among the rungs
        self._ready: list[int] = []  # trials that may go on; a heap
        self._ended = 0  # all trials before this one have ended
        self._settled = [0] * len(self._rungs)  # all before this one have come to the rung or ended

    def next(self) -> int | None:
        """Return the trial to work on now: the lowest that continues, or a new one, the next number; None: wait."""
        if self._ready:
            return heappop(self._ready)
        number = len(self.trials)
        is_due = self.limit is None or number < self.limit
        return number if is_due and self.wave(number) <= self._count_ended() else None

    def wave(self, number: int) -> int:
        """Return the first number of the trial's wave."""
        return self._sampler.wave(number, self._total)

    def rest_of_wave(self, number: int, most: int) -> range | None:
        """Return the trials that are yet to begin of a new one's wave, itself first; None: more than `most`."""
        first, end = self.wave(number), number + 1
        while end != self.limit and self.wave(end) == first:
            end += 1
            if end - number > most:
                return None
        return range(number, end)

    def until(self, number: int) -> int:
        """Return the next rung's epoch of a trial."""
        return next(rung for rung in self._rungs if rung > self.trials[number].epochs)

    def open(self, trial: Trial) -> None:
        """Take in a new trial, which is being worked on."""
        self.trials.append(trial)
        self._best.append(WORST)
        self._keys.append([])

    def add(self, trial: Trial, curve: Sequence[Epoch]) -> None:
        """Take in a trial's state after the epochs of the curve, which continue the earlier ones or begin anew."""
        number, keys = trial.number, self._keys[trial.number]
        self.trials[number] = trial
        for epoch in curve[:-1] if trial.state == DIVERGED else curve:
            assert epoch.validation_metric is not None
            assert epoch.validation_loss is not None
            key = rank(self._metric, epoch.validation_metric, epoch.validation_loss)
            self._best[number] = key if epoch.number == 1 else min(self._best[number], key)
            passed = bisect_right(self._rungs, epoch.number)
            keys += [self._best[number]] * (passed - len(keys))  # none where it began anew and has been here before
        if trial.state not in (RUNNING, STOPPED):
            return
        if passed := bisect_right(self._rungs, trial.epochs):
            self._waiting[number] = passed - 1
        else:
            heappush(self._ready, number)

    def steer(self, number: int) -> Trial:
        """Leave a trial that is not being worked on to a person, unless it failed; return its state."""
        if self.trials[number].state == FAILED:
            return self.trials[number]
        self._waiting.pop(number, None)
        if number in self._ready:
            self._ready.remove(number)
            heapify(self._ready)
        self.trials[number] = replace(self.trials[number], state=STEERED)
        return self.trials[number]

    def go_on(self, number: int) -> None:
        """Have a trial that was cut worked on again."""
        self.trials[number] = replace(self.trials[number], state=RUNNING)
        heappush(self._ready, number)

    def decide(self) -> list[Trial]:
        """Decide about the trials whose peers have come to their rung; return the trials that stop now."""
        stopped = []
        while decidable := [number for number in sorted(self._waiting) if self._can_decide(number)]:
            for number in decidable:
                rung = self._waiting.pop(number)
                if number in self._revived or self._survives(number, rung):
                    heappush(self._ready, number)
                    self.trials[number] = replace(self.trials[number], state=RUNNING)
                else:
                    stopped.append(self.trials[number])
                    self.trials[number] = replace(self.trials[number], state=STOPPED)
        return [self.trials[trial.number] for trial in stopped if trial.state != STOPPED]

    def _peers(self, number: int) -> list[int]:
        assert self._pruner is not None
        first = self.wave(number)
        peers = self._pruner.peers(number, first, self._epochs)
        stop = peers.stop if self.limit is None else min(peers.stop, max(self.limit, len(self.trials)))
        return [peer for peer in range(peers.start, stop) if peer <= number or self.wave(peer) == first]

    def _can_decide(self, number: int) -> bool:
        rung = self._waiting[number]
        settled = self._settled[rung]
        while settled < len(self.trials) and self._is_settled(settled, rung):
            settled += 1
        self._settled[rung] = settled
        return all(peer < settled or self._is_settled(peer, rung) for peer in self._peers(number))

    def _is_settled(self, peer: int, rung: int) -> bool:
        return peer < len(self.trials) and (len(self._keys[peer]) > rung or self._has_ended(peer))

    def _has_ended(self, number: int) -> bool:
        return self.trials[number].state in ENDED and number not in self._waiting

    def _survives(self, number: int, rung: int) -> bool:
        assert self._pruner is not None
        peers = self._peers(number)
        there = {number} | {peer for peer in peers if len(self._keys[peer]) > rung}
        keys = {peer: self._keys[peer][rung] for peer in there if self.trials[peer].state not in (OVERTIME, STEERED)}
        return self._pruner.survives(number, rung, peers, keys)

    def _count_ended(self) -> int:
        while self._ended < len(self.trials) and self._has_ended(self._ended):
            self._ended += 1
        return self._ended
