"""What a step of learning does beside the plain rule: clipping, averaging, RMSprop, Nadam, averaged momentum."""

import numpy as np
import pytest
from helpers import twin
from helpers.training import BARE, Task, epoch

import fastnorm as fn
from fastnorm import SGD, Adam, Nadam, RMSprop
from fastnorm.errors import SettingError


def task(rng, rows=40, dtype=np.float64):
    tape = twin.record(fn.Dense(5), fn.Tanh(), fn.Dense(3))
    x, y = rng.normal(size=(rows, 4)).astype(dtype), rng.normal(size=(rows, 3)).astype(dtype) * 3
    return Task(tape, twin.arrays(tape, rng, dtype), x, y, dtype=dtype)


def follow(of, optimizer, steps, size, rule):
    """The program after some minibatches, and the arrays that `rule` makes of the gradients bare steps take."""
    program = of.program(optimizer, capacity=size)
    epoch(program, steps * size, size)
    arrays, kept = {name: array.copy() for name, array in of.arrays.items()}, {}
    for step in range(1, steps + 1):
        gradients = of.part(slice((step - 1) * size, step * size), arrays).gradients()
        rule(arrays, gradients, kept, step)
    return program, arrays


def assert_close(program, arrays):
    for name, array in arrays.items():
        np.testing.assert_allclose(program.state.read(name), array, rtol=1e-9, atol=1e-11, err_msg=name)


def norm_of(gradients):
    return np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))


@pytest.mark.parametrize(("value", "norm"), [(0.05, 0.0), (0.0, 0.5), (0.05, 0.1), (1e3, 1e3)])
def test_gradients_are_clipped_by_value_then_by_norm(rng, value, norm):
    of, norms = task(rng), []

    def rule(arrays, gradients, kept, step):
        norms.append(norm_of(gradients))
        if value:
            gradients = {name: np.clip(gradient, -value, value) for name, gradient in gradients.items()}
        if norm and norm_of(gradients) > norm:
            gradients = {name: gradient * (norm / norm_of(gradients)) for name, gradient in gradients.items()}
        for name, gradient in gradients.items():
            arrays[name] -= 0.25 * gradient

    program, arrays = follow(of, SGD(0.25, 0.0, clip_value=value, clip_norm=norm), 5, 8, rule)
    assert_close(program, arrays)
    assert program.state.epoch_means()[2] == pytest.approx(np.mean(norms))  # as the gradients came


def test_clipping_comes_before_decay(rng):
    of = task(rng)

    def rule(arrays, gradients, kept, step):
        scale = min(1, 0.5 / norm_of(gradients))
        for name, gradient in gradients.items():
            decays = name.endswith("weight")
            arrays[name] -= 0.25 * (gradient * scale + 0.5 * decays * arrays[name])

    assert_close(*follow(of, SGD(0.25, 0.0, clip_norm=0.5, l2=0.5), 5, 8, rule))


def test_clipping_may_change_while_training():
    run = fn.Run(fn.Sequential([fn.Dense(2)]), np.ones((4, 3)), np.full((4, 2), 100.0), optimizer=SGD(0.1, 0.0))
    before = {name: array.copy() for name, array in run.model.arrays.items()}
    run.set(clip_norm=1e-3)
    run.advance()
    moved = np.sqrt(sum(((run.model.arrays[name] - before[name]) ** 2).sum() for name in before))
    assert moved == pytest.approx(1e-4, rel=1e-3)
    assert run.history[0].gradient_norm > 1
    with pytest.raises(SettingError, match="clip_value: expected a finite number"):
        run.set(clip_value=-1)


def test_rmsprop(rng):
    def rule(arrays, gradients, kept, step):
        for name, gradient in gradients.items():
            kept[name] = 0.75 * kept.get(name, 0) + 0.25 * gradient**2
            arrays[name] -= 0.125 * gradient / (np.sqrt(kept[name]) + 1e-3)

    assert_close(*follow(task(rng), RMSprop(0.125, beta_2=0.75, epsilon=1e-3), 5, 8, rule))


