"""Guard: the rule that takes a training back and lowers its rate, told from its curve alone."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from ... import checks
from ...errors import SettingError
from ...training.run import Epoch, Run
from .baseline import baseline_loss

BETTER = 0.99  # of the loss before: an epoch above is no better
KNOWING = 0.9  # of the baseline loss: a loss below knows something
LEARNED = 0.1  # of the baseline loss: a loss below is worth keeping, and one above is large enough for a spike
FALLING = 0.5  # of the training loss then: below, training is well and validation got worse
EARLY = 6  # epochs that may be lost by starting again
FIRST = 12  # epochs in which a loss that goes up and down tells of a rate that was too high from the start
RECENT = 5  # epochs that count as the end of a curve
RISE, RISES = 1.1, 2  # a rise is above RISE times the loss before; RISES of them in recent epochs are oscillation
SMALL = 0.05  # of the first epoch's loss: a loss below may jump, and a difference below is none
GRACE = 5  # epochs after a person's act in which only a loss that is no number counts
RISEN = 1.15  # times the loss before the first step: no rate that is fit leaves the first epoch's mean above
LOWEST = 1e-8  # a rate that moves no weight: then the rate is not to blame
TRIAL = 32  # minibatches that tell the loss before the first step


@dataclass(frozen=True)
class Verdict:
    """Verdict of the guard after an epoch that went wrong.

    reason  in words, with the number it rests on
    kind    "nan", "spike" or "patience"
    epoch   to go back to; 0: the start
    factor  the new learning rate over the one that failed
    """

    reason: str
    kind: str
    epoch: int
    factor: float

    def __str__(self) -> str:
        where = f"epoch {self.epoch}" if self.epoch else "the start"
        return f"{self.reason}: back to {where}, learning rate x {self.factor:.2g}"


@dataclass(frozen=True)
class Guard:
    """Rules for taking a training back: when, how far, and to what learning rate.

    A verdict comes after an epoch where

    - "nan": a loss is nan or infinite;
    - "spike": the loss is more than `spike` times the best before it and not small beside the baseline, and the
      training loss is above that epoch's too; or the mean of the first epoch is above the loss before the first step;
    - "patience": for `patience` epochs neither loss came 1 % below those before, and the rate is to blame: nothing has
      been learned yet, or the training loss goes up and down in the first 12 epochs. A plateau that comes later is left
      alone, as is a validation loss that rises while the training loss falls: going back costs more than it saves.

    The loss, 0 at best, is that of validation where there is one, else of training. It goes back to the best epoch
    before; but to the start where that is no better than the baseline, or it was early and the training loss has not
    fallen much since either: a lower rate does not undo the harm of a rate that is too high. Each
    verdict lowers the rate, and below 1e-8 none comes, so they come to an end.

    After a nudge, revert, undo or cubs of a person, a panda hears of nothing but "nan" for 5 epochs, and does not go
    back behind that act then: at the most to the moment after it, with the rate lowered.

    spike     more than 1
    patience  epochs, at least 1
    factor    of the learning rate, between 0 and 1
    veto      veto(panda, verdict) -> whether the verdict is not to be carried out; None: all are
    baseline_loss  of the best constant prediction; None: not known, and a hopeless start is found later or never
    start     mean training loss before the first step; None: not known. panda fills in both, see `knowing`
    """

    spike: float = 3.0
    patience: int = 2
    factor: float = 1 / 3
    veto: Callable[[Any, Verdict], bool] | None = field(default=None, repr=False, compare=False)
    baseline_loss: float | None = None
    start: float | None = None

    def __post_init__(self) -> None:
        settings = {
            "spike": checks.number("Guard spike", self.spike, 1, ends="(]"),
            "patience": checks.integer("Guard patience", self.patience, 1),
            "factor": checks.number("Guard factor", self.factor, 0, 1, ends="()"),
            "baseline_loss": _positive("Guard baseline_loss", self.baseline_loss),
            "start": _positive("Guard start", self.start),
        }
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        if self.veto is not None and not callable(self.veto):
            raise SettingError(f"Guard veto: expected a function veto(panda, verdict), got {self.veto!r}")

    def knowing(self, run: Run) -> "Guard":
        """Return this guard with the run's baseline loss and its loss before the first step.

        The latter by a fork of the run at rate 0, where it has not begun; it costs at most 32 minibatches.
        """
        known = self
        if self.baseline_loss is None and 0 < (found := baseline_loss(run)) < math.inf:
            known = replace(known, baseline_loss=found)
        if self.start is None and run.program.state.position[0] == 0 and 0 < (found := _loss_at_rate_0(run)) < math.inf:
            known = replace(known, start=found)
        return known

    def decide(self, history: Sequence[Epoch]) -> Verdict | None:
        """Return a verdict after the last epoch of a curve, or None where training may continue.

        history  the epochs of the live path, from the first, without those taken back
        """
        if not history or history[-1].learning_rate < LOWEST:
            return None
        *before, last = history
        best = min((epoch for epoch in before if is_finite(epoch)), key=watched_loss, default=None)
        for kind, rule in (("nan", self._nan), ("spike", self._spike), ("patience", self._patience)):
            if reason := rule(history, best):
                keeps = best is not None and self._is_worth_keeping(best, last)
                return Verdict(reason, kind, best.number if best and keeps else 0, self.factor)
        return None

    def _nan(self, history: Sequence[Epoch], best: Epoch | None) -> str:
        last = history[-1]
        judged_by = "" if last.validation_loss is None else f", validation loss {last.validation_loss:.3g}"
        return "" if is_finite(last) else f"loss {last.loss:.3g}{judged_by} in epoch {last.number}"

    def _spike(self, history: Sequence[Epoch], best: Epoch | None) -> str:
        last = history[-1]
        if best is None:
            if self.start is None or last.loss <= RISEN * self.start:
                return ""
            return f"loss {last.loss:.3g} in epoch {last.number}, above {self.start:.3g} before the first step"
        loss, least = watched_loss(last), watched_loss(best)
        small = LEARNED * (self.baseline_loss or watched_loss(history[0]))
        if loss <= max(self.spike * least, small) or last.loss < FALLING * best.loss:
            return ""
        times = f"{loss / least:.2g} times" if least > 0 else "far above"
        return f"loss {loss:.3g} in epoch {last.number} is {times} the {least:.3g} of epoch {best.number}"

    def _patience(self, history: Sequence[Epoch], best: Epoch | None) -> str:
        marked = max(_last_better(history, watched_loss), _last_better(history, lambda epoch: epoch.loss))
        bad = history[-1].number - marked
        if best is None or bad < self.patience:
            return ""
        least, baseline_loss = min(epoch.loss for epoch in history), self.baseline_loss or 0.0
        is_hopeless = 0 < BETTER * baseline_loss <= least
        if is_hopeless or (least > LEARNED * baseline_loss and history[-1].number <= FIRST and rises(history) >= RISES):
            return f"no loss below the {watched_loss(best):.3g} of epoch {best.number} for {bad} epochs"
        return ""

    def _knows(self, epoch: Epoch) -> bool:
        """Whether an epoch knows something of x, as far as the baseline is known."""
        return self.baseline_loss is None or watched_loss(epoch) < KNOWING * self.baseline_loss

    def _is_worth_keeping(self, best: Epoch, last: Epoch) -> bool:
        learned = self.baseline_loss is not None and watched_loss(best) < LEARNED * self.baseline_loss
        return self._knows(best) and (learned or best.number > EARLY or last.loss < FALLING * best.loss)


def _positive(name: str, loss: float | None) -> float | None:
    return None if loss is None else checks.number(name, loss, 0, ends="(]")


def watched_loss(epoch: Epoch) -> float:
    """Return the loss an epoch is judged by: that of validation where there is one, else of training."""
    return epoch.loss if epoch.validation_loss is None else epoch.validation_loss


def is_finite(epoch: Epoch) -> bool:
    """Return whether an epoch's losses are numbers."""
    return math.isfinite(epoch.loss) and math.isfinite(watched_loss(epoch))


def rises(history: Sequence[Epoch]) -> int:
    """Return how many of the last 5 epochs had a training loss well above the one before; small losses may jump."""
    least = SMALL * history[0].loss
    return sum(after.loss > max(RISE * before.loss, least) for before, after in pairwise(history[-RECENT - 1 :]))


def _last_better(history: Sequence[Epoch], loss_of: Callable[[Epoch], float]) -> int:
    """Return the number of the last epoch that was 1 % better than all before."""
    mark = history[0]
    for epoch in history:
        if not loss_of(epoch) >= BETTER * loss_of(mark):  # any number is better than nan
            mark = epoch
    return mark.number


def _loss_at_rate_0(run: Run) -> float:
    """Return the mean training loss of a run's next minibatches, with nothing learned from them."""
    fork = run.fork()
    fork.set(learning_rate=0.0)
    ended = fork.advance(minibatches=TRIAL)
    return ended[0].loss if ended else float(fork.program.state.epoch_means()[0])
