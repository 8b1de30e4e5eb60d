"""What kernels that sum, compare, normalize or move rows are given to do in the bench, and the other optimizers."""

import numpy as np

from fastnorm import kernels, reference

from .jobs import Job, Shape, _normal, adam


def softmax_backward(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x[::-1].copy(), reference.softmax(x).astype(dtype)), out=np.empty_like(x), bytes=3 * x.nbytes)


def log_softmax_backward(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    y = reference.log_softmax_forward(x).astype(dtype)
    return Job((x[::-1].copy(), y), out=np.empty_like(x), bytes=3 * x.nbytes)


def total_sum(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x,), bytes=x.nbytes)


def of_rows(shape: Shape, dtype: str) -> Job:
    """A number for each row."""
    x = _normal(shape, dtype)
    return Job((x,), out=np.empty(shape[0], dtype), bytes=x.nbytes)


def of_columns(shape: Shape, dtype: str) -> Job:
    """A number for each column."""
    x = _normal(shape, dtype)
    return Job((x,), out=np.empty(shape[1], dtype), bytes=x.nbytes)


def row_max_backward(shape: Shape, dtype: str) -> Job:
    """x is read to count its largest and once more for dx, which is written."""
    x = _normal(shape, dtype)
    return Job((_normal(shape[:1], dtype), x, x.max(1)), out=np.empty_like(x), bytes=3 * x.nbytes)


def column_max_backward(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((_normal(shape[1:], dtype), x, x.max(0)), out=np.empty_like(x), bytes=3 * x.nbytes)


def spread(shape: Shape, dtype: str) -> Job:
    """A column into every column, as the gradient of row means."""
    y = np.empty(shape, dtype)
    return Job((_normal((shape[0], 1), dtype), shape, 1 / shape[1]), out=y, bytes=y.nbytes)


def copy(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x,), out=np.empty_like(x), bytes=2 * x.nbytes)


def _codes(rows: int, count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, count, (rows, 1))


def embedding_forward(shape: Shape, dtype: str) -> Job:
    """`rows` codes of `count` rows of a table."""
    rows, count, columns = shape
    y = np.empty((rows, columns), dtype)
    return Job((_normal((count, columns), dtype), _codes(rows, count).astype(dtype)), out=y, bytes=2 * y.nbytes)


def embedding_backward(shape: Shape, dtype: str) -> Job:
    """dy is read, the rows it is added to are read and written, and all rows set to 0 before."""
    rows, count, columns = shape
    dy, dtable = _normal((rows, columns), dtype), np.empty((count, columns), dtype)
    return Job((dy, _codes(rows, count).astype(dtype), count), out=dtable, bytes=3 * dy.nbytes + dtable.nbytes)


def _located(rows: int, columns: int, bins: int, dtype: str) -> np.ndarray:
    edges = np.sort(_normal((columns, bins + 1), dtype), axis=1)
    return kernels.locate(_normal((rows, columns), dtype), edges)


def locate(shape: Shape, dtype: str) -> Job:
    """x is read, bins and places are written."""
    rows, columns, bins = shape
    x, edges = _normal((rows, columns), dtype), np.sort(_normal((columns, bins + 1), dtype), axis=1)
    return Job((x, edges), out=np.empty((rows, 2 * columns), dtype), bytes=3 * x.nbytes)


def piecewise_forward(shape: Shape, dtype: str) -> Job:
    """A multiplication, two sums for each row, column and unit."""
    rows, columns, bins, units = shape
    weight, y = _normal((columns * bins, units), dtype), np.empty((rows, units), dtype)
    return Job((_located(rows, columns, bins, dtype), weight), out=y, flops=3 * rows * columns * units)


def piecewise_backward(shape: Shape, dtype: str) -> Job:
    rows, columns, bins, units = shape
    dy, dweight = _normal((rows, units), dtype), np.empty((columns * bins, units), dtype)
    return Job((dy, _located(rows, columns, bins, dtype), bins), out=dweight, flops=3 * rows * columns * units)


def layernorm_forward(shape: Shape, dtype: str) -> Job:
    """x is read for its statistics and once more for y, which is written."""
    x = _normal(shape, dtype, mean=100)
    return Job((x, np.ones(shape[1], dtype), np.zeros(shape[1], dtype)), out=np.empty_like(x), bytes=3 * x.nbytes)


def layernorm_gamma_beta_backward(shape: Shape, dtype: str) -> Job:
    x, dy = _normal(shape, dtype, mean=100), _normal(shape, dtype)[::-1].copy()
    mean, inverse_std = x.mean(1, np.float64), 1 / np.sqrt(x.var(1, np.float64) + 1e-5)
    return Job((dy, x, mean, inverse_std), bytes=2 * x.nbytes)


def layernorm_backward(shape: Shape, dtype: str) -> Job:
    """dy and x are read for their sums and once more for dx, which is written."""
    arguments = layernorm_gamma_beta_backward(shape, dtype).arguments
    x = arguments[1]
    return Job((*arguments, np.ones(shape[1], dtype)), out=np.empty_like(x), bytes=5 * x.nbytes)


def one_hot(shape: Shape, dtype: str) -> Job:
    y = np.empty(shape, dtype)
    return Job((_codes(*shape)[:, 0].astype(np.int32), shape[1], np.dtype(dtype)), out=y, bytes=y.nbytes)


def hits(shape: Shape, dtype: str) -> Job:
    x = _normal(shape, dtype)
    return Job((x, _codes(*shape)[:, 0].astype(np.int32)), out=np.empty(shape[0], dtype), bytes=x.nbytes)


def squares(shape: Shape, dtype: str) -> Job:
    g = _normal(shape, dtype)
    return Job((g,), bytes=g.nbytes)


def average(shape: Shape, dtype: str) -> Job:
    """Two arrays are read, one of them written."""
    parameters, averages = _normal((2, *shape), dtype)
    return Job((parameters, averages, 0.01), bytes=3 * parameters.nbytes)


def nadam(shape: Shape, dtype: str) -> Job:
    """Four arrays are read, three of them written."""
    job = adam(shape, dtype)
    return Job((*job.arguments, 0.5), bytes=job.bytes)


def rmsprop(shape: Shape, dtype: str) -> Job:
    """Three arrays are read, two of them written."""
    parameters, gradients, _, second, _ = adam(shape, dtype).arguments
    return Job((parameters, gradients, second), bytes=5 * parameters.nbytes)
