"""A bound tape and the data its minibatches are gathered from; see feed.pyx."""

from libc.stdint cimport int64_t

from .bound cimport Bound
from .nodes cimport Buffer, Step


cdef class Alone:
    cdef object lock


cdef class Feed(Bound):
    cdef Alone alone                            # held while training
    cdef Step step                              # of the minibatch at hand
    cdef Buffer *x
    cdef Buffer *target
    cdef Buffer *weight
    cdef char* weights_room
    cdef object data                            # the attached arrays, kept alive
    cdef const char* rows_of_x
    cdef const char* rows_of_target
    cdef const char* rows_of_weight
    cdef Py_ssize_t data_rows, classes
    cdef bint labels

    cdef void gather(self, const int64_t* rows, Py_ssize_t n) noexcept nogil
    cdef double weight_of(self, Py_ssize_t i) noexcept nogil
    cdef void weigh(self, double* loss, double* metric) noexcept nogil
