"""Keyed random numbers: Philox 4x32-10, a function of (seed, purpose, stream, index) and position, without any state.

Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from ..errors import SettingError
from .cpu cimport fn_kernels, kernels
from .arguments cimport FLOAT64, INT64, UINT32, new_vector, whole

INITIALIZE, SHUFFLE, DROPOUT, SPLIT, SAMPLE = range(1, 6)  # purposes of the numbers; no two share a stream

cdef enum:
    WORDS = 1024


cdef struct word_source:
    const fn_kernels* kernels
    uint64_t seed, made
    uint32_t purpose, stream, index
    Py_ssize_t next
    uint32_t words[WORDS]


cdef inline uint32_t next_word(word_source* source) noexcept nogil:
    """The next word of the stream; words are made WORDS at a time."""
    if source.next == WORDS:
        source.kernels.random_bits(source.seed, source.purpose, source.stream, source.index, source.made, WORDS,
                                   source.words)
        source.made += WORDS
        source.next = 0
    source.next += 1
    return source.words[source.next - 1]


cdef void fill_permutation(const fn_kernels* kernels, uint64_t seed, uint32_t purpose, uint32_t stream, uint32_t index,
                           Py_ssize_t count, int64_t* out) noexcept nogil:
    """out = the numbers 0 .. count - 1 in random order, count < 2^32: Fisher-Yates from the last place down.

    A place below `bound` comes from one word by a multiplication, without bias: words that would favor some places are
    thrown away. Source: Lemire 2019, "Fast random integer generation in an interval"."""
    cdef word_source source
    source.kernels, source.seed, source.made = kernels, seed, 0
    source.purpose, source.stream, source.index, source.next = purpose, stream, index, WORDS
    cdef Py_ssize_t i
    cdef uint64_t product
    cdef uint32_t bound
    cdef int64_t swapped
    for i in range(count):
        out[i] = i
    for i in range(count - 1, 0, -1):
        bound = <uint32_t> (i + 1)
        product = <uint64_t> next_word(&source) * bound
        if <uint32_t> product < bound:
            while <uint32_t> product < (<uint32_t> 0 - bound) % bound:
                product = <uint64_t> next_word(&source) * bound
        swapped = out[i]
        out[i] = out[product >> 32]
        out[product >> 32] = swapped


cdef struct Key:
    uint64_t seed
    uint32_t purpose, stream, index


cdef Key _key(seed, purpose, stream, index) except *:
    cdef Key key
    key.seed, key.purpose = whole("seed", seed, 0, 2**64 - 1), whole("purpose", purpose, 0, 2**32 - 1)
    key.stream, key.index = whole("stream", stream, 0, 2**32 - 1), whole("index", index, 0, 2**32 - 1)
    return key


def random_bits(seed, purpose, stream, index, count, *, first=0):
    """Words of the keyed generator.

    seed            0 <= seed < 2**64: the key
    purpose         one of INITIALIZE, SHUFFLE, DROPOUT, SPLIT, SAMPLE
    stream, index   0 <= number < 2**32; word w is word w % 4 of the block with counter (w // 4, index, stream, purpose)
    count           how many words, from word `first` on, a multiple of 4; a stream has 2**34
    Returns uint32 (count,).
    """
    cdef Key key = _key(seed, purpose, stream, index)
    cdef uint64_t start = whole("first", first, 0, 2**34 - 4)
    if start % 4:
        raise SettingError(f"first: expected a multiple of 4, got {first}")
    cdef Py_ssize_t length = whole("count", count, 0, 2**34 - start)
    words = new_vector(length, UINT32)
    cdef uint32_t[::1] out = words
    with nogil:
        kernels(4).random_bits(key.seed, key.purpose, key.stream, key.index, start, length, &out[0])
    return words


def uniform(seed, purpose, stream, index, count):
    """Numbers evenly spread over [0, 1), 53 bits each, from two words a number.

    count           how many; the key is that of random_bits
    Returns float64 (count,).
    """
    cdef Py_ssize_t i, length = whole("count", count, 0, 2**33)
    numbers = new_vector(length, FLOAT64)
    cdef const uint32_t[::1] word = random_bits(seed, purpose, stream, index, 2 * length)
    cdef double[::1] number = numbers
    for i in range(length):
        number[i] = ((word[2 * i] >> 5) * 2.0**26 + (word[2 * i + 1] >> 6)) / 2.0**53
    return numbers


def permutation(seed, purpose, stream, index, count):
    """The numbers 0 .. count - 1 in random order, every order as likely as any other.

    count           how many, less than 2**32; the key is that of random_bits
    Returns int64 (count,).
    """
    cdef Key key = _key(seed, purpose, stream, index)
    cdef Py_ssize_t length = whole("count", count, 0, 2**32 - 1)
    order = new_vector(length, INT64)
    cdef int64_t[::1] out = order
    with nogil:
        fill_permutation(kernels(4), key.seed, key.purpose, key.stream, key.index, length, &out[0])
    return order
