/* The C interface on one page: tables of kernels, one per instruction set and dtype, and the choice among them.
 *
 * Kernels work on one block: no allocation, no threads, no checks, no Python. The Cython layer above them checks,
 * splits the work among threads and owns the memory. Arrays come as void*, because the table says the dtype; strides
 * are in elements; a row is contiguous unless a stride says otherwise; outputs overlap no input unless the kernel says
 * so. */
#ifndef FASTNORM_H
#define FASTNORM_H

#include <stddef.h>
#include <stdint.h>

enum { FN_BINS = 256 };                                   /* the most bins of a piecewise linear column */

/* The places of a family's members in its array. */
enum {
#define FN_UNARY(name) FN_UNARY_##name,
#include "kernels/list.h"
    FN_UNARY_COUNT
};
enum {
#define FN_BINARY(name) FN_BINARY_##name,
#define FN_COMPARISON(name) FN_BINARY_##name,
#include "kernels/list.h"
    FN_BINARY_COUNT
};

typedef struct { void (*forward)(FN_UNARY_FORWARD); void (*backward)(FN_UNARY_BACKWARD); } fn_unary;
/* backward may be NULL */
typedef struct { void (*forward)(FN_BINARY_FORWARD); void (*backward)(FN_BINARY_BACKWARD); } fn_binary;

/* Every kernel for one instruction set and one dtype; kernels/list.h has each one's contract. */
typedef struct fn_kernels {
    ptrdiff_t itemsize, lanes;  /* bytes of an element; elements of a vector: rows padded to it are fastest */
    fn_unary unary[FN_UNARY_COUNT];
    fn_binary binary[FN_BINARY_COUNT];
#define FN_KERNEL(name, ...) void (*name)(__VA_ARGS__);
#include "kernels/list.h"
} fn_kernels;

typedef struct fn_table {
    fn_kernels f32, f64;
    void (*probe_fma)(int64_t rounds, float* sink);       /* multiply-adds from registers alone: the peak */
    double probe_flops;                                   /* float operations of one round */
} fn_table;

extern const fn_table fn_table_base;
#ifdef FN_X86
extern const fn_table fn_table_avx2, fn_table_avx512;
#endif

/* dispatch.c */
int fn_variant_count(void);
const char* fn_variant_name(int index);                   /* slowest first */
int fn_variant_runs(int index);                           /* 1 where this CPU can execute it */
const fn_table* fn_variant_table(int index);
int fn_unary_index(const char* name);                     /* the place of that name in the family's array, or -1 */
int fn_binary_index(const char* name);

/* Denormal numbers cost 2-4 times the work and never decide a training step: a program flushes them to zero while it
 * runs. `fn_flush_denormals` returns the state to hand to `fn_restore_denormals`, on the same thread. */
unsigned fn_flush_denormals(void);
void fn_restore_denormals(unsigned state);

#endif
