/* Sums in double: of each column, in strips of up to four vectors whose sums stay in registers; of each row; of all. */

enum { FN(STRIP) = 4 };                                 /* vectors of a strip */

/* Call body(vectors, lanes of the last one, first column) for every strip; both are constants in the calls for whole
 * strips, by far the most, and vectors is in all. */
#define FOR_STRIPS(c, body) \
    for (ptrdiff_t j = 0; j < (c); j += FN(STRIP) * LANES) { \
        const ptrdiff_t columns = (c) - j < FN(STRIP) * LANES ? (c) - j : FN(STRIP) * LANES; \
        const ptrdiff_t lanes = columns - (columns - 1) / LANES * LANES; \
        if (columns == FN(STRIP) * LANES) { \
            body(FN(STRIP), LANES, j); \
            continue; \
        } \
        switch ((columns - 1) / LANES) { \
        case 0: body(1, lanes, j); break; \
        case 1: body(2, lanes, j); break; \
        case 2: body(3, lanes, j); break; \
        default: body(4, lanes, j); \
        } \
    }

/* Vector number v of a strip; only the last one may be partial. */
INLINE V FN(strip_load)(const T* p, int v, int vectors, ptrdiff_t lanes)
{
    return v < vectors - 1 ? FN(load)(p + v * LANES) : FN(load_edge)(p + v * LANES, lanes);
}
INLINE void FN(strip_store)(T* p, V x, int v, int vectors, ptrdiff_t lanes)
{
    if (v < vectors - 1)
        FN(store)(p + v * LANES, x);
    else
        FN(store_edge)(p + v * LANES, x, lanes);
}

INLINE void FN(sum_strip)(const T* x, ptrdiff_t ldx, ptrdiff_t n, double scale, T* sums, const int vectors,
                         ptrdiff_t lanes)
{
    W sum[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++)
        sum[v] = FN(widen)((V){0});
    for (ptrdiff_t i = 0; i < n; i++, x += ldx)
        UNROLL for (int v = 0; v < vectors; v++)
            sum[v] = FN(wide_add)(sum[v], FN(widen)(FN(strip_load)(x, v, vectors, lanes)));
    UNROLL for (int v = 0; v < vectors; v++)
        FN(strip_store)(sums, FN(narrow)(FN(wide_scale)(sum[v], scale)), v, vectors, lanes);
}

static void FN(column_sums)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double scale, void* sums_)
{
    const T* x = x_;
    T* sums = sums_;
#define BODY(vectors, lanes, j) FN(sum_strip)(x + j, ldx, n, scale, sums + j, vectors, lanes)
    FOR_STRIPS(c, BODY)
#undef BODY
}

INLINE double FN(row_sum)(const T* x, ptrdiff_t c)
{
    W sum = FN(widen)((V){0});
    FOR_ROW_VECTORS (j, lanes, c)
        sum = FN(wide_add)(sum, FN(widen)(FN(load_edge)(x + j, lanes)));
    return FN(wide_sum)(sum);
}

static void FN(row_sums)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double scale, void* sums_, ptrdiff_t stride)
{
    const T* x = x_;
    T* sums = sums_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx)
        sums[i * stride] = (T)(scale * FN(row_sum)(x, c));
}

static void FN(total_sum)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double scale, void* sum)
{
    const T* x = x_;
    double total = 0;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx)
        total += FN(row_sum)(x, c);
    *(T*)sum = (T)(scale * total);
}
