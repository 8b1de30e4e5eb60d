"""Actions in words: a line of the log and a letter under the curves for each action."""

from collections.abc import Mapping, Sequence

from ..engine.hyperparameters import family
from ..tune import Action, Panda
from ..tune.study.actions import CUBS, GUARD, MARK, NUDGE, PAUSE, REVERT, SCORE, SWITCH, UNDO, VETO

MARKS = {PAUSE: "p", MARK: "c", REVERT: "b", UNDO: "u", CUBS: "f", VETO: "v", SCORE: "t", SWITCH: "g"}
NUDGED = {"weight_decay": "w", "dropout": "d", "momentum": "m", "beta_1": "m", "running_decay": "r"}
SAID = {"learning_rate": "rate"}  # shorter where room is scarce


def is_whole(action: Action) -> bool:
    """Whether an action is shown by itself, not as part of another one."""
    return "part_of" not in action.details


def mark_of(action: Action) -> str:
    """The letter of an action: that of its key."""
    if action.by == GUARD:
        return "g"
    if action.kind != NUDGE:
        return MARKS[action.kind]
    before, after = action.details["from"], action.details["to"]
    if "learning_rate" in after:
        return "+" if after["learning_rate"] > before["learning_rate"] else "-"
    return NUDGED.get(family(next(iter(after))), "n")


def place_of(action: Action) -> str:
    """Where it took effect: whole epochs, and minibatches of the next one."""
    return f"{action.epoch}:{action.minibatch}" if action.minibatch else str(action.epoch)


def in_words(action: Action, actions: Sequence[Action]) -> str:
    """Name the action without its reason; `actions` are all actions, the parts of this one among them."""
    details = action.details
    parts = [part for part in actions if part.details.get("part_of") == action.number]
    if action.kind == NUDGE:
        return _nudge(action)
    if action.kind == REVERT:
        back = f"back to {details['epoch']}" if details["epoch"] else "back to the start"
        back += f" of branch {details['left'] + 1}" if "left" in details else ""
        return ", ".join([back, *(_nudge(part) for part in parts)])
    if action.kind == UNDO:
        return f"undone: {in_words(actions[details['undone']], actions)}"
    if action.kind == CUBS:
        won = [_nudge(part) for part in parts if part.branch == details["branch"]]
        tried = ", ".join(f"{factor:.2g}" for factor in details["factors"])
        return f"cubs x {tried}, {count_of(details['epochs'], 'epoch')}: {won[0] if won else 'the rate stays'}"
    if action.kind == MARK:
        return f"checkpoint {details['note']}".rstrip()
    if action.kind == VETO:
        return f"veto: {details['reason']}"
    if action.kind == SWITCH:
        return f"guard {'on' if details['on'] else 'off'}"
    if action.kind == PAUSE:
        return "left, paused" if "left" in details else "pause"
    if action.kind == SCORE:
        return f"test set opened: loss {details['loss']:.4g}, {details['metric']:.4f}"
    return action.kind


def _nudge(action: Action) -> str:
    before, after = by_family(action.details["from"]), by_family(action.details["to"])
    return ", ".join(f"{SAID.get(name, name)} {before[name]} to {after[name]}" for name in after)


def by_family(values: Mapping[str, float]) -> dict[str, str]:
    """Values by name, those of all layers as one where they are the same."""
    found: dict[str, list[str]] = {}
    for slot, value in values.items():
        found.setdefault(family(slot), []).append(f"{value:.3g}")
    return {name: " ".join(numbers if len(set(numbers)) > 1 else numbers[:1]) for name, numbers in found.items()}


def count_of(count: int, thing: str) -> str:
    """So many of a thing."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def best_in_words(panda: Panda) -> str:
    """The number of the best epoch, and of its branch where that was left behind."""
    assert panda.best is not None
    left_on = panda.best_left_on
    return f"{panda.best.number}" + ("" if left_on is None else f" of branch {left_on + 1}, which was left behind")
