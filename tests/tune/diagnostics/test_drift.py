"""Drift and noise: against NumPy, and what batch norm is said to do, seen."""

import numpy as np
import pytest
from helpers import curves, running

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.tune import Drift, batch_noise

PLAIN, NORMALIZED = [fn.ReLU()], [fn.BatchNorm(), fn.ReLU()]


def watched(between, looks=25, every=2, optimizer=None):
    run = curves.run(between, optimizer or fn.SGD(0.03))
    drift = Drift(run)
    for _ in range(looks):
        run.advance(minibatches=every)
        drift.look()
    return drift


def test_moments_are_those_of_the_probe_rows():
    run = running.make(chain=[fn.Dense(5), fn.Tanh(), fn.Dense(3)])
    drift = Drift(run, rows=17)
    values, means = [], []
    for _ in range(3):
        run.advance(minibatches=4)
        drift.look()
        rows = run.data[0][np.linspace(0, 49, 17).astype(int)].astype(float)
        arrays = run.model.arrays
        values.append(rows @ arrays["dense_0.weight"] + arrays["dense_0.bias"])
        means.append(values[-1].mean(axis=0))
    assert drift.looks == [(0, 4), (1, 0), (1, 4)]
    (moments,) = drift.layers.values()
    for found, expected in zip(moments, values, strict=True):
        np.testing.assert_allclose(found.mean, expected.mean(axis=0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found.deviation, expected.std(axis=0), rtol=1e-4)
        quantiles = np.quantile(expected, [0.05, 0.5, 0.95], axis=0)
        np.testing.assert_allclose(found.quantiles, quantiles, rtol=1e-3, atol=1e-4)
    moved = [np.abs(means[n + 1] - means[n]) / values[n].std(axis=0) for n in range(2)]
    assert drift.movement == {"dense_0": pytest.approx(np.mean(moved), rel=1e-3)}
    factors = [np.abs(np.log(values[n + 1].std(axis=0) / values[n].std(axis=0))) for n in range(2)]
    assert drift.stretch == {"dense_0": pytest.approx(np.exp(np.mean(factors)), rel=1e-3)}


@pytest.mark.parametrize("optimizer", [fn.SGD(0.03), fn.Adam(0.003)], ids=["sgd", "adam"])
def test_batch_norm_keeps_the_layers_still(optimizer):
    drifts = (watched(between, optimizer=optimizer) for between in (PLAIN, NORMALIZED))
    plain, normalized = (list(drift.movement.values()) for drift in drifts)
    assert plain[1] > plain[0]  # a later layer moves with those before it
    assert plain[1] > 2 * normalized[1]
    assert normalized[1] < 1.5 * normalized[0]


def test_looking_does_not_disturb():
    run, alone = running.make(), running.make()
    drift = Drift(run)
    for _ in range(3):
        drift.look()
        batch_noise(run)
        run.advance()
        alone.advance()
    running.assert_same(run, alone)


def test_the_table_of_drift():
    lines = str(watched(NORMALIZED, looks=3)).splitlines()
    assert lines[0].startswith("3 looks, 256 rows")
    assert [line.split()[0] for line in lines[3:]] == ["batchnorm_1", "batchnorm_4"]
    assert all(len(line) <= 78 for line in lines)


def test_one_look_tells_no_drift():
    drift = Drift(curves.run())
    drift.look()
    with pytest.raises(SettingError, match="expected two looks or more, got 1; call look"):
        str(drift)


def test_units_that_never_vary_are_left_out():
    run = running.make(x=np.zeros_like(running.X), chain=[fn.Dense(5), fn.ReLU(), fn.Dense(3)])
    drift = Drift(run)
    drift.look()
    drift.look()
    assert drift.movement == {"dense_0": 0.0}


@pytest.mark.parametrize("question", [Drift, batch_noise])
def test_a_model_without_hidden_layers_has_none(question):
    run = running.make(chain=[fn.Dense(3)])
    with pytest.raises(SettingError, match="expected a model with hidden layers, got one where no activation"):
        question(run)


# ---- noise


def test_noise_falls_as_the_root_of_the_batch_size():
    run = curves.run(NORMALIZED)
    run.advance()
    found = batch_noise(run, [16, 64, 256, 512])
    assert (found.rows, found.batch_sizes) == (len(run.data[0]), (16, 64, 256))
    assert list(found.mean) == ["batchnorm_1", "batchnorm_4"]
    rows = found.rows
    assert found.law == pytest.approx([np.sqrt((rows - m) / (m * (rows - 1))) for m in (16, 64, 256)])
    for name in found.mean:
        np.testing.assert_allclose(found.mean[name], found.law, rtol=0.1)
        ratio = np.array(found.variance[name]) / found.law
        assert ratio.max() < 1.25 * ratio.min()  # a constant times the law


def test_noise_is_of_what_batch_norm_reads():
    """Which no batch norm has scaled: with a gamma of 0 it varies as before."""
    run = curves.run(NORMALIZED)
    run.advance()
    before = batch_noise(run, [32]).mean["batchnorm_1"]
    run.program.state.write("batchnorm_1.gamma", np.zeros(32))
    run.revert(run.checkpoint())
    assert batch_noise(run, [32]).mean["batchnorm_1"] == before
    assert batch_noise(run, [32], seed=1).mean["batchnorm_1"] != before


def test_noise_without_batch_norm_is_of_what_activations_read():
    found = batch_noise(curves.run(PLAIN), [16, 64])
    assert list(found.variance) == ["dense_0", "dense_2"]
    lines = str(found).splitlines()
    assert lines[0].split() == ["batch", "size", "16", "64"]
    assert [" ".join(line.split()[:2]) for line in lines[2:]] == [
        "dense_0 mean", "dense_2 mean", "dense_0 variance", "dense_2 variance",
    ]  # fmt: skip


def test_the_table_of_noise_fits_a_small_screen():
    x, y, *_ = curves.digits()
    x = np.tile(x, (2, 1))
    run = fn.Run(curves.network(NORMALIZED), x, np.tile(y, 2))
    lines = str(batch_noise(run)).splitlines()
    assert lines[0].split()[2:] == ["16", "32", "64", "128", "256", "512", "1024"]
    assert all(len(line) <= 78 for line in lines)


def test_batch_sizes_must_leave_several_minibatches():
    with pytest.raises(SettingError, match=r"batch_sizes: expected one of at most half of the 50 rows, got \[26, 64\]"):
        batch_noise(running.make(), [26, 64])
    with pytest.raises(SettingError, match="batch_sizes: expected a whole number at least 2, got 1"):
        batch_noise(running.make(), [1])
