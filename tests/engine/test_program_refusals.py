"""What a program refuses in words before native code runs, and what nobody can change under its hands."""

from types import SimpleNamespace

import numpy as np
import pytest
from fastnorm.engine.program import Program
from helpers.cases import unaligned
from helpers.training import FROZEN, ROW_COUNT, WEIGHTS, epoch, task

from fastnorm import kernels
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError
from fastnorm.training.optimizers import SGD


def test_labels_are_kept_and_one_changed_into_no_class_is_refused_before_its_minibatch(rng):
    of = task(rng, "hidden")
    program, straight = of.program(FROZEN), of.program(FROZEN)
    y = of.data[1]
    straight.attach(of.data[0], y.copy(), *of.data[2:])
    epoch(straight, ROW_COUNT)
    row, right = ROW_COUNT - 1, y[ROW_COUNT - 1]
    for wrong in (1_000_000, -1):
        y[row] = wrong
        before = program.state.to_bytes()
        words = f"y: expected integers from 0 to 2, got {wrong} at position {row}, changed since"
        with pytest.raises(DataError, match=words):
            program.train(np.arange(ROW_COUNT)[::-1].copy(), np.array([0, ROW_COUNT]), np.ones(1))
        assert program.state.to_bytes() == before
    y[row] = right
    epoch(program, ROW_COUNT)
    assert program.state.to_bytes() == straight.state.to_bytes()


def test_attached_arrays_outlive_their_names(rng):
    of = task(rng, "hidden", weight=WEIGHTS)
    program = of.program(FROZEN)
    epoch(program, ROW_COUNT)
    before = program.state.epoch_means()
    program.attach(*(array.copy() for array in of.data))
    del of
    np.full(100_000, 3.0).sum()
    program.begin_epoch()
    epoch(program, ROW_COUNT)
    assert program.state.epoch_means() == before


X, Y = np.zeros((ROW_COUNT, 4)), np.zeros(ROW_COUNT, np.int32)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ((X[:, :3], Y), ShapeError, r"x: expected C-contiguous float64 of shape \(7, 4\), got float64 of \(7, 3\)"),
        ((X.astype(np.float32), Y), ShapeError, "x: expected C-contiguous float64"),
        ((X.astype(">f8"), Y), ShapeError, "x: expected C-contiguous float64"),
        ((np.asfortranarray(X), Y), ShapeError, r"x: expected C-contiguous float64 .*, not C-contiguous"),
        ((unaligned(X), Y), ShapeError, r"x: expected C-contiguous float64 .*, not aligned"),
        ((X[:0], Y[:0]), ShapeError, "x: expected at least one row"),
        ((X, Y + 3), DataError, "y: expected integers from 0 to 2, got 3 at position 0"),
        ((X, Y - 1), DataError, "y: expected integers from 0 to 2, got -1 at position 0"),
        ((X, Y[:-1]), ShapeError, "y: expected 7 rows as in x, got 6"),
        ((X, Y * 1.0), DtypeError, "y: expected integers, got dtype float64"),
        ((X, Y, WEIGHTS[:-1]), ShapeError, r"sample_weight: expected shape \(7,\), got \(6,\)"),
        ((X, Y, -WEIGHTS), DataError, "sample_weight: expected weights of 0 or more, got -3.0"),
        ((X, Y, WEIGHTS * np.nan), DataError, "sample_weight: expected finite numbers, got nan"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_the_old_ones_stay(rng, data, error, words):
    program = task(rng, "hidden").program(FROZEN)
    epoch(program, ROW_COUNT)
    before = program.state.epoch_means()
    with pytest.raises(error, match=words):
        program.attach(*data)
    program.begin_epoch()
    epoch(program, ROW_COUNT)
    assert program.state.epoch_means() == before


def test_values_that_do_not_fit_are_refused(rng):
    program = task(rng, "hidden", "values").program()
    for y in (np.zeros((7, 2)), np.zeros((6, 3)), np.zeros((7, 3), np.float32), np.zeros((3, 7)).T):
        with pytest.raises(ShapeError, match=r"y: expected C-contiguous float64 of shape \(7, 3\), got"):
            program.attach(X, y)


@pytest.mark.parametrize(
    ("order", "starts", "factors", "error", "words"),
    [
        ([0, 7], [0, 2], [1], DataError, "order: expected integers from 0 to 6, got 7 at position 1"),
        ([0, -1], [0, 2], [1], DataError, "order: expected integers from 0 to 6, got -1"),
        ([0.0, 1.0], [0, 2], [1], DtypeError, "order: expected integers"),
        ([[0, 1]], [0, 2], [1], ShapeError, "order: expected shape"),
        ([0, 1], [0, 3], [1], DataError, "starts: expected integers from 0 to 2, got 3"),
        ([0, 1], [0, 1, 1], [1, 1], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1], [2, 1], [1], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1], np.array([2, 1], np.uint8), [1], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1, 2, 3, 4], [0, 5], [1], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1], [0], [], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1], [], [], ShapeError, "expected"),
        ([0, 1], [0, 2], [1, 1], ShapeError, r"factors: expected shape \(1,\), got \(2,\)"),
        ([0, 1], [0, 2], ["a"], DtypeError, "factors: expected real numbers"),
    ],
)
def test_an_order_that_leaves_the_rows_is_refused(rng, order, starts, factors, error, words):
    program = task(rng).program(capacity=4)
    before = program.state.to_bytes()
    with pytest.raises(error, match=words):
        program.train(np.array(order), np.array(starts, None if len(starts) else np.int64), np.array(factors))
    assert program.state.to_bytes() == before


