/* Vectors by the compiler's vector extensions: the same text gives SSE2, AVX2, AVX-512 and NEON.
 *
 * Intrinsics stand here alone, where the extensions have no word or a slow one: the square root, float to double and
 * back, and, on AVX-512, partial loads and stores. Suffixes _f32 and _f64 say the dtype; dtype.h gives the kernels their T, V, W and I of the dtype at hand. */
#ifndef FN_SIMD_H
#define FN_SIMD_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX2__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif

#define INLINE static inline __attribute__((always_inline, unused))
#define UNUSED __attribute__((unused))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")       /* it takes gcc's for a hint, and keeps the sums in memory */
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* Name a kernel file's function for the dtype at hand. */
#define FN_JOIN(name, suffix) name##_##suffix
#define FN_EXPAND(name, suffix) FN_JOIN(name, suffix)
#define FN(name) FN_EXPAND(name, SUFFIX)

enum { LANES_f32 = VECTOR_BYTES / 4, LANES_f64 = VECTOR_BYTES / 8 };

typedef float V_f32 __attribute__((vector_size(VECTOR_BYTES)));
typedef double V_f64 __attribute__((vector_size(VECTOR_BYTES)));
typedef float VU_f32 __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));     /* anywhere in memory */
typedef double VU_f64 __attribute__((vector_size(VECTOR_BYTES), aligned(8), may_alias));
typedef int32_t I_f32 __attribute__((vector_size(VECTOR_BYTES)));                            /* what a comparison gives */
typedef int64_t I_f64 __attribute__((vector_size(VECTOR_BYTES)));

INLINE V_f32 load_f32(const float* p) { return *(const VU_f32*)p; }
INLINE V_f64 load_f64(const double* p) { return *(const VU_f64*)p; }
INLINE void store_f32(float* p, V_f32 v) { *(VU_f32*)p = v; }
INLINE void store_f64(double* p, V_f64 v) { *(VU_f64*)p = v; }
INLINE V_f32 splat_f32(float x) { return x - (V_f32){0}; }
INLINE V_f64 splat_f64(double x) { return x - (V_f64){0}; }

/* max(0, x), nan where x is nan; and x where y > 0, else 0. */
#if defined(__AVX512F__)
INLINE V_f32 positive_f32(V_f32 x) { return (V_f32)_mm512_max_ps(_mm512_setzero_ps(), (__m512)x); }
INLINE V_f64 positive_f64(V_f64 x) { return (V_f64)_mm512_max_pd(_mm512_setzero_pd(), (__m512d)x); }
INLINE V_f32 where_positive_f32(V_f32 x, V_f32 y)
{
    return (V_f32)_mm512_maskz_mov_ps(_mm512_cmp_ps_mask((__m512)y, _mm512_setzero_ps(), _CMP_GT_OQ), (__m512)x);
}
INLINE V_f64 where_positive_f64(V_f64 x, V_f64 y)
{
    return (V_f64)_mm512_maskz_mov_pd(_mm512_cmp_pd_mask((__m512d)y, _mm512_setzero_pd(), _CMP_GT_OQ), (__m512d)x);
}
#else
INLINE V_f32 positive_f32(V_f32 x) { return (V_f32)((I_f32)x & ~(I_f32)(x < 0)); }
INLINE V_f64 positive_f64(V_f64 x) { return (V_f64)((I_f64)x & ~(I_f64)(x < 0)); }
INLINE V_f32 where_positive_f32(V_f32 x, V_f32 y) { return (V_f32)((I_f32)x & (I_f32)(y > 0)); }
INLINE V_f64 where_positive_f64(V_f64 x, V_f64 y) { return (V_f64)((I_f64)x & (I_f64)(y > 0)); }
#endif

/* Lane by lane: yes where the condition holds, else no. */
INLINE V_f32 choose_f32(I_f32 condition, V_f32 yes, V_f32 no) { return (V_f32)(((I_f32)yes & condition) | ((I_f32)no & ~condition)); }
INLINE V_f64 choose_f64(I_f64 condition, V_f64 yes, V_f64 no) { return (V_f64)(((I_f64)yes & condition) | ((I_f64)no & ~condition)); }

/* The condition that holds in lane number `lane`, and nowhere where there is no such lane. */
INLINE I_f32 lane_is_f32(ptrdiff_t lane)
{
    I_f32 numbers = {0};
    for (int i = 0; i < LANES_f32; i++)
        numbers[i] = i;
    return numbers == (int32_t)lane;
}
INLINE I_f64 lane_is_f64(ptrdiff_t lane)
{
    I_f64 numbers = {0};
    for (int i = 0; i < LANES_f64; i++)
        numbers[i] = i;
    return numbers == (int64_t)lane;
}

