"""How many threads a minibatch gets; see pace.pyx."""

cdef enum:
    ALONE, TOGETHER

cdef class Pace:
    cdef readonly int threads                   # of the next minibatch
    cdef int most, way
    cdef bint choosing
    cdef double alone                           # seconds of a minibatch, when it was last measured
    cdef Py_ssize_t count                       # minibatches measured together, and their seconds
    cdef double measured
    cdef double since, pause                    # seconds on this way; seconds alone before the other is tried again

    cdef void took(self, double seconds) noexcept nogil
    cdef void decide(self, double mean) noexcept nogil
    cdef void go(self, int way) noexcept nogil
