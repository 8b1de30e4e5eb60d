/* A vector as doubles, in which sums are kept; and one number from all lanes.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */
#ifndef FN_WIDE_H
#define FN_WIDE_H

#include "simd.h"

/* A vector of float as two of double, low lanes first, and back: sums are kept in double. */
typedef struct { V_f64 low, high; } W_f32;
typedef V_f64 W_f64;

/* The compilers' own conversion of half a vector is split in pieces or goes through memory: three times as slow. */
#if defined(__AVX512F__)
INLINE W_f32 widen_f32(V_f32 v)
{
    return (W_f32){(V_f64)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)v)),
                   (V_f64)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)v, 1))};
}
INLINE V_f32 narrow_f32(W_f32 w)
{
    const __m512 low = _mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)w.low));
    return (V_f32)_mm512_insertf32x8(low, _mm512_cvtpd_ps((__m512d)w.high), 1);
}
#elif defined(__AVX2__)
INLINE W_f32 widen_f32(V_f32 v)
{
    return (W_f32){(V_f64)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)),
                   (V_f64)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1))};
}
INLINE V_f32 narrow_f32(W_f32 w)
{
    const __m256 low = _mm256_castps128_ps256(_mm256_cvtpd_ps((__m256d)w.low));
    return (V_f32)_mm256_insertf128_ps(low, _mm256_cvtpd_ps((__m256d)w.high), 1);
}
#elif defined(__SSE2__)
INLINE W_f32 widen_f32(V_f32 v)
{
    return (W_f32){(V_f64)_mm_cvtps_pd((__m128)v), (V_f64)_mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v))};
}
INLINE V_f32 narrow_f32(W_f32 w)
{
    return (V_f32)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)w.low), _mm_cvtpd_ps((__m128d)w.high));
}
#else
typedef float half_f32 __attribute__((vector_size(VECTOR_BYTES / 2)));
INLINE W_f32 widen_f32(V_f32 v)
{
    union { V_f32 whole; half_f32 half[2]; } u = {v};
    return (W_f32){__builtin_convertvector(u.half[0], V_f64), __builtin_convertvector(u.half[1], V_f64)};
}
INLINE V_f32 narrow_f32(W_f32 w)
{
    union { V_f32 whole; half_f32 half[2]; } u;
    u.half[0] = __builtin_convertvector(w.low, half_f32);
    u.half[1] = __builtin_convertvector(w.high, half_f32);
    return u.whole;
}
#endif
INLINE W_f32 wide_load_f32(const double* p) { return (W_f32){load_f64(p), load_f64(p + LANES_f64)}; }
INLINE void wide_store_f32(double* p, W_f32 w) { store_f64(p, w.low); store_f64(p + LANES_f64, w.high); }
INLINE W_f32 wide_add_f32(W_f32 a, W_f32 b) { return (W_f32){a.low + b.low, a.high + b.high}; }
INLINE W_f32 wide_subtract_f32(W_f32 a, W_f32 b) { return (W_f32){a.low - b.low, a.high - b.high}; }
INLINE W_f32 wide_scale_f32(W_f32 a, double factor) { return (W_f32){a.low * factor, a.high * factor}; }
INLINE W_f32 wide_multiply_add_f32(W_f32 sum, W_f32 a, W_f32 b)
{
    return (W_f32){sum.low + a.low * b.low, sum.high + a.high * b.high};
}

INLINE W_f64 widen_f64(V_f64 v) { return v; }
INLINE V_f64 narrow_f64(W_f64 w) { return w; }
INLINE W_f64 wide_load_f64(const double* p) { return load_f64(p); }
INLINE void wide_store_f64(double* p, W_f64 w) { store_f64(p, w); }
INLINE W_f64 wide_add_f64(W_f64 a, W_f64 b) { return a + b; }
INLINE W_f64 wide_subtract_f64(W_f64 a, W_f64 b) { return a - b; }
INLINE W_f64 wide_scale_f64(W_f64 a, double factor) { return a * factor; }
INLINE W_f64 wide_multiply_add_f64(W_f64 sum, W_f64 a, W_f64 b) { return sum + a * b; }

/* One number from all lanes. */
#if defined(__AVX512F__)
INLINE float largest_f32(V_f32 v) { return _mm512_reduce_max_ps((__m512)v); }
INLINE double largest_f64(V_f64 v) { return _mm512_reduce_max_pd((__m512d)v); }
INLINE double wide_sum_f64(W_f64 w) { return _mm512_reduce_add_pd((__m512d)w); }
#elif defined(__AVX2__)
INLINE float largest_f32(V_f32 v)
{
    __m128 x = _mm_max_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}
INLINE double largest_f64(V_f64 v)
{
    const __m128d x = _mm_max_pd(_mm256_castpd256_pd128((__m256d)v), _mm256_extractf128_pd((__m256d)v, 1));
    return _mm_cvtsd_f64(_mm_max_sd(x, _mm_unpackhi_pd(x, x)));
}
INLINE double wide_sum_f64(W_f64 w)
{
    const __m128d x = _mm_add_pd(_mm256_castpd256_pd128((__m256d)w), _mm256_extractf128_pd((__m256d)w, 1));
    return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
}
#else
INLINE float largest_f32(V_f32 v)
{
    float x = v[0];
    for (int i = 1; i < LANES_f32; i++)
        x = v[i] > x ? v[i] : x;
    return x;
}
INLINE double largest_f64(V_f64 v)
{
    double x = v[0];
    for (int i = 1; i < LANES_f64; i++)
        x = v[i] > x ? v[i] : x;
    return x;
}
INLINE double wide_sum_f64(W_f64 w)
{
    double sum = w[0];
    for (int i = 1; i < LANES_f64; i++)
        sum += w[i];
    return sum;
}
#endif
INLINE double wide_sum_f32(W_f32 w) { return wide_sum_f64(w.low + w.high); }

#endif
