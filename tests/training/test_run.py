"""A run: the same bits however it is driven, what it reports, how it is steered, and its minibatches."""

import math

import numpy as np
import pytest
from helpers.running import ROWS, VALIDATION, X, Y, assert_same, layers, make, one_minibatch, straight, weights
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnorm as fn
from fastnorm.errors import SettingError

# ---- the same bits


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(variant, dtype):
    name = np.dtype(dtype).name
    one = straight(dtype=name)
    assert_same(one, straight(dtype=name))
    assert weights(one) != weights(straight(dtype=name, seed=6))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(together, threads):
    x = np.random.default_rng(0).normal(size=(300, 200)).astype(np.float32)
    chain = [fn.Dense(400), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.1), fn.Dense(3)]
    options = {
        "x": x,
        "y": np.arange(300) % 3,
        "chain": chain,
        "batch_size": 128,
        "validation": (x[:99], np.arange(99) % 3),
    }
    assert_same(straight(2, **options), straight(2, **options, threads=threads))


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["epoch", "minibatch", "stop", "undo", "move"]), max_size=12))
def test_however_it_is_stopped_and_taken_back_the_bits_are_the_same(what):
    """Any sequence of advances, stops, undone experiments and moves to another run ends where a straight run does."""
    run = make(validation=VALIDATION)
    for step in what:
        if run.epoch >= 3:
            break
        if step == "epoch":
            run.advance()
        elif step == "minibatch":
            one_minibatch(run)
        elif step == "stop":
            run.stop()
            assert run.advance(2) == []
        elif step == "undo":
            mark = run.checkpoint()
            run.learning_rate = 0.5
            run.set(dropout_0=0.5)
            run.advance(2)
            run.revert(mark)
        else:
            other = make(validation=VALIDATION)
            other.restore(run.state())
            run = other
    run.advance(3 - run.epoch)
    assert_same(run, straight(3, validation=VALIDATION))


def test_a_loaded_model_trains_on_with_the_same_bits(tmp_path):
    model = fn.Sequential(layers())
    fn.Run(model, X, Y, seed=1).advance(2)
    model.save(tmp_path / "model")
    runs = [fn.Run(which, X, Y, seed=2, batch_size=16) for which in (model, fn.load(tmp_path / "model"))]
    for run in runs:
        run.advance(2)
    assert_same(*runs)


def test_the_order_of_rows_depends_on_seed_and_epoch_alone():
    def orders(run):
        for _ in range(3):
            yield run._shuffle.piece(run.epoch, 0)[2].tolist()
            run.advance()

    one, other = list(orders(make())), list(orders(make(batch_size=20, chain=[fn.Dense(3)])))
    assert one == other
    assert len({tuple(order) for order in one}) == 3
    assert all(sorted(order) == list(range(ROWS)) for order in one)


def test_rows_of_a_shuffled_epoch_are_each_trained_on_once():
    """Without learning, a shuffled epoch's means are those of all rows."""
    run = make(chain=[fn.Dense(3)], optimizer=fn.SGD(0.0), validation=(X, Y))
    (epoch,) = run.advance()
    assert epoch.loss == pytest.approx(epoch.validation_loss, rel=1e-6)
    assert epoch.metric == pytest.approx(epoch.validation_metric)


# ---- what it reports


def test_the_history_says_what_happened():
    run = make(validation=VALIDATION, schedule=fn.schedules.InverseTime(1.0), optimizer=fn.Adam(0.02))
    returned = run.advance(2) + run.advance()
    assert returned == run.history
    assert [epoch.number for epoch in returned] == [1, 2, 3]
    assert run.epoch == 3
    assert [epoch.learning_rate for epoch in returned] == pytest.approx([0.02, 0.01, 0.02 / 3])
    for epoch in returned:
        assert 0 < epoch.loss < 3
        assert 0 <= epoch.metric <= 1
        assert epoch.gradient_norm > 0
        assert epoch.seconds > 0
    x, y = VALIDATION
    judged = run.model.evaluate(x, y)
    assert (returned[-1].validation_loss, returned[-1].validation_metric) == (judged["loss"], judged["accuracy"])
    assert run.loss.metric == "accuracy"
    with pytest.raises(AttributeError):
        returned[0].loss = 0.0


