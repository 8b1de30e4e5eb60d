"""The guard does no harm: on noisy targets the best epoch with it is as good as without, over all branches."""

import numpy as np
import pytest

import fastnorm as fn
from fastnorm.tune import Guard, default_model, panda

SEEDS, EPOCHS = range(4), 40


def noisy(rows, noise):
    """A smooth function of 6 columns, far from a plane, under noise of so many times its own spread."""
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, 6)).astype(np.float32)
    y = np.sin(2 * x[:, 0]) * x[:, 1] + np.abs(x[:, 2]) - 0.5 * x[:, 3] * x[:, 4]
    y = (y - y.mean()) / y.std() + noise * random.normal(size=rows)
    return x, ((y - y.mean()) / y.std()).astype(np.float32)[:, np.newaxis]


def best_loss(data, seed, rate, guard):
    x, y = data
    half = len(x) // 2
    run = fn.Run(
        default_model([32, 32], 1, 0.1), x[:half], y[:half], validation=(x[half:], y[half:]),
        loss=fn.MeanSquaredError(), optimizer=fn.Adam(rate), batch_size=32, seed=seed,
    )  # fmt: skip
    with panda(run, guard=guard) as steered:
        steered.advance(EPOCHS)
        return min(epoch.validation_loss for branch in steered.branches for epoch in branch.curve)


@pytest.mark.parametrize("rate", [0.003, 0.01])
@pytest.mark.parametrize(("rows", "noise"), [(600, 0.1), (2000, 0.1), (2000, 0.5), (2000, 6.0)])
def test_it_costs_no_more_than_noise_on_a_noisy_regression(rows, noise, rate):
    data = noisy(rows, noise)
    alone = np.array([best_loss(data, seed, rate, None) for seed in SEEDS])
    guarded = np.array([best_loss(data, seed, rate, Guard()) for seed in SEEDS])
    assert guarded.mean() <= alone.mean() + alone.std(ddof=1), (alone, guarded)
