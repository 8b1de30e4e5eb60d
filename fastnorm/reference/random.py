"""The keyed generator."""

from collections.abc import Iterator

import numpy as np

from ._wide import Array

WORD, SHIFT = np.uint64(2**32 - 1), np.uint64(32)


def random_bits(seed: int, purpose: int, stream: int, index: int, count: int, *, first: int = 0) -> Array:
    blocks = np.arange(first // 4, first // 4 + -(-count // 4), dtype=np.uint64)
    counter = [blocks & WORD, *(np.full_like(blocks, word) for word in (index, stream, purpose))]
    key = [np.uint64(seed % 2**32), np.uint64(seed >> 32)]
    for _ in range(10):
        first_product, second_product = counter[0] * np.uint64(0xD2511F53), counter[2] * np.uint64(0xCD9E8D57)
        counter = [
            (second_product >> SHIFT) ^ counter[1] ^ key[0], second_product & WORD,
            (first_product >> SHIFT) ^ counter[3] ^ key[1], first_product & WORD,
        ]  # fmt: skip
        key = [(key[0] + np.uint64(0x9E3779B9)) & WORD, (key[1] + np.uint64(0xBB67AE85)) & WORD]
    return np.stack(counter, axis=1).ravel()[:count].astype(np.uint32)


def uniform(seed: int, purpose: int, stream: int, index: int, count: int) -> Array:
    words = random_bits(seed, purpose, stream, index, 2 * count).astype(np.uint64)
    return ((words[0::2] >> 5) * 2**26 + (words[1::2] >> 6)).astype(np.float64) / 2**53


def permutation(seed: int, purpose: int, stream: int, index: int, count: int) -> Array:
    def words() -> Iterator[int]:
        for first in range(0, 2**34, 1024):
            yield from random_bits(seed, purpose, stream, index, 1024, first=first).tolist()

    source, order = words(), list(range(count))
    for last in range(count - 1, 0, -1):
        bound = last + 1
        product = next(source) * bound
        while product % 2**32 < 2**32 % bound:
            product = next(source) * bound
        order[last], order[product >> 32] = order[product >> 32], order[last]
    return np.array(order, np.int64)