/* The first lanes of a vector from and to memory, lanes < LANES; the other lanes are not touched, and read as 0
 * or, with load_filled (lanes <= LANES), as what it is told. */
#if defined(__AVX512F__)
INLINE V_f32 load_part_f32(const float* p, ptrdiff_t lanes) { return (V_f32)_mm512_maskz_loadu_ps((1u << lanes) - 1, p); }
INLINE V_f64 load_part_f64(const double* p, ptrdiff_t lanes) { return (V_f64)_mm512_maskz_loadu_pd((1u << lanes) - 1, p); }
INLINE void store_part_f32(float* p, V_f32 v, ptrdiff_t lanes) { _mm512_mask_storeu_ps(p, (1u << lanes) - 1, (__m512)v); }
INLINE void store_part_f64(double* p, V_f64 v, ptrdiff_t lanes) { _mm512_mask_storeu_pd(p, (1u << lanes) - 1, (__m512d)v); }
INLINE V_f32 load_filled_f32(const float* p, ptrdiff_t lanes, float fill)
{
    return (V_f32)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), (1u << lanes) - 1, p);
}
INLINE V_f64 load_filled_f64(const double* p, ptrdiff_t lanes, double fill)
{
    return (V_f64)_mm512_mask_loadu_pd(_mm512_set1_pd(fill), (1u << lanes) - 1, p);
}
#else
#define FN_PARTS(T, SUFFIX) \
    INLINE V_##SUFFIX load_filled_##SUFFIX(const T* p, ptrdiff_t lanes, T fill) \
    { \
        V_##SUFFIX v = splat_##SUFFIX(fill); \
        for (ptrdiff_t i = 0; i < lanes; i++) \
            v[i] = p[i]; \
        return v; \
    } \
    INLINE V_##SUFFIX load_part_##SUFFIX(const T* p, ptrdiff_t lanes) \
    { \
        V_##SUFFIX v = {0}; \
        for (ptrdiff_t i = 0; i < lanes; i++) \
            v[i] = p[i]; \
        return v; \
    } \
    INLINE void store_part_##SUFFIX(T* p, V_##SUFFIX v, ptrdiff_t lanes) \
    { \
        for (ptrdiff_t i = 0; i < lanes; i++) \
            p[i] = v[i]; \
    }
FN_PARTS(float, f32)
FN_PARTS(double, f64)
#endif

/* The last vector of a row: lanes of it, 1 <= lanes <= LANES. */
INLINE V_f32 load_edge_f32(const float* p, ptrdiff_t lanes) { return lanes == LANES_f32 ? load_f32(p) : load_part_f32(p, lanes); }
INLINE V_f64 load_edge_f64(const double* p, ptrdiff_t lanes) { return lanes == LANES_f64 ? load_f64(p) : load_part_f64(p, lanes); }
INLINE void store_edge_f32(float* p, V_f32 v, ptrdiff_t lanes)
{
    if (lanes == LANES_f32)
        store_f32(p, v);
    else
        store_part_f32(p, v, lanes);
}
INLINE void store_edge_f64(double* p, V_f64 v, ptrdiff_t lanes)
{
    if (lanes == LANES_f64)
        store_f64(p, v);
    else
        store_part_f64(p, v, lanes);
}
INLINE V_f32 load_edge_filled_f32(const float* p, ptrdiff_t lanes, float fill)
{
    return lanes == LANES_f32 ? load_f32(p) : load_filled_f32(p, lanes, fill);
}
INLINE V_f64 load_edge_filled_f64(const double* p, ptrdiff_t lanes, double fill)
{
    return lanes == LANES_f64 ? load_f64(p) : load_filled_f64(p, lanes, fill);
}

/* A vector of float as two of double, low lanes first, and back: sums are kept in double. */
typedef struct { V_f64 low, high; } W_f32;
typedef V_f64 W_f64;

/* The compilers' own conversion of half a vector is split in pieces or goes through memory: three times as slow. */
#if defined(__AVX512F__)
INLINE W_f32 widen_f32(V_f32 v)
{
    return (W_f32){(V_f64)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)v)), (V_f64)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)v, 1))};
}
INLINE V_f32 narrow_f32(W_f32 w)
{
    const __m512 low = _mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)w.low));
    return (V_f32)_mm512_insertf32x8(low, _mm512_cvtpd_ps((__m512d)w.high), 1);
}
#elif defined(__AVX2__)
INLINE W_f32 widen_f32(V_f32 v)
{
    return (W_f32){(V_f64)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)), (V_f64)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1))};
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
INLINE V_f32 narrow_f32(W_f32 w) { return (V_f32)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)w.low), _mm_cvtpd_ps((__m128d)w.high)); }
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
INLINE W_f32 wide_multiply_add_f32(W_f32 sum, W_f32 a, W_f32 b) { return (W_f32){sum.low + a.low * b.low, sum.high + a.high * b.high}; }

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

