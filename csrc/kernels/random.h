/* Philox 4x32-10: keyed, counter-based random words, a vector of counters at a time.  Source: Salmon et al. 2011.
 * A word depends on its key and counter alone: no state is shared, and any part of a stream can be made by itself.
 *
 * Contract: list.h. Public by fastnorm/kernels: random.pyx. */

enum { FN_DROPOUT = 3 };  /* the purpose in the counter; fastnorm.kernels.random names all */
enum { PHILOX_WORDS = 4 * LANES_f64 };                  /* words made by one call of philox */

/* words: those of LANES_f64 blocks from `block` on; word w of a block comes from counter (block, index, stream,
 * purpose). */
INLINE void philox(uint64_t seed, uint32_t purpose, uint32_t stream, uint32_t index, uint64_t block,
                   uint32_t words[PHILOX_WORDS])
{
    const U64 none = {0}, low = none + 0xffffffff;
    U64 c0, c1 = none + index, c2 = none + stream, c3 = none + purpose;
    for (int i = 0; i < LANES_f64; i++)
        c0[i] = (block + (uint64_t)i) & 0xffffffff;
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        const U64 p0 = multiply_low_words(c0, none + 0xD2511F53u), p1 = multiply_low_words(c2, none + 0xCD9E8D57u);
        c0 = (p1 >> 32) ^ c1 ^ (none + key0);
        c1 = p1 & low;
        c2 = (p0 >> 32) ^ c3 ^ (none + key1);
        c3 = p0 & low;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    for (int i = 0; i < LANES_f64; i++) {
        words[4 * i] = (uint32_t)c0[i];
        words[4 * i + 1] = (uint32_t)c1[i];
        words[4 * i + 2] = (uint32_t)c2[i];
        words[4 * i + 3] = (uint32_t)c3[i];
    }
}

static void random_bits_f32(uint64_t seed, uint32_t purpose, uint32_t stream, uint32_t index, uint64_t first,
                            ptrdiff_t count, uint32_t* words)
{
    for (ptrdiff_t done = 0; done < count; done += PHILOX_WORDS) {
        uint32_t made[PHILOX_WORDS];
        philox(seed, purpose, stream, index, (first + (uint64_t)done) / 4, made);
        memcpy(words + done, made, sizeof *words * (size_t)(count - done < PHILOX_WORDS ? count - done : PHILOX_WORDS));
    }
}
#define random_bits_f64 random_bits_f32                 /* words have no dtype */
