/* Every kernel for base. Flags: setup.py, VARIANTS["base"]. */
#define FN_ISA base
#include "../kernels/all.h"
