"""Optimizers whose step is divided by the root of an average of squared gradients: Adam, Nadam, RMSprop; one kernel."""

import numpy as np

from .. import checks
from .cpu cimport kernels, real, usable_threads
from .update cimport CHUNK, adam_chunks
from .update import _gradients, _parameters, _state


cdef double _adam(real[::1] p, const real[::1] g, real[::1] m, real[::1] v, double m_step, double g_step,
                  double beta_1, double beta_2, double epsilon, double correction_2, double l2, double decay,
                  int threads):
    cdef double[::1] squares = np.empty(p.shape[0] // CHUNK + 1)
    cdef real* first = NULL
    if m is not None:
        first = &m[0]
    with nogil:
        return adam_chunks(kernels(sizeof(real)), &p[0], &g[0], first, &v[0], p.shape[0], m_step, g_step, beta_1,
                           beta_2, epsilon, correction_2, l2, decay, &squares[0], threads)


def _arrays(parameters, gradients, first_moments, second_moments):
    """All four as rows, apart from each other; first_moments may be None."""
    p, g = _parameters(parameters), _gradients(gradients, parameters)
    m = None if first_moments is None else _state("first_moments", first_moments, parameters)
    v = _state("second_moments", second_moments, parameters)
    checks.apart("parameters", p, g)
    if m is not None:
        checks.apart("first_moments", m, p, g)
    checks.apart("second_moments", v, p, g, m)
    return p, g, m, v


def _step(arrays, m_step, g_step, beta_1, beta_2, epsilon, correction_2, l2, weight_decay, rate, threads):
    """Check the settings that all three share, and take the step."""
    epsilon, l2 = checks.number("epsilon", epsilon, 0, ends="(]"), checks.number("l2", l2, 0)
    decay = rate * checks.number("weight_decay", weight_decay, 0)
    settings = m_step, g_step, beta_1, beta_2, epsilon, correction_2, l2, decay, usable_threads(threads)
    return _adam[float](*arrays, *settings) if arrays[0].dtype == np.float32 else _adam[double](*arrays, *settings)


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
    arrays = _arrays(parameters, gradients, first_moments, second_moments)
    rate, step = checks.number("learning_rate", learning_rate, 0), checks.integer("step", step, 1)
    beta_1 = checks.number("beta_1", beta_1, 0, 1, ends="[)")
    beta_2 = checks.number("beta_2", beta_2, 0, 1, ends="[)")
    return _step(arrays, rate / (1 - beta_1**step), 0.0, beta_1, beta_2, epsilon, 1 - beta_2**step, l2, weight_decay,
                 rate, threads)


def nadam(parameters, gradients, first_moments, second_moments, step, momentum_product, learning_rate=2e-3, beta_1=0.9,
          beta_2=0.999, epsilon=1e-8, *, l2=0.0, weight_decay=0.0, momentum_decay=4e-3, threads=1):
    """One step of Nadam, Adam with Nesterov's momentum; parameters and both moments change in place.

    The momentum of step t is mu_t = beta_1 (1 - 0.96^(t momentum_decay) / 2).

    parameters        any shape, float32 or float64, C-contiguous
    gradients         of that shape; l2 * parameters is added
    first_moments     of that shape and dtype, 0 at first: weighted average of the gradients
    second_moments    the same of their squares
    step              1 at the first call, then 2, ...
    momentum_product  1 at the first call, then what the last one returned: the product of mu_1 to mu_(step - 1)
    weight_decay      the parameters also shrink by learning_rate * weight_decay of themselves
    threads           chunks are shared among so many
    Returns the sum of squares of the gradients as they came, and the new momentum_product, both floats.
    Source: Dozat 2016; as torch.optim.NAdam.
    """
    arrays = _arrays(parameters, gradients, first_moments, second_moments)
    rate, step = checks.number("learning_rate", learning_rate, 0), checks.integer("step", step, 1)
    beta_1 = checks.number("beta_1", beta_1, 0, 1, ends="[)")
    beta_2 = checks.number("beta_2", beta_2, 0, 1, ends="[)")
    decay = checks.number("momentum_decay", momentum_decay, 0)
    now, next = (beta_1 * (1 - 0.5 * 0.96 ** (t * decay)) for t in (step, step + 1))
    product = checks.number("momentum_product", momentum_product, 0, 1) * now
    squares = _step(arrays, rate * next / (1 - product * next), rate * (1 - now) / (1 - product), beta_1, beta_2,
                    epsilon, 1 - beta_2**step, l2, weight_decay, rate, threads)
    return squares, product


def rmsprop(parameters, gradients, second_moments, learning_rate=1e-2, decay=0.99, epsilon=1e-8, *, l2=0.0,
            weight_decay=0.0, threads=1):
    """One step of RMSprop; parameters and second_moments change in place.

    parameters      any shape, float32 or float64, C-contiguous
    gradients       of that shape; l2 * parameters is added
    second_moments  of that shape and dtype, 0 at first: weighted average of the gradients' squares
    decay           share of the old average kept at each step, 0 <= decay < 1
    weight_decay    the parameters also shrink by learning_rate * weight_decay of themselves
    threads         chunks are shared among so many
    Returns the sum of squares of the gradients as they came, a float.
    Source: Tieleman & Hinton 2012; as torch.optim.RMSprop.
    """
    arrays = _arrays(parameters, gradients, None, second_moments)
    rate, decay = checks.number("learning_rate", learning_rate, 0), checks.number("decay", decay, 0, 1, ends="[)")
    return _step(arrays, 0.0, rate, 0.0, decay, epsilon, 1.0, l2, weight_decay, rate, threads)
