/* Functions of one number that are built of the exponential, for the dtype at hand; polynomials.h has their
 * polynomials.
 *
 * Max errors in ulps, over every 41st float and 24 million doubles, with the worst of the variants: tanh 1.72 and 1.74,
 * sigmoid 1.63 and 1.65, silu 3.10 and 2.98, mish 3.89 and 4.12, softplus 2.66 and 2.80, x times the normal
 * distribution 5.98 and 5.89.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */

INLINE V FN(sizes)(V x) { return (V)((I)x & ~(I)FN(splat)((T)-0.0)); }
INLINE V FN(signed_as)(V size, V x) { return (V)((I)size | ((I)x & (I)FN(splat)((T)-0.0))); }
INLINE V FN(at_most)(V x, V top) { return FN(choose)((I)(x > top), top, x); }       /* nan stays */
INLINE V FN(at_least)(V x, V least) { return FN(choose)((I)(x < least), least, x); }

/* exp(x + low) = p 2^n, for what ends in a product with small factors: that may then round once where it is denormal.
 * Numbers below LEAST are taken for it: their exponential is 0 even times 1000. */
#define LEAST (sizeof(T) == 4 ? (T)-120 : (T)-760)
INLINE V FN(exponential_parts)(V x, V low, V* n)
{
    V lost;
    const V least = FN(splat)(LEAST);
    const V r = FN(exponential_rest)(FN(at_least)(x, least), n, &lost) + FN(choose)((I)(x < least), FN(splat)(0), low);
    return (FN(exponential_bend)(r) * r + 1) * r + 1;
}

/* exp(x) - 1 for |x| <= 44: 2^n r + 2^n - 1, of which `high` rounds, and the rest. */
INLINE V FN(exponential_less_one)(V x)
{
    V n, lost;
    const V r = FN(exponential_rest)(x, &n, &lost), power = FN(times_power)(FN(splat)(1), n);
    const V base = power - 1, scaled = r * power, high = base + scaled;
    return high + ((scaled - (high - base)) + (FN(exponential_bend)(r) * (r * r) + lost) * power);
}

/* h / (h + 1) from it and h; h - h q is the same, and rounds once where h is small. */
INLINE V FN(refined)(V q, V h) { return FN(choose)((I)(h < (T)0.5), h - h * q, q); }

/* tanh |x| = h / (h + 1) for h = (exp(2 |x|) - 1) / 2; from 22 on it is 1. */
INLINE V FN(tanh_of)(V x)
{
    const V h = (T)0.5 * FN(exponential_less_one)(2 * FN(at_most)(FN(sizes)(x), FN(splat)(22)));
    return FN(signed_as)(FN(refined)(h / (h + 1), h), x);
}

/* 1 / (1 + exp(-x)) = e / (e + 1) for e = exp(x). Where x > 0, exp(-x) is at hand, which never overflows. */
INLINE V FN(sigmoid_of)(V x)
{
    V n, lost;
    const V negative = FN(at_least)((V)((I)x | (I)FN(splat)((T)-0.0)), FN(splat)(LEAST)), one = FN(splat)(1);
    const V r = FN(exponential_rest)(negative, &n, &lost), high = 1 + r;
    const V e = FN(times_power)(high + ((r - (high - 1)) + (FN(exponential_bend)(r) * (r * r) + lost)), n);
    const V share = FN(choose)((I)(x < 0), e, one) / (e + 1);
    return FN(choose)((I)(x < 0), FN(refined)(share, e), share);
}

/* x sigmoid(x), 0 at -inf. */
INLINE V FN(silu_of)(V x)
{
    V n;
    const V none = {0}, e = FN(exponential_parts)((V)((I)x | (I)FN(splat)((T)-0.0)), none, &n);
    const V share = FN(at_least)(x, FN(splat)(LEAST)) / (1 + FN(times_power)(e, n));
    return FN(choose)((I)(x < 0), FN(times_power)(share * e, n), share);
}

/* x tanh(log(1 + exp(x))), 0 at -inf.  With e = exp(x) the hyperbolic tangent is e (e + 2) / (e (e + 2) + 2); where x
 * > 0, both are over e^2. */
INLINE V FN(mish_of)(V x)
{
    V n;
    const V none = {0}, p = FN(exponential_parts)((V)((I)x | (I)FN(splat)((T)-0.0)), none, &n);
    const V e = FN(times_power)(p, n);
    const V bottom = FN(choose)((I)(x < 0), e * (e + 2) + 2, 2 * e * (e + 1) + 1);
    const V share = FN(at_least)(x, FN(splat)(LEAST)) * FN(choose)((I)(x < 0), e + 2, 2 * e + 1) / bottom;
    return FN(choose)((I)(x < 0), FN(times_power)(share * p, n), share);
}

/* log(1 + exp(x)) = max(x, 0) + 2 artanh(s), s = e / (e + 2) <= 1/3, e = exp(-|x|). */
INLINE V FN(softplus_of)(V x)
{
    const V e = FN(exponential)((V)((I)x | (I)FN(splat)((T)-0.0))), s = e / (e + 2), square = s * s;
    const V logarithm = 2 * s + 2 * s * (square * FN(artanh_bend)(square));
    return FN(choose)((I)(x > 0), x, FN(splat)(0)) + logarithm;
}

/* exp(-x^2 / 2) = p 2^n.  The square is of two parts, the first one exact, for its error would be multiplied by
 * itself. */
INLINE V FN(bell_parts)(V size, V* n)
{
    const V high = FN(upper_half)(size);
    return FN(exponential_parts)((T)-0.5 * high * high, (T)-0.5 * (size - high) * (size + high), n);
}

/* The normal distribution below x: the tail below -|x| is exp(-x^2 / 2) times a smooth function of |x|.
 * Gives `factor` times it, which may be x itself, so that the smallest results round once. */
INLINE V FN(normal_cdf_times)(V x, V factor, V* bell)
{
    V n;
    const V size = FN(at_most)(FN(sizes)(x), FN(splat)(sizeof(T) == 4 ? (T)16 : (T)40));
    const V p = FN(bell_parts)(size, &n), tail = FN(mills_ratio)(size);
    *bell = FN(times_power)(p, n);
    return FN(choose)((I)(x < 0), FN(times_power)(factor * tail * p, n), factor * (1 - tail * *bell));
}
#undef LEAST
