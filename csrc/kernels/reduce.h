/* Sums in double: of each column, of each row, of all; and of squares. And whether all is finite.
 *
 * Contract: list.h. Public by fastnorm/kernels: reduce.pyx, dense.pyx, update.pyx. */

/* Sums of a strip's columns go on from where they wait. */
INLINE void FN(sum_strip)(const T* x, ptrdiff_t ldx, ptrdiff_t n, double* sums, const int vectors, ptrdiff_t lanes)
{
    W sum[FN(STRIP)];
    UNROLL for (int v = 0; v < vectors; v++)
        sum[v] = FN(wide_load)(sums + v * LANES);
    for (ptrdiff_t i = 0; i < n; i++, x += ldx)
        UNROLL for (int v = 0; v < vectors; v++)
            sum[v] = FN(wide_add)(sum[v], FN(widen)(FN(strip_load)(x, v, vectors, lanes)));
    UNROLL for (int v = 0; v < vectors; v++)
        FN(wide_store)(sums + v * LANES, sum[v]);
}

static void FN(sum_panel)(const T* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t width, ptrdiff_t group, double scale,
                          T* results)
{
    double sums[FN(PANEL)];
    FN(clear_panel)(sums, width);
#define BODY(vectors, lanes, j) FN(sum_strip)(x + i * ldx + j, ldx, rows, sums + j, vectors, lanes)
    FOR_GROUPS (i, rows, n, group)
        FOR_STRIPS(width, BODY)
#undef BODY
    FOR_ROW_VECTORS (j, lanes, width)
        FN(store_edge)(results + j, FN(narrow)(FN(wide_scale)(FN(wide_load)(sums + j), scale)), lanes);
}

static void FN(column_sums)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double scale, void* sums_)
{
    const T* x = x_;
    T* sums = sums_;
    FOR_PANELS (j, width, c)
        FN(sum_panel)(x + j, ldx, n, width, FN(group_of)(n, c), scale, sums + j);
}

/* Sums of a row: as many at once as a strip has vectors, so that an addition need not wait for the one before. */
typedef struct { W of[FN(STRIP)]; } FN(strip_sums);

INLINE FN(strip_sums) FN(no_sums)(void)
{
    FN(strip_sums) sums;
    UNROLL for (int v = 0; v < FN(STRIP); v++)
        sums.of[v] = FN(widen)((V){0});
    return sums;
}

INLINE double FN(all_of)(FN(strip_sums) sums)
{
    return FN(wide_sum)(FN(wide_add)(FN(wide_add)(sums.of[0], sums.of[1]), FN(wide_add)(sums.of[2], sums.of[3])));
}

INLINE void FN(add_strip)(FN(strip_sums)* sums, const T* x, const int vectors, ptrdiff_t lanes)
{
    FN(fetch_ahead)(x, vectors);
    UNROLL for (int v = 0; v < vectors; v++)
        sums->of[v] = FN(wide_add)(sums->of[v], FN(widen)(FN(strip_load)(x, v, vectors, lanes)));
}

INLINE void FN(add_squares)(FN(strip_sums)* sums, const T* x, const int vectors, ptrdiff_t lanes)
{
    FN(fetch_ahead)(x, vectors);
    UNROLL for (int v = 0; v < vectors; v++) {
        const W wide = FN(widen)(FN(strip_load)(x, v, vectors, lanes));
        sums->of[v] = FN(wide_multiply_add)(sums->of[v], wide, wide);
    }
}

INLINE double FN(row_sum)(const T* x, ptrdiff_t c)
{
    FN(strip_sums) sums = FN(no_sums)();
#define BODY(vectors, lanes, j) FN(add_strip)(&sums, x + j, vectors, lanes)
    FOR_STRIPS(c, BODY)
#undef BODY
    return FN(all_of)(sums);
}

static void FN(squares)(const void* x_, ptrdiff_t count, double* total)
{
    const T* x = x_;
    FN(strip_sums) sums = FN(no_sums)();
#define BODY(vectors, lanes, j) FN(add_squares)(&sums, x + j, vectors, lanes)
    FOR_STRIPS(count, BODY)
#undef BODY
    *total = FN(all_of)(sums);
}

static void FN(row_sums)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double scale, void* sums_,
                         ptrdiff_t stride)
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

/* x - x is 0 where x is finite, else nan, which it stays whatever bits are added to it. */
INLINE I FN(collect_nans)(I bits, const T* x, const int vectors, ptrdiff_t lanes)
{
    UNROLL for (int v = 0; v < vectors; v++) {
        const V value = FN(strip_load)(x, v, vectors, lanes);
        bits |= (I)(value - value);
    }
    return bits;
}

static void FN(all_finite)(const void* x_, ptrdiff_t count, int* finite)
{
    const T* x = x_;
    I bits = {0};
#define BODY(vectors, lanes, j) bits = FN(collect_nans)(bits, x + j, vectors, lanes)
    FOR_STRIPS(count, BODY)
#undef BODY
    const I nans = (V)bits != (V)bits;
    int64_t words[VECTOR_BYTES / 8], any = 0;
    memcpy(words, &nans, sizeof words);
    UNROLL for (int i = 0; i < VECTOR_BYTES / 8; i++)
        any |= words[i];
    *finite = any == 0;
}
