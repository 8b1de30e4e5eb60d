/* Every kernel for avx2. Flags: setup.py, VARIANTS["avx2"]. */
#define FN_ISA avx2
#include "../kernels/all.h"
