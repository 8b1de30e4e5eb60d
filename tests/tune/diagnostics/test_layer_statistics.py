"""Layer statistics: the table says what the layers hold, and the run is not changed; baseline loss."""

import math
import threading

import numpy as np
import pytest
from helpers import curves, running

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.tune import baseline_loss, layer_statistics


def by_name(found):
    return {layer.name: layer for layer in found.layers}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [{}, {"averaging": 0.9}, {"schedule": fn.schedules.Cosine(epochs=4)}, {"validation": running.VALIDATION}],
    ids=["plain", "averaging", "schedule", "validation"],
)
def test_the_run_does_not_notice(options, dtype):
    alone, seen = (running.make(dtype=dtype, **options) for _ in range(2))
    for minibatches in (None, 3, None, 1):
        layer_statistics(seen)
        weights, state, history = running.weights(seen), seen.checkpoint(), list(seen.history)
        layer_statistics(seen)
        assert (running.weights(seen), seen.checkpoint(), seen.history) == (weights, state, history)
        alone.advance(minibatches=minibatches)
        seen.advance(minibatches=minibatches)
    running.assert_same(alone, seen)


def test_it_says_where_the_run_stands():
    run = running.make()
    run.advance()
    run.advance(minibatches=6)
    found = layer_statistics(run)
    assert (found.epoch, found.minibatch, found.batch_size) == (1, 6, 2)  # the last minibatch of 50 rows by 8
    assert found.learning_rate == 0.01
    names = ["dense_0", "batchnorm_1", "relu_2", "dense_4"]
    assert [layer.name for layer in found.layers] == names
    assert [layer.units for layer in found.layers] == [8, 8, 8, 3]


def test_minibatch_statistics_beside_running_ones():
    """In NumPy, by the rows of the next minibatch; behind the first batch norm, as training computes it."""
    run = curves.run([fn.BatchNorm(epsilon=0.01), fn.Tanh()])
    assert by_name(layer_statistics(run))["batchnorm_1"].off is None  # nothing runs yet
    run.advance(minibatches=5)
    arrays = {name: array.astype(float) for name, array in run.model.arrays.items()}
    x = run.data[0][run.upcoming()].astype(float)
    found = by_name(layer_statistics(run))
    for dense, name in (("dense_0", "batchnorm_1"), ("dense_3", "batchnorm_4")):
        z = x @ arrays[f"{dense}.weight"]
        mean, variance = arrays[f"{name}.running_mean"], arrays[f"{name}.running_variance"] + 0.01
        off = np.sqrt(np.mean((z.mean(0) - mean) ** 2 / variance))
        ratio = np.exp(np.log((z.var(0, ddof=1) + 0.01) / variance).mean())
        np.testing.assert_allclose([found[name].off, found[name].variance], [off, ratio], rtol=1e-3)
        x = np.tanh((z - z.mean(0)) / np.sqrt(z.var(0) + 0.01) * arrays[f"{name}.gamma"] + arrays[f"{name}.beta"])


def test_updates_are_those_of_the_next_step():
    run = curves.run(optimizer=fn.Adam(0.01))
    run.advance()
    before = {name: array.astype(float) for name, array in run.model.arrays.items()}
    found = by_name(layer_statistics(run))
    run.advance(minibatches=1)
    for layer in ("dense_0", "batchnorm_1", "dense_3", "dense_6"):
        names = [name for name in before if name.startswith(f"{layer}.") and "running" not in name]
        change = math.sqrt(sum(np.sum((run.model.arrays[name] - before[name]) ** 2) for name in names))
        size = math.sqrt(sum(np.sum(before[name] ** 2) for name in names))
        assert found[layer].update == pytest.approx(change / size, rel=1e-4)
    assert found["relu_2"].update is None


@pytest.mark.parametrize("activation", [fn.ReLU, fn.GELU, fn.SiLU])
def test_dead_units(activation):
    run = curves.run([activation()])
    arrays = dict(run.model.arrays)
    arrays["dense_0.bias"] = np.full(32, 0, np.float32)
    arrays["dense_0.bias"][:8] = -1000  # of 32
    run.program.state.write("dense_0.bias", arrays["dense_0.bias"])
    run.revert(run.checkpoint())
    name = activation.__name__.lower()
    found = by_name(layer_statistics(run))
    assert found[f"{name}_1"].dead >= 0.25
    assert found[f"{name}_1"].dead < 0.4
    assert found[f"{name}_1"].saturated is None


