"""Data that lie on disk: read through a np.memmap, in windows, with the bits of the same data in memory."""

import numpy as np
import pytest
from helpers.running import assert_same, one_minibatch, untimed, weights

import fastnorm as fn
from fastnorm.errors import DataError, DtypeError, FileError, SettingError
from fastnorm.training import run as runs
from fastnorm.training import shuffling, validation

ROWS, WINDOW = 1000, 128


@pytest.fixture
def data(tmp_path, rng):
    """x (ROWS, 4) as a map, and y."""
    x = rng.normal(size=(ROWS, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    return np.load(tmp_path / "x.npy", mmap_mode="r"), x[:, :3].argmax(1)


def make(x, y, **options):
    layers = [fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.25), fn.Dense(3)]
    return fn.Run(fn.Sequential(layers), x, y, **{"batch_size": 50, "seed": 5, "window": WINDOW} | options)


def test_a_map_trains_as_the_same_rows_in_memory(data):
    x, y = data
    weight = np.linspace(0, 2, ROWS)
    options = {"sample_weight": weight, "averaging": 0.9}
    mapped, inside = (make(rows, y, validation=(rows, y), **options) for rows in (x, np.array(x)))
    assert np.shares_memory(mapped._data[0], x)
    mapped.advance(3)
    inside.advance(3)
    assert_same(mapped, inside)


def test_labels_may_be_a_map_too(data, tmp_path):
    x, y = data
    np.save(tmp_path / "y.npy", y.astype(np.int32))
    labels = np.load(tmp_path / "y.npy", mmap_mode="r")
    mapped, inside = make(x, labels, validation=(x, labels)), make(x, y, validation=(x, y))
    assert np.shares_memory(mapped.data[1], labels)
    mapped.advance(2)
    inside.advance(2)
    assert_same(mapped, inside)


def test_a_map_is_shuffled_in_windows_by_itself(data, monkeypatch):
    x, y = data
    assert make(x, y, window=None)._shuffle.window is None  # all rows fit into one
    monkeypatch.setattr(runs, "WINDOW", 256)
    assert make(x, y, window=None)._shuffle.window == 256
    assert make(x, y, window=ROWS)._shuffle.window is None
    assert make(np.array(x), y, window=None)._shuffle.window is None


def test_stopping_in_the_middle_of_an_epoch_changes_nothing(data):
    x, y = data
    straight, stopped = make(x, y, validation=(x[:100], y[:100])), make(x, y, validation=(x[:100], y[:100]))
    straight.advance(2)
    while stopped.epoch < 2:
        one_minibatch(stopped)
    assert_same(stopped, straight)


@pytest.mark.parametrize("minibatches", [1, 3, 11])
def test_another_run_goes_on_in_the_middle_of_an_epoch(data, minibatches):
    x, y = data
    straight, first, second = (make(x, y) for _ in range(3))
    straight.advance(2)
    first.advance()
    for _ in range(minibatches):
        one_minibatch(first)
    assert first.program.state.position[2] >= minibatches
    second.restore(first.state())
    second.advance()
    assert weights(second) == weights(straight)
    assert untimed(second.history) == untimed(straight.history)


def test_reverting_into_the_middle_of_an_epoch(data):
    run = make(*data)
    for _ in range(7):
        one_minibatch(run)
    mark = run.checkpoint()
    run.advance(2)
    after = weights(run)
    run.revert(mark)
    run.advance(2)
    assert weights(run) == after


def test_a_state_of_another_window_is_refused(data):
    state = make(*data).state()
    with pytest.raises(FileError, match="state: window: this run has 256, the state comes from 128"):
        make(*data, window=256).restore(state)


def test_stop_and_deadline_hold_between_windows(data):
    run = make(*data)
    run.stop()
    assert run.advance() == []
    assert run.program.state.position == (0, 0, 0)
    assert run.advance(deadline=0.0) == []
    assert [epoch.number for epoch in run.advance(2)] == [1, 2]


def test_validation_by_blocks_is_the_mean_over_all_rows(data, monkeypatch):
    x, y = data
    run, blocks = make(x, y, validation=(x, y)), make(x, y, validation=(x, y))
    (whole,) = run.advance()
    monkeypatch.setattr(validation, "BLOCK", 96)
    (parts,) = blocks.advance()
    assert parts.validation_metric == pytest.approx(whole.validation_metric, rel=1e-12)
    assert parts.validation_loss == pytest.approx(whole.validation_loss, rel=1e-12)


def test_a_loss_of_all_rows_is_judged_on_all_rows(data, monkeypatch):
    x, _ = data
    monkeypatch.setattr(validation, "BLOCK", 96)
    options = {"loss": lambda p, t: ((p - t) ** 2).max(), "validation": (x, np.array(x[:, :3]))}
    run = make(x, np.array(x[:, :3]), **options)
    (epoch,) = run.advance()
    assert epoch.validation_loss == pytest.approx(((run.model.predict(x) - x[:, :3]) ** 2).max(), rel=1e-5)


def test_fit_predict_and_recalibrate_take_a_map(data):
    x, y = data
    model = fn.Sequential([fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dense(3)])
    epochs = model.fit(x, y, validation=(x, y), epochs=3, window=WINDOW)
    assert len(epochs) == 3
    model.recalibrate(x)
    np.testing.assert_array_equal(model.predict(x), model.predict(np.array(x)))
    with pytest.raises(SettingError, match="a share of a memory map's rows would be copied into memory"):
        model.fit(x, y, validation=0.2)


def test_a_map_that_would_be_copied_is_refused(data, tmp_path):
    x, y = data
    with pytest.raises(DtypeError, match=r"x: a memory map is read where it lies: .*, not C-contiguous"):
        make(x[:, :2], y)
    np.save(tmp_path / "wide.npy", np.array(x, np.float64))
    wide = np.load(tmp_path / "wide.npy", mmap_mode="r")
    with pytest.raises(DtypeError, match="expected float32 in C order, got float64"):
        make(wide, y)
    (tmp_path / "odd").write_bytes(b"\0" + np.array(x).tobytes())
    odd = np.memmap(tmp_path / "odd", np.float32, "r", 1, x.shape)
    with pytest.raises(DtypeError, match=r"x: a memory map is read where it lies: .*, not aligned"):
        make(odd, y)
    with pytest.raises(DtypeError, match="validation x: a memory map is read where it lies"):
        make(x, y, validation=(wide, y))


def test_what_is_wrong_far_down_is_found(tmp_path, data):
    x, y = data
    bad = np.tile(x, (100, 1))
    bad[77_777, 2] = np.nan
    np.save(tmp_path / "bad.npy", bad)
    with pytest.raises(DataError, match=r"x: expected finite numbers, got nan at \(77777, 2\)"):
        make(np.load(tmp_path / "bad.npy", mmap_mode="r"), np.tile(y, 100))


def test_a_window_is_as_the_documentation_says():
    assert (shuffling.WINDOW, shuffling.BLOCKS) == (65536, 64)
