/* The transpose of a matrix: it lets one arrangement of the product serve x w, dy w' and, with a across, x' dy.
 *
 * Contract: list.h. Public by fastnorm/kernels: dense.pyx. */

/* y (4, 4) = the transpose of x, in registers. */
INLINE void FN(transpose_square)(const T* x, ptrdiff_t ldx, T* y, ptrdiff_t ldy)
{
    typedef T row __attribute__((vector_size(4 * sizeof(T))));
    row a, b, c, d;
    memcpy(&a, x, sizeof a);
    memcpy(&b, x + ldx, sizeof b);
    memcpy(&c, x + 2 * ldx, sizeof c);
    memcpy(&d, x + 3 * ldx, sizeof d);
    const row ac_low = __builtin_shufflevector(a, c, 0, 4, 1, 5), ac_high = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    const row bd_low = __builtin_shufflevector(b, d, 0, 4, 1, 5), bd_high = __builtin_shufflevector(b, d, 2, 6, 3, 7);
    a = __builtin_shufflevector(ac_low, bd_low, 0, 4, 1, 5);
    b = __builtin_shufflevector(ac_low, bd_low, 2, 6, 3, 7);
    c = __builtin_shufflevector(ac_high, bd_high, 0, 4, 1, 5);
    d = __builtin_shufflevector(ac_high, bd_high, 2, 6, 3, 7);
    memcpy(y, &a, sizeof a);
    memcpy(y + ldy, &b, sizeof b);
    memcpy(y + 2 * ldy, &c, sizeof c);
    memcpy(y + 3 * ldy, &d, sizeof d);
}

/* Blocks of 16 by 16 keep both the rows read and the rows written in the first cache; within them, squares of 4 by
 * 4. */
static void FN(transpose)(const void* x_, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, void* y_, ptrdiff_t ldy)
{
    const T* x = x_;
    T* y = y_;
    const ptrdiff_t whole_n = n / 4 * 4, whole_c = c / 4 * 4;
    for (ptrdiff_t i = 0; i < whole_n; i += 16)
        for (ptrdiff_t j = 0; j < whole_c; j += 16)
            for (ptrdiff_t jj = j; jj < j + 16 && jj < whole_c; jj += 4)
                for (ptrdiff_t ii = i; ii < i + 16 && ii < whole_n; ii += 4)
                    FN(transpose_square)(x + ii * ldx + jj, ldx, y + jj * ldy + ii, ldy);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = i < whole_n ? whole_c : 0; j < c; j++)
            y[j * ldy + i] = x[i * ldx + j];
}
