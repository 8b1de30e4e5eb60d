"""A bound tape and the data its minibatches are gathered from; see minibatch.pyx."""

from libc.stdint cimport int64_t

from .backward cimport Backward
from .exclusive cimport Exclusive
from .node cimport Buffer


cdef class Feed(Backward):
    cdef Exclusive exclusive                    # held while training
    cdef Buffer *target                         # NULL where the tape has none; so with the weight
    cdef Buffer *weight
    cdef char* x                                # the minibatch's rows, inputs side by side; NULL where there are none
    cdef Py_ssize_t features, ld
    cdef char* weights_room
    cdef object data                            # the attached arrays, kept alive
    cdef const char* rows_of_x
    cdef const char* rows_of_target
    cdef const char* rows_of_weight
    cdef Py_ssize_t data_rows
    cdef object coded
    cdef int64_t classes                        # 0 where the target is no class numbers
    cdef int64_t stray                          # the row whose label turned out to be no class, or -1

    cdef bint gather(self, const int64_t* rows, Py_ssize_t n) noexcept nogil
    cdef void refuse_stray(self) except *
    cdef double weight_of(self, Py_ssize_t i) noexcept nogil
    cdef void weigh(self, double* loss, double* metric) noexcept nogil
