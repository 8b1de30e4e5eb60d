"""The catalogue of operations: what each records, which shapes and roles it takes, and what a program can run."""

import re

import numpy as np
import pytest
from fastnorm.engine.program import Program
from helpers.twin import batchnorm, parameter

from fastnorm import ops
from fastnorm.errors import SettingError, ShapeError, TraceError
from fastnorm.ops.tape import ROWS, Operation, Tape
from fastnorm.training.optimizers import SGD


@pytest.fixture
def tape():
    return Tape()


@pytest.fixture
def x(tape):
    return tape.add("input", "x", (ROWS, 4))


def constants(tape, count, length=4):
    return [tape.constant(np.ones(length)) for _ in range(count)]


def targets(tape, *shape):
    return tape.add("target", "y", (ROWS, *shape)), tape.add("weight", "sample_weight", (ROWS, 1))


def test_dense_gives_a_row_of_units(tape, x):
    y = ops.dense(x, parameter(tape, "w", 4, 3), parameter(tape, "b", 3), relu=1)
    (operation,) = tape.operations
    assert y.shape == (ROWS, 3)
    assert operation == Operation("dense", (0, 1, 2), 3, {"relu": True}, {})
    assert ops.dense(y, parameter(tape, "v", 3, 1)).shape == (ROWS, 1)


def test_batchnorm_keeps_the_shape_and_its_decay_is_a_slot(tape, x):
    y = batchnorm(tape, x, epsilon=1e-3, running_decay=0.75)
    (operation,) = tape.operations
    assert y.shape == (ROWS, 4)
    assert operation.attributes == {"epsilon": 1e-3, "running_decay": 0.75, "relu": False}
    assert operation.slots == {"running_decay": "running_decay_0"}
    assert operation.inputs == (0, 1, 2, 3, 4, 5)


def test_elementwise_operations_keep_the_shape(tape, x):
    assert ops.relu(x).shape == ops.dropout(x, rate=0).shape == x.shape
    statistics = [tape.add("constant", name, (4,), array=np.ones(4), statistic=True) for name in "mi"]
    assert ops.normalize(x, *constants(tape, 2), *statistics).shape == x.shape


@pytest.mark.parametrize("shape", [(), (4,)], ids=["labels", "shares"])
def test_a_loss_is_a_scalar(tape, x, shape):
    loss = ops.softmax_cross_entropy(x, *targets(tape, *shape), label_smoothing=0.125)
    assert loss.shape == ()
    assert tape.operations[-1].attributes == {"label_smoothing": 0.125}