def test_without_rows_there_is_nothing_to_train_on(rng):
    of = task(rng)
    program = Program(of.tape, of.dtype, 4, SGD())
    with pytest.raises(DataError, match="order: expected integers from 0 to 0"):
        epoch(program, 4)


def own(rule, **slots):
    """An optimizer of one's own, which has checked nothing."""
    shared = {"learning_rate": 0.1, "l2": 0.0, "weight_decay": 0.0, "clip_norm": 0.0, "clip_value": 0.0}
    return SimpleNamespace(rule=rule, nesterov=False, averaged=False, slots=shared | slots)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dtype": np.float16}, "dtype: expected one of"),
        ({"dtype": np.int32}, "dtype: expected one of"),
        ({"capacity": 0}, "capacity: expected a whole number at least 1"),
        ({"threads": 0}, "threads: expected a whole number from 1"),
        ({"seed": -1}, "seed: expected a whole number from 0"),
        ({"seed": 2**64}, "seed: expected a whole number from 0"),
        ({"optimizer": own("sgd", learning_rate=-1.0)}, "learning_rate: expected a finite number"),
        ({"optimizer": own("adam", beta_1=1.0)}, "beta_1: expected a finite number"),
        ({"optimizer": own("adam", beta_2=0.5)}, "no hyperparameter named 'beta_1'"),
        ({"optimizer": own("lion")}, "optimizer rule: expected one of 'sgd', 'rmsprop', 'adam', 'nadam', got 'lion'"),
    ],
)
def test_settings_that_cannot_be_are_refused(rng, settings, words):
    settings = {"dtype": np.float64, "capacity": 4, "optimizer": SGD()} | settings
    positional = [settings.pop(name) for name in ("dtype", "capacity", "optimizer")]
    with pytest.raises(SettingError, match=words):
        Program(task(rng).tape, *positional, **settings)


def test_a_program_keeps_the_variant_it_was_made_with(rng):
    of = task(rng, "all")
    programs = []
    for name in kernels.runnable():
        with kernels.cpu._using(name):
            programs.append((of.program(FROZEN), of.mean_loss()))
    for program, loss in programs:
        epoch(program, ROW_COUNT)
        assert program.state.epoch_means()[0] == loss
