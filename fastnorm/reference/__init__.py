"""Every kernel in plain NumPy, by the formula and slowly; tests and the bench compare the native code with it.

The names, arguments and results are those of fastnorm.kernels, less `out` and `threads`. float32 arguments
are computed in float64 and float64 in longdouble, and results stay so wide. A kernel's changes in place are made here
too.
"""

from typing import Any

from ._wide import _wide
from .activation import dropout, relu_backward, relu_forward
from .batchnorm import batchnorm_backward, batchnorm_forward, batchnorm_inference, batchnorm_running
from .binary import (
    add_backward,
    add_forward,
    divide_backward,
    divide_forward,
    equal_forward,
    less_equal_forward,
    less_forward,
    maximum_backward,
    maximum_forward,
    minimum_backward,
    minimum_forward,
    multiply_backward,
    multiply_forward,
    not_equal_forward,
    power_backward,
    power_forward,
    subtract_backward,
    subtract_forward,
    where_backward,
    where_forward,
)
from .dense import column_sums, dense_backward, dense_forward, gemm, transpose
from .layernorm import layernorm_backward, layernorm_forward, layernorm_gamma_beta_backward
from .losses import (
    _class_shares,
    mean_squared_error,
    mean_squared_error_by_row,
    softmax_cross_entropy,
    softmax_cross_entropy_by_row,
)
from .moves import copy, embedding_backward, embedding_forward, hits, one_hot, spread
from .piecewise import locate, piecewise_backward, piecewise_forward
from .random import permutation, random_bits, uniform
from .reduce import all_finite, column_max, column_max_backward, row_max, row_max_backward, row_sums, total_sum
from .rows import accumulate, gather
from .run import run
from .softmax import log_softmax_backward, log_softmax_forward, softmax, softmax_backward
from .unary import KERNELS as _UNARY
from .update import adam, average, nadam, rmsprop, sgd, squares

__all__ = [
    "_class_shares",
    "_wide",
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
    "run",
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
    "where_backward",
    "where_forward",
]
__all__ += sorted(_UNARY)
globals().update(_UNARY)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"no reference of a kernel named {name!r}; there are {', '.join(sorted(__all__))}")
