/* Functions of two numbers, forward and backward: FN(name_value)(a, b) and its slopes FN(name_slope_a)(a, b, y),
 * _slope_b.
 *
 * Contract: list.h. Public by fastnorm/kernels: binary.pyx, binary_compare.pyx. */

typedef V (*FN(binary_value))(V a, V b);
typedef V (*FN(binary_slope))(V a, V b, V y);
typedef struct { const T* first; ptrdiff_t row, column; } FN(operand);

/* Some elements of row i from column j on; a column stride of 0 repeats the row's one number. */
INLINE V FN(elements)(FN(operand) x, ptrdiff_t i, ptrdiff_t j, ptrdiff_t lanes)
{
    const T* row = x.first + i * x.row;
    return x.column ? FN(load_edge)(row + j, lanes) : FN(splat)(*row);
}

/* 1 where rows of c columns lie one behind the other, or all are one number. */
INLINE int FN(has_no_gaps)(FN(operand) x, ptrdiff_t c) { return x.column ? x.row == c : x.row == 0; }

INLINE void FN(binary_forward)(FN(operand) a, FN(operand) b, ptrdiff_t n, ptrdiff_t c, T* y, ptrdiff_t ldy,
                               FN(binary_value) value)
{
    const int one_row = FN(has_no_gaps)(a, c) && FN(has_no_gaps)(b, c) && ldy == c;
    const ptrdiff_t rows = one_row ? 1 : n, columns = one_row ? n * c : c;
    for (ptrdiff_t i = 0; i < rows; i++, y += ldy)
        FOR_ROW_VECTORS (j, lanes, columns)
            FN(store_edge)(y + j, value(FN(elements)(a, i, j, lanes), FN(elements)(b, i, j, lanes)), lanes);
}

/* The gradient of one operand. */
INLINE void FN(binary_backward)(const T* dy, ptrdiff_t lddy, FN(operand) a, FN(operand) b, const T* y, ptrdiff_t ldy,
                                ptrdiff_t n, ptrdiff_t c, T* dx, ptrdiff_t lddx, FN(binary_slope) slope)
{
    for (ptrdiff_t i = 0; i < n; i++, dy += lddy, y += ldy, dx += lddx)
        FOR_ROW_VECTORS (j, lanes, c) {
            const V first = FN(elements)(a, i, j, lanes), second = FN(elements)(b, i, j, lanes);
            const V slopes = slope(first, second, FN(load_edge)(y + j, lanes));
            FN(store_edge)(dx + j, FN(load_edge)(dy + j, lanes) * slopes, lanes);
        }
}

INLINE V FN(truth)(I condition) { return FN(choose)(condition, FN(splat)(1), FN(splat)(0)); }
INLINE V FN(one_if)(I condition, I half)
{
    return FN(choose)(half, FN(splat)((T)0.5), FN(truth)(condition));
}

INLINE V FN(add_value)(V a, V b) { return a + b; }
INLINE V FN(add_slope_a)(UNUSED V a, UNUSED V b, UNUSED V y) { return FN(splat)(1); }
INLINE V FN(add_slope_b)(UNUSED V a, UNUSED V b, UNUSED V y) { return FN(splat)(1); }

INLINE V FN(subtract_value)(V a, V b) { return a - b; }
INLINE V FN(subtract_slope_a)(UNUSED V a, UNUSED V b, UNUSED V y) { return FN(splat)(1); }
INLINE V FN(subtract_slope_b)(UNUSED V a, UNUSED V b, UNUSED V y) { return FN(splat)(-1); }

INLINE V FN(multiply_value)(V a, V b) { return a * b; }
INLINE V FN(multiply_slope_a)(UNUSED V a, V b, UNUSED V y) { return b; }
INLINE V FN(multiply_slope_b)(V a, UNUSED V b, UNUSED V y) { return a; }

INLINE V FN(divide_value)(V a, V b) { return a / b; }
INLINE V FN(divide_slope_a)(UNUSED V a, V b, UNUSED V y) { return 1 / b; }
INLINE V FN(divide_slope_b)(UNUSED V a, V b, V y) { return -y / b; }

INLINE V FN(maximum_value)(V a, V b) { return FN(choose)((I)(a > b) | (I)(a != a), a, b); }
INLINE V FN(maximum_slope_a)(V a, V b, UNUSED V y) { return FN(one_if)((I)(a > b), (I)(a == b)); }
INLINE V FN(maximum_slope_b)(V a, V b, UNUSED V y) { return FN(one_if)((I)(b > a), (I)(a == b)); }

INLINE V FN(minimum_value)(V a, V b) { return FN(choose)((I)(a < b) | (I)(a != a), a, b); }
INLINE V FN(minimum_slope_a)(V a, V b, UNUSED V y) { return FN(one_if)((I)(a < b), (I)(a == b)); }
INLINE V FN(minimum_slope_b)(V a, V b, UNUSED V y) { return FN(one_if)((I)(b < a), (I)(a == b)); }

INLINE V FN(less_value)(V a, V b) { return FN(truth)((I)(a < b)); }
INLINE V FN(less_equal_value)(V a, V b) { return FN(truth)((I)(a <= b)); }
INLINE V FN(equal_value)(V a, V b) { return FN(truth)((I)(a == b)); }
INLINE V FN(not_equal_value)(V a, V b) { return FN(truth)((I)(a != b)); }

/* The kernels of a function, by their parts; power.h calls them itself. */
#define FORWARD(value) \
    FN(binary_forward)((FN(operand)){a, a_row, a_column}, (FN(operand)){b, b_row, b_column}, n, c, y, ldy, value)
#define BACKWARD(dx, lddx, slope) \
    FN(binary_backward)(dy, lddy, (FN(operand)){a, a_row, a_column}, (FN(operand)){b, b_row, b_column}, y, ldy, n, c, \
                        dx, lddx, slope)
#define COMPARISON(name) \
    static void FN(name##_forward)(FN_BINARY_FORWARD) { FORWARD(FN(name##_value)); }
#define BINARY(name) \
    COMPARISON(name) \
    static void FN(name##_backward)(FN_BINARY_BACKWARD) \
    { \
        if (db) BACKWARD(db, lddb, FN(name##_slope_b)); \
        if (da) BACKWARD(da, ldda, FN(name##_slope_a)); \
    }

BINARY(add)
BINARY(subtract)
BINARY(multiply)
BINARY(divide)
BINARY(maximum)
BINARY(minimum)
COMPARISON(less)
COMPARISON(less_equal)
COMPARISON(equal)
COMPARISON(not_equal)
#undef BINARY
#undef COMPARISON
