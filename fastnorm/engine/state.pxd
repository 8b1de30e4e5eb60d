"""All that training goes on from; see state.pyx."""

from libc.stdint cimport int64_t

from ..kernels.cpu cimport fn_kernels

cdef enum:
    STEP, EPOCH, MINIBATCH, COUNTERS
    LOSS = 0
    METRIC, WEIGHT, NORM, TOTALS
    PRODUCT = 0             # carried from step to step: Nadam's product of momenta, the weight of the weights' average
    AVERAGED, CARRIED

cdef class State:
    cdef readonly dict slots                    # name -> position among the slots
    cdef readonly list groups                   # (first byte, bytes, factors of rate and decay) of parameters
    cdef readonly dict parts                    # parameter or statistic -> (first byte, shape, distance of rows, dtype)
    cdef object block
    cdef char* data
    cdef Py_ssize_t size
    cdef Py_ssize_t learned                     # bytes of all parameters; and from one moment to the next
    cdef Py_ssize_t first_slot, first_counter   # bytes from the start of the block
    cdef char* moments
    cdef double* slot
    cdef double* totals
    cdef double* carried
    cdef int64_t* counters

    cdef char* data_of(self, name) except NULL
    cdef double* slot_of(self, name) except NULL
