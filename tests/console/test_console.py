"""The console's keys: each does what it says, can be undone, and tells when it is refused."""

import pytest
from helpers.consoling import ENDLESS, done, drive
from helpers.running import X, Y

import fastnorm as fn
from fastnorm.console.curves import LEFT
from fastnorm.console.log_words import best_in_words


def test_it_trains_to_its_goal_and_further():
    async def script(screen):
        await done(screen)
        assert "done" in screen.line("status")
        assert "epoch 3 of 3" in screen.line("status")
        await screen.press("space")
        await screen.until(lambda: screen.driver.place == (6, 0))
        await done(screen)
        assert "epoch 6 of 6" in screen.line("status")
        assert screen.panda.actions == []

    drive(script)


def test_a_nudge_acts_while_it_trains_and_is_undone():
    async def script(screen):
        await screen.until(lambda: screen.driver.place[0] > 2)
        await screen.press("down")
        assert screen.driver.state == "training"
        await screen.press("space")
        nudge = screen.panda.actions[0]
        assert nudge.details["to"] == {"learning_rate": pytest.approx(0.1 / 3)}
        assert nudge.epoch >= 2
        assert screen.text("slots").split()[:2] == ["learning_rate", "0.0333"]
        assert "rate 0.1 to 0.0333" in screen.text("log")
        await screen.press("u", "y")
        assert screen.text("slots").split()[:2] == ["learning_rate", "0.1"]
        assert "undone: rate 0.1 to 0.0333" in screen.text("log")
        await screen.press("plus")
        assert screen.panda.run.learning_rate == pytest.approx(0.3)

    drive(script, epochs=ENDLESS)


def test_pause_stands_still_and_go_on_does_not():
    async def script(screen):
        await screen.until(lambda: screen.driver.place[0] > 2)
        await screen.press("space")
        await screen.until(
            lambda: screen.driver.state == "paused" and screen.driver.moment.place == screen.driver.place
        )
        place = screen.driver.place
        await screen.press("c", "enter")
        assert screen.driver.place == place
        await screen.drawn()
        assert "paused" in screen.line("status")
        assert "space go on" in screen.line("keys")
        await screen.press("space")
        await screen.until(lambda: screen.driver.place[0] > place[0] + 2)

    drive(script, epochs=ENDLESS)


def test_a_prompt_keeps_wrong_input_and_says_what_is_wrong():
    async def script(screen):
        await done(screen)
        await screen.press("d", "x", "enter")
        assert screen.over("#complaint") == "dropout: expected a number, got 'x'"
        assert screen.console.screen.query_one("Input").value == "x"
        await screen.press("backspace", "1", "enter")
        await screen.until(lambda: "finite number in [0, 1)" in screen.over("#complaint"))
        assert screen.panda.actions == []
        await screen.press("backspace", "0", ".", "5", "enter")
        await screen.until(lambda: len(screen.console.screen_stack) == 1)
        assert screen.panda.run.slots["dropout_0"] == 0.5
        await screen.drawn()
        assert "dropout 0.25 to 0.5" in screen.text("log")

    drive(script)


@pytest.mark.parametrize(
    ("key", "slot", "value"),
    [
        ("w", "weight_decay", 0.01),
        ("m", "momentum", 0.5),
        ("r", "running_decay_0", 0.7),
        ("equals_sign", "learning_rate", 2.0),
    ],
)
def test_each_hyperparameter_has_a_key(key, slot, value):
    async def script(screen):
        await done(screen)
        await screen.press(key, *str(value), "enter")
        assert screen.panda.run.slots[slot] == value

    drive(script)


def test_a_hyperparameter_that_is_not_there_is_told():
    async def script(screen):
        await done(screen)
        await screen.press("m")
        assert "no hyperparameter named 'momentum'" in screen.text("log")
        assert len(screen.console.screen_stack) == 1

    drive(script, optimizer=fn.RMSprop(0.01))


def test_going_back_leaves_a_branch_in_grey():
    async def script(screen):
        await done(screen)
        await screen.press("b", "9", "enter")
        await screen.until(lambda: "expected a whole number from 0 to 4" in screen.over("#complaint"))
        await screen.press("backspace", "2", "enter")
        await screen.until(lambda: len(screen.console.screen_stack) == 1)
        await screen.drawn()
        assert (screen.driver.place, screen.driver.state) == ((2, 0), "paused")
        assert [branch.parent for branch in screen.panda.branches] == [None, 0]
        assert "branch 2" in screen.line("status")
        assert "b 4 back to 2" in screen.text("log")
        for name in ("loss", "metric"):
            assert any(span.style == LEFT for span in screen.region(name).spans)
        await screen.press("space")
        await done(screen)
        assert len(screen.driver.moment.branches[1].curve) == 2

    drive(script, epochs=4)


