"""The numerical kernels: checked functions on NumPy arrays, the same native code that training runs.

One function for each kernel, of the same name in the C code, in fastnorm.reference and in the bench. float32 and
float64; arrays of any layout are converted once and never modified, but where a docstring says "in place".
"""

from .activation import dropout, relu_backward, relu_forward
from .batchnorm import batchnorm_backward, batchnorm_forward, batchnorm_inference, batchnorm_running
from .binary import (
    add_backward,
    add_forward,
    divide_backward,
    divide_forward,
    multiply_backward,
    multiply_forward,
    power_backward,
    power_forward,
    subtract_backward,
    subtract_forward,
)
from .compare import (
    equal_forward,
    less_equal_forward,
    less_forward,
    maximum_backward,
    maximum_forward,
    minimum_backward,
    minimum_forward,
    not_equal_forward,
)
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
from .smooth import (
    gelu_backward,
    gelu_forward,
    leaky_relu_backward,
    leaky_relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    silu_backward,
    silu_forward,
    softplus_backward,
    softplus_forward,
    tanh_backward,
    tanh_forward,
)
from .softmax import softmax
from .unary import (
    abs_backward,
    abs_forward,
    clip_backward,
    clip_forward,
    exp_backward,
    exp_forward,
    log_backward,
    log_forward,
    sqrt_backward,
    sqrt_forward,
)
from .update import adam, sgd
from .where import where_backward, where_forward

__all__ = [
    "abs_backward",
    "abs_forward",
    "accumulate",
    "adam",
    "add_backward",
    "add_forward",
    "batchnorm_backward",
    "batchnorm_forward",
    "batchnorm_inference",
    "batchnorm_running",
    "clip_backward",
    "clip_forward",
    "column_sums",
    "dense_backward",
    "dense_forward",
    "divide_backward",
    "divide_forward",
    "dropout",
    "equal_forward",
    "exp_backward",
    "exp_forward",
    "gather",
    "gelu_backward",
    "gelu_forward",
    "gemm",
    "leaky_relu_backward",
    "leaky_relu_forward",
    "less_equal_forward",
    "less_forward",
    "log_backward",
    "log_forward",
    "maximum_backward",
    "maximum_forward",
    "mean_squared_error",
    "mean_squared_error_by_row",
    "minimum_backward",
    "minimum_forward",
    "multiply_backward",
    "multiply_forward",
    "not_equal_forward",
    "permutation",
    "power_backward",
    "power_forward",
    "random_bits",
    "relu_backward",
    "relu_forward",
    "runnable",
    "sgd",
    "sigmoid_backward",
    "sigmoid_forward",
    "silu_backward",
    "silu_forward",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_by_row",
    "softplus_backward",
    "softplus_forward",
    "sqrt_backward",
    "sqrt_forward",
    "subtract_backward",
    "subtract_forward",
    "tanh_backward",
    "tanh_forward",
    "transpose",
    "uniform",
    "variant",
    "variants",
    "where_backward",
    "where_forward",
]
