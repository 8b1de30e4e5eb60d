/* Every kernel for one instruction set: FN_ISA is the variant's name, and the compiler's flags are its instructions.
 *
 * The contracts of the kernels are in list.h. */
#include "../fastnorm.h"
#include "simd.h"
#include "edges.h"
#include "wide.h"
#include "exponential.h"
#include "logarithm.h"
#include "polynomials.h"
#include "size_power.h"
#include "trigonometry.h"
#include "random.h"

#define T float
#define SUFFIX f32
#include "dtype.h"
#undef T
#undef SUFFIX

#define T double
#define SUFFIX f64
#include "dtype.h"
#undef T
#undef SUFFIX

/* Twelve independent chains of multiply-adds that never leave the registers: what the cores can do at the most. */
static void probe_fma(int64_t rounds, float* sink)
{
    V_f32 sum[12];
    const V_f32 x = splat_f32(*sink), y = splat_f32(1 - *sink);
    UNROLL for (int i = 0; i < 12; i++)
        sum[i] = splat_f32((float)i);
    for (; rounds > 0; rounds--)
        UNROLL for (int i = 0; i < 12; i++)
            sum[i] = sum[i] * x + y;
    UNROLL for (int i = 1; i < 12; i++)
        sum[0] += sum[i];
    *sink = sum[0][0];
}

#define FN_TABLE_OF(isa) FN_EXPAND(fn_table, isa)
const fn_table FN_TABLE_OF(FN_ISA) = {
    .f32 = {
    .itemsize = 4, .lanes = LANES_f32,
#define FN_KERNEL(name, ...) .name = name##_f32,
#define FN_UNARY(name) .unary[FN_UNARY_##name] = {name##_forward_f32, name##_backward_f32},
#define FN_BINARY(name) .binary[FN_BINARY_##name] = {name##_forward_f32, name##_backward_f32},
#define FN_COMPARISON(name) .binary[FN_BINARY_##name] = {name##_forward_f32, NULL},
#include "list.h"
    },
    .f64 = {
    .itemsize = 8, .lanes = LANES_f64,
#define FN_KERNEL(name, ...) .name = name##_f64,
#define FN_UNARY(name) .unary[FN_UNARY_##name] = {name##_forward_f64, name##_backward_f64},
#define FN_BINARY(name) .binary[FN_BINARY_##name] = {name##_forward_f64, name##_backward_f64},
#define FN_COMPARISON(name) .binary[FN_BINARY_##name] = {name##_forward_f64, NULL},
#include "list.h"
    },
    .probe_fma = probe_fma,
    .probe_flops = 2.0 * 12 * LANES_f32,
};