def test_cubs_leave_two_branches_and_undo_takes_them_back():
    async def script(screen):
        await done(screen)
        await screen.press("f", "2", "enter")
        await screen.until(lambda: len(screen.panda.branches) == 4)
        await screen.drawn()
        assert screen.driver.place == (5, 0)
        assert "cubs x 0.33, 1, 3, 2 epochs" in screen.text("log")
        await screen.press("u")
        assert screen.over("Question Static") == "This leaves 2 finished epochs behind, as a branch in the record."
        await screen.press("n")
        assert screen.driver.place == (5, 0)
        await screen.press("u", "y")
        assert screen.driver.place == (3, 0)

    drive(script)


def test_undo_asks_only_where_finished_epochs_would_be_left_behind_and_undoes_what_it_asked_for():
    async def script(screen):
        await done(screen)
        await screen.press("down", "u")
        assert screen.panda.run.learning_rate == 0.1
        await screen.press("down", "space")
        await screen.until(lambda: screen.driver.place == (6, 0))
        await done(screen)
        await screen.press("u")
        assert "3 finished epochs" in screen.over("Question Static")
        screen.driver.act(lambda panda: panda.nudge(dropout=0.5)).result()
        await screen.press("y")
        assert screen.driver.notes[-1].words == "undo: something was done meanwhile; ask again"
        assert screen.driver.place == (6, 0)

    drive(script)


def test_a_console_that_is_left_paused_or_unguarded_is_found_so(tmp_path):
    study = tmp_path / "s.sqlite"

    async def first(screen):
        await screen.until(lambda: screen.driver.place[0] > 2)
        await screen.press("g", "space")
        await screen.until(lambda: screen.driver.state == "paused")
        assert "g " in screen.text("log")
        assert "guard off" in screen.text("log")

    async def second(screen):
        assert screen.driver.state == "paused"
        assert (screen.panda.left_paused, screen.panda.switched) == (True, False)
        assert "left, paused" in screen.text("log")
        place = screen.driver.place
        await screen.press("space")
        await screen.until(lambda: screen.driver.place[0] > place[0] + 2)

    async def third(screen):
        assert not screen.panda.left_paused
        assert screen.driver.state == "training"

    for script in (first, second, third):
        drive(script, study=study, epochs=ENDLESS, guarded=True)


def test_the_guards_rescue_is_shown_and_vetoed():
    async def script(screen):
        await done(screen)
        rescues = [action for action in screen.panda.actions if action.by == "guard" and action.kind == "revert"]
        assert rescues
        assert screen.text("log").splitlines()[-1].startswith("g ")
        assert "g" in screen.text("loss").splitlines()[-1]
        assert "guard on" in screen.line("status")
        assert screen.driver.moment.advice[0].topic == "rescued"
        await screen.press("v", "y")
        assert screen.panda.guard is None
        assert "guard off" in screen.line("status")
        assert screen.panda.actions[-1].details["undone"] == rescues[-1].number
        await screen.press("up", "v")
        assert "veto: the guard did nothing, or something was done since" in screen.console.driver.notes[-1].words
        await screen.press("g")
        assert "guard on" in screen.line("status")

    drive(script, guarded=True, epochs=5, optimizer=fn.SGD(1000.0))


def test_the_final_score_is_of_the_best_epoch_and_ends_the_steering():
    async def script(screen):
        await done(screen)
        await screen.press("t", "n")
        assert screen.panda.opened is None
        await screen.press("t", "y")
        await screen.until(lambda: screen.driver.state == "finished")
        best = max(screen.panda.history, key=lambda epoch: (epoch.validation_metric, -epoch.validation_loss))
        assert screen.driver.place == (best.number, 0)
        assert screen.panda.opened["accuracy"] == screen.panda.final_score()["accuracy"]
        await screen.drawn()
        assert "test set opened" in screen.text("log")
        await screen.press("up")
        assert "the test set has been opened" in screen.driver.notes[-1].words
        await screen.press("space")
        assert screen.driver.state == "finished"

    drive(script, epochs=6)


def test_the_final_score_goes_to_the_best_epoch_of_all_branches():
    async def script(screen):
        await done(screen)
        await screen.press("b", "0", "enter", "equals_sign", "0", "enter", "space")
        await done(screen)
        best = screen.panda.best
        assert screen.panda.best_left_on == 0
        assert best_in_words(screen.panda) == f"{best.number} of branch 1, which was left behind"
        await screen.press("t")
        assert f"goes back to epoch {best.number} of branch 1" in screen.over("Question Static")
        await screen.press("y")
        await screen.until(lambda: screen.driver.state == "finished")
        assert screen.panda.history[-1] == best
        assert screen.panda.best_left_on is None
        await screen.drawn()
        assert f"back to {best.number} of branch 1" in screen.text("log")

    drive(script, epochs=4, validation=(X, Y))
