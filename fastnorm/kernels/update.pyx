"""One step of an optimizer, on arrays that it changes in place.

Parameters are cut into chunks of CHUNK elements, shared among threads; the chunks' sums of squared gradients are added
in the order of the chunks, so the sum has the same bits for any number of threads."""

from cython.parallel cimport prange

import numpy as np

from .. import checks
from ..errors import ShapeError
from .cpu cimport fn_kernels, kernels, real, usable_threads


cdef inline Py_ssize_t chunk_length(Py_ssize_t count, Py_ssize_t chunk) noexcept nogil:
    return CHUNK if count - chunk * CHUNK > CHUNK else count - chunk * CHUNK


cdef inline char* chunk_of(const fn_kernels* kernels, const void* x, Py_ssize_t chunk) noexcept nogil:
    return <char*> x + chunk * CHUNK * kernels.itemsize


cdef double sgd_chunks(const fn_kernels* kernels, void* p, const void* g, void* velocity, Py_ssize_t count, double rate,
                       double momentum, int nesterov, double l2, double weight_decay, double* chunk_squares,
                       int threads) noexcept nogil:
    """One step; the sum of squares of g. chunk_squares: one double for each chunk, or NULL where threads == 1."""
    cdef Py_ssize_t chunk, chunks = (count + CHUNK - 1) // CHUNK
    cdef double squares, total = 0
    if threads == 1:
        for chunk in range(chunks):
            kernels.sgd(chunk_of(kernels, p, chunk), chunk_of(kernels, g, chunk), chunk_of(kernels, velocity, chunk),
                        chunk_length(count, chunk), rate, momentum, nesterov, l2, weight_decay, &squares)
            total += squares
        return total
    for chunk in prange(chunks, num_threads=threads, schedule="static"):
        kernels.sgd(chunk_of(kernels, p, chunk), chunk_of(kernels, g, chunk), chunk_of(kernels, velocity, chunk),
                    chunk_length(count, chunk), rate, momentum, nesterov, l2, weight_decay, &chunk_squares[chunk])
    for chunk in range(chunks):
        total += chunk_squares[chunk]
    return total


cdef double adam_chunks(const fn_kernels* kernels, void* p, const void* g, void* m, void* v, Py_ssize_t count,
                        double rate, double beta_1, double beta_2, double epsilon, double correction_1,
                        double correction_2, double l2, double weight_decay, double* chunk_squares,
                        int threads) noexcept nogil:
    """One step; the sum of squares of g. chunk_squares: one double for each chunk, or NULL where threads == 1."""
    cdef Py_ssize_t chunk, chunks = (count + CHUNK - 1) // CHUNK
    cdef double squares, total = 0
    if threads == 1:
        for chunk in range(chunks):
            kernels.adam(chunk_of(kernels, p, chunk), chunk_of(kernels, g, chunk), chunk_of(kernels, m, chunk),
                         chunk_of(kernels, v, chunk), chunk_length(count, chunk), rate, beta_1, beta_2, epsilon,
                         correction_1, correction_2, l2, weight_decay, &squares)
            total += squares
        return total
    for chunk in prange(chunks, num_threads=threads, schedule="static"):
        kernels.adam(chunk_of(kernels, p, chunk), chunk_of(kernels, g, chunk), chunk_of(kernels, m, chunk),
                     chunk_of(kernels, v, chunk), chunk_length(count, chunk), rate, beta_1, beta_2, epsilon,
                     correction_1, correction_2, l2, weight_decay, &chunk_squares[chunk])
    for chunk in range(chunks):
        total += chunk_squares[chunk]
    return total


def _parameters(parameters):
    """The parameters as one row; in place, so of a fitting dtype and layout."""
    dtype = np.float32 if getattr(parameters, "dtype", float) == np.float32 else np.float64
    return checks.in_place("parameters", parameters, np.shape(parameters), dtype).reshape(-1)


def _state(name, array, parameters):
    """An array of the optimizer's, like the parameters, as one row."""
    return checks.in_place(name, array, parameters.shape, parameters.dtype).reshape(-1)


def _gradients(gradients, parameters):
    gradients = checks.floating("gradients", gradients, parameters.dtype)
    if gradients.shape != parameters.shape:
        raise ShapeError(f"gradients: expected shape {parameters.shape} as the parameters, got {gradients.shape}")
    return gradients.reshape(-1)


