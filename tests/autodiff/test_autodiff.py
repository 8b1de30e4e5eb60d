"""grad, value_and_grad, minimize: trees, what is recorded when, and what they refuse."""

import collections
import threading

import numpy as np
import pytest

import fastnorm as fn
from fastnorm import ops
from fastnorm.errors import DtypeError, SettingError, ShapeError, TraceError

Line = collections.namedtuple("Line", "slope intercept")


def squares(line, x, y):
    return ((line.slope * x + line.intercept - y) ** 2).mean()


def test_the_gradient_has_the_form_of_the_first_argument():
    x, y = np.arange(5.0), np.arange(5.0) * 2 + 1
    value, gradient = fn.value_and_grad(squares)(Line(1.0, 0.0), x, y)
    error = x - y
    assert value == pytest.approx((error**2).mean())
    assert gradient == Line(pytest.approx((2 * error * x).mean()), pytest.approx((2 * error).mean()))
    assert isinstance(gradient, Line)


def test_trees_of_every_kind():
    tree = {"a": [np.ones(2), (2.0, {"b": np.ones((2, 3))})], "c": 3}
    gradient = fn.grad(lambda t: (t["a"][0].sum() * t["a"][1][0] + t["a"][1][1]["b"].sum()) * t["c"])(tree)
    np.testing.assert_array_equal(gradient["a"][0], [6, 6])
    assert gradient["a"][1][0] == 6
    np.testing.assert_array_equal(gradient["a"][1][1]["b"], np.full((2, 3), 3))
    assert gradient["c"] == 10
    assert type(gradient["a"][1]) is tuple


def test_other_arguments_are_data():
    """They may be trees too, come as integers, and stand as weights or codes."""
    gradient = fn.grad(lambda w, data: ((data["x"] @ w) * data["scale"]).sum())
    x = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(gradient(np.zeros(3), {"x": x, "scale": 2}), 2.0 * x.sum(0))
    np.testing.assert_array_equal(fn.grad(lambda w, x: (w @ x).sum())(np.ones((1, 2)), x), [x.sum(1)])
    codes = np.array([0, 2, 2])
    np.testing.assert_array_equal(
        fn.grad(lambda t, c: ops.embedding(t, c).sum())(np.ones((3, 1)), codes), [[1], [0], [2]]
    )


def test_a_function_is_recorded_once_for_each_form_shape_and_dtype():
    calls = []

    def f(x, scale):
        calls.append(x.shape)
        return (x * scale).sum()

    both = fn.value_and_grad(f)
    for x in (np.ones(3), np.zeros(3), np.ones((3, 1)), np.ones(3, np.float32), np.zeros(3)):
        both(x, 2.0)
    both([np.ones(3)][0], np.float32(1))
    assert calls == [(3,), (3, 1), (3,), (3,)]
    assert fn.grad(lambda t: t[0] * 1.0)([1.0]) == [1.0]
    assert fn.grad(lambda t: t[0] * 1.0)((1.0,)) == (1.0,)


def test_arrays_from_elsewhere_keep_the_numbers_they_had():
    factor = np.array([1.0, 2.0])
    gradient = fn.grad(lambda x: (x * factor).sum())
    before = gradient(np.ones(2))
    factor[:] = 9
    np.testing.assert_array_equal(gradient(np.ones(2)), before)
    np.testing.assert_array_equal(gradient(np.ones((1, 2))), [[9, 9]])


def test_the_same_call_gives_the_same_bits_and_arrays_of_its_own():
    both = fn.value_and_grad(lambda x: (ops.tanh(x) * x).sum() + (x[1:] * x[:-1]).sum())
    x = np.random.default_rng(0).normal(size=7)
    first = both(x)
    kept = first[1].copy()
    both(np.zeros(7))
    again = both(x)
    assert again[0] == first[0]
    np.testing.assert_array_equal(first[1], kept)
    np.testing.assert_array_equal(again[1], kept)
    assert not np.shares_memory(again[1], first[1])


def test_the_dtype_is_float32_where_all_arrays_are():
    both = fn.value_and_grad(lambda x, y: (x * y).sum())
    for other, dtype in ((np.float32(2), np.float32), (2.0, np.float64), (2, np.float64), (np.ones(3), np.float64)):
        value, gradient = both(np.ones(3, np.float32), other)
        assert isinstance(value, float)
        assert gradient.dtype == dtype


def test_what_the_number_does_not_depend_on_has_gradient_zero():
    gradient = fn.grad(lambda t: t["used"] * 2 + (t["judged"] > 0) * 1.0 + 0 * t["used"])(
        {"used": 1.0, "judged": 1.0, "idle": 1.0}
    )
    assert gradient == {"used": 2.0, "judged": 0.0, "idle": 0.0}
    assert fn.grad(lambda x: x)(3.0) == 1.0


