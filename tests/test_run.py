"""A run: the same bits however it is driven, what it reports, how it is steered, and what it refuses."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnorm as fn
from fastnorm.errors import DataError, DtypeError, FileError, SettingError, ShapeError

ROWS = 50
X = np.random.default_rng(0).normal(size=(ROWS, 4)).astype(np.float32)
Y = (X @ np.random.default_rng(1).normal(size=(4, 3))).argmax(1)
VALIDATION = np.random.default_rng(2).normal(size=(20, 4)), np.arange(20) % 3


def layers():
    return [fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.25), fn.Dense(3)]


def make(x=X, y=Y, chain=None, dtype="float32", **options):
    """A run of a small model with everything in it."""
    options = {"batch_size": 8, "optimizer": fn.Adam(0.01), "seed": 5} | options
    return fn.Run(fn.Sequential(chain or layers(), dtype), x, y, **options)


def weights(run):
    return {name: array.tobytes() for name, array in run.model.arrays.items()}


def untimed(epochs):
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in epochs]


def assert_same(one, other):
    assert weights(one) == weights(other)
    assert untimed(one.history) == untimed(other.history)
    assert one.checkpoint().state == other.checkpoint().state


def straight(epochs=4, **options):
    run = make(**options)
    run.advance(epochs)
    return run


# ---- the same bits


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(variant, dtype):
    name = np.dtype(dtype).name
    one = straight(dtype=name)
    assert_same(one, straight(dtype=name))
    assert weights(one) != weights(straight(dtype=name, seed=6))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(threads):
    x = np.random.default_rng(0).normal(size=(300, 200)).astype(np.float32)
    chain = [fn.Dense(400), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.1), fn.Dense(3)]
    options = {"x": x, "y": np.arange(300) % 3, "chain": chain, "batch_size": 128, "validation": (x[:99], np.arange(99) % 3)}
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


def one_minibatch(run):
    """Train one minibatch, or the rest of the epoch where it is the last."""
    with pytest.MonkeyPatch.context() as patch:
        train = run.program.train
        patch.setattr(run, "program", Slowly(run.program))
        run.advance()
        assert run.program.train is not train


class Slowly:
    """A program whose time is up after one minibatch."""

    def __init__(self, program):
        self.program = program

    def __getattr__(self, name):
        return getattr(self.program, name)

    def train(self, *arguments):
        return self.program.train(*arguments[:3], 1e-9)


RESUME = """
import sys
sys.path.insert(0, {folder!r})
import test_run
run = test_run.make(validation=test_run.VALIDATION)
run.restore(sys.stdin.buffer.read())
run.advance(4 - run.epoch)
sys.stdout.buffer.write(run.state())
"""


def test_another_process_goes_on_with_the_same_bits(request):
    run = make(validation=VALIDATION)
    run.advance()
    one_minibatch(run)
    script = RESUME.format(folder=str(request.path.parent))
    done = subprocess.run([sys.executable, "-c", script], input=run.state(), capture_output=True, check=True, timeout=60)
    other = make(validation=VALIDATION)
    other.restore(done.stdout)
    assert_same(other, straight(4, validation=VALIDATION))


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
            yield run._shuffled().tolist()
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


# ---- checkpoints, states


def test_reverting_restores_everything(dtype):
    run = make(dtype=np.dtype(dtype).name, validation=VALIDATION)
    run.advance(2)
    mark, before, slots, history = run.checkpoint(), weights(run), run.slots, list(run.history)
    run.set(learning_rate=1.0, beta_1=0.1, dropout_0=0.9)
    run.advance(3)
    assert weights(run) != before
    run.revert(mark)
    assert (weights(run), run.slots, run.history, run.epoch) == (before, slots, history, 2)
    run.advance(2)
    assert_same(run, straight(4, dtype=np.dtype(dtype).name, validation=VALIDATION))


def test_reverting_after_divergence_is_as_if_it_had_not_been():
    run = make(optimizer=fn.SGD(0.01))
    run.advance(2)
    mark = run.checkpoint()
    run.learning_rate = 1e30
    assert math.isnan(run.advance(2)[-1].loss)
    run.revert(mark)
    run.advance(2)
    assert_same(run, straight(4, optimizer=fn.SGD(0.01)))


def test_a_checkpoint_does_not_change_with_its_run():
    run = make()
    run.advance()
    mark = run.checkpoint()
    copy = dataclasses.replace(mark)
    run.advance()
    assert mark == copy
    assert len(mark.history) == 1
    with pytest.raises(AttributeError):
        mark.state = b""


def test_a_state_fits_only_a_run_made_in_the_same_way():
    run = make(validation=VALIDATION)
    run.advance()
    state = run.state()
    for name, options in {
        "tape": {"chain": [fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.5), fn.Dense(3)]},
        "dtype": {"dtype": "float64"},
        "seed": {"seed": 6},
        "rows": {"x": X[:49], "y": Y[:49]},
        "batch_size": {"batch_size": 9},
        "loss": {"loss": fn.SoftmaxCrossEntropy(0.1)},
        "schedule": {"schedule": fn.InverseTime(0.5)},
        "optimizer": {"optimizer": fn.SGD()},
    }.items():
        other = make(**options)
        before = other.checkpoint()
        with pytest.raises(FileError, match=f"state: {name}: this run has .*, the state comes from"):
            other.restore(state)
        assert other.checkpoint() == before
    with pytest.raises(FileError, match="state: nesterov: this run has True, the state comes from False"):
        make(optimizer=fn.SGD(nesterov=True)).restore(make(optimizer=fn.SGD()).state())


@pytest.mark.skipif(len(fn.kernels.runnable()) == 1, reason="this CPU runs one variant")
def test_a_state_of_another_variant_is_refused():
    with fn.kernels.cpu._using(fn.kernels.runnable()[0]):
        state = make().state()
    with pytest.raises(FileError, match="state: variant: this run has"):
        make().restore(state)


def forged(change):
    """A state whose checksum fits and whose contents do not."""
    run = make()
    tensors, document = fn.files.unpack("run", run.state())
    tensors = dict(tensors)
    changed = change(tensors, document)
    return fn.files.pack("run", tensors, document if changed is None else changed)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"nothing of the kind",
        fn.Sequential([fn.Dense(3)]).prepare(4) or b"model",
        forged(lambda t, d: []),
        forged(lambda t, d: d.pop("history") and None),
        forged(lambda t, d: d.update(history=3)),
        forged(lambda t, d: d.update(history=[3])),
        forged(lambda t, d: d.update(history=[{"number": 1}])),
        forged(lambda t, d: t.clear()),
        forged(lambda t, d: t.update(state=t["state"][:-8])),
        forged(lambda t, d: t.update(state=np.full_like(t["state"], 255))),
    ],
    ids=range(11),
)
def test_what_is_no_state_is_refused_and_changes_nothing(state):
    run = make()
    run.advance()
    before = run.checkpoint()
    with pytest.raises(FileError):
        run.restore(state)
    assert run.checkpoint() == before
    run.advance()
    assert_same(run, straight(2))


def test_the_state_of_a_diverged_run_is_a_state():
    run = make(optimizer=fn.SGD(1e30))
    run.advance(2)
    other = make(optimizer=fn.SGD(1e30))
    other.restore(run.state())
    assert repr(other.history) == repr(run.history)
    assert weights(other) == weights(run)


# ---- what it reports


def test_the_history_says_what_happened():
    run = make(validation=VALIDATION, schedule=fn.InverseTime(1.0), optimizer=fn.Adam(0.02))
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
    first = run.model.predict_proba(X)
    one_minibatch(run)
    assert weights(run) != before
    assert not np.array_equal(run.model.predict_proba(X), first)
    held = weights(run)
    assert run.advance(0) == []
    assert weights(run) == held


def test_regression_reports_the_absolute_error():
    y = X @ np.arange(8.0).reshape(4, 2)
    run = make(y=y, chain=[fn.Dense(2)], optimizer=fn.Adam(0.1), validation=(X, y), batch_size=ROWS)
    assert isinstance(run.loss, fn.MeanSquaredError)
    last = run.advance(100)[-1]
    predicted = run.model.predict(X)
    assert last.validation_metric == pytest.approx(np.abs(predicted - y).mean(), rel=1e-5)
    assert last.validation_loss == pytest.approx(((predicted - y) ** 2).mean(), rel=1e-5)
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
    run = make(schedule=fn.Constant(warm_up=1), optimizer=fn.SGD(0.7, 0.0), batch_size=10)
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
    run = make(schedule=fn.InverseTime(1.0), optimizer=fn.SGD(0.6))
    run.advance(2)
    assert run.learning_rate == pytest.approx(0.2)
    run.learning_rate = 0.1
    assert run.learning_rate == pytest.approx(0.1)
    run.advance(1)
    assert run.history[-1].learning_rate == pytest.approx(0.1)
    assert run.learning_rate == pytest.approx(0.1 * 3 / 4)


def test_the_rate_can_be_set_in_the_middle_of_an_epoch():
    run = make(schedule=fn.Cosine(2), optimizer=fn.SGD(0.6), batch_size=10)
    for _ in range(3):
        one_minibatch(run)
    run.learning_rate = 0.05
    assert run.learning_rate == pytest.approx(0.05)
    one_minibatch(run)
    assert run.learning_rate == pytest.approx(0.05 * (1 + math.cos(math.pi * 0.4)) / (1 + math.cos(math.pi * 0.3)))


def test_a_rate_cannot_be_set_where_the_schedule_is_zero():
    run = make(schedule=fn.Constant(warm_up=1))
    with pytest.raises(SettingError, match="the schedule is at 0 here, so no rate can be set; advance first"):
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
        "running_decay_0": 0.75, "dropout_0": 0.1, "running_decay_1": 0.9, "dropout_1": 0.2,
    }  # fmt: skip
    run.set(dropout_1=0.5, weight_decay=1e-4)
    assert (run.slots["dropout_1"], run.slots["weight_decay"], run.slots["dropout_0"]) == (0.5, 1e-4, 0.1)
    with pytest.raises(SettingError, match="no hyperparameter named 'momentum'; there are learning_rate"):
        run.set(momentum=0.5)
    with pytest.raises(SettingError, match="dropout_0: expected a finite number"):
        run.set(dropout_0=1)


def test_changed_slots_are_trained_with():
    plain, without = make(), make(chain=[fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0), fn.Dense(3)])
    plain.set(dropout_0=0)
    for run in (plain, without):
        run.advance(2)
    assert weights(plain) == weights(without)


# ---- the last minibatch


@pytest.mark.parametrize(
    ("rows", "batch_size", "sizes"),
    [(50, 8, [8] * 6 + [2]), (49, 8, [8] * 5 + [9]), (48, 8, [8] * 6), (5, 8, [5]), (9, 8, [9]), (3, 2, [3]), (2, 2, [2])],
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


# ---- what it refuses


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"x": X[:, :0]}, ShapeError, "x: expected a matrix"),
        ({"x": X[0]}, ShapeError, r"x: expected a matrix \(n, features\) with n >= 1, got shape \(4,\)"),
        ({"x": np.where(X > 2, np.nan, X)}, DataError, r"x: expected finite numbers, got nan at \("),
        ({"x": [["a"] * 4] * ROWS}, DtypeError, "x: expected real numbers"),
        ({"x": X[:-1]}, ShapeError, "y: expected 49 rows as in x, got 50"),
        ({"y": Y + 1}, DataError, "y: expected integers from 0 to 2, got 3"),
        ({"y": Y.astype(str)}, DtypeError, r"y: expected class numbers from 0 to 2, got dtype <U21; fit\(frame, target"),
        ({"y": Y * 1.0}, ShapeError, r"y: expected shape \(n, 3\) as the model's outputs, got \(50,\)"),
        ({"y": np.full((ROWS, 3), 0.5), "loss": fn.SoftmaxCrossEntropy()}, DataError, "y: expected shares >= 0 that sum to 1"),
        ({"y": Y[:, None], "loss": fn.SoftmaxCrossEntropy()}, ShapeError, r"y: expected shape \(n,\)"),
        ({"validation": (X[:3, :3], Y[:3])}, ShapeError, r"validation x: expected shape \(n, 4\), got \(3, 3\)"),
        ({"validation": (X[:3], Y[:2])}, ShapeError, "validation: expected as many targets as rows, got 2 and 3"),
        ({"validation": (X[:3] * np.inf, Y[:3])}, DataError, "validation x: expected finite numbers"),
        ({"batch_size": 0}, SettingError, "batch_size: expected a whole number"),
        ({"batch_size": 2.5}, SettingError, "batch_size: expected a whole number, got 2.5"),
        ({"seed": -1}, SettingError, "seed: expected a whole number"),
        ({"threads": 0}, SettingError, "threads: expected a whole number"),
        ({"optimizer": fn.Adam(-1)}, SettingError, "learning_rate: expected a finite number"),
        ({"schedule": fn.Cosine()}, SettingError, "Cosine: expected `epochs`"),
        ({"sample_weight": np.ones(3)}, ShapeError, r"sample_weight: expected shape \(50,\), got \(3,\)"),
        ({"sample_weight": -np.ones(ROWS)}, DataError, "sample_weight: expected weights of 0 or more"),
    ],
)
def test_input_that_does_not_fit_is_refused_and_leaves_the_model_as_it_was(options, error, words):
    options = {"batch_size": 8} | options
    model = fn.Sequential(layers())
    with pytest.raises(error, match=words):
        fn.Run(model, options.pop("x", X), options.pop("y", Y), **options)
    with pytest.raises(SettingError, match="this model has not seen data yet"):
        _ = model.tape
    assert model.arrays == {}
    fn.Run(model, np.zeros((4, 7)), [0, 1, 2, 0])  # of another width, so nothing was kept
    before = dict(model.arrays)
    with pytest.raises(ShapeError, match=r"x: expected shape \(n, 7\), got \(50, 4\)"):
        fn.Run(model, X, Y)
    assert {name: id(array) for name, array in model.arrays.items()} == {name: id(a) for name, a in before.items()}


def test_the_number_of_epochs_is_checked():
    with pytest.raises(SettingError, match="epochs: expected a whole number"):
        make().advance(-1)


def test_rows_are_kept_where_they_fit_and_never_changed():
    x, y = X.copy(), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    make(x, y).advance()
    np.testing.assert_array_equal(x, X)
    fortran = np.asfortranarray(X.astype(np.float64))
    run = make(fortran, Y)
    run.advance(4)
    assert_same(run, straight())
