/* ReLU and dropout, forward and backward.
 *
 * Contract: list.h. Public by fastnorm/kernels: activation.pyx. */

static void FN(relu_forward)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const T* x = x_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy)
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(y + j, FN(positive)(FN(load_edge)(x + j, lanes)), lanes);
}

static void FN(relu_backward)(const void* dy_, ptrdiff_t lddy, const void* y_, ptrdiff_t ldy, ptrdiff_t n, ptrdiff_t c,
                              void* dx_, ptrdiff_t lddx)
{
    const T *dy = dy_, *y = y_;
    T* dx = dx_;
    for (ptrdiff_t i = 0; i < n; i++, dy += lddy, y += ldy, dx += lddx)
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(dx + j, FN(where_positive)(FN(load_edge)(dy + j, lanes), FN(load_edge)(y + j, lanes)),
                           lanes);
}

static void FN(dropout)(const void* x_, ptrdiff_t ldx, ptrdiff_t first_row, ptrdiff_t n, ptrdiff_t c, double rate,
                        uint64_t seed, uint32_t stream, uint32_t index, void* y_, ptrdiff_t ldy)
{
    const T *x = x_, scale = (T)(1 / (1 - rate));
    T* y = y_;
    const uint32_t threshold = (uint32_t)(rate * 4294967296.0);
    const ptrdiff_t blocks_per_row = (c + 3) / 4;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy)
        for (ptrdiff_t j = 0; j < c; j += PHILOX_WORDS) {
            uint32_t words[PHILOX_WORDS];
            philox(seed, FN_DROPOUT, stream, index, (uint64_t)((first_row + i) * blocks_per_row + j / 4), words);
            const ptrdiff_t columns = c - j < PHILOX_WORDS ? c - j : PHILOX_WORDS;
            for (ptrdiff_t w = 0; w < columns; w++)
                y[j + w] = words[w] < threshold ? 0 : x[j + w] * scale;
        }
}