@pytest.mark.parametrize("activation", [fn.Tanh, fn.Sigmoid])
def test_saturated_units(activation):
    run = curves.run([activation()])
    bias = np.zeros(32, np.float32)
    bias[:16] = 1000
    run.program.state.write("dense_0.bias", bias)
    run.revert(run.checkpoint())
    found = by_name(layer_statistics(run))
    name = activation.__name__.lower()
    assert 0.5 <= found[f"{name}_1"].saturated < 0.6
    assert found[f"{name}_1"].dead is None


def test_the_table_fits_a_small_screen():
    run = curves.run([fn.BatchNorm(), fn.ReLU(), fn.Tanh()])
    run.advance(minibatches=3)
    lines = str(layer_statistics(run)).splitlines()
    assert lines[0] == "after epoch 0 and 3 minibatches, learning rate 0.1"
    assert lines[1].split() == ["layer", "units", "off", "(sd)", "variance", "x", "dead", "saturated", "update"]
    assert [line.split()[0] for line in lines[2:]] == [layer.name for layer in layer_statistics(run).layers]
    assert all(len(line) <= 78 for line in lines)
    assert lines[4].split()[2].endswith("%")


def test_a_diverged_model_is_told_without_a_warning():
    run = curves.run([fn.BatchNorm(), fn.ReLU()], fn.SGD(1e30))
    run.advance()
    assert math.isnan(by_name(layer_statistics(run))["batchnorm_1"].off)
    assert "nan" in str(layer_statistics(run))


def test_layers_of_functions_and_several_uses():
    def forward(x):
        h = fn.ReLU()(fn.Dense(6)(x))
        return fn.Dense(3)(h + fn.Tanh()(fn.Dense(6)(h)))

    run = fn.Run(fn.Model(forward), running.X, running.Y)
    run.advance()
    names = [layer.name for layer in layer_statistics(run).layers]
    assert names == ["dense_0", "relu_1", "dense_2", "tanh_3", "dense_4"]


def test_it_waits_for_no_thread():
    run = curves.run()
    begun = threading.Event()

    def train():
        begun.set()
        run.advance(10_000)

    thread = threading.Thread(target=train)
    thread.start()
    begun.wait()
    try:
        while run.program.state.position[0] == 0:
            pass
        with pytest.raises(SettingError, match="training in another thread"):
            layer_statistics(run)
    finally:
        run.stop()
        thread.join()


# ---- baseline loss


def entropy(shares):
    return -sum(share * math.log(share) for share in shares)


def test_the_baseline_of_classes_is_the_entropy_of_their_frequencies():
    y = np.array([0] * 10 + [1] * 30 + [2] * 10)
    assert baseline_loss(running.make(y=y)) == pytest.approx(entropy([0.2, 0.6, 0.2]), rel=1e-5)
    weight = np.where(y == 1, 1.0, 3.0)
    run = running.make(y=y, sample_weight=weight.astype(np.float32))
    assert baseline_loss(run) == pytest.approx(entropy([1 / 3] * 3), rel=1e-5)
    run = running.make(y=np.tile([[0.5, 0.25, 0.25]], (50, 1)), loss=fn.SoftmaxCrossEntropy())
    assert baseline_loss(run) == pytest.approx(entropy([0.5, 0.25, 0.25]), rel=1e-5)


def test_the_baseline_of_values():
    y = running.X[:, :3] ** 3
    assert baseline_loss(running.make(y=y)) == pytest.approx(np.var(y, axis=0).mean(), rel=1e-5)
    middle = np.abs(y - np.median(y, axis=0)).mean()
    assert baseline_loss(running.make(y=y, loss=fn.MeanAbsoluteError())) == pytest.approx(middle, rel=1e-5)


def test_the_baseline_of_labels():
    y = (running.X[:, :3] > [0, 0.5, 1]).astype(float)
    expected = np.mean([entropy([share, 1 - share]) for share in y.mean(axis=0)])
    assert baseline_loss(running.make(y=y, loss=fn.SigmoidCrossEntropy())) == pytest.approx(expected, rel=1e-5)


def test_a_model_that_sees_nothing_does_no_better():
    run = running.make(x=np.zeros_like(running.X), chain=[fn.Dense(3)], optimizer=fn.Adam(0.02), batch_size=50)
    run.advance(300)
    assert run.history[-1].loss == pytest.approx(baseline_loss(run), abs=2e-3)
