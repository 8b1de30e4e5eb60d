"""What the console shows on screens of two sizes, how it is left, and opened again."""

import numpy as np
import pytest
from helpers.consoling import ENDLESS, LARGE, SMALL, done, drive
from helpers.running import VALIDATION
from textual.content import Content

import fastnorm as fn
from fastnorm.console import INTERRUPTED
from fastnorm.console.curves import Plot
from fastnorm.console.keys import KEYS
from fastnorm.console.log_words import family


def test_leaving_asks_and_ctrl_c_does_not():
    async def script(screen):
        await screen.press("q")
        assert "flowers-panda" in screen.over(".box Static")
        await screen.press("n")
        assert screen.console.is_running
        await screen.press("q", "y")

    async def hurried(screen):
        await screen.press("d", "ctrl+c")

    assert drive(script, epochs=ENDLESS) == "left"
    assert drive(hurried, epochs=ENDLESS) == INTERRUPTED


def test_a_study_goes_on_with_its_curves_and_branches(tmp_path):
    study = tmp_path / "study.sqlite"
    seen = []

    async def first(screen):
        await done(screen)
        await screen.press("b", "2", "enter", "up", "space")
        await done(screen)
        seen.extend([screen.text("loss"), screen.text("log"), screen.panda.run.checkpoint().state])

    async def second(screen):
        await screen.drawn()
        assert screen.driver.state == "done"
        assert [screen.text("loss"), screen.text("log"), screen.panda.run.checkpoint().state] == seen
        await screen.press("u", "y")
        assert screen.driver.place == (2, 0)

    drive(first, study=study)
    drive(second, study=study)


def test_an_error_of_the_training_is_shown_and_kept():
    async def script(screen):
        await done(screen)
        screen.panda.advance = broken
        await screen.press("space")
        await screen.until(lambda: screen.driver.failure is not None)
        await screen.drawn()
        assert "ZeroDivisionError: by zero" in screen.text("log")
        assert screen.driver.state == "paused"

    def broken():
        raise ZeroDivisionError("by zero")

    drive(script)


def test_help_names_every_key():
    async def script(screen):
        await screen.press("question_mark")
        text = screen.over("#text")
        for key in KEYS:
            assert f"{key.label:<8}{key.help}" in text
        await screen.press("escape")
        assert len(screen.console.screen_stack) == 1
        for key in ("a", "h"):
            await screen.press(key)
            assert len(screen.console.screen_stack) == 2
            await screen.press("escape")

    drive(script)


QUANTITY = {
    "chain": [fn.Dense(8), fn.BatchNorm(), fn.Tanh(), fn.Dense(1)],
    "y": np.linspace(0, 1, 50),
    "validation": (VALIDATION[0], np.linspace(0, 1, 20)),
    "opened": np.ones(20),
}
PLAIN = {"chain": [fn.Dense(3)], "optimizer": fn.Nadam(0.1)}


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("kind", [{}, QUANTITY, PLAIN], ids=["classes", "quantity", "no hidden layers"])
def test_nothing_is_cut_off(size, kind):
    async def script(screen):
        await done(screen)
        await screen.press("up", "c", *"note", "enter")
        base = screen.console.screen_stack[0]
        bands = [base.query_one(f"#{name}") for name in ("status", "curves", "middle", "bottom", "keys")]
        assert sum(band.size.height for band in bands) == size[1]
        for region in base.query("Region"):
            lines = region.render().split("\n")
            assert len(lines) <= region.content_size.height
            assert all(line.cell_len <= region.content_size.width for line in lines)
            assert Content.from_markup(region.border_title).cell_length <= region.outer_size.width - 3
        for name in ("status", "keys"):
            assert len(screen.line(name).rstrip()) <= size[0]
        assert "? help  q quit" in screen.line("keys")
        assert [line.split()[0] for line in screen.text("layers").splitlines()[1:]] == [
            layer.name for layer in screen.driver.moment.look.layers
        ]
        steered = {"learning_rate", "momentum", "beta_1", "weight_decay", "dropout_0", "running_decay_0"}
        shown = screen.text("slots").split()
        assert {family(name) for name in steered & set(screen.panda.run.slots)} <= set(shown)
        assert "…" not in screen.text("slots")
        assert "c 3 checkpoint note" in screen.text("log")
        assert screen.text("loss").splitlines()[-1].split()[0] == "1-3"

    drive(script, size=size, **kind)


def test_curves_and_layers_can_have_the_whole_screen():
    async def script(screen):
        await done(screen)
        await screen.press("l")
        base = screen.console.screen_stack[0]
        assert base.query_one("#curves").size.height == SMALL[1] - 2
        assert base.query_one("#loss").outer_size.width == SMALL[0]
        await screen.press("l")
        assert base.query_one("#middle").size.height == SMALL[1] - 2
        await screen.press("l")
        assert 9 <= base.query_one("#curves").size.height < SMALL[1] - 9

    drive(script)


def test_nothing_is_drawn_where_nothing_is_new(monkeypatch):
    async def script(screen):
        await done(screen)
        drawn, draw = [], Plot.draw
        monkeypatch.setattr(Plot, "draw", lambda plot, *room: drawn.append(plot) or draw(plot, *room))
        for _ in range(3):
            screen.console._tick()
            await screen.pilot.pause()
        assert drawn == []
        await screen.press("g")
        assert len(drawn) == 2

    drive(script)