cdef double _sgd(real[::1] p, const real[::1] g, real[::1] velocity, double rate, double momentum, bint nesterov,
                 double l2, double weight_decay, int threads):
    cdef double[::1] squares = np.empty(p.shape[0] // CHUNK + 1)
    with nogil:
        return sgd_chunks(kernels(sizeof(real)), &p[0], &g[0], &velocity[0], p.shape[0], rate, momentum, nesterov, l2,
                          weight_decay, &squares[0], threads)


def sgd(parameters, gradients, velocity, learning_rate, momentum=0.0, *, nesterov=False, l2=0.0, weight_decay=0.0,
        threads=1):
    """One step of stochastic gradient descent with momentum; parameters and velocity change in place.

    parameters    any shape, float32 or float64, C-contiguous
    gradients     of that shape; l2 * parameters is added
    velocity      of that shape and dtype, 0 at first: momentum * velocity + gradients
    weight_decay  the parameters also shrink by learning_rate * weight_decay of themselves
    threads       chunks are shared among so many
    Returns the sum of squares of the gradients as they came, a float.
    """
    p, g = _parameters(parameters), _gradients(gradients, parameters)
    velocity = _state("velocity", velocity, parameters)
    checks.apart("parameters", p, g)
    checks.apart("velocity", velocity, p, g)
    settings = (checks.number("learning_rate", learning_rate, 0), checks.number("momentum", momentum, 0, 1, ends="[)"),
                nesterov, checks.number("l2", l2, 0), checks.number("weight_decay", weight_decay, 0))
    if p.dtype == np.float32:
        return _sgd[float](p, g, velocity, *settings, usable_threads(threads))
    return _sgd[double](p, g, velocity, *settings, usable_threads(threads))


cdef double _adam(real[::1] p, const real[::1] g, real[::1] m, real[::1] v, double rate, double beta_1, double beta_2,
                  double epsilon, Py_ssize_t step, double l2, double weight_decay, int threads):
    cdef double[::1] squares = np.empty(p.shape[0] // CHUNK + 1)
    with nogil:
        return adam_chunks(kernels(sizeof(real)), &p[0], &g[0], &m[0], &v[0], p.shape[0], rate, beta_1, beta_2, epsilon,
                           1 - beta_1 ** step, 1 - beta_2 ** step, l2, weight_decay, &squares[0], threads)


def adam(parameters, gradients, first_moments, second_moments, step, learning_rate=1e-3, beta_1=0.9, beta_2=0.999,
         epsilon=1e-8, *, l2=0.0, weight_decay=0.0, threads=1):
    """One step of Adam, of AdamW where weight_decay > 0; parameters and both moments change in place.

    parameters      any shape, float32 or float64, C-contiguous
    gradients       of that shape; l2 * parameters is added
    first_moments   of that shape and dtype, 0 at first: weighted average of the gradients
    second_moments  the same of their squares
    step            1 at the first call, then 2, ...: it corrects the averages' start from 0
    weight_decay    the parameters also shrink by learning_rate * weight_decay of themselves
    threads         chunks are shared among so many
    Returns the sum of squares of the gradients as they came, a float.
    Source: Kingma & Ba 2015, Algorithm 1; Loshchilov & Hutter 2019, Algorithm 2.
    """
    p, g = _parameters(parameters), _gradients(gradients, parameters)
    m, v = _state("first_moments", first_moments, parameters), _state("second_moments", second_moments, parameters)
    checks.apart("parameters", p, g)
    checks.apart("first_moments", m, p, g)
    checks.apart("second_moments", v, p, g, m)
    settings = (checks.number("learning_rate", learning_rate, 0), checks.number("beta_1", beta_1, 0, 1, ends="[)"),
                checks.number("beta_2", beta_2, 0, 1, ends="[)"), checks.number("epsilon", epsilon, 0, ends="(]"),
                checks.integer("step", step, 1), checks.number("l2", l2, 0),
                checks.number("weight_decay", weight_decay, 0))
    if p.dtype == np.float32:
        return _adam[float](p, g, m, v, *settings, usable_threads(threads))
    return _adam[double](p, g, m, v, *settings, usable_threads(threads))
