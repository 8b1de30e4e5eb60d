/* Our own vector logarithm, for float and double, of all numbers: log(0) = -inf, that of less is nan, and nan stays
 * nan.
 *
 * x = 2^n m with sqrt(1/2) <= m < sqrt(2); a denormal x is first scaled to a normal one. With f = m - 1, which is
 * exact, log x = n ln 2 + f - f^2 / 2 + the rest, the small terms added first. Max error over all
 * floats 0.83 ulp; of 24 million doubles 0.83.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */

INLINE V_f32 logarithm_f32(V_f32 x)
{
    const I_f32 none = {0}, denormal = (I_f32)(x < FLT_MIN);
    const I_f32 bits = (I_f32)choose_f32(denormal, x * 8388608.0f, x);           /* 2^23 */
    const I_f32 n = (bits - (none + 0x3F3504F3)) >> 23;                          /* the bits of sqrt(1/2) */
    const V_f32 whole = __builtin_convertvector(n - (denormal & 23), V_f32);
    const V_f32 f = (V_f32)(bits - (n << 23)) - 1.0f, square = f * f;
    V_f32 p = splat_f32(7.0376836292e-2f);                                       /* Cephes, logf: Moshier 1992 */
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    const V_f32 rest = (p * f * square + whole * -2.12194440e-4f) - 0.5f * square;
    const V_f32 log_x = (f + rest) + whole * 0.693359375f;
    const V_f32 special = choose_f32((I_f32)(x < 0), splat_f32(NAN),
                                     choose_f32((I_f32)(x == 0), splat_f32(-INFINITY), x));
    return choose_f32((I_f32)(x > 0) & (I_f32)(x < INFINITY), log_x, special);
}

/* f and n. */
INLINE V_f64 logarithm_rest_f64(V_f64 x, V_f64* n)
{
    const I_f64 none = {0}, denormal = (I_f64)(x < DBL_MIN);
    const I_f64 bits = (I_f64)choose_f64(denormal, x * 18014398509481984.0, x);  /* 2^54 */
    const V_f64 magic = splat_f64(6755399441055744.0);  /* its last bits are the integer added to it */
    const I_f64 whole = (bits - (none + 0x3FE6A09E667F3BCD)) >> 52;              /* the bits of sqrt(1/2) */
    *n = (V_f64)((whole - (denormal & 54)) + (I_f64)magic) - magic;
    return (V_f64)(bits - (whole << 52)) - 1;
}

INLINE V_f64 logarithm_f64(V_f64 x)
{
    V_f64 n;
    const V_f64 f = logarithm_rest_f64(x, &n), s = f / (f + 2), square = s * s, half = 0.5 * f * f;
    V_f64 p = splat_f64(1.479819860511658591e-1);  /* fdlibm, e_log.c: Sun Microsystems 1993 */
    p = p * square + 1.531383769920937332e-1;
    p = p * square + 1.818357216161805012e-1;
    p = p * square + 2.222219843214978396e-1;
    p = p * square + 2.857142874366239149e-1;
    p = p * square + 3.999999999940941908e-1;
    p = p * square + 6.666666666666735130e-1;
    const V_f64 rest = half - (s * (half + p * square) + n * 1.90821492927058770002e-10);
    const V_f64 log_x = n * 0.693147180369123816490 - (rest - f);
    const V_f64 special = choose_f64((I_f64)(x < 0), splat_f64(NAN),
                                     choose_f64((I_f64)(x == 0), splat_f64(-INFINITY), x));
    return choose_f64((I_f64)(x > 0) & (I_f64)(x < INFINITY), log_x, special);
}

/* y (count,) += log(x). */
INLINE void add_logarithms(const double* x, ptrdiff_t count, double* y)
{
    for (ptrdiff_t i = 0; i < count; i += LANES_f64) {
        const ptrdiff_t lanes = count - i < LANES_f64 ? count - i : LANES_f64;
        const V_f64 logs = logarithm_f64(load_filled_f64(x + i, lanes, 1));
        store_edge_f64(y + i, load_edge_f64(y + i, lanes) + logs, lanes);
    }
}
