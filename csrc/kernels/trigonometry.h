/* Our own vector sine and cosine, for float and double, of numbers of every size.
 *
 * x = q pi / 2 + r with whole q and |r| <= pi / 4; q modulo 4 says which of the sine and cosine of r it is, and its
 * sign. Up to FAR, r is x less q times pi / 2 in parts whose products are exact. Farther out, and where a double comes
 * so close to a multiple of pi / 2 that too few digits of r would be left, one lane at a time is multiplied by as many
 * digits of 2 / pi as decide. Source: Payne & Hanek 1983.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */

#define FAR 1048576.0                                            /* 2^20: q times 33 bits has no more than 53 */
#define HALF_PI 0x1.921fb54442d18p+0                             /* and what it lacks: */
#define HALF_PI_LOW 0x1.1a62633145c07p-54

/* The digits of 2 / pi behind the point, 64 bits a word. */
static const uint64_t two_over_pi[] = {
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
};

/* r of one number in two parts, and q modulo 4; nan of what is not finite. */
static __attribute__((noinline)) double far_rest(double x, double* low, double* quarters)
{
    *low = 0;
    *quarters = 0;
    if (!(fabs(x) <= DBL_MAX))
        return (double)NAN;
    int exponent;
    const uint64_t whole = (uint64_t)ldexp(frexp(fabs(x), &exponent), 53);
    exponent -= 53;                                              /* |x| = whole 2^exponent */
    /* Digits before word `first` give multiples of 4, those behind four words too little: the product is `digits`, of
     * which 256 - shift stand behind the point. */
    const int first = exponent < 2 ? 0 : (exponent - 2) / 64, shift = exponent - 64 * first;
    uint64_t digits[6] = {0};
    unsigned __int128 carry = 0;
    for (int i = 0; i < 4; i++) {
        carry += (unsigned __int128)whole * two_over_pi[first + 3 - i];
        digits[i] = (uint64_t)carry;
        carry >>= 64;
    }
    digits[4] = (uint64_t)carry;
    uint64_t word[3];                                            /* 2 bits before the point and 190 behind it */
    for (int i = 0; i < 3; i++) {
        const int place = 256 - shift + 2 - 64 * (i + 1), part = place % 64;
        word[i] = digits[place / 64] >> part | (part ? digits[place / 64 + 1] << (64 - part) : 0);
    }
    const uint64_t upper = word[0] << 2 | word[1] >> 62, lower = word[1] << 2 | word[2] >> 62;
    /* From a half on it is negative, for the next q. */
    const __int128 rest = (__int128)((unsigned __int128)upper << 64 | lower);
    const int q = (int)(word[0] >> 62) + (rest < 0);
    const double high = (double)rest * 0x1p-128, little = (double)(rest - (__int128)(double)rest) * 0x1p-128;
    const double r = high * HALF_PI;
    *low = fma(high, HALF_PI, -r) + (high * HALF_PI_LOW + little * HALF_PI);
    *quarters = x < 0 ? -q : q;
    if (x < 0)
        *low = -*low;
    return x < 0 ? -r : r;
}

/* r, in low what it lacks, and q, of which the last two bits count. */
INLINE V_f32 quarters_rest_f32(V_f32 x, V_f32* low, I_f32* quarters)
{
    const V_f64 magic = splat_f64(6755399441055744.0);          /* 1.5 * 2^52: adding it rounds to integers */
    const W_f32 wide = widen_f32(x);
    W_f32 q, r;
#define PART(half) \
    q.half = (wide.half * 0x1.45f306dc9c883p-1 + magic) - magic; \
    r.half = (wide.half - q.half * 0x1.921fb544p+0) - q.half * 0x1.0b4611a626331p-34;
    PART(low)
    PART(high)
#undef PART
    V_f32 near = narrow_f32(r), rest = narrow_f32(q);
    *low = narrow_f32((W_f32){r.low - widen_f32(near).low, r.high - widen_f32(near).high});
    const I_f32 hard = ~(I_f32)((V_f32)((I_f32)x & 0x7fffffff) <= (float)FAR);
    if (largest_f32(choose_f32(hard, splat_f32(1), splat_f32(0))) > 0)
        for (int i = 0; i < LANES_f32; i++)
            if (hard[i]) {
                double little, quarter;
                const double exact = far_rest(x[i], &little, &quarter);
                near[i] = (float)exact;
                (*low)[i] = (float)(exact - near[i]);
                rest[i] = (float)quarter;
            }
    *quarters = (I_f32)(rest + 12582912.0f);  /* 1.5 * 2^23: the last bits are the integer added to it */
    return near;
}

