/* Powers: |a|^b with the sign of a where b is odd; where b is one number for all, a small whole one or 0.5 is
 * cheaper.
 *
 * Contract: list.h. Public by fastnorm/kernels: binary.pyx. */

/* b without its fraction. */
INLINE V FN(whole_part)(V b)
{
    const V size = FN(sizes)(b), magic = FN(splat)(sizeof(T) == 4 ? (T)8388608 : (T)4503599627370496);  /* 2^23, 2^52 */
    return FN(choose)((I)(size < magic), FN(signed_as)((size + magic) - magic, b), b);
}

/* As C's pow, which NumPy follows, at 0, 1, inf and nan. */
INLINE V FN(power_value)(V a, V b)
{
    const V size = FN(sizes)(a), one = FN(splat)(1), half = b * (T)0.5, end = FN(splat)((T)0x1p70);
    const V exponent = FN(at_least)(FN(at_most)(b, end), -end);
    const I ends = (I)(size == 0) | (I)(size == INFINITY), whole = (I)(FN(whole_part)(b) == b);
    const I odd = whole & (I)(FN(whole_part)(half) != half);
    V y = FN(choose)(ends, FN(choose)((I)(b < 0), 1 / size, size), FN(size_power)(size, exponent));
    y = FN(choose)(odd, FN(signed_as)(y, a), y);
    y = FN(choose)((I)(a < 0) & (I)(a > -INFINITY) & ~whole, FN(splat)((T)NAN), y);
    y = FN(choose)((I)(a != a) | (I)(b != b), a + b, y);
    return FN(choose)((I)(b == 0) | (I)(a == 1), one, y);
}

INLINE int FN(any)(I condition)
{
    int any = 0;
    for (int i = 0; i < LANES; i++)
        any |= condition[i] != 0;
    return any;
}

/* a^(b - 1) is y / a, but where y left the numbers that have all digits. */
INLINE V FN(power_slope_a)(V a, V b, V y)
{
    const V size = FN(sizes)(y), quotient = y / a;
    const V smallest = FN(splat)(sizeof(T) == 4 ? FLT_MIN : DBL_MIN);
    const I lost = ~((I)(size >= smallest) & (I)(size < INFINITY)) | (I)(quotient == 0);
    const V power = FN(any)(lost) ? FN(choose)(lost, FN(power_value)(a, b - 1), quotient) : quotient;
    return FN(choose)((I)(b == 0), FN(splat)(0), b * power);
}
INLINE V FN(power_slope_b)(V a, V b, V y)
{
    return FN(choose)((I)(a == 0) & (I)(b > 0), FN(splat)(0), y * FN(logarithm)(a));
}

/* b holds one whole number, |b| <= 65: a multiplied with itself, by squares. */
INLINE V FN(whole_power_value)(V a, V b)
{
    V y = FN(splat)(1), square = a;
    for (int left = b[0] < 0 ? (int)-b[0] : (int)b[0]; left; left >>= 1, square *= square)
        if (left & 1)
            y *= square;
    return b[0] < 0 ? 1 / y : y;
}
INLINE V FN(whole_power_slope)(V a, V b, UNUSED V y)
{
    return b[0] == 0 ? FN(splat)(0) : b * FN(whole_power_value)(a, b - 1);
}

INLINE V FN(root_power_value)(V a, UNUSED V b)
{
    /* as all powers: the root of -0 is 0 */
    return FN(root)(FN(choose)((I)(a == -INFINITY), FN(splat)((T)INFINITY), a + 0));
}
INLINE V FN(root_power_slope)(V a, V b, UNUSED V y) { return (T)0.5 / FN(root_power_value)(a, b); }

typedef enum { FN(ANY_POWER), FN(WHOLE_POWER), FN(ROOT_POWER) } FN(power_kind);

INLINE FN(power_kind) FN(kind_of_power)(const T* b, ptrdiff_t b_row, ptrdiff_t b_column)
{
    if (b_row == 0 && b_column == 0 && *b >= -64 && *b <= 64 && *b == (T)(int)*b)
        return FN(WHOLE_POWER);
    return b_row == 0 && b_column == 0 && *b == (T)0.5 ? FN(ROOT_POWER) : FN(ANY_POWER);
}

static void FN(power_forward)(FN_BINARY_FORWARD)
{
    switch (FN(kind_of_power)(b, b_row, b_column)) {
    case FN(WHOLE_POWER): FORWARD(FN(whole_power_value)); break;
    case FN(ROOT_POWER): FORWARD(FN(root_power_value)); break;
    default: FORWARD(FN(power_value));
    }
}

static void FN(power_backward)(FN_BINARY_BACKWARD)
{
    if (db)
        BACKWARD(db, lddb, FN(power_slope_b));
    if (!da)
        return;
    switch (FN(kind_of_power)(b, b_row, b_column)) {
    case FN(WHOLE_POWER): BACKWARD(da, ldda, FN(whole_power_slope)); break;
    case FN(ROOT_POWER): BACKWARD(da, ldda, FN(root_power_slope)); break;
    default: BACKWARD(da, ldda, FN(power_slope_a));
    }
}
#undef FORWARD
#undef BACKWARD