WRONG = {
    "an array for rows": (lambda t, x: ops.relu([1.0]), TraceError, "relu: expected a recorded value, got list"),
    "a weight that is a word": (
        lambda t, x: ops.dense(x, "weight"), TraceError,
        "expected a recorded value or real numbers, got <U6: array('weight'",
    ),
    "a weight of other rows": (
        lambda t, x: ops.dense(x, parameter(t, "w", 5, 3)), ShapeError, "expected w of shape (4, any), got (5, 3)",
    ),
    "a weight that is a vector": (
        lambda t, x: ops.dense(x, parameter(t, "w", 4)), ShapeError, "dense: expected w of shape (4, any), got (4,)",
    ),
    "a bias of other units": (
        lambda t, x: ops.dense(x, parameter(t, "w", 4, 3), parameter(t, "b", 4)), ShapeError,
        "dense: expected b of shape (3,), got (4,)",
    ),
    "rows as weights": (
        lambda t, x: ops.dense(x, ops.relu(x)), ShapeError, "dense: expected relu_0 of shape (4, any), got (N, 4)",
    ),
    "a vector as rows": (
        lambda t, x: ops.dense(t.add("input", "v", (ROWS,)), parameter(t, "w", 1, 1)), ShapeError,
        "dense: expected a matrix such as (N, features), got v of shape (N,)",
    ),
    "batch norm of what has no rows": (
        lambda t, x: batchnorm(t, parameter(t, "w", 3, 4)), ShapeError,
        "batchnorm: expected w of shape (N, any), got (3, 4)",
    ),
    "statistics that are learned": (
        lambda t, x: ops.batchnorm(x, *(parameter(t, name, 4) for name in "abcd"), parameter(t, "e", 1)), TraceError,
        "batchnorm: expected a value of role statistic, got <parameter c: (4,)>",
    ),
    "a gamma that is a statistic": (
        lambda t, x: ops.batchnorm(x, *(parameter(t, name, 4, role="statistic") for name in "abcde")), TraceError,
        "batchnorm: expected a value of role parameter or constant or result or input, got <statistic a: (4,)>",
    ),
    "a sum with a statistic": (
        lambda t, x: x + parameter(t, "s", 4, role="statistic"), TraceError,
        "add: <statistic s: (4,)> is a running statistic; only batchnorm reads and keeps those",
    ),
    "statistics of another width": (
        lambda t, x: ops.batchnorm(
            x, parameter(t, "g", 4), parameter(t, "b", 4), *(parameter(t, n, 3, role="statistic") for n in "mvw")
        ),
        ShapeError, "batchnorm: expected m of shape (4,), got (3,)",
    ),
    "a normalization that is learned": (
        lambda t, x: ops.normalize(x, *(parameter(t, name, 4) for name in "abcd")), TraceError,
        "normalize: expected a value of role constant",
    ),
    "a normalization by rounded statistics": (
        lambda t, x: ops.normalize(x, *constants(t, 4)), TraceError, "normalize: expected float64 statistics",
    ),
    "shares of other classes": (
        lambda t, x: ops.softmax_cross_entropy(x, *targets(t, 3)), ShapeError,
        "softmax_cross_entropy: expected y of shape (N,) or (N, 4), got (N, 3)",
    ),
    "values of another width": (
        lambda t, x: ops.mean_squared_error(x, *targets(t)), ShapeError,
        "mean_squared_error: expected y of shape (N, 4), got (N,)",
    ),
    "a target that is computed": (
        lambda t, x: ops.mean_squared_error(x, ops.relu(x), targets(t)[1]), TraceError, "expected a value of role",
    ),
    "a weight that is a target": (
        lambda t, x: ops.mean_squared_error(x, *2 * targets(t, 4)[:1]), TraceError, "expected a value of role weight",
    ),
    "arithmetic with class numbers": (
        lambda t, x: x[:, 0] * targets(t)[0], TraceError,
        "multiply: <target y: (N,)> holds class numbers; use one_hot(target, classes) or hits",
    ),
    "one hot of numbers": (lambda t, x: ops.one_hot(x, 3), TraceError, "one_hot: expected a value of role target"),
    "classes of none": (lambda t, x: ops.one_hot(targets(t)[0], 0), SettingError, "one_hot classes: expected a whole"),
    "a loss of columns": (
        lambda t, x: ops.weighted_mean(x), ShapeError, "weighted_mean: expected x of shape (N,) or (N, 1) or ()",
    ),
    "a rate of 1": (
        lambda t, x: ops.dropout(x, rate=1), SettingError, "dropout rate: expected a finite number in [0, 1), got 1",
    ),
    "no epsilon": (lambda t, x: batchnorm(t, x, epsilon=0), SettingError, "epsilon: expected a finite number"),
    "a decay of 1": (lambda t, x: batchnorm(t, x, running_decay=1.0), SettingError, "running_decay: expected"),
    "a negative slope": (lambda t, x: ops.leaky_relu(x, -0.1), SettingError, "leaky_relu slope: expected a finite"),
    "bounds in disorder": (lambda t, x: ops.clip(x, 2, 1), SettingError, "clip high: expected a finite number in [2"),
    "too much smoothing": (
        lambda t, x: ops.softmax_cross_entropy(x, *targets(t), label_smoothing=1), SettingError, "label_smoothing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused_in_words_and_leaves_the_tape(tape, x, name):
    record, error, words = WRONG[name]
    with pytest.raises(error, match=re.escape(words)):
        record(tape, x)
    assert not any(operation.name not in ("relu", "part", "reshape") for operation in tape.operations)


def test_an_operation_can_be_repeated_on_other_values(tape, x):
    y = ops.dense(x, parameter(tape, "w", 4, 3))
    again = ops.repeat(tape.operations[0], [x, parameter(tape, "v", 4, 2)], relu=True)
    assert (y.shape, again.shape) == ((ROWS, 3), (ROWS, 2))
    assert [operation.attributes["relu"] for operation in tape.operations] == [False, True]
    with pytest.raises(TraceError, match="no operation named 'eval'; there are abs, add, batchnorm"):
        ops.repeat(Operation("eval", (), 0, {}, {}), [x])


def test_a_program_ends_in_a_loss(tape, x):
    ops.dense(x, parameter(tape, "w", 4, 3))
    with pytest.raises(TraceError, match="expected a forward pass that ends in a loss"):
        Program(tape, "float32", 8, SGD())


def test_a_program_does_not_learn_through_an_operation_of_inference(tape, x):
    statistics = [tape.add("constant", name, (4,), array=np.ones(4), statistic=True) for name in "mi"]
    y = ops.normalize(ops.dense(x, parameter(tape, "w", 4, 4)), *constants(tape, 2), *statistics)
    ops.mean_squared_error(y, *targets(tape, 4))
    with pytest.raises(TraceError, match="normalize has no backward pass: it is for inference alone"):
        Program(tape, "float32", 8, SGD())


def test_a_program_computes_nothing_in_vain(tape, x):
    ops.relu(x)
    ops.mean_squared_error(x, *targets(tape, 4))
    with pytest.raises(TraceError, match=r"relu_0.* is computed but never used"):
        Program(tape, "float32", 8, SGD())


def test_an_unknown_operation_has_no_program(tape, x):
    value = tape.record("sine", (x,), x.shape)
    ops.mean_squared_error(value, *targets(tape, 4))
    with pytest.raises(TraceError, match="no program runs the operation 'sine' on 1 values"):
        Program(tape, "float32", 8, SGD())
