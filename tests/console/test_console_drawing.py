"""What the console draws: dots, scales, curves, tables and words, each from things made up."""

import math

import numpy as np
import pytest
from helpers.curves import curve

from fastnorm.console import tables
from fastnorm.console.canvas import Canvas
from fastnorm.console.curves import BROKEN, LEFT, TRAINING, VALIDATION, Axis, Plot
from fastnorm.console.keys import KEYS, footer
from fastnorm.console.log_words import in_words, mark_of
from fastnorm.console.snapshot import Moment, Note
from fastnorm.tune import Action, Advice, Branch, LayerStatistics, RunStatistics

LOSS = Plot("loss", "loss")


def moment(branches, history, actions=(), **changes):
    facts = {
        "place": (len(history), 0), "slots": {"learning_rate": 0.1, "momentum": 0.9, "l2": 0.0}, "learning_rate": 0.05,
        "peeks": 0, "look": None, "advice": [], "opened": None,
    }  # fmt: skip
    return Moment(history, branches, list(actions), **(facts | changes))


def action(number, kind, by="person", place=(2, 0), branch=0, **details):
    return Action(number, branch, *place, 9, kind, by, details)


def plain(canvas):
    return [row.plain for row in canvas.rows()]


def test_a_line_is_dots_from_point_to_point():
    canvas = Canvas(2, 1)
    canvas.line([0, 1], np.array([0.0, 1.0]), "red")
    assert plain(canvas) == ["⡠⠊"]
    flat = Canvas(3, 2)
    flat.line([0, 1], np.array([0.0, 0.0]), "red")
    assert plain(flat) == ["   ", "⣀⣀⣀"]
    assert [span.style for span in flat.rows()[1].spans] == ["red"]


def test_a_line_has_gaps_where_there_is_no_number_and_stays_inside():
    canvas = Canvas(5, 1)
    canvas.line([0, 0.25, 0.5, 0.75, 1], np.array([0.0, 0.0, math.nan, 7.0, 7.0]), "red")
    assert plain(canvas) == ["⣀⡀ ⠈⠉"]


def test_what_is_drawn_later_lies_on_top():
    canvas = Canvas(2, 1)
    canvas.line([0, 1], np.array([0.0, 0.0]), "red")
    canvas.line([0, 0.3], np.array([1.0, 1.0]), "blue")
    canvas.letter(1, 0, "x", "white")
    assert plain(canvas) == ["⠉x"]
    assert [span.style for span in canvas.rows()[0].spans] == ["blue", "white"]


def test_a_scale_is_logarithmic_where_it_pays_and_allowed():
    assert Axis.of([0.1, 2.0], [], True) == Axis(0.1, 2.0, True)
    assert Axis.of([0.5, 2.0], [], True) == Axis(0.5, 2.0, False)
    assert Axis.of([0.1, 2.0], [], False) == Axis(0.1, 2.0, False)
    np.testing.assert_allclose(Axis(0.1, 10, True).share([0.1, 1, 10]), [0, 0.5, 1])
    assert Axis(0.1, 10, True).value(0.5) == pytest.approx(1)


def test_what_was_left_behind_does_not_crush_the_live_path():
    assert Axis.of([0.1, 2.0], [1e11, math.nan, 1e-9], True) == Axis(0.01, 20.0, True)
    assert Axis.of([0.75, 1.0], [0.125], False) == Axis(0.5, 1.0, False)
    assert Axis.of([math.nan], [3.0, 4.0], False) == Axis(3.0, 4.0, False)
    level = Axis.of([2.0, 2.0], [], True)
    assert level.low < 2 < level.high
    assert math.isfinite(Axis.of([], [], True).share([0.5])[0])


def test_curves_are_colored_the_dead_ones_grey_and_marked():
    dead = curve([2.0, 1.0, math.nan], [2.1, 1.2, math.nan])
    live = [*dead[:2], *curve([9, 9, 0.5, 0.1], [9, 9, 0.6, 0.2])[2:]]
    actions = [action(0, "revert", "guard", (3, 0), epoch=2, branch=1, reason="nan"), action(1, "pause")]
    drawn = LOSS.draw(moment([Branch(0, None, 0, 0, -1, dead), Branch(1, 0, 2, 0, 0, live[2:])], live, actions), 40, 9)
    lines = drawn.split("\n")
    assert [line.cell_len for line in lines] == [40] * 9
    styles = {span.style for span in drawn.spans}
    assert {TRAINING, VALIDATION, LEFT} <= styles
    assert BROKEN not in {span.style for line in lines[:-1] for span in line.spans}  # the live path has none
    assert "x" in lines[0].plain
    assert lines[-1].plain.startswith("     1-4 ─")
    assert lines[-1].plain.count("g") == 1
    assert "p" not in lines[-1].plain
    assert [lines[row].plain.split()[0] for row in (0, 7)] == ["2.1", "0.1"]


