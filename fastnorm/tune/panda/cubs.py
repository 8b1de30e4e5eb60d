"""Cubs: copies of a training at other rates, side by side on idle cores; the best of them continues."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ...metrics import rank
from ...training.run import Epoch, Run
from ..search.work import StopFlag
from ..study.actions import CUBS, NUDGE, PERSON, Branch
from .recorded_run import RecordedRun


def race(
    recorded: RecordedRun, factors: Sequence[float], epochs: int, workers: int, stop_flag: StopFlag
) -> float | None:
    """Have a run go on as the best of its forks does, and record them all; see Panda.cubs."""
    run, now = recorded.run, recorded.now
    slots = [{} if factor == 1 else {"learning_rate": run.slots["learning_rate"] * factor} for factor in factors]
    with recorded.whole() as mark:
        recorded.ring.add(now, mark)
        forks = [run.fork() for _ in factors]
        for fork, changes in zip(forks, slots, strict=True):
            fork.set(**changes)
        rates = [fork.learning_rate for fork in forks]
        with stop_flag.holds(*forks):
            if stop_flag.pulled or not raised(forks, epochs, workers):
                return None
        winner = best(forks)
        order = [place for place in range(len(forks)) if place != winner] + [winner]  # the last branch is live
        first = len(recorded.tree.branches)
        scores = [_score_and_loss(fork.history[-1])[0] for fork in forks]
        found = {"factors": list(factors), "epochs": epochs, "scores": scores, "branch": first + len(forks) - 1}
        cubs = recorded.action(CUBS, PERSON, found)
        actions, branches = [cubs], []
        for branch, place in enumerate(order, first):
            curve = forks[place].history[len(run.history) :]
            branches.append(Branch(branch, now.branch, now.epoch, now.minibatch, cubs.number, curve))
            if slots[place]:
                change = {"from": {"learning_rate": run.learning_rate}, "to": {"learning_rate": rates[place]}}
                details = {**change, "slots": slots[place], "part_of": cubs.number}
                number = len(recorded.tree.actions) + len(actions)
                actions.append(replace(cubs, number=number, branch=branch, kind=NUDGE, details=details))
        run.revert(forks[winner].checkpoint())
        recorded.grow(actions, branches)
    return factors[winner]


def raised(forks: Sequence[Run], epochs: int, workers: int) -> bool:
    """Advance forks by `epochs`, at most `workers` at a time; return whether all reached their end.

    An exception here, such as KeyboardInterrupt, stops them all at their next minibatch.
    """
    with ThreadPoolExecutor(min(workers, len(forks)), thread_name_prefix="cub") as executor:
        futures = [executor.submit(fork.advance, epochs) for fork in forks]
        try:
            finished = [future.result() for future in futures]
        except BaseException:
            for fork in forks:
                fork.stop()
            raise
    return all(len(done) == epochs for done in finished)


def best(forks: Sequence[Run]) -> int:
    """The place of the fork whose last epoch is the best: by validation where there is any, the first of equals."""

    def key(place: int) -> tuple[float, float]:
        return rank(forks[place].loss.metric, *_score_and_loss(forks[place].history[-1]))

    return min(range(len(forks)), key=key)


def _score_and_loss(epoch: Epoch) -> tuple[float, float]:
    """Score and loss by which an epoch is judged."""
    if epoch.validation_metric is None or epoch.validation_loss is None:
        return epoch.metric, epoch.loss
    return epoch.validation_metric, epoch.validation_loss
