/* Rows of a table by codes that stand among the numbers, and the gradient of the table.
 *
 * Contract: list.h. Public by fastnorm/kernels: embedding.pyx. */

/* The row a code names, or -1 where it is no whole number in [0, v). */
INLINE ptrdiff_t FN(row_of_code)(T code, ptrdiff_t v)
{
    if (!(code >= 0 && (double)code < (double)v))
        return -1;
    const ptrdiff_t row = (ptrdiff_t)code;
    return (T)row == code ? row : -1;
}

static void FN(embedding_forward)(const void* table_, ptrdiff_t ldt, ptrdiff_t v, const void* codes_, ptrdiff_t ldcodes,
                                  ptrdiff_t n, ptrdiff_t f, ptrdiff_t e, void* y_, ptrdiff_t ldy)
{
    const T *table = table_, *codes = codes_;
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, codes += ldcodes, y += ldy)
        for (ptrdiff_t k = 0; k < f; k++) {
            const ptrdiff_t row = FN(row_of_code)(codes[k], v);
            const T* from = row < 0 ? NULL : table + row * ldt;
            FOR_ROW_VECTORS (j, lanes, e)
                FN(store_edge)(y + k * e + j, from ? FN(load_edge)(from + j, lanes) : FN(splat)((T)NAN), lanes);
        }
}

static void FN(embedding_backward)(const void* dy_, ptrdiff_t lddy, const void* codes_, ptrdiff_t ldcodes, ptrdiff_t n,
                                   ptrdiff_t f, ptrdiff_t e, ptrdiff_t width, ptrdiff_t v, void* dtable_, ptrdiff_t ldt)
{
    const T *dy = dy_, *codes = codes_;
    T* dtable = dtable_;
    for (ptrdiff_t row = 0; row < v; row++)
        FOR_ROW_VECTORS (j, lanes, width)
            FN(store_edge)(dtable + row * ldt + j, (V){0}, lanes);
    for (ptrdiff_t i = 0; i < n; i++, dy += lddy, codes += ldcodes)
        for (ptrdiff_t k = 0; k < f; k++) {
            const ptrdiff_t row = FN(row_of_code)(codes[k], v);
            if (row < 0)
                continue;
            T* sum = dtable + row * ldt;
            FOR_ROW_VECTORS (j, lanes, width)
                FN(store_edge)(sum + j, FN(load_edge)(sum + j, lanes) + FN(load_edge)(dy + k * e + j, lanes), lanes);
        }
}