def test_without_validation_there_is_none():
    (epoch,) = make().advance()
    assert (epoch.validation_loss, epoch.validation_metric) == (None, None)


def test_validation_changes_no_bit_of_training():
    assert weights(straight(validation=VALIDATION)) == weights(straight())


def test_iterating_advances_an_epoch_each_time_without_end():
    run = make()
    for number, epoch in enumerate(run, 1):
        assert epoch.number == number == run.epoch
        if number == 3:
            break
    assert_same(run, straight(3))
    run.stop()
    assert list(run) == []


def test_the_model_holds_the_weights_of_the_moment():
    run = make()
    before = weights(run)
    assert before.keys() == {"dense_0.weight", "batchnorm_1.gamma", "batchnorm_1.beta", "batchnorm_1.running_mean",
                             "batchnorm_1.running_variance", "batchnorm_1.running_weight", "dense_4.weight",
                             "dense_4.bias"}  # fmt: skip
    first = run.model.logits(X)
    one_minibatch(run)
    assert weights(run) != before
    assert not np.array_equal(run.model.logits(X), first)
    held = weights(run)
    assert run.advance(0) == []
    assert weights(run) == held


def test_regression_reports_the_root_of_the_mean_squared_error():
    y = X @ np.arange(8.0).reshape(4, 2)
    run = make(y=y, chain=[fn.Dense(2)], optimizer=fn.Adam(0.1), validation=(X, y), batch_size=ROWS)
    assert isinstance(run.loss, fn.MeanSquaredError)
    last = run.advance(100)[-1]
    predicted = run.model.predict(X)
    assert last.validation_metric == pytest.approx(np.sqrt(((predicted - y) ** 2).mean()), rel=1e-5)
    assert last.validation_loss == pytest.approx(((predicted - y) ** 2).mean(), rel=1e-5)
    assert last.metric == pytest.approx(last.loss**0.5)
    assert last.loss < run.history[0].loss / 10


def test_a_diverged_run_gives_nan_and_no_exception():
    run = make(optimizer=fn.SGD(1e30), validation=VALIDATION)
    last = run.advance(3)[-1]
    assert math.isnan(last.loss)
    assert math.isnan(last.validation_loss)
    assert not math.isfinite(last.gradient_norm)


def test_weights_of_rows_count_in_loss_and_metric():
    """Weight 2 for some rows is as good as having them twice, where a minibatch is the whole."""
    weight = np.where(np.arange(ROWS) % 5 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(ROWS), weight.astype(int))
    options = {"chain": [fn.Dense(3)], "batch_size": 100, "dtype": "float64"}
    (one,) = make(sample_weight=weight, **options).advance()
    (other,) = make(x=X[twice], y=Y[twice], **options).advance()
    assert (one.loss, one.metric) == pytest.approx((other.loss, other.metric))
    assert one.gradient_norm == pytest.approx(other.gradient_norm)


# ---- schedules and slots


def test_the_schedule_gives_each_minibatch_its_rate():
    """Rate 0 in the warm-up's first minibatch; then a straight line, in steps of minibatches."""
    run = make(schedule=fn.schedules.Constant(warm_up=1), optimizer=fn.SGD(0.7, 0.0), batch_size=10)
    before = weights(run)["dense_0.weight"]
    rates = []
    for _ in range(5):
        rates.append(run.learning_rate)
        one_minibatch(run)
        if len(rates) == 1:
            assert weights(run)["dense_0.weight"] == before
    assert rates == pytest.approx([0, 0.14, 0.28, 0.42, 0.56])
    assert run.history[0].learning_rate == pytest.approx(0.56)
    assert run.learning_rate == pytest.approx(0.7)


def test_setting_the_rate_rescales_the_schedule_from_there():
    run = make(schedule=fn.schedules.InverseTime(1.0), optimizer=fn.SGD(0.6))
    run.advance(2)
    assert run.learning_rate == pytest.approx(0.2)
    run.learning_rate = 0.1
    assert run.learning_rate == pytest.approx(0.1)
    run.advance(1)
    assert run.history[-1].learning_rate == pytest.approx(0.1)
    assert run.learning_rate == pytest.approx(0.1 * 3 / 4)


