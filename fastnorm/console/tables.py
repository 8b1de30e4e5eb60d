"""The tables and lists of the console, drawn into cells: layers, hyperparameters, log, advice, status."""

import math
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from ..tune import Advice, LayerStatistics, RunStatistics
from ..tune.diagnostics.advice import BIG_STEP, FAR_OFF, MANY, SMALL_STEP
from ..tune.diagnostics.layer_statistics import TITLES
from ..tune.study.actions import GUARD
from .keys import footer
from .log_words import by_family, in_words, is_whole, mark_of, place_of
from .snapshot import Moment, Note

HEAD, WARNING, WRONG, WEAK, KEY = "bold", "bold orange1", "bold red1", "grey70", "bold bright_white"
STEERED = ("learning_rate", "momentum", "beta_1", "weight_decay", "dropout", "running_decay")  # those with keys first
RULER = Console()  # by which lines are wrapped
SHORT = dict(zip(TITLES, ("off sd", "var x", "dead", "saturated", "update"), strict=True))


def status(
    name: str, state: str, place: tuple[int, int], goal: int, minibatches: int, moment: Moment, on: bool
) -> Text:
    """The line at the top."""
    epoch, minibatch = place
    within = f":{minibatch}/{minibatches}" if minibatch else ""
    branch = f"branch {len(moment.branches)}" if len(moment.branches) > 1 else ""
    words = [f"epoch {epoch}{within} of {goal}", branch, f"guard {'on' if on else 'off'}", f"peeks {moment.peeks}"]
    text = Text(f" {name}  ", no_wrap=True).append(f" {state} ", "bold reverse")
    return text.append("  " + "  ".join(filter(None, words)))


def layers(look: RunStatistics | None, width: int, height: int) -> Text:
    """The layers: columns that apply to some of them, in as many rows as there is room for."""
    if look is None:
        return Text("(not looked at yet)", WEAK)
    rows = [layer.cells() for layer in look.layers]
    columns = [place for place in range(len(TITLES)) if any(row[place] for row in rows)]
    widths = {place: len(SHORT[TITLES[place]]) + 2 for place in columns}
    name = max(min(max(len(layer.name) for layer in look.layers), width - 6 - sum(widths.values())), 4)
    text = Text(no_wrap=True)
    text.append(f"{'layer':<{name}}{'units':>6}" + "".join(f"{SHORT[TITLES[p]]:>{widths[p]}}" for p in columns), HEAD)
    count = len(rows) if len(rows) < height else max(height - 2, 0)  # a row is kept to say that there are more
    for layer, row in list(zip(look.layers, rows, strict=True))[:count]:
        text.append(f"\n{layer.name[:name]:<{name}}{layer.units:>6}")
        for place in columns:
            text.append(f"{row[place]:>{widths[place]}}", WARNING if _is_odd(layer, place, look.batch_size) else "")
    if count < len(rows):
        text.append(f"\n... {len(rows) - count} more: l", WEAK)
    return text


def _is_odd(layer: LayerStatistics, place: int, batch_size: int) -> bool:
    """Whether a number is one that advice is given for."""
    value = (layer.off, None, layer.dead, layer.saturated, layer.update)[place]
    if value is None or math.isnan(value):
        return value is not None
    bounds = (FAR_OFF / math.sqrt(batch_size), math.inf, MANY, MANY, BIG_STEP)
    return value > bounds[place] or (place == 4 and value < SMALL_STEP)


def slots(moment: Moment, width: int, height: int) -> Text:
    """The hyperparameters: first those with a key, last the names of those at 0."""
    values = by_family(moment.slots | {"learning_rate": moment.learning_rate})
    names = sorted(values, key=lambda name: STEERED.index(name) if name in STEERED else len(STEERED))
    zero = [name for name in names if values[name] == "0" and name not in STEERED]
    lines = [f"{name:<{width - 10}}{values[name]:>9}" for name in names if name not in zero]
    if zero:
        lines.append(f"{', '.join(zero)} 0")
    if len(lines) > height:
        lines[height - 1 :] = [f"... {len(lines) - height + 1} more: l"]
    text = Text(no_wrap=True).append(lines[0], HEAD)
    for line in lines[1:]:
        text.append("\n" + (line if len(line) <= width else line[: width - 1] + "…"))
    return text


def log_lines(moment: Moment, notes: Sequence[Note]) -> list[Text]:
    """All actions, and the notes in between, oldest first; the guard's acts are highlighted."""
    told = [(action.number, 0, _action(moment, action.number)) for action in moment.actions if is_whole(action)]
    told += [(note.after, -1, Text(note.words, WRONG if note.is_wrong else WEAK)) for note in notes]
    return [line for *_, line in sorted(told, key=lambda entry: entry[:2])]


def _action(moment: Moment, number: int) -> Text:
    action = moment.actions[number]
    text = Text().append(mark_of(action), WRONG if action.by == GUARD else KEY)
    text.append(f" {place_of(action)} ", WEAK).append(in_words(action, moment.actions))
    return text.append(f": {action.details['reason']}" if "reason" in action.details else "")


def last_lines(lines: Sequence[Text], width: int, height: int) -> Text:
    """The last of these lines, each in one row."""
    shown = [line.copy() for line in lines[max(len(lines) - height, 0) :]]
    for line in shown:
        line.truncate(width, overflow="ellipsis")
    return Text("\n").join(shown)


def advice(found: Sequence[Advice], width: int, height: int) -> Text:
    """Advice, most urgent first, as much of it as there is room for."""
    if not found:
        return Text("nothing seems wrong", WEAK)
    lines = [line for one in found for line in advice_in_words(one).wrap(RULER, width)]
    if len(lines) > height:
        lines = lines[:height]
        lines[-1].truncate(width - 3)
        lines[-1].append("..a", KEY)
    return Text("\n").join(lines)


def advice_in_words(one: Advice) -> Text:
    """One piece of it, its topic first."""
    return Text().append(f"{one.topic}: ", WARNING).append(one.words)


def keys(width: int, state: str) -> Text:
    """The line at the bottom."""
    text = Text(no_wrap=True)
    for label, word in footer(width, state):
        text.append(f"{label}", KEY).append(f" {word}  ")
    return text
