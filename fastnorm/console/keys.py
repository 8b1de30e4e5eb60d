"""The keys: one table for their actions, the line at the bottom and the help."""

from dataclasses import dataclass
from typing import Any

from textual.binding import Binding


@dataclass(frozen=True)
class Key:
    """One action of the console.

    keys    as Textual calls them; shown as the person knows them in `label`
    action  name of the console's method
    short   in the line at the bottom, in a word; "" where it is left to the help
    help    a short description
    """

    keys: str
    label: str
    action: str
    short: str
    help: str


GO_OR_PAUSE = "pause"  # that key's action while it trains; SPACE: in other states
SPACE = {"paused": "go on", "done": "more", "finished": ""}

KEYS = (
    Key("space", "space", "go_or_pause", GO_OR_PAUSE, "pause, or go on; at the end: as many epochs again"),
    Key("up,plus", "up +", "faster", "", "three times the learning rate"),
    Key("down,minus", "down -", "slower", "", "a third of the learning rate"),
    Key("equals_sign", "=", "nudge('learning_rate')", "", "type a learning rate"),
    Key("w", "w", "nudge('weight_decay')", "", "type a weight decay"),
    Key("d", "d", "nudge('dropout')", "", "type a dropout share, of all layers"),
    Key("m", "m", "nudge('momentum')", "", "type a momentum (Adam: beta_1)"),
    Key("r", "r", "nudge('running_decay')", "", "type a running_decay: the share of batch norm's old average kept"),
    Key("u", "u", "undo", "undo", "take the last intervention back; again: the one before it"),
    Key("b", "b", "revert", "back", "go back to the end of an epoch; a branch begins there"),
    Key("c", "c", "checkpoint", "", "mark this minibatch in the record, with a note"),
    Key("f", "f", "cubs", "cubs", "fork: rate x 1/3, 1 and 3 side by side; the best goes on"),
    Key("g", "g", "guard", "guard", "guard on or off: it takes back what went wrong, at rate x 1/3"),
    Key("v", "v", "veto", "veto", "take back what the guard did last, and switch it off"),
    Key("a", "a", "advice", "advice", "all advice in full"),
    Key("l", "l", "layout", "layout", "all, curves alone, layers alone"),
    Key("h", "h", "history", "history", "all that was done"),
    Key("t", "t", "final_score", "test", "final score: opens the sealed test set; steering ends"),
    Key("question_mark", "?", "help", "help", "this page"),
    Key("q", "q", "leave", "quit", "leave: all is saved, and the same command goes on"),
)
RATE = ("↑↓", "rate")  # one entry for three keys in the line at the bottom
LAST = ("?", "q")  # always in it
INTERRUPT = Binding("ctrl+c", "interrupt", priority=True)  # leave without being asked


ABOUT_CURVES = (
    "Curves: blue is training, orange validation, grey what was left behind; x stands for a loss that is no number. "
    "Below them the letters of what was done, where it took effect; + and - are the rate, g is the guard. The numbers "
    "on the left are the first and the last epoch. Peeks: how often results on the validation rows decided something; "
    "the more often, the less their score says of new rows. The test rows stay sealed until t."
)


def bindings() -> list[Any]:
    """The keys as Textual takes them."""
    return [INTERRUPT, *(Binding(key.keys, key.action) for key in KEYS)]


def footer(width: int, state: str) -> list[tuple[str, str]]:
    """The keys and words that fit into a line: the last ones always, then the first of the others."""
    words = {GO_OR_PAUSE: SPACE.get(state, GO_OR_PAUSE)}
    shown = [(key.label, words.get(key.short, key.short)) for key in KEYS if key.short]
    shown.insert(1, RATE)
    last = [item for item in shown if item[0] in LAST]
    found: list[tuple[str, str]] = []
    for item in (item for item in shown if item not in last):
        if sum(len(f"{label} {word}  ") for label, word in [*found, item, *last]) - 1 > width:
            break
        found.append(item)
    return found + last


def help_lines() -> list[tuple[str, str]]:
    """A label and an action for each key."""
    return [*((key.label, key.help) for key in KEYS), ("ctrl+c", "leave at once; all is saved")]
