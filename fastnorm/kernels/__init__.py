"""The numerical kernels: checked functions on arrays, the same native code that training runs.

One function for each kernel, of the same name in the C code, in fastnorm.reference and in the bench; float32 and
float64. Arguments are NumPy arrays, buffers or arrays with DLPack; results are NumPy arrays. A matrix of unit stride
within its rows is read where it lies, however far apart its rows are, and `out` may be one; any other layout is copied
when it is read and refused where it would be written. Nothing is modified but where a docstring says "in place".
"""

from typing import Any

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
from .binary_compare import (
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
from .embedding import embedding_backward, embedding_forward
from .extremes import column_max, column_max_backward, row_max, row_max_backward
from .gather import gather
from .labels import hits, one_hot
from .layernorm import layernorm_backward, layernorm_forward, layernorm_gamma_beta_backward
from .loss import mean_squared_error, mean_squared_error_by_row, softmax_cross_entropy, softmax_cross_entropy_by_row
from .moves import copy, spread
from .piecewise import locate, piecewise_backward, piecewise_forward
from .random import permutation, random_bits, uniform
from .reduce import all_finite, row_sums, total_sum
from .softmax import log_softmax_backward, log_softmax_forward, softmax, softmax_backward
from .unary import KERNELS as _UNARY
from .update import average, sgd, squares
from .update_adam import adam, nadam, rmsprop
from .where import where_backward, where_forward

__all__ = [
    "accumulate",
    "adam",
    "add_backward",
    "add_forward",
    "all_finite",
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
    "divide_backward",
    "divide_forward",
    "dropout",
    "embedding_backward",
    "embedding_forward",
    "equal_forward",
    "gather",
    "gemm",
    "hits",
    "layernorm_backward",
    "layernorm_forward",
    "layernorm_gamma_beta_backward",
    "less_equal_forward",
    "less_forward",
    "locate",
    "log_softmax_backward",
    "log_softmax_forward",
    "maximum_backward",
    "maximum_forward",
    "mean_squared_error",
    "mean_squared_error_by_row",
    "minimum_backward",
    "minimum_forward",
    "multiply_backward",
    "multiply_forward",
    "nadam",
    "not_equal_forward",
    "one_hot",
    "permutation",
    "piecewise_backward",
    "piecewise_forward",
    "power_backward",
    "power_forward",
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
    "subtract_backward",
    "subtract_forward",
    "total_sum",
    "transpose",
    "uniform",
    "variant",
    "variants",
    "where_backward",
    "where_forward",
]
__all__ += sorted(_UNARY)
globals().update(_UNARY)


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"no kernel named {name!r}; there are {', '.join(sorted(__all__))}")
