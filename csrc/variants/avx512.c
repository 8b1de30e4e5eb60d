/* Every kernel for avx512. Flags: setup.py, VARIANTS["avx512"]. */
#define FN_ISA avx512
#include "../kernels/all.h"
