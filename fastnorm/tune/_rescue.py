"""What a guard says of a training, and how it is done."""

from typing import Any, Protocol

from ..run import Epoch, Run
from . import _guard
from ._branches import GUARD, REVERT
from ._helm import Helm


class Verdict(Protocol):
    """Why a training has gone wrong, and the way out: back to the end of `epoch`, on with `factor` times the rate."""

    @property
    def reason(self) -> str: ...

    @property
    def epoch(self) -> int: ...

    @property
    def factor(self) -> float: ...


class Guard(Protocol):
    """Who looks at the live path after each epoch. veto(panda, verdict), which may be None: True lets it go on."""

    @property
    def veto(self) -> Any: ...

    def judge(self, history: list[Epoch]) -> Verdict | None: ...


def informed(guard: Guard | None, run: Run) -> Guard | None:
    """The guard, told what ours wants to know of a run before it begins."""
    return guard.knowing(run) if isinstance(guard, _guard.Guard) else guard


def rescue(helm: Helm, verdict: Verdict) -> None:
    """Revert and nudge. The rate is a share of the one that failed, so that one rescue after the other gets on."""
    rate = helm.run.slots["learning_rate"] * verdict.factor
    spot = helm.tree.end_of(max(verdict.epoch, helm.tree.first_epoch), helm.now)
    reverted = helm.branch_off(spot, REVERT, GUARD, epoch=spot.epoch, reason=verdict.reason)
    helm.set({"learning_rate": rate}, GUARD, reason=verdict.reason, part_of=reverted.number)
