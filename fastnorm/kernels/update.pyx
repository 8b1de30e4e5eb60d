"""Steps of the optimizers and averages of parameters, in place, and sums of squared gradients.

Parameters are cut into chunks of CHUNK elements, shared among threads; the chunks' sums of squared gradients are added
in the order of the chunks, so the sum has the same bits for any number of threads. adaptive.pyx has the other doors.
"""

from cython.parallel cimport prange

import numpy as np

from .. import checks
from ..errors import ShapeError
from .cpu cimport fn_kernels, kernels, moved, real, usable_threads


cdef inline Py_ssize_t chunk_length(Py_ssize_t count, Py_ssize_t chunk) noexcept nogil:
    return CHUNK if count - chunk * CHUNK > CHUNK else count - chunk * CHUNK


cdef inline char* chunk_of(const fn_kernels* kernels, const void* x, Py_ssize_t chunk) noexcept nogil:
    return moved(x, chunk * CHUNK * kernels.itemsize)


cdef double sgd_chunks(const fn_kernels* kernels, void* p, const void* g, void* velocity, Py_ssize_t count, double rate,
                       double momentum, double share, int nesterov, double l2, double weight_decay,
                       double* chunk_squares, int threads) noexcept nogil:
    """One step; the sum of squares of g. chunk_squares: one double for each chunk, or NULL where threads == 1."""
    cdef Py_ssize_t chunk, chunks = (count + CHUNK - 1) // CHUNK
    cdef double squares, total = 0
    if threads == 1:
        for chunk in range(chunks):
            kernels.sgd(chunk_of(kernels, p, chunk), chunk_of(kernels, g, chunk), chunk_of(kernels, velocity, chunk),
                        chunk_length(count, chunk), rate, momentum, share, nesterov, l2, weight_decay, &squares)
            total += squares
        return total
    for chunk in prange(chunks, num_threads=threads, schedule="static"):
        kernels.sgd(chunk_of(kernels, p, chunk), chunk_of(kernels, g, chunk), chunk_of(kernels, velocity, chunk),
                    chunk_length(count, chunk), rate, momentum, share, nesterov, l2, weight_decay,
                    &chunk_squares[chunk])
    for chunk in range(chunks):
        total += chunk_squares[chunk]
    return total


cdef double adam_chunks(const fn_kernels* kernels, void* p, const void* g, void* m, void* v, Py_ssize_t count,
                        double m_step, double g_step, double beta_1, double beta_2, double epsilon,
                        double correction_2, double l2, double decay, double* chunk_squares,
                        int threads) noexcept nogil:
    """One step; the sum of squares of g. m may be NULL; chunk_squares as sgd_chunks takes it."""
    cdef Py_ssize_t chunk, chunks = (count + CHUNK - 1) // CHUNK
    cdef double squares, total = 0
    if threads == 1:
        for chunk in range(chunks):
            kernels.adam(chunk_of(kernels, p, chunk), chunk_of(kernels, g, chunk), chunk_of(kernels, m, chunk),
                         chunk_of(kernels, v, chunk), chunk_length(count, chunk), m_step, g_step, beta_1, beta_2,
                         epsilon, correction_2, l2, decay, &squares)
            total += squares
        return total
    for chunk in prange(chunks, num_threads=threads, schedule="static"):
        kernels.adam(chunk_of(kernels, p, chunk), chunk_of(kernels, g, chunk), chunk_of(kernels, m, chunk),
                     chunk_of(kernels, v, chunk), chunk_length(count, chunk), m_step, g_step, beta_1, beta_2, epsilon,
                     correction_2, l2, decay, &chunk_squares[chunk])
    for chunk in range(chunks):
        total += chunk_squares[chunk]
    return total


cdef double squares_chunks(const fn_kernels* kernels, const void* g, Py_ssize_t count, double* chunk_squares,
                           int threads) noexcept nogil:
    """The sum of squares of g; chunk_squares as sgd_chunks takes it."""
    cdef Py_ssize_t chunk, chunks = (count + CHUNK - 1) // CHUNK
    cdef double squares, total = 0
    if threads == 1:
        for chunk in range(chunks):
            kernels.squares(chunk_of(kernels, g, chunk), chunk_length(count, chunk), &squares)
            total += squares
        return total
    for chunk in prange(chunks, num_threads=threads, schedule="static"):
        kernels.squares(chunk_of(kernels, g, chunk), chunk_length(count, chunk), &chunk_squares[chunk])
    for chunk in range(chunks):
        total += chunk_squares[chunk]
    return total


