/* The largest of each row or column, where nan wins as in NumPy, and its gradient, which equals share evenly.
 *
 * Contract: list.h. Public by fastnorm/kernels: extremes.pyx. */

INLINE V FN(larger_or_nan)(V a, V b) { return FN(choose)((I)(a > b) | (I)(a != a), a, b); }

INLINE T FN(row_largest_or_nan)(const T* x, ptrdiff_t c)
{
    V largest = FN(splat)((T)-INFINITY), nans = {0};
    FOR_ROW_VECTORS (j, lanes, c) {
        FN(fetch_ahead)(x + j, 1);
        const V value = FN(load_edge_filled)(x + j, lanes, (T)-INFINITY);
        nans = (V)((I)nans | ((I)value & (I)(value != value)));
        largest = FN(larger)(value, largest);
    }
    const double nan_or_0 = FN(wide_sum)(FN(widen)(nans));
    return nan_or_0 == 0 ? FN(largest)(largest) : (T)NAN;
}

static void FN(row_max)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t stride)
{
    const T* x = x_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx)
        y[i * stride] = FN(row_largest_or_nan)(x, c);
}

/* The largest of a strip's columns, in y, of more rows. */
INLINE void FN(max_strip)(const T* x, ptrdiff_t ldx, ptrdiff_t n, T* y, const int vectors, ptrdiff_t lanes)
{
    V largest[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++)
        largest[v] = FN(strip_load)(y, v, vectors, lanes);
    for (ptrdiff_t i = 0; i < n; i++, x += ldx)
        UNROLL for (int v = 0; v < vectors; v++)
            largest[v] = FN(larger_or_nan)(FN(strip_load)(x, v, vectors, lanes), largest[v]);
    UNROLL for (int v = 0; v < vectors; v++)
        FN(strip_store)(y, largest[v], v, vectors, lanes);
}

static void FN(column_max)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_)
{
    const T* x = x_;
    T* y = y_;
    const ptrdiff_t group = FN(group_of)(n, c);
    FOR_ROW_VECTORS (j, lanes, c)
        FN(store_edge)(y + j, FN(load_edge)(x + j, lanes), lanes);
#define BODY(vectors, lanes, j) FN(max_strip)(x + i * ldx + j, ldx, rows, y + j, vectors, lanes)
    FOR_GROUPS (i, rows, n, group)
        FOR_STRIPS(c, BODY)
#undef BODY
}

static void FN(row_max_backward)(const void* dy_, ptrdiff_t dy_stride, const void* x_, ptrdiff_t ldx, const void* y_,
                                 ptrdiff_t y_stride, ptrdiff_t n, ptrdiff_t c, void* dx_, ptrdiff_t lddx)
{
    const T *dy = dy_, *x = x_, *y = y_;
    T* dx = dx_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, dx += lddx) {
        const T largest = y[i * y_stride];
        I equal = {0};
        FOR_ROW_VECTORS (j, lanes, c)
            equal -= (I)(FN(load_edge_filled)(x + j, lanes, (T)NAN) == largest);
        ptrdiff_t count = 0;
        for (int lane = 0; lane < LANES; lane++)
            count += equal[lane];
        const V share = FN(splat)(dy[i * dy_stride] / (T)count), rest = FN(splat)(largest == largest ? 0 : (T)NAN);
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(dx + j, FN(choose)((I)(FN(load_edge)(x + j, lanes) == largest), share, rest), lanes);
    }
}

INLINE void FN(max_backward_strip)(const T* dy, const T* x, ptrdiff_t ldx, const T* y, ptrdiff_t n, T* dx,
                                   ptrdiff_t lddx, const int vectors, ptrdiff_t lanes)
{
    V largest[FN(STRIP)], share[FN(STRIP)], rest[FN(STRIP)];
    I equal[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++) {
        largest[v] = FN(strip_load)(y, v, vectors, lanes);
        rest[v] = FN(choose)((I)(largest[v] == largest[v]), (V){0}, largest[v]);
        equal[v] = (I){0};
    }
    const T* row = x;
    for (ptrdiff_t i = 0; i < n; i++, row += ldx)
        UNROLL for (int v = 0; v < vectors; v++)
            equal[v] -= (I)(FN(strip_load)(row, v, vectors, lanes) == largest[v]);
    UNROLL for (int v = 0; v < vectors; v++)
        share[v] = FN(strip_load)(dy, v, vectors, lanes) / __builtin_convertvector(equal[v], V);
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, dx += lddx)
        UNROLL for (int v = 0; v < vectors; v++) {
            const V value = FN(choose)((I)(FN(strip_load)(x, v, vectors, lanes) == largest[v]), share[v], rest[v]);
            FN(strip_store)(dx, value, v, vectors, lanes);
        }
}

static void FN(column_max_backward)(const void* dy_, const void* x_, ptrdiff_t ldx, const void* y_, ptrdiff_t n,
                                    ptrdiff_t c, void* dx_, ptrdiff_t lddx)
{
    const T *dy = dy_, *x = x_, *y = y_;
    T* dx = dx_;
#define BODY(vectors, lanes, j) FN(max_backward_strip)(dy + j, x + j, ldx, y + j, n, dx + j, lddx, vectors, lanes)
    FOR_STRIPS(c, BODY)
#undef BODY
}
