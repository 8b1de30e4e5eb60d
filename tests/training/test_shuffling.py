"""The order of an epoch: all rows once, by seed and epoch alone, in windows where it is asked for."""

import numpy as np
import pytest

from fastnorm.errors import SettingError
from fastnorm.kernels import permutation, random
from fastnorm.training.shuffling import BLOCKS, Shuffle


def starts(rows, batch):
    return np.append(np.arange(0, rows, batch), rows)


def pieces(shuffle, epoch=0):
    """Those of an epoch in order: (first minibatch, the one after the last, rows)."""
    minibatch, last = 0, len(shuffle._starts) - 1
    while minibatch < last:
        piece = shuffle.piece(epoch, minibatch)
        assert piece[0] == minibatch < piece[1]
        yield piece
        minibatch = piece[1]


def order(shuffle, epoch=0):
    return np.concatenate([rows for _, _, rows in pieces(shuffle, epoch)])


def test_without_a_window_it_is_the_permutation_of_seed_and_epoch():
    shuffle = Shuffle(7, starts(100, 8))
    for epoch in (0, 3):
        ((first, end, rows),) = pieces(shuffle, epoch)
        assert (first, end) == (0, 13)
        np.testing.assert_array_equal(rows, permutation(7, random.SHUFFLE, 0, epoch, 100))


@pytest.mark.parametrize("window", [100, 1000])
def test_a_window_of_all_rows_is_none(window):
    plain, windowed = Shuffle(7, starts(100, 8)), Shuffle(7, starts(100, 8), window)
    assert windowed.window is None
    np.testing.assert_array_equal(order(windowed), order(plain))


@pytest.mark.parametrize("rows", [129, 1000, 1024, 4097])
@pytest.mark.parametrize("window", [1, 63, 64, 128])
@pytest.mark.parametrize("batch", [1, 7, 64, 300])
def test_every_row_comes_once_and_each_piece_has_whole_minibatches(rows, window, batch):
    shuffle = Shuffle(3, begin := starts(rows, batch), window)
    for epoch in range(3):
        np.testing.assert_array_equal(np.sort(order(shuffle, epoch)), np.arange(rows))
        for first, end, part in pieces(shuffle, epoch):
            assert len(part) == begin[end] - begin[first]
            assert len(part) < BLOCKS * -(-window // BLOCKS) + batch  # a window, and the rest of its last minibatch


def test_any_minibatch_of_a_piece_gives_the_piece():
    shuffle, other = (Shuffle(3, starts(1000, 7), 128) for _ in range(2))
    for first, end, rows in pieces(shuffle, 2):
        for minibatch in (first, end - 1):
            again = other.piece(2, minibatch)
            assert again[:2] == (first, end)
            np.testing.assert_array_equal(again[2], rows)


def test_a_window_reads_in_a_few_places():
    shuffle = Shuffle(3, starts(100_000, 100), 6400)
    window = shuffle.piece(0, 0)[2][:6400]
    np.testing.assert_array_equal(np.bincount(window // 100, minlength=1000)[np.unique(window // 100)], 100)
    assert len(np.unique(window // 100)) == BLOCKS
    assert np.abs(np.diff(window)).mean() > 10_000  # blocks from anywhere, rows mixed


def test_orders_differ_by_seed_and_epoch():
    orders = [order(Shuffle(seed, starts(1000, 10), 128), epoch).tolist() for seed in (0, 1) for epoch in (0, 1)]
    assert len({tuple(rows) for rows in orders}) == 4
    assert order(Shuffle(0, starts(1000, 25), 128)).tolist() == orders[0]  # minibatches decide nothing


def test_every_row_stands_everywhere_equally_often():
    where = np.zeros((130, 130))
    for seed in range(2000):
        where[np.arange(130), order(Shuffle(seed, starts(130, 13), 64))] += 1
    expected = 2000 / 130
    chi_squared = ((where - expected) ** 2 / expected).sum()
    assert abs(chi_squared / 130**2 - 1) < 0.05  # near its degrees of freedom


@pytest.mark.parametrize("window", [0, -1, 2.5])
def test_a_window_must_be_a_number_of_rows(window):
    with pytest.raises(SettingError, match="window: expected a whole number"):
        Shuffle(0, starts(100, 10), window)