cdef void average_chunks(const fn_kernels* kernels, const void* p, Py_ssize_t count, double share, void* average,
                         int threads) noexcept nogil:
    """average += share (p - average)."""
    cdef Py_ssize_t chunk, chunks = (count + CHUNK - 1) // CHUNK
    if threads == 1:
        kernels.average(p, count, share, average)
        return
    for chunk in prange(chunks, num_threads=threads, schedule="static"):
        kernels.average(chunk_of(kernels, p, chunk), chunk_length(count, chunk), share,
                        chunk_of(kernels, average, chunk))


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


cdef double _sgd(real[::1] p, const real[::1] g, real[::1] velocity, double rate, double momentum, double share,
                 bint nesterov, double l2, double weight_decay, int threads):
    cdef double[::1] squares = np.empty(p.shape[0] // CHUNK + 1)
    with nogil:
        return sgd_chunks(kernels(sizeof(real)), &p[0], &g[0], &velocity[0], p.shape[0], rate, momentum, share,
                          nesterov, l2, weight_decay, &squares[0], threads)


def sgd(parameters, gradients, velocity, learning_rate, momentum=0.0, *, averaged=False, nesterov=False, l2=0.0,
        weight_decay=0.0, threads=1):
    """One step of stochastic gradient descent with momentum; parameters and velocity change in place.

    parameters    any shape, float32 or float64, C-contiguous
    gradients     of that shape; l2 * parameters is added
    velocity      of that shape and dtype, 0 at first: momentum * velocity + gradients
    averaged      gradients count 1 - momentum in velocity, which so is their average
    nesterov      the step looks ahead: gradients + momentum * velocity
    weight_decay  the parameters also shrink by learning_rate * weight_decay of themselves
    threads       chunks are shared among so many
    Returns the sum of squares of the gradients as they came, a float.
    """
    p, g = _parameters(parameters), _gradients(gradients, parameters)
    velocity = _state("velocity", velocity, parameters)
    checks.apart("parameters", p, g)
    checks.apart("velocity", velocity, p, g)
    momentum = checks.number("momentum", momentum, 0, 1, ends="[)")
    settings = (checks.number("learning_rate", learning_rate, 0), momentum, 1 - momentum if averaged else 1.0,
                nesterov, checks.number("l2", l2, 0), checks.number("weight_decay", weight_decay, 0))
    if p.dtype == np.float32:
        return _sgd[float](p, g, velocity, *settings, usable_threads(threads))
    return _sgd[double](p, g, velocity, *settings, usable_threads(threads))


cdef double _squares(const real[::1] g, int threads):
    cdef double[::1] squares = np.empty(g.shape[0] // CHUNK + 1)
    with nogil:
        return squares_chunks(kernels(sizeof(real)), &g[0], g.shape[0], &squares[0], threads)


def squares(gradients, *, threads=1):
    """The sum of squares of all elements, in double: the squared norm of a gradient.

    gradients     any shape, float32 or float64, any layout
    threads       chunks are shared among so many
    Returns a float.
    """
    g = checks.floating("gradients", gradients).reshape(-1)
    if g.dtype == np.float32:
        return _squares[float](g, usable_threads(threads))
    return _squares[double](g, usable_threads(threads))


cdef _average(const real[::1] p, double share, real[::1] averages, int threads):
    with nogil:
        average_chunks(kernels(sizeof(real)), &p[0], p.shape[0], share, &averages[0], threads)


def average(parameters, averages, share, *, threads=1):
    """An exponentially weighted average of parameters moves towards them, in place.

    parameters    any shape, float32 or float64, any layout
    averages      of that shape and dtype, C-contiguous: averages += share * (parameters - averages)
    share         0 <= share <= 1
    threads       chunks are shared among so many
    Returns averages.
    """
    p = checks.floating("parameters", parameters)
    checks.apart("averages", checks.in_place("averages", averages, p.shape, p.dtype), p)
    share = checks.number("share", share, 0, 1)
    if p.dtype == np.float32:
        _average[float](p.reshape(-1), share, averages.reshape(-1), usable_threads(threads))
    else:
        _average[double](p.reshape(-1), share, averages.reshape(-1), usable_threads(threads))
    return averages
