/* What needs one pass over rows and no neighbors.
 *
 * Contract: list.h. Public by fastnorm/kernels: elementwise.pyx, gather.pyx. */

/* For each vector of a row of c elements: j is its first column and `lanes` how many of it exist. Compilers make a
 * loop of whole vectors and another one of the rest of it, as long as lanes asks for nothing but j and a constant. */
#define FOR_ROW_VECTORS(j, lanes, c) \
    for (ptrdiff_t j = 0, last_##j = (c) - LANES, lanes; \
         j < (c) && (lanes = j <= last_##j ? LANES : (c) - j); j += LANES)

static void FN(accumulate)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const T* x = x_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, x += ldx, y += ldy)
        FOR_ROW_VECTORS (j, lanes, c)
            FN(store_edge)(y + j, FN(load_edge)(y + j, lanes) + FN(load_edge)(x + j, lanes), lanes);
}

/* Rows are copied line by line; each line fetches its like in a row that comes soon, for those lie anywhere. */
static void FN(gather)(const void* x_, ptrdiff_t ldx, const int64_t* rows, ptrdiff_t n, ptrdiff_t c, void* y_,
                       ptrdiff_t ldy)
{
    enum { SHORT_ROW = 512, SOON = 8 };                 /* bytes; rows */
    const char* x = x_;
    char* y = y_;
    const ptrdiff_t size = (ptrdiff_t)sizeof(T), bytes = c * size, ahead = bytes <= SHORT_ROW ? SOON : 1;
    for (ptrdiff_t i = 0; i < n; i++, y += ldy * size) {
        const char *from = x + rows[i] * ldx * size, *next = x + rows[i + ahead < n ? i + ahead : i] * ldx * size;
        ptrdiff_t done = 0;
        for (; done + LINE_BYTES <= bytes; done += LINE_BYTES) {
            __builtin_prefetch(next + done);
            memcpy(y + done, from + done, LINE_BYTES);
        }
        if (done < bytes) {
            __builtin_prefetch(next + done);
            memcpy(y + done, from + done, (size_t)(bytes - done));
        }
    }
}