def test_titles_have_the_last_values():
    epochs = curve([2.0, 0.1], [2.0, math.nan])
    shown = moment([Branch(0, None, 0, 0, -1, epochs)], epochs)
    assert LOSS.title(shown, 40).plain == "loss 0.1, validation no number (log)"
    assert LOSS.title(moment([Branch(0, None, 0, 0)], []), 40).plain == "loss (no epoch yet)"
    error = Plot("root_mean_squared_error", "metric")
    assert error.title(shown, 40).plain == "error 0.5, validation 0.5"
    assert error.title(shown, 43).plain == "root mean squared error 0.5, validation 0.5"


@pytest.mark.parametrize("value", [0.0, 1e-9, 1.2345e-4, 0.00827, 0.5, 55_210.0, 123_456.0, 1e12, -0.00123, -55_210.0])
def test_numbers_fit_beside_the_curves(value):
    epochs = curve([value, value], [value, value])
    lines = LOSS.draw(moment([Branch(0, None, 0, 0, -1, epochs)], epochs), 40, 8).split("\n")
    assert [line.cell_len for line in lines] == [40] * 8


def test_actions_in_words_and_letters():
    nudge = action(0, "nudge", **{"from": {"learning_rate": 0.1}, "to": {"learning_rate": 0.3}})
    drop = action(
        1, "nudge", **{"from": {"dropout_0": 0.1, "dropout_1": 0.2}, "to": {"dropout_0": 0.3, "dropout_1": 0.3}}
    )
    back = action(2, "revert", "guard", epoch=0, branch=1, reason="a spike")
    part = action(3, "nudge", "guard", part_of=2, **{"from": {"learning_rate": 9.0}, "to": {"learning_rate": 3.0}})
    undone = action(4, "undo", undone=2, branch=2)
    cubs = action(5, "cubs", factors=[1 / 3, 1], epochs=1, scores=[0, 0], branch=4)
    score = action(6, "final_score", loss=0.5, metric=0.75)
    everything = [nudge, drop, back, part, undone, cubs, score]
    assert [(mark_of(one), in_words(one, everything)) for one in everything if one is not part] == [
        ("+", "rate 0.1 to 0.3"),
        ("d", "dropout 0.1 0.2 to 0.3"),
        ("g", "back to the start, rate 9 to 3"),
        ("u", "undone: back to the start, rate 9 to 3"),
        ("f", "cubs x 0.33, 1, 1 epoch: the rate stays"),
        ("t", "test set opened: loss 0.5, 0.7500"),
    ]
    lines = tables.log_lines(moment([], [], everything), [Note(1, "guard off")])
    assert [line.plain for line in lines][:3] == ["+ 2 rate 0.1 to 0.3", "guard off", "d 2 dropout 0.1 0.2 to 0.3"]
    assert lines[3].plain == "g 2 back to the start, rate 9 to 3: a spike"
    short = tables.last_lines(lines, 12, 2).plain.splitlines()
    assert [len(line) for line in short] == [12, 12]
    assert short[-1] == "t 2 test se…"


def test_layers_that_do_not_fit_are_counted():
    layers = tuple(LayerStatistics(f"dense_{number}", 8, update=1e-3) for number in range(9))
    look = RunStatistics(1, 0, 32, 0.1, 2.3, layers)
    assert len(tables.layers(look, 40, 10).plain.splitlines()) == 10
    few = tables.layers(look, 40, 6).plain.splitlines()
    assert (len(few), few[-1]) == (6, "... 5 more: l")
    assert few[0].split() == ["layer", "units", "update"]


@pytest.mark.parametrize(("number", "odd"), [(1e-5, True), (1e-3, False), (0.2, True), (math.nan, True)])
def test_numbers_that_advice_is_given_for_stand_out(number, odd):
    drawn = tables.layers(RunStatistics(1, 0, 32, 0.1, 2.3, (LayerStatistics("dense_0", 8, update=number),)), 40, 5)
    assert (tables.WARNING in {span.style for span in drawn.spans}) is odd


def test_hyperparameters_have_those_with_keys_first_and_zeros_last():
    lines = tables.slots(moment([], []), 28, 8).plain.splitlines()
    assert [line.split() for line in lines] == [["learning_rate", "0.05"], ["momentum", "0.9"], ["l2", "0"]]
    assert tables.slots(moment([], []), 28, 2).plain.splitlines()[1] == "... 2 more: l"


def test_advice_that_does_not_fit_says_where_the_rest_is():
    found = [Advice("variance", "try " + "more data and " * 9, {})]
    lines = tables.advice(found, 30, 3).plain.splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 30
    assert lines[-1].endswith("..a")
    assert tables.advice([], 30, 3).plain == "nothing seems wrong"


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_line_of_keys_fits_and_always_ends_with_help_and_quit(width):
    shown = footer(width, "training")
    assert sum(len(f"{label} {word}  ") for label, word in shown) - 1 <= width
    assert shown[0] == ("space", "pause")
    assert [label for label, _ in shown[-2:]] == ["?", "q"]
    assert footer(width, "done")[0] == ("space", "more")


def test_each_key_is_bound_once():
    keys = [key for entry in KEYS for key in entry.keys.split(",")]
    assert len(keys) == len(set(keys))
    assert len({entry.action for entry in KEYS}) == len(KEYS)
