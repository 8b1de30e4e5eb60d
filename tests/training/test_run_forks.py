"""A run advanced by minibatches, and its forks."""

import threading

import numpy as np
import pytest
from helpers.running import ROWS, VALIDATION, X, Y, assert_same, make, straight

import fastnorm as fn
from fastnorm.errors import SettingError

SCHEDULE = fn.schedules.ReduceOnPlateau(patience=0, warm_up=1)


@pytest.mark.parametrize("options", [{}, {"window": 16}, {"averaging": 0.9}, {"schedule": SCHEDULE}])
@pytest.mark.parametrize("step", [1, 3, 5, 100])
def test_an_advance_by_minibatches_stops_at_the_boundary_and_goes_on_to_the_same_bits(options, step):
    run = make(validation=VALIDATION, **options)
    assert run.minibatches == -(-ROWS // 8)
    for count in range(1, 4 * run.minibatches // step + 1):
        finished = run.advance(4, minibatches=step)
        done = min(count * step, 4 * run.minibatches)
        assert (run.epoch, run.minibatch) == divmod(done, run.minibatches)
        assert finished == run.history[(count - 1) * step // run.minibatches :]
    run.advance(4 - run.epoch)
    assert_same(run, straight(4, validation=VALIDATION, **options))


def test_no_minibatches_train_nothing():
    run = make()
    before = run.checkpoint()
    assert run.advance(3, minibatches=0) == []
    assert run.checkpoint() == before
    with pytest.raises(SettingError, match="minibatches: expected a whole number at least 0, got -1"):
        run.advance(minibatches=-1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options", [{}, {"averaging": 0.9}, {"sample_weight": np.linspace(0, 1, ROWS)}, {"loss": fn.Huber(), "y": X[:, :3]}]
)
def test_a_fork_goes_its_own_way_to_the_same_bits(dtype, options):
    validation = (VALIDATION[0], VALIDATION[0][:, :3]) if "y" in options else VALIDATION
    options = {"dtype": dtype, "validation": validation, **options}
    run = make(**options)
    run.advance(2)
    run.advance(minibatches=3)
    fork = run.fork()
    assert np.shares_memory(fork._data[0], run._data[0])
    fork.learning_rate = 0.5
    fork.advance(2)
    twin = run.fork()
    twin.advance(2)
    run.advance(2)
    assert_same(run, straight(4, **options))
    assert_same(twin, run)
    assert fork.checkpoint() != run.checkpoint()
    assert fork.model is not run.model


def test_forks_train_side_by_side():
    run = make(np.tile(X, (40, 1)), np.tile(Y, 40), validation=VALIDATION)
    run.advance()
    forks = [run.fork() for _ in range(3)]
    threads = [threading.Thread(target=fork.advance, args=(3,)) for fork in forks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.advance(3)
    for fork in forks:
        assert_same(fork, run)
