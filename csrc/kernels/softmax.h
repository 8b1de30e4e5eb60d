/* Softmax over rows: the largest logit, the exponentials and their sum, then the shares. */

INLINE T FN(row_largest)(const T* x, ptrdiff_t c)
{
    V largest = FN(splat)((T)-INFINITY);
    FOR_ROW_VECTORS (j, lanes, c)
        largest = FN(larger)(FN(load_filled)(x + j, lanes, (T)-INFINITY), largest);
    return FN(largest)(largest);
}

/* y = exp(x - largest), then zeros up to y's room of c elements or whole vectors; gives their sum in double. y may be x,
 * or NULL where the sum alone is wanted. */
INLINE double FN(row_exponentials)(const T* x, ptrdiff_t c, T largest, T* y, ptrdiff_t room)
{
    W sum = FN(widen)((V){0});
    FOR_ROW_VECTORS (j, lanes, c) {
        const V value = FN(exponential)(FN(load_filled)(x + j, lanes, (T)-INFINITY) - largest);   /* exp(-inf) adds 0 */
        sum = FN(wide_add)(sum, FN(widen)(value));
        if (y)
            FN(store_edge)(y + j, value, room - j < LANES ? lanes : LANES);
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
