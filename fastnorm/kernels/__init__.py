"""The numerical kernels: checked functions on NumPy arrays, the same native code that training runs.

One function for each kernel, of the same name in the C code, in fastnorm.reference and in the bench. float32 and
float64; arrays of any layout are converted once and never modified, but where a docstring says "in place".
"""

from .activation import dropout, relu_backward, relu_forward
from .batchnorm import batchnorm_backward, batchnorm_forward, batchnorm_inference, batchnorm_running
from .cpu import runnable, variant, variants
from .dense import column_sums, dense_backward, dense_forward, gemm, transpose
from .elementwise import accumulate
from .gather import gather
from .loss import (
    mean_squared_error,
    mean_squared_error_by_row,
    softmax_cross_entropy,
    softmax_cross_entropy_by_row,
)
from .random import permutation, random_bits, uniform
from .softmax import softmax
from .update import adam, sgd

__all__ = [
    "accumulate",
    "adam",
    "batchnorm_backward",
    "batchnorm_forward",
    "batchnorm_inference",
    "batchnorm_running",
    "column_sums",
    "dense_backward",
    "dense_forward",
    "dropout",
    "gather",
    "gemm",
    "mean_squared_error",
    "mean_squared_error_by_row",
    "permutation",
    "random_bits",
    "relu_backward",
    "relu_forward",
    "runnable",
    "sgd",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_by_row",
    "transpose",
    "uniform",
    "variant",
    "variants",
]
