"""How many threads a minibatch gets; see pace.pyx."""

cdef enum:
    ALONE, TOGETHER

cdef class Pace:
    cdef readonly int threads                   # of the next minibatch
    cdef int most
    cdef bint choosing
    cdef int way, faster                        # at work; and the one to be at work but for trials
    cdef double[2] means                        # seconds of a minibatch, lately, by way
    cdef Py_ssize_t count                       # minibatches that have been measured together, in so many seconds
    cdef double measured
    cdef double since, pause                    # seconds since the last trial ended, and until the next

    cdef void took(self, double seconds) noexcept nogil
    cdef void judge(self, double stall) noexcept nogil
    cdef void go(self, int way) noexcept nogil
