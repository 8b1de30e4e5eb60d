"""See exclusive.pyx."""


cdef class Exclusive:
    cdef object lock
