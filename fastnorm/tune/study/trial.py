"""Trial: the record of one model tried."""

from dataclasses import dataclass
from typing import Any

RUNNING = "running"  # at work, waiting for its peers, or lost with its process
FINISHED = "finished"  # had all its epochs
STOPPED = "stopped"  # had fewer, by a pruner; may be revived
OVERTIME = "overtime"  # had fewer, by its own time limit
DIVERGED = "diverged"  # its loss left the finite numbers
CUT = "cut"  # interrupted by the search's time limit or by hand; continues when the search does
FAILED = "failed"  # build or its training raised
STEERED = "steered"  # by hand: it decides nothing, and nothing decides about it
SCORED = (FINISHED, STOPPED, OVERTIME)  # ended well: may be the best
ENDED = (*SCORED, DIVERGED, FAILED, STEERED)  # states that a longer search would have too
STATES = (RUNNING, *ENDED, CUT)


@dataclass(frozen=True)
class Trial:
    """One model tried.

    number           from 0, in the order of the search
    hyperparameters  from the sampler, for `build`
    seed             of its Run: the same model, data and seed give the same weights again
    state            "running", "finished", "stopped" (by a pruner), "overtime" (its own limit), "diverged" (not finite
                     any more), "failed", "cut" (the search's time limit or Ctrl-C) or "steered" (by hand: left out of
                     all decisions)
    score            validation metric of its best epoch; None before one is known
    loss             validation loss of that epoch; decides between equal scores
    best_epoch       number of that epoch
    epochs           how many it has had
    seconds          of work, all its slices together
    message          the error, for "failed"
    weights          SHA-256 of the model file of its best epoch
    """

    number: int
    hyperparameters: dict[str, Any]
    seed: int
    state: str = RUNNING
    score: float | None = None
    loss: float | None = None
    best_epoch: int | None = None
    epochs: int = 0
    seconds: float = 0.0
    message: str = ""
    weights: str = ""
