"""A fed tape with its state and the optimizer that changes it; see learner.pyx."""

from .minibatch cimport Feed
from .state cimport State


cdef class Learner(Feed):
    cdef readonly State state
    cdef char* gradients
    cdef double* chunk_squares
    cdef double *rate
    cdef double *beta_1
    cdef double *beta_2
    cdef double *epsilon
    cdef double *momentum
    cdef double *momentum_decay
    cdef double *l2
    cdef double *weight_decay
    cdef double *clip_norm
    cdef double *clip_value
    cdef double *averaging
    cdef char* averages                         # of the weights; NULL where none are kept
    cdef int rule, clip
    cdef bint nesterov, averaged

    cdef double update(self, double factor) noexcept nogil
    cdef double bound_gradients(self) noexcept nogil
    cdef double momentum_at(self, double step) noexcept nogil
    cdef double update_part(self, Py_ssize_t first, Py_ssize_t size, double factor, double l2,
                            double weight_decay) noexcept nogil
    cdef void average_weights(self) noexcept nogil
