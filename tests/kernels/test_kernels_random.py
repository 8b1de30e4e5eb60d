"""The keyed generator: the published vectors, keys that do not meet, uniform numbers and permutations."""

import collections

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels, reference
from fastnorm.errors import SettingError
from fastnorm.kernels import cpu, random

KEY = 2**32 - 1
# counter (4 words), key (2 words), result (4 words): Random123's kat_vectors, philox4x32 with 10 rounds
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((KEY, KEY, KEY, KEY), (KEY, KEY), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_published_vectors(variant, counter, key, expected):
    (block, index, stream, purpose), seed = counter, key[0] | key[1] << 32
    assert tuple(kernels.random_bits(seed, purpose, stream, index, 4, first=4 * block)) == expected
    assert tuple(reference.random_bits(seed, purpose, stream, index, 4, first=4 * block)) == expected


@pytest.mark.parametrize("name", cpu.runnable())
@given(
    seed=st.integers(0, 2**64 - 1), purpose=st.integers(0, KEY), stream=st.integers(0, KEY), index=st.integers(0, KEY),
    block=st.integers(0, KEY - 30), count=st.integers(0, 99),
)  # fmt: skip
def test_words_are_the_reference_s(name, seed, purpose, stream, index, block, count):
    with cpu._using(name):
        words = kernels.random_bits(seed, purpose, stream, index, count, first=4 * block)
    assert words.dtype == np.uint32
    np.testing.assert_array_equal(words, reference.random_bits(seed, purpose, stream, index, count, first=4 * block))


def test_no_two_keys_or_purposes_share_words():
    purposes = [random.INITIALIZE, random.SHUFFLE, random.DROPOUT, random.SPLIT, random.SAMPLE]
    assert purposes == [1, 2, 3, 4, 5]
    keys = [(0, p, 0, 0) for p in purposes] + [(1, 1, 0, 0), (2**32, 1, 0, 0), (0, 1, 1, 0), (0, 1, 0, 1)]
    words = np.concatenate([kernels.random_bits(*key, 1000) for key in keys])
    assert len(np.unique(words)) > len(words) - 20  # 9000 of 2^32 meet by chance 0.01 times


def test_uniform_numbers_are_the_reference_s_and_even(variant):
    numbers = kernels.uniform(3, random.SAMPLE, 1, 2, 100_000)
    np.testing.assert_array_equal(numbers, reference.uniform(3, random.SAMPLE, 1, 2, 100_000))
    assert numbers.dtype == np.float64
    assert 0 <= numbers.min() < 1e-4
    assert 1 - 1e-4 < numbers.max() < 1
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert ((counts - 5000) ** 2 / 5000).sum() < 50  # chi-square with 19 degrees of freedom: once in 10^4


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000, 3000])
def test_permutations_are_the_reference_s(variant, count):
    order = kernels.permutation(9, random.SHUFFLE, 0, 5, count)
    np.testing.assert_array_equal(order, reference.permutation(9, random.SHUFFLE, 0, 5, count))


@given(count=st.integers(0, 5000), seed=st.integers(0, 2**64 - 1), index=st.integers(0, KEY))
def test_a_permutation_holds_every_number_once(count, seed, index):
    order = kernels.permutation(seed, random.SHUFFLE, 0, index, count)
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(count))


def test_every_order_is_as_likely_as_any_other():
    orders = collections.Counter(tuple(kernels.permutation(1, random.SHUFFLE, 0, i, 4).tolist()) for i in range(24_000))
    assert len(orders) == 24
    assert sum((n - 1000) ** 2 / 1000 for n in orders.values()) < 56  # 23 degrees of freedom: once in 10^4


def test_words_that_would_favor_some_places_are_thrown_away():
    """Of three places each gets a third of 2^32 - 1 words; a bound near 2^31 throws away half of them."""
    count = 2**22 + 3
    order = kernels.permutation(0, random.SHUFFLE, 0, 0, count)
    words, thrown = iter(kernels.random_bits(0, random.SHUFFLE, 0, 0, 2 * count).tolist()), 0
    last = count - 1
    while last > count - 200_000:
        thrown += next(words) * (last + 1) % 2**32 < 2**32 % (last + 1)
        last -= 1
    assert thrown > 0
    np.testing.assert_array_equal(np.bincount(order, minlength=count), 1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: kernels.random_bits(-1, 1, 0, 0, 4),
            "seed: expected a whole number from 0 to 18446744073709551615, got -1",
        ),
        (lambda: kernels.random_bits(0, 2**32, 0, 0, 4), "purpose: .*got 4294967296"),
        (lambda: kernels.random_bits(0, 1, 2**32, 0, 4), "stream"),
        (lambda: kernels.random_bits(0, 1, 0, -1, 4), "index"),
        (lambda: kernels.random_bits(0, 1, 0, 0, -1), "count: expected a whole number from 0"),
        (
            lambda: kernels.random_bits(0, 1, 0, 0, 8, first=2**34 - 4),
            "count: expected a whole number from 0 to 4, got 8",
        ),
        (lambda: kernels.random_bits(0, 1, 0, 0, 4, first=2), "first: expected a multiple of 4, got 2"),
        (lambda: kernels.uniform(0, 1, 0, 0, 1.5), "count: expected a whole number, got 1.5"),
        (lambda: kernels.permutation(0, 1, 0, 0, 2**32), "count: .*to 4294967295"),
    ],
)
def test_keys_out_of_range_are_named(call, words):
    with pytest.raises(SettingError, match=words):
        call()
