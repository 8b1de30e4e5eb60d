"""What each kernel is given to do in the bench: arguments, the memory it must move, and the arithmetic that bounds it.

Bytes count each array once per necessary pass; what has `flops` is measured against the FMA probe, the rest against the
copy probe. Arguments are those of fastnorm.kernels and of fastnorm.reference alike.
"""

from dataclasses import dataclass, field

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Job:
    """One call of a kernel.

    arguments  positional, the same for the reference and for the peers' counterparts
    options    keyword arguments, likewise
    out        where fastnorm.kernels puts the result, for kernels that take `out`
    flops      float operations of what arithmetic bounds, else None
    bytes      read and written by what memory bounds
    """

    arguments: tuple
    options: dict[str, object] = field(default_factory=dict)
    out: np.ndarray | None = None
    flops: int | None = None
    bytes: int | None = None


def _normal(shape: Shape, dtype: str, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(mean, 1, shape).astype(dtype)


def gemm(shape: Shape, dtype: str) -> Job:
    """(m, k) times (k, n) plus a bias, a dense layer's forward."""
    m, k, n = shape
    arguments = _normal((m, k), dtype), _normal((k, n), dtype), _normal((n,), dtype)
    return Job(arguments, out=np.empty((m, n), dtype), flops=2 * m * n * k)


def gemm_transposed(shape: Shape, dtype: str) -> Job:
    """The transpose of (k, m) times (k, n), a dense layer's weight gradient."""
    m, k, n = shape
    arguments = _normal((k, m), dtype), _normal((k, n), dtype)
    return Job(arguments, {"transpose_a": True}, np.empty((m, n), dtype), flops=2 * m * n * k)


def transpose(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x,), out=np.empty(shape[::-1], dtype), bytes=2 * x.nbytes)


def batchnorm_forward(shape: Shape, dtype: str) -> Job:
    """x is read for its statistics and once more to be normalized; y is written."""
    x = _normal(shape, dtype, mean=100)
    return Job((x, *np.ones((2, shape[1]), dtype)), out=np.empty_like(x), bytes=3 * x.nbytes)


def batchnorm_inference(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype, mean=100)
    arguments = x, np.full(shape[1], 100.0), np.ones(shape[1]), *np.ones((2, shape[1]), dtype)
    return Job(arguments, out=np.empty_like(x), bytes=2 * x.nbytes)


def batchnorm_backward(shape: Shape, dtype: str) -> Job:
    """dy and x are read for their sums and once more for dx, which is written."""
    x, dy = _normal(shape, dtype, mean=100), _normal(shape, dtype)[::-1].copy()
    mean, inverse_std = x.mean(0, np.float64), 1 / np.sqrt(x.var(0, np.float64) + 1e-5)
    return Job((dy, x, mean, inverse_std, np.ones(shape[1], dtype)), out=np.empty_like(x), bytes=5 * x.nbytes)


def batchnorm_running(shape: Shape, dtype: str) -> Job:
    """Four vectors of double are read, two of them written."""
    mean, variance, running_mean, running_variance = np.ones((4, *shape))
    return Job((mean, variance, running_mean, running_variance, 1.0, 0.9), bytes=6 * mean.nbytes)


def relu_forward(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x,), out=np.empty_like(x), bytes=2 * x.nbytes)


def relu_backward(shape: Shape, dtype: str) -> Job:
    y = _normal(shape, dtype)
    return Job((y[::-1].copy(), y), out=np.empty_like(y), bytes=3 * y.nbytes)


def dropout(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x, 0.1, 0), out=np.empty_like(x), bytes=2 * x.nbytes)


def random_bits(shape: Shape, dtype: str) -> Job:
    (count,) = shape
    return Job((0, 1, 0, 0, count), bytes=4 * count)


def softmax(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x,), out=np.empty_like(x), bytes=2 * x.nbytes)


def softmax_cross_entropy(shape: Shape, dtype: str) -> Job:
    """Logits are read, their gradient is written; the target is a class number per row."""
    x = _normal(shape, dtype)
    target = np.random.default_rng(0).integers(0, shape[1], shape[0], np.int32)
    return Job((x, target), out=np.empty_like(x), bytes=2 * x.nbytes)


def mean_squared_error(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x, x[::-1].copy()), out=np.empty_like(x), bytes=3 * x.nbytes)


def sgd(shape: Shape, dtype: str) -> Job:
    """Three arrays are read, two of them written."""
    parameters, gradients, velocity = _normal((3, *shape), dtype)
    return Job((parameters, gradients, velocity, 1e-3, 0.9), bytes=5 * parameters.nbytes)


def adam(shape: Shape, dtype: str) -> Job:
    """Four arrays are read, three of them written."""
    parameters, gradients, first, second = _normal((4, *shape), dtype)
    return Job((parameters, gradients, first, np.square(second), 10), bytes=7 * parameters.nbytes)


def gather(shape: Shape, dtype: str) -> Job:
    """A shuffled minibatch of `rows` from `count` rows."""
    rows, count, columns = shape
    chosen = np.random.default_rng(0).permutation(count)[:rows]
    y = np.empty((rows, columns), dtype)
    return Job((_normal((count, columns), dtype), chosen), out=y, bytes=2 * y.nbytes + chosen.nbytes)


def accumulate(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x, np.ones_like(x)), bytes=3 * x.nbytes)
