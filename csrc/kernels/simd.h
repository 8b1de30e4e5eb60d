/* Vectors by the compiler's vector extensions: the same text gives SSE2, AVX2, AVX-512 and NEON.
 *
 * Intrinsics stand in this file, edges.h and wide.h alone, where the extensions have no word or a slow one. Suffixes
 * _f32 and _f64 say the dtype; dtype.h gives the kernels their T, V, W and I of the dtype at hand.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */
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

enum { LINE_BYTES = 64 };                              /* what a cache fetches at once */

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
typedef int32_t I_f32 __attribute__((vector_size(VECTOR_BYTES)));  /* what a comparison gives */
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
#if defined(__AVX2__)
INLINE V_f32 positive_f32(V_f32 x) { return (V_f32)_mm256_max_ps(_mm256_setzero_ps(), (__m256)x); }
INLINE V_f64 positive_f64(V_f64 x) { return (V_f64)_mm256_max_pd(_mm256_setzero_pd(), (__m256d)x); }
#else
INLINE V_f32 positive_f32(V_f32 x) { return (V_f32)((I_f32)x & ~(I_f32)(x < 0)); }
INLINE V_f64 positive_f64(V_f64 x) { return (V_f64)((I_f64)x & ~(I_f64)(x < 0)); }
#endif
INLINE V_f32 where_positive_f32(V_f32 x, V_f32 y) { return (V_f32)((I_f32)x & (I_f32)(y > 0)); }
INLINE V_f64 where_positive_f64(V_f64 x, V_f64 y) { return (V_f64)((I_f64)x & (I_f64)(y > 0)); }
#endif

/* Lane by lane: yes where the condition holds, else no; and a where a > b, else b. */
#if defined(__AVX2__) && !defined(__AVX512F__)
INLINE V_f32 choose_f32(I_f32 condition, V_f32 yes, V_f32 no)
{
    return (V_f32)_mm256_blendv_ps((__m256)no, (__m256)yes, (__m256)condition);
}
INLINE V_f64 choose_f64(I_f64 condition, V_f64 yes, V_f64 no)
{
    return (V_f64)_mm256_blendv_pd((__m256d)no, (__m256d)yes, (__m256d)condition);
}
INLINE V_f32 larger_f32(V_f32 a, V_f32 b) { return (V_f32)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE V_f64 larger_f64(V_f64 a, V_f64 b) { return (V_f64)_mm256_max_pd((__m256d)a, (__m256d)b); }
#else
INLINE V_f32 choose_f32(I_f32 condition, V_f32 yes, V_f32 no)
{
    return (V_f32)(((I_f32)yes & condition) | ((I_f32)no & ~condition));
}
INLINE V_f64 choose_f64(I_f64 condition, V_f64 yes, V_f64 no)
{
    return (V_f64)(((I_f64)yes & condition) | ((I_f64)no & ~condition));
}
INLINE V_f32 larger_f32(V_f32 a, V_f32 b) { return choose_f32((I_f32)(a > b), a, b); }
INLINE V_f64 larger_f64(V_f64 a, V_f64 b) { return choose_f64((I_f64)(a > b), a, b); }
#endif

/* sum += x y. On AVX2 the instruction itself: where sums fill the registers, gcc takes others of its forms, which move
 * them. */
#if defined(__AVX2__) && !defined(__AVX512F__)
INLINE void multiply_add_f32(V_f32* sum, V_f32 x, V_f32 y)
{
    __asm__("vfmadd231ps %2, %1, %0" : "+x"(*sum) : "x"(x), "x"(y));
}
INLINE void multiply_add_f64(V_f64* sum, V_f64 x, V_f64 y)
{
    __asm__("vfmadd231pd %2, %1, %0" : "+x"(*sum) : "x"(x), "x"(y));
}
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
INLINE V_f32 times_power_down_f32(V_f32 p, V_f32 n) { return times_power_f32(p, n); }
INLINE V_f64 times_power_down_f64(V_f64 p, V_f64 n) { return times_power_f64(p, n); }
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
/* The same for n <= 0 alone, in a third of the steps: as 2^(n + 64) and 2^-64, or 2^(n + 512) and 2^-512. Added to the
 * magic number, an integer with the exponent's bias is its last bits. */
INLINE V_f32 times_power_down_f32(V_f32 p, V_f32 n)
{
    return p * (V_f32)((I_f32)(n + (12582912.0f + 127 + 64)) << 23) * 0x1p-64f;
}
INLINE V_f64 times_power_down_f64(V_f64 p, V_f64 n)
{
    return p * (V_f64)((I_f64)(n + (6755399441055744.0 + 1023 + 512)) << 52) * 0x1p-512;
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