def test_the_rate_can_be_set_in_the_middle_of_an_epoch():
    run = make(schedule=fn.schedules.Cosine(2), optimizer=fn.SGD(0.6), batch_size=10)
    for _ in range(3):
        one_minibatch(run)
    run.learning_rate = 0.05
    assert run.learning_rate == pytest.approx(0.05)
    one_minibatch(run)
    assert run.learning_rate == pytest.approx(0.05 * (1 + math.cos(math.pi * 0.4)) / (1 + math.cos(math.pi * 0.3)))


def test_a_rate_cannot_be_set_where_the_schedule_is_zero():
    run = make(schedule=fn.schedules.Constant(warm_up=1))
    with pytest.raises(SettingError, match="the schedule is at 0 here, so no value can be set; advance first"):
        run.learning_rate = 0.1
    run.learning_rate = 0
    assert run.learning_rate == 0
    for rate in (-0.1, math.nan, "fast"):
        with pytest.raises(SettingError, match="learning_rate: expected"):
            run.learning_rate = rate


def test_slots_are_named_and_set():
    run = make(chain=[fn.Dense(4), fn.BatchNorm(0.75), fn.Dropout(0.1), fn.BatchNorm(), fn.Dropout(0.2), fn.Dense(3)])
    assert run.slots == {
        "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "l2": 0, "weight_decay": 0,
        "clip_norm": 0, "clip_value": 0,
        "running_decay_0": 0.75, "dropout_0": 0.1, "running_decay_1": 0.9, "dropout_1": 0.2,
    }  # fmt: skip
    run.set(dropout_1=0.5, weight_decay=1e-4)
    assert (run.slots["dropout_1"], run.slots["weight_decay"], run.slots["dropout_0"]) == (0.5, 1e-4, 0.1)
    with pytest.raises(SettingError, match="no hyperparameter named 'momentum'; there are learning_rate"):
        run.set(momentum=0.5)
    before = run.slots
    for slots in ({"learning_rate": 0.5, "dropout_0": 1}, {"learning_rate": 0.5, "momentum": 0.5}):
        with pytest.raises(SettingError, match=r"dropout_0: expected a finite number|no hyperparameter named"):
            run.set(**slots)
        assert run.slots == before  # all or none


def test_changed_slots_are_trained_with():
    plain, without = make(), make(chain=[fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0), fn.Dense(3)])
    plain.set(dropout_0=0)
    for run in (plain, without):
        run.advance(2)
    assert weights(plain) == weights(without)


# ---- the last minibatch


@pytest.mark.parametrize(
    ("rows", "batch_size", "sizes"),
    [
        (50, 8, [8] * 6 + [2]),
        (49, 8, [8] * 5 + [9]),
        (48, 8, [8] * 6),
        (5, 8, [5]),
        (9, 8, [9]),
        (3, 2, [3]),
        (2, 2, [2]),
    ],
)
def test_one_row_left_over_joins_the_minibatch_before_it_where_there_is_batch_norm(rows, batch_size, sizes):
    run = make(X[:rows], Y[:rows], batch_size=batch_size)
    assert np.diff(run._starts).tolist() == sizes
    run.advance()
    assert run.program.state.position[0] == len(sizes)


@pytest.mark.parametrize(("rows", "batch_size", "sizes"), [(49, 8, [8] * 6 + [1]), (3, 1, [1, 1, 1]), (1, 8, [1])])
def test_without_batch_norm_a_minibatch_may_be_one_row(rows, batch_size, sizes):
    run = make(X[:rows], Y[:rows], batch_size=batch_size, chain=[fn.Dense(3)])
    assert np.diff(run._starts).tolist() == sizes
    run.advance()


@pytest.mark.parametrize(("rows", "batch_size"), [(50, 1), (1, 8)])
def test_batch_norm_needs_two_rows(rows, batch_size):
    with pytest.raises(SettingError, match="batch norm needs minibatches of 2 rows or more"):
        make(X[:rows], Y[:rows], batch_size=batch_size)
