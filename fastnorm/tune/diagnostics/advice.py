"""Advice from a curve and from layer statistics, in words, each with its numbers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...training.run import Epoch
from ..study.actions import GUARD, REVERT, Action
from .guard import BETTER, KNOWING, RECENT, RISE, RISES, SMALL, is_finite, rises, watched_loss
from .layer_statistics import RunStatistics

FALLING = 0.999  # a loss below this share of the one before fell; one that did so in all recent epochs falls steadily
SLOW = 0.02  # a steady fall by less in an epoch is slow
HIGH_LOSS, GAP = 0.3, 0.15  # of the baseline loss
BIG_STEP, SMALL_STEP = 5e-2, 1e-4  # update over weights; 1e-3 to 1e-2 is usual
MANY = 0.5  # dead or saturated units
FAR_OFF = 3  # times the noise
DECAYED = 0.3  # of the first rate

TOPICS = (
    "rescued", "diverged", "rate too high", "dead units", "saturated units", "running statistics", "rate too low",
    "variance", "bias", "plateau", "epochs",
)  # fmt: skip
HIDING = {"rate too high", "dead units", "saturated units", "rate too low"}  # until they are cured nothing is told of
UNTOLD = {"variance", "bias", "plateau", "epochs"}

Curve = Sequence[Epoch]


@dataclass(frozen=True)
class Advice:
    """One thing worth a try.

    topic    one of TOPICS, most urgent first: "rescued", "diverged", "rate too high", "dead units", "saturated units",
             "running statistics", "rate too low", "variance", "bias", "plateau", "epochs"
    words    the finding, with its numbers, and a remedy
    numbers  those it rests on, by name
    """

    topic: str
    words: str
    numbers: Mapping[str, float]

    def __str__(self) -> str:
        return f"{self.topic}: {self.words}"


def advise(history: Curve, look: RunStatistics | None = None, last: Action | None = None) -> list[Advice]:
    """Return advice on a training from its curve, most urgent first; none where nothing seems wrong.

    history  the epochs from the first; of oscillation, plateaus and steady falls 6 of them tell
    look     of the run at the curve's end; without it nothing is said of layers, of steps and of bias
    last     panda.undoable: a rescue by the guard is told of for 5 epochs, for the curve does not show it any more
    """
    told = list(_rescue(last, len(history)))
    if not history:
        return told
    if not is_finite(history[-1]):
        return [*told, _diverged(history[-1])]
    found = [*told, *_oscillation(history), *_rise(history), *_plateau(history), *_more_epochs(history)]
    if look is not None:
        found += [*_units(look), *_running(look), *_steps(history, look), *_errors(history, look)]
    topics = {advice.topic for advice in found}
    if topics & HIDING:
        found = [advice for advice in found if advice.topic not in UNTOLD]
    return sorted(found, key=lambda advice: TOPICS.index(advice.topic))


def _rescue(last: Action | None, epochs: int) -> Iterator[Advice]:
    if last is not None and (last.kind, last.by) == (REVERT, GUARD) and epochs - last.details["epoch"] <= RECENT:
        back = last.details["epoch"]
        where = f"to epoch {back}" if back else "to the start"
        words = f"the guard went back {where} and lowered the rate: {last.details['reason']}; undo takes that back"
        yield Advice("rescued", words, {"epoch": back})


# ---- from the curve


def _diverged(last: Epoch) -> Advice:
    words = f"the loss is {last.loss:g} in epoch {last.number}; go back, and try a third of the rate"
    return Advice("diverged", words, {"loss": last.loss, "learning_rate": last.learning_rate})


def _oscillation(history: Curve) -> Iterator[Advice]:
    if (risen := rises(history)) >= RISES:
        last = min(len(history) - 1, RECENT)
        words = f"training loss rose in {risen} of the last {last} epochs; try a third of the rate"
        yield Advice("rate too high", words, {"rises": risen, "learning_rate": history[-1].learning_rate})


def _rise(history: Curve) -> Iterator[Advice]:
    best, last = min(history, key=watched_loss), history[-1]
    least, now = watched_loss(best), watched_loss(last)
    if now - least > max((RISE - 1) * least, SMALL * history[0].loss) and last.loss < best.loss / RISE:
        words = (
            f"validation loss rises since epoch {best.number}, {least:.3g} to {now:.3g}, while "
            f"training loss falls, {best.loss:.3g} to {last.loss:.3g}; try weight decay, dropout or more data"
        )
        numbers = {"epoch": best.number, "best": least, "validation_loss": now, "loss": last.loss}
        yield Advice("variance", words, numbers)


def _plateau(history: Curve) -> Iterator[Advice]:
    before, end, first = history[:-RECENT], history[-RECENT:], history[0]
    if not before or end[-1].learning_rate < DECAYED * first.learning_rate or _fall(history):
        return
    best = min(epoch.loss for epoch in before)
    if best > SMALL * first.loss and min(epoch.loss for epoch in end) > BETTER * best:
        words = f"training loss {best:.3g} has not fallen for {RECENT} epochs; decay the rate"
        yield Advice("plateau", words, {"loss": best, "epochs": RECENT, "learning_rate": end[-1].learning_rate})


def _more_epochs(history: Curve) -> Iterator[Advice]:
    if fall := _fall(history):
        loss = watched_loss(history[-1])
        words = f"the loss still falls by {fall:.1%} an epoch, and is {loss:.3g}; give it more epochs"
        yield Advice("epochs", words, {"fall": fall, "loss": loss})


def _fall(history: Curve) -> float:
    """The share that the loss loses in an epoch where both losses fell in all recent ones, else 0."""
    end = history[-RECENT - 1 :]
    steady = all(
        after.loss < FALLING * before.loss and watched_loss(after) < FALLING * watched_loss(before)
        for before, after in pairwise(end)
    )
    return (
        1 - (watched_loss(end[-1]) / watched_loss(end[0])) ** (1 / RECENT)
        if steady and len(end) > RECENT and watched_loss(end[-1]) > 0
        else 0.0
    )


# ---- from layer statistics


def _units(look: RunStatistics) -> Iterator[Advice]:
    for layer in look.layers:
        if (dead := layer.dead or 0.0) > MANY:
            words = f"{dead:.0%} of {layer.name} are 0 on all rows; go back, with a lower rate or leaky ReLU"
            yield Advice("dead units", words, {"dead": dead})
        if (saturated := layer.saturated or 0.0) > MANY:
            words = f"{saturated:.0%} of {layer.name} lie where it is flat; lower the rate, or put batch norm before it"
            yield Advice("saturated units", words, {"saturated": saturated})


def _running(look: RunStatistics) -> Iterator[Advice]:
    noise = 1 / math.sqrt(look.batch_size)
    off, name = max(((layer.off, layer.name) for layer in look.layers if layer.off is not None), default=(0.0, ""))
    if off > FAR_OFF * noise:
        words = (
            f"means of a minibatch are {off:.2g} standard deviations off the running ones in {name}, where {noise:.2g} "
            "is noise; recalibrate at the end, or lower running_decay"
        )
        yield Advice("running statistics", words, {"off": off, "noise": noise})


def _steps(history: Curve, look: RunStatistics) -> Iterator[Advice]:
    step = max((layer.update for layer in look.layers if layer.update is not None), default=math.nan)
    fall, last, baseline = _fall(history), history[-1], look.baseline_loss
    numbers = {"update": step, "fall": fall, "loss": last.loss, "baseline_loss": baseline}
    numbers["learning_rate"] = look.learning_rate
    size, lost = f"a step changes weights by {step:.1e} of their size", last.loss > KNOWING * baseline
    ruined = list(_units(look))  # units that let nothing through: then small steps are no cause
    slow = step < 10 * SMALL_STEP and 0 < fall < SLOW and last.loss > HIGH_LOSS * baseline
    if step > BIG_STEP:
        yield Advice("rate too high", f"{size}, where 1e-3 to 1e-2 is usual; try a third of the rate", numbers)
    if not ruined and (slow or (step < SMALL_STEP and (fall or lost))):
        words = f"{size}, and the loss {last.loss:.3g} falls by {fall:.1%} an epoch; try three times the rate"
        yield Advice("rate too low", words, numbers)
    elif lost and len(history) > 1 and not fall and last.loss > BETTER * history[-2].loss:
        words = f"training loss {last.loss:.3g} is no better than a constant's {baseline:.3g}; take a third of the rate"
        yield Advice("rate too high", words, numbers)


def _errors(history: Curve, look: RunStatistics) -> Iterator[Advice]:
    last, baseline = history[-1], look.baseline_loss
    if not baseline > 0:
        return
    gap = watched_loss(last) - last.loss
    numbers = {"loss": last.loss, "validation_loss": watched_loss(last), "baseline_loss": baseline}
    high = HIGH_LOSS * baseline < last.loss < KNOWING * baseline and gap < GAP * baseline
    if high and len(history) > RECENT and _fall(history) < SLOW:
        part = last.loss / baseline
        words = f"training loss {last.loss:.3g} is {part:.0%} of a constant's; try a larger network or longer"
        yield Advice("bias", words, numbers)
    if gap > GAP * baseline:
        words = (
            f"validation loss is {last.loss + gap:.3g}, training loss {last.loss:.3g}, a constant's {baseline:.3g}; "
            "try weight decay, dropout or more data"
        )
        yield Advice("variance", words, numbers)