/* sum += x y. On AVX2 the instruction itself: where sums fill the registers, gcc takes others of its forms, which move them. */
#if defined(__AVX2__) && !defined(__AVX512F__)
INLINE void multiply_add_f32(V_f32* sum, V_f32 x, V_f32 y) { __asm__("vfmadd231ps %2, %1, %0" : "+x"(*sum) : "x"(x), "x"(y)); }
INLINE void multiply_add_f64(V_f64* sum, V_f64 x, V_f64 y) { __asm__("vfmadd231pd %2, %1, %0" : "+x"(*sum) : "x"(x), "x"(y)); }
#else
INLINE void multiply_add_f32(V_f32* sum, V_f32 x, V_f32 y) { *sum += x * y; }
INLINE void multiply_add_f64(V_f64* sum, V_f64 x, V_f64 y) { *sum += x * y; }
#endif

/* Square roots, correctly rounded. */
#if defined(__AVX512F__)
INLINE V_f32 root_f32(V_f32 v) { return (V_f32)_mm512_sqrt_ps((__m512)v); }
INLINE V_f64 root_f64(V_f64 v) { return (V_f64)_mm512_sqrt_pd((__m512d)v); }
#elif defined(__AVX2__)
INLINE V_f32 root_f32(V_f32 v) { return (V_f32)_mm256_sqrt_ps((__m256)v); }
INLINE V_f64 root_f64(V_f64 v) { return (V_f64)_mm256_sqrt_pd((__m256d)v); }
#elif defined(__SSE2__)
INLINE V_f32 root_f32(V_f32 v) { return (V_f32)_mm_sqrt_ps((__m128)v); }
INLINE V_f64 root_f64(V_f64 v) { return (V_f64)_mm_sqrt_pd((__m128d)v); }
#else
INLINE V_f32 root_f32(V_f32 v) { for (int i = 0; i < LANES_f32; i++) v[i] = sqrtf(v[i]); return v; }
INLINE V_f64 root_f64(V_f64 v) { for (int i = 0; i < LANES_f64; i++) v[i] = sqrt(v[i]); return v; }
#endif

/* p 2^n for whole n, rounded once; n holds small integers. */
#if defined(__AVX512F__)
INLINE V_f32 times_power_f32(V_f32 p, V_f32 n) { return (V_f32)_mm512_scalef_ps((__m512)p, (__m512)n); }
INLINE V_f64 times_power_f64(V_f64 p, V_f64 n) { return (V_f64)_mm512_scalef_pd((__m512d)p, (__m512d)n); }
#else
/* 2^n in two factors that are both normal numbers, so that only the last product rounds. */
INLINE V_f32 times_power_f32(V_f32 p, V_f32 n)
{
    const I_f32 whole = __builtin_convertvector(n, I_f32), half = whole >> 1;
    return p * (V_f32)((half + 127) << 23) * (V_f32)((whole - half + 127) << 23);
}
INLINE V_f64 times_power_f64(V_f64 p, V_f64 n)
{
    const double magic = 6755399441055744.0;                    /* its last bits are the integer added to it */
    const I_f64 whole = (I_f64)(n + magic) - (I_f64)splat_f64(magic), half = whole >> 1;
    return p * (V_f64)((half + 1023) << 52) * (V_f64)((whole - half + 1023) << 52);
}
#endif

/* The products of the low 32 bits of each 64-bit lane. */
typedef uint64_t U64 __attribute__((vector_size(VECTOR_BYTES)));
#if defined(__AVX512F__)
INLINE U64 multiply_low_words(U64 a, U64 b) { return (U64)_mm512_mul_epu32((__m512i)a, (__m512i)b); }
#elif defined(__AVX2__)
INLINE U64 multiply_low_words(U64 a, U64 b) { return (U64)_mm256_mul_epu32((__m256i)a, (__m256i)b); }
#elif defined(__SSE2__)
INLINE U64 multiply_low_words(U64 a, U64 b) { return (U64)_mm_mul_epu32((__m128i)a, (__m128i)b); }
#else
INLINE U64 multiply_low_words(U64 a, U64 b) { return (a & 0xffffffff) * (b & 0xffffffff); }
#endif

#endif