@pytest.mark.parametrize("decay", [4e-3, 0.5])
def test_nadam(rng, decay):
    """Dozat 2016, as PyTorch has it."""

    def rule(arrays, gradients, kept, step):
        now, following = (0.9 * (1 - 0.5 * 0.96 ** (t * decay)) for t in (step, step + 1))
        kept["product"] = kept.get("product", 1) * now
        for name, gradient in gradients.items():
            first, second = kept.get(name, (0, 0))
            first, second = 0.9 * first + 0.1 * gradient, 0.99 * second + 0.01 * gradient**2
            kept[name] = first, second
            ahead = (1 - now) / (1 - kept["product"]) * gradient + following / (1 - kept["product"] * following) * first
            arrays[name] -= 0.125 * ahead / (np.sqrt(second / (1 - 0.99**step)) + 1e-6)

    assert_close(*follow(task(rng), Nadam(0.125, beta_2=0.99, epsilon=1e-6, momentum_decay=decay), 5, 8, rule))


def test_averaged_momentum_is_the_weighted_average_of_gradients(rng):
    def rule(arrays, gradients, kept, step):
        for name, gradient in gradients.items():
            kept[name] = 0.9 * kept.get(name, 0) + 0.1 * gradient
            arrays[name] -= 0.25 * kept[name]

    assert_close(*follow(task(rng), SGD(0.25, averaged=True), 5, 8, rule))


# ---- averages of the weights


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_averages_are_corrected_for_their_start(share, dtype):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 4)), rng.normal(size=(40, 2))

    def run(**options):
        return fn.Run(fn.Sequential([fn.Dense(3), fn.Tanh(), fn.Dense(2)], dtype), x, y, batch_size=40, **options)

    averaged, plain = run(averaging=share), run()
    total, weight = dict.fromkeys(plain.model.arrays, 0.0), 0.0
    for name, array in averaged.model.arrays.items():
        np.testing.assert_array_equal(array, plain.model.arrays[name])
    for _ in range(5):
        averaged.advance()
        plain.advance()
        weight = share * weight + 1 - share
        for name, array in plain.model.arrays.items():
            total[name] = share * total[name] + (1 - share) * array.astype(float)
    for name, array in averaged.model.arrays.items():
        np.testing.assert_allclose(array, total[name] / weight, rtol=1e-10 if dtype == np.float64 else 1e-5, atol=1e-7)
        assert array.dtype == dtype
    assert averaged.slots["averaging"] == share
    assert "averaging" not in plain.slots


def test_validation_and_the_model_have_the_averages_and_exact_statistics():
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, size=(60, 4)), rng.integers(0, 2, 60)
    chain = [fn.Dropout(0.2), fn.BatchNorm(), fn.Dense(6), fn.BatchNorm(), fn.ReLU(), fn.Dense(2)]
    run = fn.Run(fn.Sequential(chain, "float64"), x, y, validation=(x, y), averaging=0.5, batch_size=16)
    (epoch_1,) = run.advance()
    assert epoch_1.validation_loss == run.model.evaluate(x, y)["loss"]
    np.testing.assert_allclose(run.model.arrays["batchnorm_1.running_mean"], x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(run.model.arrays["batchnorm_1.running_variance"], x.var(0, ddof=1), rtol=1e-12)
    mark = run.checkpoint()
    run.advance()
    later = run.model.to_bytes()
    run.revert(mark)
    run.advance()
    assert run.model.to_bytes() == later


@pytest.mark.parametrize("share", [1.0, -0.1, "much"])
def test_averaging_stays_within_what_it_may_be(share):
    with pytest.raises(SettingError, match="averaging: expected a"):
        fn.Run(fn.Sequential([fn.Dense(2)]), np.ones((4, 3)), [0, 1, 0, 1], averaging=share)


def test_bare_steps_of_the_other_rules_are_their_first_steps():
    assert BARE.averaged is False
    tape = twin.record(fn.Dense(1, False), features=1)
    for optimizer, step in ((RMSprop(0.01, beta_2=0.75), 0.01 / 0.5), (Adam(0.01), 0.01)):
        of = Task(tape, {"0.weight": np.zeros((1, 1))}, np.ones((1, 1)), np.full((1, 1), 3.0))
        program = of.program(optimizer)
        epoch(program, 1)
        assert program.state.read("0.weight")[0, 0] == pytest.approx(step, rel=1e-6)