def test_several_threads_may_ask_at_once():
    both = fn.value_and_grad(lambda x: ((x @ x.T) ** 2).sum())
    inputs = [np.random.default_rng(seed).normal(size=(30, 30)) for seed in range(4)]
    expected, wrong = [both(x) for x in inputs], []

    def ask(place):
        for _ in range(30):
            value, gradient = both(inputs[place])
            if value != expected[place][0] or not np.array_equal(gradient, expected[place][1]):
                wrong.append(place)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("f", "x", "error", "words"),
    [
        (
            lambda x: x * 2,
            np.ones(3),
            TraceError,
            r"expected a function that gives one number, of shape \(\), got <result",
        ),
        (lambda x: 3.0, 1.0, TraceError, r"expected a function that gives one number, of shape \(\), got 3.0"),
        (lambda x: None, 1.0, TraceError, "got None; sum or mean make one"),
        (lambda x: (x * 2, x.sum())[1], np.ones(3), TraceError, "multiply_0.* is computed but never used"),
        (lambda x: fn.grad(lambda y: y * y)(x), 1.0, TraceError, "is a recorded value without numbers"),
        (
            lambda x: ops.dropout(x, rate=0.5).sum(),
            np.ones((2, 2)),
            TraceError,
            "dropout belongs to training: use it in a",
        ),
        (lambda x: fn.Dropout(0.5)(x).sum(), np.ones((2, 2)), TraceError, "dropout belongs to training"),
        (lambda x: x.sum(), np.ones((2, 2, 2)), ShapeError, "argument 0: expected at most two dimensions"),
        (
            lambda x: x.sum(),
            np.ones((0, 2)),
            ShapeError,
            "argument 0: expected at most two dimensions, of at least 1 each",
        ),
        (lambda x: x["a"], {}, ShapeError, "argument 0: expected at least one array, got {}"),
        (lambda x: x["a"], {"a": "word"}, DtypeError, "argument 0.a: expected real numbers"),
        (lambda x: x[0], [1j], DtypeError, "argument 0.0: expected real numbers, got dtype complex128"),
    ],
)
def test_functions_that_cannot_be_differentiated_are_refused(f, x, error, words):
    with pytest.raises(error, match=words):
        fn.grad(f)(x)


def test_layers_may_be_used_and_their_parameters_are_refused():
    assert fn.grad(lambda x: fn.Tanh()(x).sum())(np.zeros(2)).tolist() == [1, 1]
    for use in (fn.grad(lambda x: fn.Dense(2)(x).sum()), lambda x: fn.minimize(lambda y: fn.Dense(2)(y).sum(), x)):
        with pytest.raises(
            TraceError, match=r"function of its arguments alone, got one with <parameter dense_0.weight: .*; use a"
        ):
            use(np.ones((2, 2)))


# ---- minimize


def bowl(tree):
    return ((tree["a"] - 3) ** 2).sum() + (tree["b"] + 1) ** 2


def test_the_least_is_found_and_the_start_is_left_alone():
    start = {"a": np.zeros((2, 3)), "b": 0}
    found = fn.minimize(bowl, start, fn.Adam(0.1), steps=2000)
    np.testing.assert_allclose(found["a"], np.full((2, 3), 3), rtol=1e-6)
    assert found["b"] == pytest.approx(-1)
    assert isinstance(found["b"], float)
    assert not start["a"].any()


def test_no_steps_give_the_start():
    start = [np.array([1.5, 2.5], np.float32), 4.0]
    found = fn.minimize(lambda t: t[0].sum() * t[1], start, steps=0)
    np.testing.assert_array_equal(found[0], start[0])
    assert found[1] == 4.0


def test_steps_are_those_of_the_optimizer():
    """Gradient descent by hand with value_and_grad."""
    target = np.array([1.0, -2.0, 0.5])

    def f(w):
        return ((w - target) ** 2 * np.array([1.0, 2.0, 3.0])).sum()

    w = np.zeros(3)
    for _ in range(20):
        w -= 0.05 * fn.grad(f)(w)
    found = fn.minimize(f, np.zeros(3), fn.SGD(0.05, momentum=0.0), steps=20)
    np.testing.assert_allclose(found, w, rtol=1e-12)
    assert fn.minimize(f, np.zeros(3, np.float32), fn.SGD(0.05), steps=5).dtype == np.float32
    np.testing.assert_allclose(
        fn.minimize(f, np.zeros(3), fn.SGD(0.05, momentum=0.0, weight_decay=10.0), steps=1),
        0.05 * 2 * target * [1, 2, 3],
    )


def test_what_minimize_refuses():
    with pytest.raises(SettingError, match="steps: expected a whole number at least 0, got -1"):
        fn.minimize(lambda x: x * x, 1.0, steps=-1)
    with pytest.raises(TraceError, match="expected a function that gives one number"):
        fn.minimize(lambda x: x, np.ones(2))
    with pytest.raises(SettingError, match="learning_rate: expected a finite number"):
        fn.minimize(lambda x: x * x, 1.0, fn.SGD(-1.0))
