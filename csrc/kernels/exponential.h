/* Our own vector exponential, for float and double.
 *
 * exp(x) is 2^n p(r) with n = round(x / ln 2) and r = x - n ln 2, |r| <= 0.35, p its Taylor polynomial: the first term
 * left out is below 2^-27 (float) and 2^-57 (double) of the result. exp(-inf) = 0, and nan stays nan. Max error over
 * all floats 0.94 ulp, 1.22 without fused multiply-adds; of 24 million doubles 0.87 and 1.16.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */

/* r and n, and in low what rounding took from r; x within +-2^15. */
INLINE V_f32 exponential_rest_f32(V_f32 x, V_f32* n, V_f32* low)
{
    const V_f32 magic = splat_f32(12582912.0f);  /* 1.5 * 2^23: adding it rounds to integers */
    *n = (x * 1.44269504f + magic) - magic;
    /* ln 2 in two parts; n * the first is exact */
    const V_f32 first = x - *n * 0.693359375f, r = first - *n * -2.12194440e-4f;
    *low = (first - r) - *n * -2.12194440e-4f;
    return r;
}

INLINE V_f64 exponential_rest_f64(V_f64 x, V_f64* n, V_f64* low)
{
    const V_f64 magic = splat_f64(6755399441055744.0);                           /* 1.5 * 2^52 */
    *n = (x * 1.4426950408889634 + magic) - magic;
    const V_f64 first = x - *n * 0.693145751953125, r = first - *n * 1.42860682030941723212e-6;
    *low = (first - r) - *n * 1.42860682030941723212e-6;
    return r;
}

/* (exp(r) - 1 - r) / r^2. */
INLINE V_f32 exponential_bend_f32(V_f32 r)
{
    V_f32 p = splat_f32(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    return p * r + 0.5f;
}

INLINE V_f64 exponential_bend_f64(V_f64 r)
{
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
    return p * r + 0.5;
}

/* exp(x) for x <= 0. */
INLINE V_f32 exponential_f32(V_f32 x)
{
    V_f32 n, low;
    const V_f32 r = exponential_rest_f32(larger_f32(splat_f32(-104.0f), x), &n, &low);  /* exp of less is 0 */
    return times_power_down_f32((exponential_bend_f32(r) * r + 1.0f) * r + 1.0f, n);
}

INLINE V_f64 exponential_f64(V_f64 x)
{
    V_f64 n, low;
    const V_f64 r = exponential_rest_f64(larger_f64(splat_f64(-746.0), x), &n, &low);
    return times_power_down_f64((exponential_bend_f64(r) * r + 1.0) * r + 1.0, n);
}

/* exp(x) for all x. */
INLINE V_f32 exponential_of_all_f32(V_f32 x)
{
    V_f32 n, low;
    /* exp of more is infinite */
    const V_f32 near = larger_f32(splat_f32(-104.0f), choose_f32((I_f32)(x > 89.0f), splat_f32(89.0f), x));
    const V_f32 r = exponential_rest_f32(near, &n, &low);
    return times_power_f32((exponential_bend_f32(r) * r + 1.0f) * r + 1.0f, n);
}

INLINE V_f64 exponential_of_all_f64(V_f64 x)
{
    V_f64 n, low;
    const V_f64 near = larger_f64(splat_f64(-746.0), choose_f64((I_f64)(x > 710.0), splat_f64(710.0), x));
    const V_f64 r = exponential_rest_f64(near, &n, &low);
    return times_power_f64((exponential_bend_f64(r) * r + 1.0) * r + 1.0, n);
}
