"""Optimizers whose step is divided by the root of an average of squared gradients: Adam, Nadam, RMSprop; one kernel."""

from libc.math cimport pow

from .cpu cimport kernels, real, usable_threads
from .arguments cimport INFINITY, apart, flat, in_place, is_single, number, whole
from .update cimport adam_chunks, gradients_of, room_for_squares


cdef double _adam(real[::1] p, const real[::1] g, real[::1] m, real[::1] v, double m_step, double g_step,
                  double beta_1, double beta_2, double epsilon, double correction_2, double l2, double decay,
                  double[::1] squares, int threads):
    with nogil:
        return adam_chunks(kernels(sizeof(real)), &p[0], &g[0], NULL if m is None else &m[0], &v[0], p.shape[0], m_step,
                           g_step, beta_1, beta_2, epsilon, correction_2, l2, decay,
                           NULL if squares is None else &squares[0], threads)


cdef double _step(parameters, gradients, first_moments, second_moments, double m_step, double g_step, double beta_1,
                  double beta_2, epsilon, double correction_2, l2, weight_decay, double rate, threads) except? -1:
    """Check the arrays and the settings that all three share, and take the step; first_moments may be None."""
    p = in_place("parameters", parameters, None)
    g = gradients_of(gradients, p)
    m = None
    if first_moments is not None:
        m = in_place("first_moments", first_moments, p)
        apart("first_moments", m, (p, g))
    v = in_place("second_moments", second_moments, p)
    apart("second_moments", v, (p, g, m))
    cdef double least = number("epsilon", epsilon, 0, INFINITY, "(]"), penalty = number("l2", l2, 0)
    cdef double decay = rate * number("weight_decay", weight_decay, 0)
    cdef int count = usable_threads(threads)
    squares = room_for_squares(p, count)
    p, g, v, m = flat(p), flat(g), flat(v), None if m is None else flat(m)
    if is_single(p):
        return _adam[float](p, g, m, v, m_step, g_step, beta_1, beta_2, least, correction_2, penalty, decay, squares,
                            count)
    return _adam[double](p, g, m, v, m_step, g_step, beta_1, beta_2, least, correction_2, penalty, decay, squares,
                         count)


def adam(parameters, gradients, first_moments, second_moments, step, learning_rate=1e-3, beta_1=0.9, beta_2=0.999,
         epsilon=1e-8, *, l2=0.0, weight_decay=0.0, threads=1):
    """One step of Adam, of AdamW where weight_decay > 0; parameters and both moments change in place.

    parameters      any shape, float32 or float64, C-contiguous
    gradients       of that shape; l2 * parameters is added
    first_moments   of that shape and dtype, 0 at first: weighted average of the gradients
    second_moments  the same of their squares
    step            1 at the first call, then 2, ...: it corrects the averages' start from 0
    weight_decay    the parameters also shrink by learning_rate * weight_decay of themselves
    threads         the most threads that share chunks
    Returns the sum of squares of the gradients as they came, a float.
    Source: Kingma & Ba 2015, Algorithm 1; Loshchilov & Hutter 2019, Algorithm 2.
    """
    cdef double rate = number("learning_rate", learning_rate, 0), first = number("beta_1", beta_1, 0, 1, "[)")
    cdef double second = number("beta_2", beta_2, 0, 1, "[)"), steps = whole("step", step, 1)
    return _step(parameters, gradients, first_moments, second_moments, rate / (1 - pow(first, steps)), 0, first, second,
                 epsilon, 1 - pow(second, steps), l2, weight_decay, rate, threads)


def nadam(parameters, gradients, first_moments, second_moments, step, momentum_product, learning_rate=1e-3, beta_1=0.9,
          beta_2=0.999, epsilon=1e-8, *, l2=0.0, weight_decay=0.0, momentum_decay=4e-3, threads=1):
    """One step of Nadam, Adam with Nesterov's momentum; parameters and both moments change in place.

    The momentum of step t is mu_t = beta_1 (1 - 0.96^(t momentum_decay) / 2).

    parameters        any shape, float32 or float64, C-contiguous
    gradients         of that shape; l2 * parameters is added
    first_moments     of that shape and dtype, 0 at first: weighted average of the gradients
    second_moments    the same of their squares
    step              1 at the first call, then 2, ...
    momentum_product  1 at the first call, then the last call's result: the product of mu_1 to mu_(step - 1)
    weight_decay      the parameters also shrink by learning_rate * weight_decay of themselves
    threads           the most threads that share chunks
    Returns the sum of squares of the gradients as they came, and the new momentum_product, both floats.
    Source: Dozat 2016; as torch.optim.NAdam.
    """
    cdef double rate = number("learning_rate", learning_rate, 0), first = number("beta_1", beta_1, 0, 1, "[)")
    cdef double second = number("beta_2", beta_2, 0, 1, "[)"), decay = number("momentum_decay", momentum_decay, 0)
    cdef double steps = whole("step", step, 1), product = number("momentum_product", momentum_product, 0, 1)
    cdef double now = first * (1 - 0.5 * pow(0.96, steps * decay))
    cdef double next = first * (1 - 0.5 * pow(0.96, (steps + 1) * decay))
    product *= now
    squares = _step(parameters, gradients, first_moments, second_moments, rate * next / (1 - product * next),
                    rate * (1 - now) / (1 - product), first, second, epsilon, 1 - pow(second, steps), l2, weight_decay,
                    rate, threads)
    return squares, product


def rmsprop(parameters, gradients, second_moments, learning_rate=1e-3, decay=0.99, epsilon=1e-8, *, l2=0.0,
            weight_decay=0.0, threads=1):
    """One step of RMSprop; parameters and second_moments change in place.

    parameters      any shape, float32 or float64, C-contiguous
    gradients       of that shape; l2 * parameters is added
    second_moments  of that shape and dtype, 0 at first: weighted average of the gradients' squares
    decay           share of the old average kept at each step, 0 <= decay < 1
    weight_decay    the parameters also shrink by learning_rate * weight_decay of themselves
    threads         the most threads that share chunks
    Returns the sum of squares of the gradients as they came, a float.
    Source: Tieleman & Hinton 2012; as torch.optim.RMSprop.
    """
    cdef double rate = number("learning_rate", learning_rate, 0), kept = number("decay", decay, 0, 1, "[)")
    return _step(parameters, gradients, None, second_moments, 0, rate, 0, kept, epsilon, 1, l2, weight_decay, rate,
                 threads)
