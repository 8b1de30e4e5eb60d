/* One of two numbers, as a condition says, and the gradient of both.
 *
 * Contract: list.h. Public by fastnorm/kernels: where.pyx. */

static void FN(where_forward)(const void* condition_, ptrdiff_t condition_row, ptrdiff_t condition_column,
                              const void* a_, ptrdiff_t a_row, ptrdiff_t a_column, const void* b_, ptrdiff_t b_row,
                              ptrdiff_t b_column, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const FN(operand) condition = {condition_, condition_row, condition_column};
    const FN(operand) a = {a_, a_row, a_column}, b = {b_, b_row, b_column};
    T* y = y_;
    for (ptrdiff_t i = 0; i < n; i++, y += ldy)
        FOR_ROW_VECTORS (j, lanes, c) {
            const I chosen = (I)(FN(elements)(condition, i, j, lanes) != 0);
            FN(store_edge)(y + j, FN(choose)(chosen, FN(elements)(a, i, j, lanes), FN(elements)(b, i, j, lanes)),
                           lanes);
        }
}

static void FN(where_backward)(const void* dy_, ptrdiff_t lddy, const void* condition_, ptrdiff_t condition_row,
                               ptrdiff_t condition_column, ptrdiff_t n, ptrdiff_t c, void* da_, ptrdiff_t ldda,
                               void* db_, ptrdiff_t lddb)
{
    const FN(operand) condition = {condition_, condition_row, condition_column};
    const V none = {0};
    for (ptrdiff_t i = 0; i < n; i++)
        FOR_ROW_VECTORS (j, lanes, c) {
            const V dy = FN(load_edge)((const T*)dy_ + i * lddy + j, lanes);
            const I chosen = (I)(FN(elements)(condition, i, j, lanes) != 0);
            if (db_)
                FN(store_edge)((T*)db_ + i * lddb + j, FN(choose)(chosen, none, dy), lanes);
            if (da_)
                FN(store_edge)((T*)da_ + i * ldda + j, FN(choose)(chosen, dy, none), lanes);
        }
}
