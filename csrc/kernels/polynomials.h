/* Polynomials that functions.h needs, for float and double. Each is a Chebyshev fit, in mpmath with 60 digits.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */

/* (artanh(s) / s - 1) / s^2 from s^2 in [0, 1/9], to 4e-9 and 5e-17 of itself. */
INLINE V_f32 artanh_bend_f32(V_f32 square)
{
    V_f32 p = splat_f32(0.11612165f);
    p = p * square + 0.108532876f;
    p = p * square + 0.14296179f;
    p = p * square + 0.19999853f;
    return p * square + 0.33333334f;
}

INLINE V_f64 artanh_bend_f64(V_f64 square)
{
    V_f64 p = splat_f64(0.08082022805971766);
    p = p * square + 0.04400369243072337;
    p = p * square + 0.06000536404795356;
    p = p * square + 0.06657072104827468;
    p = p * square + 0.07692785032479312;
    p = p * square + 0.09090894718066429;
    p = p * square + 0.11111111358713932;
    p = p * square + 0.1428571428355438;
    p = p * square + 0.20000000000007292;
    return p * square + 0.3333333333333333;
}

/* The normal distribution's tail beyond z over exp(-z^2 / 2), z >= 0: 1 / (z + k) times a polynomial in t = (z - k) /
 * (z + k), which is between 2 and 0.4. k = 3; to 2e-9 of itself for z <= 16 (float), to 4e-17 for z <= 40 (double). */
INLINE V_f32 mills_ratio_f32(V_f32 z)
{
    const V_f32 inverse = 1 / (z + 3), t = (z - 3) * inverse;
    V_f32 p = splat_f32(5.565083e-05f);
    p = p * t + 0.0001334796f;
    p = p * t - 0.0002450018f;
    p = p * t - 0.0010347822f;
    p = p * t + 0.0010242948f;
    p = p * t + 0.0069700815f;
    p = p * t - 0.01046231f;
    p = p * t - 0.04726279f;
    p = p * t + 0.23001768f;
    p = p * t - 0.509332f;
    return (p * t + 0.7290837f) * inverse;
}

INLINE V_f64 mills_ratio_f64(V_f64 z)
{
    const V_f64 inverse = 1 / (z + 3), t = (z - 3) * inverse;
    V_f64 p = splat_f64(-1.0144100842715811e-09);
    p = p * t - 6.32510353087555e-09;
    p = p * t - 8.938429443455894e-09;
    p = p * t + 2.3414772509611075e-08;
    p = p * t + 8.73771685651894e-08;
    p = p * t + 4.3548578725785964e-08;
    p = p * t - 2.6572568258142765e-07;
    p = p * t - 5.926843555550403e-07;
    p = p * t + 3.6996076824796792e-09;
    p = p * t + 2.2553819963108475e-06;
    p = p * t + 3.641573091403554e-06;
    p = p * t - 3.516846063057168e-06;
    p = p * t - 2.0689492378130545e-05;
    p = p * t - 1.324638397786238e-05;
    p = p * t + 7.88127267454889e-05;
    p = p * t + 0.0001543945440562321;
    p = p * t - 0.00025657535214361596;
    p = p * t - 0.0010458286328196662;
    p = p * t + 0.0010275922595270092;
    p = p * t + 0.006972621241140996;
    p = p * t - 0.010462867023329358;
    p = p * t - 0.04726302514299183;
    p = p * t + 0.23001771997460405;
    p = p * t - 0.5093319819174893;
    return (p * t + 0.729083690133373) * inverse;
}

/* x without the lower half of its digits: its square is exact. */
INLINE V_f32 upper_half_f32(V_f32 x) { return (V_f32)((I_f32)x & ~0xfff); }
INLINE V_f64 upper_half_f64(V_f64 x) { return (V_f64)((I_f64)x & ~0x7ffffff); }
