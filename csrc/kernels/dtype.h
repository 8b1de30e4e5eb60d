/* Every kernel file for the dtype at hand; all.h includes this once with T float and once with T double.
 *   T  the element     V  a vector of it     I  a vector of integers of its size     W  a vector of as many doubles
 *
 * The contracts of the kernels are in list.h. */
#define V FN(V)
#define I FN(I)
#define W FN(W)
#define LANES FN(LANES)

#include "elementwise.h"
#include "functions.h"
#include "unary.h"
#include "binary.h"
#include "power.h"
#include "where.h"
#include "transpose.h"
#include "tile.h"
#include "gemm.h"
#include "panels.h"
#include "reduce.h"
#include "batchnorm.h"
#include "batchnorm_backward.h"
#include "activation.h"
#include "softmax.h"
#include "loss.h"
#include "update.h"
#include "extremes.h"
#include "moves.h"
#include "embedding.h"
#include "piecewise.h"
#include "labels.h"
#include "layernorm.h"

#undef V
#undef I
#undef W
#undef LANES
