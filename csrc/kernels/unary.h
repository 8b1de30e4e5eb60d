/* Functions of single numbers, forward and backward: FN(name_value)(x, p, q) and its slope FN(name_slope)(x, y, p,
 * q).
 *
 * Contract: list.h. Public by fastnorm/kernels: unary.pyx. */

typedef V (*FN(unary_value))(V x, V p, V q);
typedef V (*FN(unary_slope))(V x, V y, V p, V q);

INLINE void FN(unary_forward)(const T* x, ptrdiff_t ldx, ptrdiff_t n, ptrdiff_t c, double p, double q, T* y,
                              ptrdiff_t ldy, FN(unary_value) value)
{
    const V first = FN(splat)((T)p), second = FN(splat)((T)q);
    const ptrdiff_t rows = ldx == c && ldy == c ? 1 : n, columns = c * (n / rows);  /* rows without gaps are one */
    for (ptrdiff_t i = 0; i < rows; i++, x += ldx, y += ldy)
        FOR_ROW_VECTORS (j, lanes, columns)
            FN(store_edge)(y + j, value(FN(load_edge)(x + j, lanes), first, second), lanes);
}

INLINE void FN(unary_backward)(const T* dy, ptrdiff_t lddy, const T* x, ptrdiff_t ldx, const T* y, ptrdiff_t ldy,
                               ptrdiff_t n, ptrdiff_t c, double p, double q, T* dx, ptrdiff_t lddx,
                               FN(unary_slope) slope)
{
    const V first = FN(splat)((T)p), second = FN(splat)((T)q);
    const ptrdiff_t rows = lddy == c && ldx == c && ldy == c && lddx == c ? 1 : n, columns = c * (n / rows);
    for (ptrdiff_t i = 0; i < rows; i++, dy += lddy, x += ldx, y += ldy, dx += lddx)
        FOR_ROW_VECTORS (j, lanes, columns) {
            const V slopes = slope(FN(load_edge)(x + j, lanes), FN(load_edge)(y + j, lanes), first, second);
            FN(store_edge)(dx + j, FN(load_edge)(dy + j, lanes) * slopes, lanes);
        }
}

INLINE V FN(exp_value)(V x, UNUSED V p, UNUSED V q) { return FN(exponential_of_all)(x); }
INLINE V FN(exp_slope)(UNUSED V x, V y, UNUSED V p, UNUSED V q) { return y; }

INLINE V FN(log_value)(V x, UNUSED V p, UNUSED V q) { return FN(logarithm)(x); }
INLINE V FN(log_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q) { return 1 / x; }

INLINE V FN(sqrt_value)(V x, UNUSED V p, UNUSED V q) { return FN(root)(x); }
INLINE V FN(sqrt_slope)(UNUSED V x, V y, UNUSED V p, UNUSED V q) { return (T)0.5 / y; }

INLINE V FN(sin_value)(V x, UNUSED V p, UNUSED V q) { return FN(sine)(x, 0); }
INLINE V FN(sin_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q) { return FN(sine)(x, 1); }

INLINE V FN(cos_value)(V x, UNUSED V p, UNUSED V q) { return FN(sine)(x, 1); }
INLINE V FN(cos_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q) { return FN(sine)(x, 2); }

INLINE V FN(abs_value)(V x, UNUSED V p, UNUSED V q) { return FN(sizes)(x); }
INLINE V FN(abs_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q)
{
    return FN(choose)((I)(x > 0) | (I)(x < 0), FN(signed_as)(FN(splat)(1), x), x);          /* 0 and nan stay */
}

INLINE V FN(tanh_value)(V x, UNUSED V p, UNUSED V q) { return FN(tanh_of)(x); }
INLINE V FN(tanh_slope)(UNUSED V x, V y, UNUSED V p, UNUSED V q) { return (1 - y) * (1 + y); }

INLINE V FN(sigmoid_value)(V x, UNUSED V p, UNUSED V q) { return FN(sigmoid_of)(x); }
INLINE V FN(sigmoid_slope)(UNUSED V x, V y, UNUSED V p, UNUSED V q) { return y * (1 - y); }

INLINE V FN(leaky_relu_value)(V x, V slope, UNUSED V q) { return FN(choose)((I)(x > 0), x, x * slope); }
INLINE V FN(leaky_relu_slope)(V x, UNUSED V y, V slope, UNUSED V q)
{
    return FN(choose)((I)(x > 0), FN(splat)(1), slope);
}

