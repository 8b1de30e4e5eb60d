/* Picks the variant this CPU runs; the only file that asks the CPU. And finds the members of a family by name. */
#include "fastnorm.h"

#include <string.h>

#ifdef FN_X86
#include <immintrin.h>
#endif

typedef struct { const char* name; int (*runs)(void); const fn_table* table; } variant;

static int always(void) { return 1; }

#ifdef FN_X86
/* Just the features setup.py's VARIANTS lets the compiler use; __builtin_cpu_supports asks the system, too. */
static int runs_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static int runs_avx512(void)
{
    return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

static const variant variants[] = {       /* slowest first; the last one this CPU runs is chosen */
    {"base", always, &fn_table_base},
#ifdef FN_X86
    {"avx2", runs_avx2, &fn_table_avx2},
    {"avx512", runs_avx512, &fn_table_avx512},
#endif
};

int fn_variant_count(void) { return (int)(sizeof variants / sizeof *variants); }
const char* fn_variant_name(int index) { return variants[index].name; }
int fn_variant_runs(int index) { return variants[index].runs(); }
const fn_table* fn_variant_table(int index) { return variants[index].table; }

static int place_of(const char* name, const char* const* names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

int fn_unary_index(const char* name)
{
    static const char* const names[] = {
#define FN_UNARY(name) #name,
#include "kernels/list.h"
    };
    return place_of(name, names, FN_UNARY_COUNT);
}

int fn_binary_index(const char* name)
{
    static const char* const names[] = {
#define FN_BINARY(name) #name,
#define FN_COMPARISON(name) #name,
#include "kernels/list.h"
    };
    return place_of(name, names, FN_BINARY_COUNT);
}

#ifdef FN_X86
enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };

unsigned fn_flush_denormals(void)
{
    unsigned state = _mm_getcsr();
    _mm_setcsr(state | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return state;
}

void fn_restore_denormals(unsigned state) { _mm_setcsr(state); }
#elif defined(__aarch64__)
enum { FLUSH_TO_ZERO = 1 << 24 };

unsigned fn_flush_denormals(void)
{
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    __asm__ volatile("msr fpcr, %0" : : "r"(state | FLUSH_TO_ZERO));
    return (unsigned)state;
}

void fn_restore_denormals(unsigned state) { __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)state)); }
#else
unsigned fn_flush_denormals(void) { return 0; }
void fn_restore_denormals(unsigned state) { (void)state; }
#endif
