/* Our own vector exponential, for float and double.
 *
 * exp(x) = 2^n p(r) with n = round(x / ln 2) and r = x - n ln 2, |r| <= 0.35, p its Taylor polynomial: the first term left
 * out is below 2^-27 (float) and 2^-57 (double) of the result. 2^n comes in two factors, so results below the normal
 * range round once more, and exp(-inf) = 0; large x give inf and nan stays nan. */
INLINE V_f32 exponential_f32(V_f32 x)
{
    const V_f32 magic = splat_f32(12582912.0f);                                  /* 1.5 * 2^23: adding it rounds to integers */
    x = choose_f32((I_f32)(x < -104.0f), splat_f32(-104.0f), x);
    x = choose_f32((I_f32)(x > 89.0f), splat_f32(89.0f), x);
    const V_f32 shifted = x * 1.44269504f + magic, n = shifted - magic;
    const V_f32 r = (x - n * 0.693359375f) - n * -2.12194440e-4f;                /* ln 2 in two parts; n * the first is exact */
    V_f32 p = splat_f32(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const I_f32 whole = (I_f32)shifted - (I_f32)magic, half = whole >> 1;
    return p * (V_f32)((half + 127) << 23) * (V_f32)((whole - half + 127) << 23);
}

INLINE V_f64 exponential_f64(V_f64 x)
{
    const V_f64 magic = splat_f64(6755399441055744.0);                           /* 1.5 * 2^52 */
    x = choose_f64((I_f64)(x < -746.0), splat_f64(-746.0), x);
    x = choose_f64((I_f64)(x > 710.0), splat_f64(710.0), x);
    const V_f64 shifted = x * 1.4426950408889634 + magic, n = shifted - magic;
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
    const I_f64 whole = (I_f64)shifted - (I_f64)magic, half = whole >> 1;
    return p * (V_f64)((half + 1023) << 52) * (V_f64)((whole - half + 1023) << 52);
}
