/* Copies of a matrix, and of a row, a column or a number into a whole one.
 *
 * Contract: list.h. Public by fastnorm/kernels: moves.pyx. */

static void FN(copy)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const T* x = x_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy)
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(y + j, FN(load_edge)(x + j, lanes), lanes);
}

static void FN(spread)(const void* x_, ptrdiff_t x_row, ptrdiff_t x_column, double scale, ptrdiff_t n, ptrdiff_t c,
                       void* y_, ptrdiff_t ldy)
{
    const T *x = x_, factor = (T)scale;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += x_row, y += ldy) {
        const V same = FN(splat)(*x * factor);
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(y + j, x_column ? FN(load_edge)(x + j, lanes) * factor : same, lanes);
    }
}
