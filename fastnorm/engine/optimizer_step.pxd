"""A fed tape with its state and the optimizer that changes it; see learner.pyx."""

from .minibatch cimport Feed
from .state cimport State


cdef struct Group:                              # of parameters with the same factors
    Py_ssize_t first, size                      # bytes from the start of the parameters
    double rate, decay


cdef class Learner(Feed):
    cdef readonly State state
    cdef double* acting                         # the slots as they act: times their schedules' factors
    cdef int slot_count
    cdef Group* groups
    cdef int group_count
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

    cdef double* acting_slot(self, name) except NULL
    cdef double update(self) noexcept nogil
    cdef double bound_gradients(self) noexcept nogil
    cdef double momentum_at(self, double step) noexcept nogil
    cdef double update_group(self, const Group* group) noexcept nogil
    cdef void average_weights(self) noexcept nogil
