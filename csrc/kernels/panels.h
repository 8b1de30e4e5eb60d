/* Columns in panels, whose sums fit the first cache, and in them in strips, whose sums are registers.
 *
 * A strip runs down all rows where the matrix is small; down a few at a time where it comes from memory, which then
 * reads whole rows: sums wait beside the panel meanwhile. Either way rows are added in their order.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */

enum { FN(STRIP) = 4, FN(PANEL) = 1024 };               /* vectors; columns */
enum { FN(NEAR) = 1 << 18, FN(FAR) = 1 << 25 };         /* bytes that a close cache and any cache hold */

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

/* A strip of a row that is read once, to its end: one stream of loads alone does not keep memory busy. */
INLINE void FN(fetch_ahead)(const T* strip, const int vectors)
{
    enum { AHEAD = 1 << 14 };                           /* bytes */
    for (ptrdiff_t byte = 0; byte < vectors * VECTOR_BYTES; byte += LINE_BYTES)
        __builtin_prefetch((const char*)strip + AHEAD + byte);
}

/* Rows at a time: memory likes whole rows, a farther cache a few beside each other, as fast in all as the prefetchers
 * follow. */
INLINE ptrdiff_t FN(group_of)(ptrdiff_t n, ptrdiff_t c)
{
    const ptrdiff_t bytes = n * c * (ptrdiff_t)sizeof(T);
    return bytes <= FN(NEAR) ? n : bytes <= FN(FAR) ? 4 : 1;
}

INLINE void FN(clear_panel)(double* sums, ptrdiff_t width)
{
    for (ptrdiff_t j = 0; j < width; j += LANES)
        FN(wide_store)(sums + j, FN(widen)((V){0}));
}

/* For each panel: j is its first column and width how many it has. */
#define FOR_PANELS(j, width, c) \
    for (ptrdiff_t j = 0, width; j < (c) && (width = (c) - j < FN(PANEL) ? (c) - j : FN(PANEL)); j += FN(PANEL))

/* For each group of rows: i is its first row and `rows` how many it has. */
#define FOR_GROUPS(i, rows, n, group) \
    for (ptrdiff_t i = 0, rows; i < (n) && (rows = (n) - i < (group) ? (n) - i : (group)); i += (group))
