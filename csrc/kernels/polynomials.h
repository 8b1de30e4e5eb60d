/* Polynomials that functions.h needs, for float and double. Each is a Chebyshev fit, in mpmath with 60 digits. */

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

/* The normal distribution's tail beyond z over exp(-z^2 / 2), z >= 0, as a polynomial in t = (z - k) / (z + k):
 * k = 4 for z <= 15, to 2e-9 of itself (float); k = 5 for z <= 40, to 3e-17 (double). */
INLINE V_f32 mills_ratio_f32(V_f32 z)
{
    const V_f32 t = (z - 4) / (z + 4);
    V_f32 p = splat_f32(8.522479e-06f);
    p = p * t + 2.7247086e-05f;
    p = p * t - 4.908172e-05f;
    p = p * t - 0.00018791518f;
    p = p * t + 0.00063983875f;
    p = p * t + 0.0005079712f;
    p = p * t - 0.00849221f;
    p = p * t + 0.030864742f;
    p = p * t - 0.071707405f;
    p = p * t + 0.124379255f;
    p = p * t - 0.17039773f;
    return p * t + 0.09441064f;
}

INLINE V_f64 mills_ratio_f64(V_f64 z)
{
    const V_f64 t = (z - 5) / (z + 5);
    V_f64 p = splat_f64(-2.3887673934028894e-11);
    p = p * t - 2.873649567851734e-10;
    p = p * t - 5.211521419099631e-10;
    p = p * t + 2.0145710169667564e-09;
    p = p * t + 5.679179203713888e-09;
    p = p * t - 1.1273771930696195e-08;
    p = p * t - 3.9225927874315266e-08;
    p = p * t + 7.734170048144609e-08;
    p = p * t + 2.434222933853109e-07;
    p = p * t - 6.752023787037172e-07;
    p = p * t - 1.2701217280368743e-06;
    p = p * t + 6.64446387031359e-06;
    p = p * t + 9.613223141479272e-07;
    p = p * t - 6.0427492420042305e-05;
    p = p * t + 0.0001342768398890312;
    p = p * t + 0.00021955073901073078;
    p = p * t - 0.0023788443562473734;
    p = p * t + 0.008991370550469804;
    p = p * t - 0.02341390048772248;
    p = p * t + 0.04785535228417552;
    p = p * t - 0.08088387726412649;
    p = p * t + 0.1160688118860032;
    p = p * t - 0.143457555264012;
    return p * t + 0.07691930497500629;
}

/* x without the lower half of its digits: its square is exact. */
INLINE V_f32 upper_half_f32(V_f32 x) { return (V_f32)((I_f32)x & ~0xfff); }
INLINE V_f64 upper_half_f64(V_f64 x) { return (V_f64)((I_f64)x & ~0x7ffffff); }