INLINE V_f64 quarters_rest_f64(V_f64 x, V_f64* low, I_f64* quarters)
{
    const V_f64 magic = splat_f64(6755399441055744.0);
    V_f64 q = (x * 0x1.45f306dc9c883p-1 + magic) - magic;
    const V_f64 first = x - q * 0x1.921fb544p+0, second = q * 0x1.0b4611a6p-34;     /* both exact */
    const V_f64 sum = first - second, back = sum - first;
    const V_f64 rest = ((first - (sum - back)) - (second + back)) - q * 0x1.3198a2e037073p-69;
    V_f64 r = sum + rest;
    *low = (sum - r) + rest;
    const V_f64 size = (V_f64)((I_f64)x & INT64_MAX);
    const I_f64 close = (I_f64)((V_f64)((I_f64)r & INT64_MAX) < 0x1p-20) & (I_f64)(size > 1);
    const I_f64 hard = close | ~(I_f64)(size <= FAR);
    if (largest_f64(choose_f64(hard, splat_f64(1), splat_f64(0))) > 0)
        for (int i = 0; i < LANES_f64; i++)
            if (hard[i]) {
                double little, quarter;
                r[i] = far_rest(x[i], &little, &quarter);
                (*low)[i] = little;
                q[i] = quarter;
            }
    *quarters = (I_f64)(q + magic);
    return r;
}
#undef FAR
#undef HALF_PI
#undef HALF_PI_LOW

/* (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 from r^2, |r| <= pi / 4: Chebyshev fits, in mpmath with 60
 * digits. They change no result by more than 1.3e-8 and 1.3e-17 of itself. */
INLINE V_f32 sine_bend_f32(V_f32 square)
{
    V_f32 p = splat_f32(-0.000195878657f);
    p = p * square + 0.00833274815f;
    return p * square - 0.166666647f;
}
INLINE V_f64 sine_bend_f64(V_f64 square)
{
    V_f64 p = splat_f64(1.59181152632659752e-10);
    p = p * square - 2.50511316502351815e-8;
    p = p * square + 2.75573161016178744e-6;
    p = p * square - 0.000198412698367567725;
    p = p * square + 0.00833333333333094729;
    return p * square - 0.166666666666666646;
}
INLINE V_f32 cosine_bend_f32(V_f32 square)
{
    V_f32 p = splat_f32(2.45479169e-5f);
    p = p * square - 0.00138883029f;
    return p * square + 0.0416666647f;
}
INLINE V_f64 cosine_bend_f64(V_f64 square)
{
    V_f64 p = splat_f64(-1.13826236474746046e-11);
    p = p * square + 2.08761461465586116e-9;
    p = p * square - 2.7557317271145146e-7;
    p = p * square + 0.0000248015872987645608;
    p = p * square - 0.00138888888888873965;
    return p * square + 0.0416666666666666654;
}

/* sin(x + turns pi / 2).  1 - r^2 / 2 is of two parts, and what r lacks counts, times the slope. */
#define SINE(SUFFIX, sign_place) \
    INLINE V_##SUFFIX sine_##SUFFIX(V_##SUFFIX x, int turns) \
    { \
        V_##SUFFIX low; \
        I_##SUFFIX quarters; \
        const V_##SUFFIX r = quarters_rest_##SUFFIX(x, &low, &quarters), square = r * r; \
        const V_##SUFFIX half = square / 2, most = 1 - half; \
        const V_##SUFFIX sine = r + (r * square * sine_bend_##SUFFIX(square) + low * most); \
        const V_##SUFFIX fourth = square * square * cosine_bend_##SUFFIX(square) - r * low; \
        const V_##SUFFIX cosine = most + (((1 - most) - half) + fourth); \
        const I_##SUFFIX turned = quarters + turns; \
        const V_##SUFFIX signless = choose_##SUFFIX((I_##SUFFIX)(x == 0), x, sine);      /* 0 keeps its sign */ \
        const V_##SUFFIX y = choose_##SUFFIX((turned & 1) != 0, cosine, signless); \
        return (V_##SUFFIX)((I_##SUFFIX)y ^ ((turned & 2) << sign_place)); \
    }
SINE(f32, 30)
SINE(f64, 62)
#undef SINE
