/* Softmax over rows: the largest logit, the exponentials and their sum, then the shares or their logarithms; and
 * back.
 *
 * Contract: list.h. Public by fastnorm/kernels: softmax.pyx. */

INLINE T FN(row_largest)(const T* x, ptrdiff_t c)
{
    V largest = FN(splat)((T)-INFINITY);
    FOR_ROW_VECTORS (j, lanes, c)
        largest = FN(larger)(FN(load_edge_filled)(x + j, lanes, (T)-INFINITY), largest);
    return FN(largest)(largest);
}

/* y = exp(x - largest), then zeros up to y's room of c elements or whole vectors; gives their sum in double. y may be
 * x, or NULL where the sum alone is wanted. Two vectors at a time: the steps of one wait for each other. */
INLINE double FN(row_exponentials)(const T* x, ptrdiff_t c, T largest, T* y, ptrdiff_t room)
{
    W sum = FN(widen)((V){0});
    ptrdiff_t first = 0;
    for (; first + 2 * LANES <= c; first += 2 * LANES) {
        const V one = FN(exponential)(FN(load)(x + first) - largest);
        const V two = FN(exponential)(FN(load)(x + first + LANES) - largest);
        sum = FN(wide_add)(FN(wide_add)(sum, FN(widen)(one)), FN(widen)(two));
        if (y) {
            FN(store)(y + first, one);
            FN(store)(y + first + LANES, two);
        }
    }
    FOR_ROW_VECTORS (j, lanes, c - first) {
        /* exp(-inf) adds 0 */
        const V value = FN(exponential)(FN(load_edge_filled)(x + first + j, lanes, (T)-INFINITY) - largest);
        sum = FN(wide_add)(sum, FN(widen)(value));
        if (y)
            FN(store_edge)(y + first + j, value, room - first - j < LANES ? lanes : LANES);
    }
    return FN(wide_sum)(sum);
}

static void FN(softmax)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const T* x = x_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy) {
        const T share = (T)(1 / FN(row_exponentials)(x, c, FN(row_largest)(x, c), y, c));
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(y + j, FN(load_edge)(y + j, lanes) * share, lanes);
    }
}

static void FN(softmax_backward)(const void* dy_, ptrdiff_t lddy, const void* y_, ptrdiff_t ldy, ptrdiff_t n,
                                 ptrdiff_t c, void* dx_, ptrdiff_t lddx)
{
    const T *dy = dy_, *y = y_;
    T* dx = dx_;
    for (ptrdiff_t i = 0; i < n; i++, dy += lddy, y += ldy, dx += lddx) {
        W sum = FN(widen)((V){0});
        FOR_ROW_VECTORS (j, lanes, c)
            sum = FN(wide_multiply_add)(sum, FN(widen)(FN(load_edge)(dy + j, lanes)),
                                        FN(widen)(FN(load_edge)(y + j, lanes)));
        const T mean = (T)FN(wide_sum)(sum);
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(dx + j, FN(load_edge)(y + j, lanes) * (FN(load_edge)(dy + j, lanes) - mean), lanes);
    }
}

enum { FN(LOG_BLOCK) = 16 };                            /* rows at a time, whose logarithms are taken together */

static void FN(log_softmax_forward)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const T* x = x_;
    T* y = y_;
    for (ptrdiff_t first = 0; first < n; first += FN(LOG_BLOCK)) {
        const ptrdiff_t rows = n - first < FN(LOG_BLOCK) ? n - first : FN(LOG_BLOCK);
        T largest[FN(LOG_BLOCK)];
        double sums[FN(LOG_BLOCK)], logs[FN(LOG_BLOCK)] = {0};
        for (ptrdiff_t i = 0; i < rows; i++)
            largest[i] = FN(row_largest)(x + i * ldx, c);
        for (ptrdiff_t i = 0; i < rows; i++)
            sums[i] = FN(row_exponentials)(x + i * ldx, c, largest[i], NULL, c);
        add_logarithms(sums, rows, logs);
        for (ptrdiff_t i = 0; i < rows; i++, x += ldx, y += ldy)
            FOR_ROW_VECTORS (j, lanes, c)
                FN(store_edge)(y + j, FN(load_edge)(x + j, lanes) - largest[i] - (T)logs[i], lanes);
    }
}

static void FN(log_softmax_backward)(const void* dy_, ptrdiff_t lddy, const void* y_, ptrdiff_t ldy, ptrdiff_t n,
                                     ptrdiff_t c, void* dx_, ptrdiff_t lddx)
{
    const T *dy = dy_, *y = y_;
    T* dx = dx_;
    for (ptrdiff_t i = 0; i < n; i++, dy += lddy, y += ldy, dx += lddx) {
        const T sum = (T)FN(row_sum)(dy, c);
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(dx + j, FN(load_edge)(dy + j, lanes) - FN(exponential)(FN(load_edge)(y + j, lanes)) * sum,
                           lanes);
    }
}
