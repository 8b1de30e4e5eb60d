"""The numerical kernels: checked functions on NumPy arrays, the same native code that training runs.

One function for each kernel, of the same name in the C code, in fastnorm.reference and in the bench. float32 and
float64; arrays of any layout are converted once and never modified, but where a docstring says "in place".
"""

from .activation import dropout, relu_backward, relu_forward
from .adaptive import adam, nadam, rmsprop
from .batchnorm import batchnorm_backward, batchnorm_forward, batchnorm_inference, batchnorm_running
from .cpu import runnable, variant, variants
from .dense import column_sums, dense_backward, dense_forward, gemm, transpose
from .elementwise import accumulate
from .embedding import embedding_backward, embedding_forward
from .extremes import column_max, column_max_backward, row_max, row_max_backward
from .gather import gather
from .labels import hits, one_hot
from .layernorm import layernorm_backward, layernorm_forward, layernorm_gamma_beta_backward
from .loss import (
    mean_squared_error,
    mean_squared_error_by_row,
    softmax_cross_entropy,
    softmax_cross_entropy_by_row,
)
from .moves import copy, spread
from .random import permutation, random_bits, uniform
from .reduce import row_sums, total_sum
from .softmax import log_softmax_backward, log_softmax_forward, softmax, softmax_backward
from .update import average, sgd, squares

__all__ = [
    "accumulate",
    "adam",
    "average",
    "batchnorm_backward",
    "batchnorm_forward",
    "batchnorm_inference",
    "batchnorm_running",
    "column_max",
    "column_max_backward",
    "column_sums",
    "copy",
    "dense_backward",
    "dense_forward",
    "dropout",
    "embedding_backward",
    "embedding_forward",
    "gather",
    "gemm",
    "hits",
    "layernorm_backward",
    "layernorm_forward",
    "layernorm_gamma_beta_backward",
    "log_softmax_backward",
    "log_softmax_forward",
    "mean_squared_error",
    "mean_squared_error_by_row",
    "nadam",
    "one_hot",
    "permutation",
    "random_bits",
    "relu_backward",
    "relu_forward",
    "rmsprop",
    "row_max",
    "row_max_backward",
    "row_sums",
    "runnable",
    "sgd",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_cross_entropy_by_row",
    "spread",
    "squares",
    "total_sum",
    "transpose",
    "uniform",
    "variant",
    "variants",
]
