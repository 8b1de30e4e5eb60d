/* Parts of a vector: one lane, and the first lanes from and to memory, where a row ends.
 *
 * Part of kernels whose contracts are in list.h; here each function says its own. */
#ifndef FN_EDGES_H
#define FN_EDGES_H

#include "simd.h"

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
INLINE V_f32 load_part_f32(const float* p, ptrdiff_t lanes)
{
    return (V_f32)_mm512_maskz_loadu_ps((1u << lanes) - 1, p);
}
INLINE V_f64 load_part_f64(const double* p, ptrdiff_t lanes)
{
    return (V_f64)_mm512_maskz_loadu_pd((1u << lanes) - 1, p);
}
INLINE void store_part_f32(float* p, V_f32 v, ptrdiff_t lanes)
{
    _mm512_mask_storeu_ps(p, (1u << lanes) - 1, (__m512)v);
}
INLINE void store_part_f64(double* p, V_f64 v, ptrdiff_t lanes)
{
    _mm512_mask_storeu_pd(p, (1u << lanes) - 1, (__m512d)v);
}
INLINE V_f32 load_filled_f32(const float* p, ptrdiff_t lanes, float fill)
{
    return (V_f32)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), (1u << lanes) - 1, p);
}
INLINE V_f64 load_filled_f64(const double* p, ptrdiff_t lanes, double fill)
{
    return (V_f64)_mm512_mask_loadu_pd(_mm512_set1_pd(fill), (1u << lanes) - 1, p);
}
#elif defined(__AVX2__)
static const int32_t first_lanes_f32[16] UNUSED = {-1, -1, -1, -1, -1, -1, -1, -1};
static const int64_t first_lanes_f64[8] UNUSED = {-1, -1, -1, -1};
INLINE __m256i first_f32(ptrdiff_t lanes)
{
    return _mm256_loadu_si256((const __m256i*)(first_lanes_f32 + LANES_f32 - lanes));
}
INLINE __m256i first_f64(ptrdiff_t lanes)
{
    return _mm256_loadu_si256((const __m256i*)(first_lanes_f64 + LANES_f64 - lanes));
}
INLINE V_f32 load_part_f32(const float* p, ptrdiff_t lanes) { return (V_f32)_mm256_maskload_ps(p, first_f32(lanes)); }
INLINE V_f64 load_part_f64(const double* p, ptrdiff_t lanes) { return (V_f64)_mm256_maskload_pd(p, first_f64(lanes)); }
INLINE V_f32 load_filled_f32(const float* p, ptrdiff_t lanes, float fill)
{
    return choose_f32((I_f32)first_f32(lanes), load_part_f32(p, lanes), splat_f32(fill));
}
INLINE V_f64 load_filled_f64(const double* p, ptrdiff_t lanes, double fill)
{
    return choose_f64((I_f64)first_f64(lanes), load_part_f64(p, lanes), splat_f64(fill));
}
INLINE void store_part_f32(float* p, V_f32 v, ptrdiff_t lanes)  /* AMD takes ten times as long for a masked store */
{
    __m128 x = _mm256_castps256_ps128((__m256)v);
    if (lanes & 4) {
        _mm_storeu_ps(p, x);
        x = _mm256_extractf128_ps((__m256)v, 1);
    }
    if (lanes & 2) {
        _mm_storel_pi((__m64*)(p + (lanes & 4)), x);
        x = _mm_movehl_ps(x, x);
    }
    if (lanes & 1)
        _mm_store_ss(p + (lanes & 6), x);
}
INLINE void store_part_f64(double* p, V_f64 v, ptrdiff_t lanes)
{
    __m128d x = _mm256_castpd256_pd128((__m256d)v);
    if (lanes & 2) {
        _mm_storeu_pd(p, x);
        x = _mm256_extractf128_pd((__m256d)v, 1);
    }
    if (lanes & 1)
        _mm_store_sd(p + (lanes & 2), x);
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
INLINE V_f32 load_edge_f32(const float* p, ptrdiff_t lanes)
{
    return lanes == LANES_f32 ? load_f32(p) : load_part_f32(p, lanes);
}
INLINE V_f64 load_edge_f64(const double* p, ptrdiff_t lanes)
{
    return lanes == LANES_f64 ? load_f64(p) : load_part_f64(p, lanes);
}
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

#endif
