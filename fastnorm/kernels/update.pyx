"""Steps of the optimizers and averages of parameters, in place, and sums of squared gradients.

Parameters are cut into chunks of CHUNK elements, shared among threads; the chunks' sums of squared gradients are added
in the order of the chunks, so the sum has the same bits for any number of threads. adaptive.pyx has the other doors.
"""

from cython.parallel cimport prange
from numpy cimport NPY_DOUBLE, ndarray

from ..errors import ShapeError
from .cpu cimport fn_kernels, kernels, moved, usable_threads
from .arguments cimport (
    apart,
    data,
    doubles,
    floating,
    has_shape_of,
    in_place,
    kernels_of,
    new_vector,
    number,
    size_of,
)


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


cdef ndarray gradients_of(gradients, ndarray parameters):
    """The gradients, of the parameters' dtype and shape, apart from them."""
    cdef ndarray g = floating("gradients", gradients, parameters)
    if not has_shape_of(g, parameters):
        shape = (<object> parameters).shape
        raise ShapeError(f"gradients: expected shape {shape} as the parameters, got {gradients.shape}")
    apart("parameters", parameters, (g,))
    return g


cdef ndarray room_for_squares(ndarray p, int threads):
    """One double for each chunk; None where one thread adds them up itself."""
    return None if threads == 1 else new_vector(size_of(p) // CHUNK + 1, NPY_DOUBLE)


cdef double _sgd(ndarray p, ndarray g, ndarray velocity, double rate, double momentum, double share,
                 bint nesterov, double l2, double weight_decay, int threads):
    cdef ndarray squares = room_for_squares(p, threads)
    with nogil:
        return sgd_chunks(kernels_of(p), data(p), data(g), data(velocity), size_of(p), rate, momentum, share,
                          nesterov, l2, weight_decay, doubles(squares), threads)


def sgd(parameters, gradients, velocity, learning_rate=1e-2, momentum=0.9, *, averaged=False, nesterov=False, l2=0.0,
        weight_decay=0.0, threads=1):
    """One step of stochastic gradient descent with momentum; parameters and velocity change in place.

    parameters    any shape, float32 or float64, C-contiguous
    gradients     of that shape; l2 * parameters is added
    velocity      of that shape and dtype, 0 at first: momentum * velocity + gradients
    averaged      gradients count 1 - momentum in velocity, which so is their average
    nesterov      the step looks ahead: gradients + momentum * velocity
    weight_decay  the parameters also shrink by learning_rate * weight_decay of themselves
    threads       the most threads that share chunks
    Returns the sum of squares of the gradients as they came, a float.
    """
    p = in_place("parameters", parameters, None)
    g = gradients_of(gradients, p)
    velocity = in_place("velocity", velocity, p)
    apart("velocity", velocity, (p, g))
    momentum = number("momentum", momentum, 0, 1, "[)")
    return _sgd(p, g, velocity, number("learning_rate", learning_rate, 0), momentum, 1 - momentum if averaged else 1.0,
                nesterov, number("l2", l2, 0), number("weight_decay", weight_decay, 0), usable_threads(threads))


cdef double _squares(ndarray g, int threads):
    cdef ndarray squares = room_for_squares(g, threads)
    with nogil:
        return squares_chunks(kernels_of(g), data(g), size_of(g), doubles(squares), threads)


def squares(gradients, *, threads=1):
    """The sum of squares of all elements, in double: the squared norm of a gradient.

    gradients     any shape, float32 or float64, any layout
    threads       the most threads that share chunks
    Returns a float.
    """
    return _squares(floating("gradients", gradients, None), usable_threads(threads))


cdef _average(ndarray p, double share, ndarray averages, int threads):
    with nogil:
        average_chunks(kernels_of(p), data(p), size_of(p), share, data(averages), threads)


def average(parameters, averages, share, *, threads=1):
    """An exponentially weighted average of parameters moves towards them, in place.

    parameters    any shape, float32 or float64, any layout
    averages      of that shape and dtype, C-contiguous: averages += share * (parameters - averages)
    share         0 <= share <= 1
    threads       the most threads that share chunks
    Returns averages.
    """
    p = floating("parameters", parameters, None)
    apart("averages", in_place("averages", averages, p), (p,))
    _average(p, number("share", share, 0, 1), averages, usable_threads(threads))
    return averages
