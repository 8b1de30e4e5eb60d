/* Our own vector exponential, for float and double, and logarithm, for double.
 *
 * exp(x) for x <= 0 is 2^n p(r) with n = round(x / ln 2) and r = x - n ln 2, |r| <= 0.35, p its Taylor polynomial: the
 * first term left out is below 2^-27 (float) and 2^-57 (double) of the result. exp(-inf) = 0, and nan stays nan. */
INLINE V_f32 exponential_f32(V_f32 x)
{
    const V_f32 magic = splat_f32(12582912.0f);                                  /* 1.5 * 2^23: adding it rounds to integers */
    x = choose_f32((I_f32)(x < -104.0f), splat_f32(-104.0f), x);                 /* exp of less is 0 */
    const V_f32 n = (x * 1.44269504f + magic) - magic;
    const V_f32 r = (x - n * 0.693359375f) - n * -2.12194440e-4f;                /* ln 2 in two parts; n * the first is exact */
    V_f32 p = splat_f32(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return times_power_f32(p, n);
}

INLINE V_f64 exponential_f64(V_f64 x)
{
    const V_f64 magic = splat_f64(6755399441055744.0);                           /* 1.5 * 2^52 */
    x = choose_f64((I_f64)(x < -746.0), splat_f64(-746.0), x);
    const V_f64 n = (x * 1.4426950408889634 + magic) - magic;
    const V_f64 r = (x - n * 0.693145751953125) - n * 1.42860682030941723212e-6;
    V_f64 p = splat_f64(1.0 / 6227020800);
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    return times_power_f64(p, n);
}

/* log(x) for normal x > 0: x = 2^n m with sqrt(1/2) <= m < sqrt(2), and log m = 2 artanh(s) for s = (m - 1) / (m + 1),
 * |s| < 0.172, by its series: the first term left out is below 2^-59 of s. nan stays nan. */
INLINE V_f64 logarithm_f64(V_f64 x)
{
    const I_f64 bits = (I_f64)x, root_half = {0};
    const I_f64 n = (bits - (root_half + 0x3FE6A09E667F3BCD)) >> 52;             /* the bits of sqrt(1/2) */
    const V_f64 m = (V_f64)(bits - (n << 52)), s = (m - 1) / (m + 1), square = s * s;
    V_f64 p = splat_f64(1.0 / 21);
    p = p * square + 1.0 / 19;
    p = p * square + 1.0 / 17;
    p = p * square + 1.0 / 15;
    p = p * square + 1.0 / 13;
    p = p * square + 1.0 / 11;
    p = p * square + 1.0 / 9;
    p = p * square + 1.0 / 7;
    p = p * square + 1.0 / 5;
    p = p * square + 1.0 / 3;
    const V_f64 whole = __builtin_convertvector(n, V_f64), log_m = 2 * s + 2 * s * square * p;
    const V_f64 log_x = whole * 0.693147180369123816490 + (whole * 1.90821492927058770002e-10 + log_m);
    return choose_f64((I_f64)(x == x), log_x, x);
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