INLINE V FN(elu_value)(V x, V alpha, UNUSED V q)
{
    const V below = alpha * FN(exponential_less_one)(FN(at_least)(x, FN(splat)(-44)));      /* there it is -alpha */
    return FN(choose)((I)(x < 0), below, x);
}
INLINE V FN(elu_slope)(V x, UNUSED V y, V alpha, UNUSED V q)
{
    return FN(choose)((I)(x > 0), FN(splat)(1), alpha * FN(exponential)(FN(at_most)(x, FN(splat)(0))));
}

/* The scale above 0, and its product with alpha below: they keep normally distributed numbers of mean 0 and variance 1
 * so. */
#define SELU_ABOVE (T)1.0507009873554804934
#define SELU_BELOW (T)1.7580993408473768599
INLINE V FN(selu_value)(V x, UNUSED V p, UNUSED V q)
{
    const V below = SELU_BELOW * FN(exponential_less_one)(FN(at_least)(x, FN(splat)(-44)));
    return FN(choose)((I)(x < 0), below, SELU_ABOVE * x);
}
INLINE V FN(selu_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q)
{
    const V below = SELU_BELOW * FN(exponential)(FN(at_most)(x, FN(splat)(0)));
    return FN(choose)((I)(x > 0), FN(splat)(SELU_ABOVE), below);
}
#undef SELU_ABOVE
#undef SELU_BELOW

INLINE V FN(gelu_value)(V x, UNUSED V p, UNUSED V q)
{
    V bell;
    return FN(normal_cdf_times)(x, FN(at_least)(x, FN(splat)(-40)), &bell);
}
INLINE V FN(gelu_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q)
{
    V bell;
    const V below = FN(normal_cdf_times)(x, FN(splat)(1), &bell);
    const V size = FN(at_most)(FN(sizes)(x), FN(splat)(40));
    return below + FN(signed_as)(size, x) * bell * (T)0.39894228040143267794;               /* 1 / sqrt(2 pi) */
}

INLINE V FN(silu_value)(V x, UNUSED V p, UNUSED V q) { return FN(silu_of)(x); }
INLINE V FN(silu_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q)
{
    const V size = FN(sizes)(x), less = FN(sigmoid_of)(-size), more = 1 - less;
    const V near = FN(at_most)(size, FN(splat)(1000));
    return FN(choose)((I)(x < 0), less * (1 - near * more), more * (1 + near * less));
}

INLINE V FN(softplus_value)(V x, UNUSED V p, UNUSED V q) { return FN(softplus_of)(x); }
INLINE V FN(softplus_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q) { return FN(sigmoid_of)(x); }

INLINE V FN(mish_value)(V x, UNUSED V p, UNUSED V q) { return FN(mish_of)(x); }
INLINE V FN(mish_slope)(V x, UNUSED V y, UNUSED V p, UNUSED V q)
{
    const V size = FN(sizes)(x), e = FN(exponential)(-size);
    const V near = FN(signed_as)(FN(at_most)(size, FN(splat)(1000)), x);
    const V bottom = FN(choose)((I)(x < 0), e * (e + 2) + 2, 2 * e * (e + 1) + 1);          /* as in mish_of */
    const V share = FN(choose)((I)(x < 0), e * (e + 2), 2 * e + 1), fall = FN(choose)((I)(x < 0), e, e * e);
    return (share + 4 * near * fall * (e + 1) / bottom) / bottom;
}

INLINE V FN(clip_value)(V x, V low, V high)
{
    return FN(at_most)(FN(at_least)(x, low), high);
}
INLINE V FN(clip_slope)(V x, UNUSED V y, V low, V high)
{
    return FN(choose)((I)(x >= low) & (I)(x <= high), FN(splat)(1), FN(splat)(0));
}

/* The two kernels of a function. */
#define UNARY(name) \
    static void FN(name##_forward)(FN_UNARY_FORWARD) \
    { FN(unary_forward)(x, ldx, n, c, p, q, y, ldy, FN(name##_value)); } \
    static void FN(name##_backward)(FN_UNARY_BACKWARD) \
    { FN(unary_backward)(dy, lddy, x, ldx, y, ldy, n, c, p, q, dx, lddx, FN(name##_slope)); }
#define FN_UNARY(name) UNARY(name)
#include "list.h"
#undef UNARY
