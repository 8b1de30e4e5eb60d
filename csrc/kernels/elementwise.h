/* What needs one pass over rows and no neighbors. */

/* For each vector of a row of c elements: j is its first column and `lanes` how many of it exist. */
#define FOR_ROW_VECTORS(j, lanes, c) \
    for (ptrdiff_t j = 0, lanes; j < (c) && (lanes = (c) - j < LANES ? (c) - j : LANES); j += LANES)

static void FN(accumulate)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const T* x = x_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy)
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(y + j, FN(load_edge)(y + j, lanes) + FN(load_edge)(x + j, lanes), lanes);
}

static void FN(gather)(const void* x_, ptrdiff_t ldx, const int64_t* rows, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, y += ldy) {
        const T* x = (const T*)x_ + rows[i] * ldx;
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(y + j, FN(load_edge)(x + j, lanes), lanes);
    }
}
