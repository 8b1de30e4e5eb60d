"""Steps of the optimizers and averages of parameters, in place, and sums of squared gradients.

Parameters are cut into chunks of CHUNK elements, shared among threads; the chunks' sums of squared gradients are added
in the order of the chunks, so the sum has the same bits for any number of threads. update_adam.pyx has the other
optimizers.
"""

from cython.parallel cimport prange

from ..errors import ShapeError
from .cpu cimport fn_kernels, kernels, moved, real, usable_threads
from .arguments cimport FLOAT64, apart, flat, floating, in_place, is_single, kind_of, new_vector, number


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


cdef gradients_of(gradients, parameters):
    """The gradients, of the parameters' dtype and shape, apart from them."""
    g = floating("gradients", gradients, kind_of(parameters))
    if g.shape != parameters.shape:
        raise ShapeError(f"gradients: expected shape {parameters.shape} as the parameters, got {g.shape}")
    apart("parameters", parameters, (g,))
    return g


cdef room_for_squares(array, int threads):
    """One double for each chunk; None where one thread adds them up itself."""
    return None if threads == 1 else new_vector(array.size // CHUNK + 1, FLOAT64)


cdef double _sgd(real[::1] p, const real[::1] g, real[::1] velocity, double rate, double momentum, double share,
                 bint nesterov, double l2, double weight_decay, double[::1] squares, int threads):
    with nogil:
        return sgd_chunks(kernels(sizeof(real)), &p[0], &g[0], &velocity[0], p.shape[0], rate, momentum, share,
                          nesterov, l2, weight_decay, NULL if squares is None else &squares[0], threads)


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
    cdef double rate = number("learning_rate", learning_rate, 0), kept = number("momentum", momentum, 0, 1, "[)")
    cdef double share = 1 - kept if averaged else 1, penalty = number("l2", l2, 0)
    cdef double decay = number("weight_decay", weight_decay, 0)
    cdef int count = usable_threads(threads)
    squares = room_for_squares(p, count)
    p, g, velocity = flat(p), flat(g), flat(velocity)
    if is_single(p):
        return _sgd[float](p, g, velocity, rate, kept, share, nesterov, penalty, decay, squares, count)
    return _sgd[double](p, g, velocity, rate, kept, share, nesterov, penalty, decay, squares, count)


cdef double _squares(const real[::1] g, double[::1] squares, int threads):
    with nogil:
        return squares_chunks(kernels(sizeof(real)), &g[0], g.shape[0], NULL if squares is None else &squares[0],
                              threads)


def squares(gradients, *, threads=1):
    """The sum of squares of all elements, in double: the squared norm of a gradient.

    gradients     any shape, float32 or float64, any layout
    threads       the most threads that share chunks
    Returns a float.
    """
    cdef int count = usable_threads(threads)
    g = flat(floating("gradients", gradients))
    squares = room_for_squares(g, count)
    return _squares[float](g, squares, count) if is_single(g) else _squares[double](g, squares, count)


cdef _average(const real[::1] p, double share, real[::1] averages, int threads):
    with nogil:
        average_chunks(kernels(sizeof(real)), &p[0], p.shape[0], share, &averages[0], threads)


def average(parameters, averages, share, *, threads=1):
    """An exponentially weighted average of parameters moves towards them, in place.

    parameters    any shape, float32 or float64, any layout
    averages      of that shape and dtype, C-contiguous: averages += share * (parameters - averages)
    share         0 <= share <= 1
    threads       the most threads that share chunks
    Returns averages.
    """
    p = floating("parameters", parameters)
    averages = in_place("averages", averages, p)
    apart("averages", averages, (p,))
    share = number("share", share, 0, 1)
    if is_single(p):
        _average[float](flat(p), share, flat(averages), usable_threads(threads))
    else:
        _average[double](flat(p), share, flat(averages), usable_threads(threads))
    return averages
