"""What a kernel's public function lets in: the checks of fastnorm.checks, in C for arrays that need no conversion."""

from libc.math cimport INFINITY
from libc.stdint cimport uint64_t
from numpy cimport PyArray_DATA, PyArray_DIM, PyArray_ITEMSIZE, PyArray_SIZE, PyArray_TYPE, ndarray

from .cpu cimport fn_kernels, kernels

cdef enum:
    ANY = -1                # of a dtype: float32 or float64; of a length: whatever comes

cdef bint has_shape_of(ndarray array, ndarray like) noexcept
cdef ndarray matrix(name, value, int kind=*, Py_ssize_t rows=*, Py_ssize_t columns=*)
cdef ndarray vector(name, value, int kind=*, Py_ssize_t length=*)
cdef ndarray same(name, value, ndarray like)
cdef ndarray floating(name, value, ndarray like)
cdef ndarray indices(name, value, Py_ssize_t bound, int kind)
cdef int dimensions_of(value) except -1
cdef ndarray class_numbers(target, ndarray x)
cdef ndarray shares(name, value, ndarray like)
cdef ndarray new_vector(Py_ssize_t length, int kind)
cdef ndarray output(out, Py_ssize_t rows, Py_ssize_t columns, ndarray like, tuple inputs)
cdef ndarray output_like(out, ndarray like, tuple inputs)
cdef ndarray in_place(name, array, ndarray like)
cdef apart(name, ndarray array, tuple inputs)
cdef double number(name, value, double low, double high=*, str ends=*) except? -1
cdef uint64_t whole(name, value, uint64_t low, uint64_t high=*) except? 0xFFFFFFFFFFFFFFFF

cdef inline void* data(ndarray array) noexcept nogil:
    """Where it lies; NULL for None."""
    return NULL if array is None else PyArray_DATA(array)

cdef inline double* doubles(ndarray array) noexcept nogil:
    return <double*> data(array)

cdef inline Py_ssize_t rows_of(ndarray array) noexcept nogil:
    return PyArray_DIM(array, 0)

cdef inline Py_ssize_t columns_of(ndarray array) noexcept nogil:
    return PyArray_DIM(array, 1)

cdef inline Py_ssize_t size_of(ndarray array) noexcept nogil:
    return PyArray_SIZE(array)

cdef inline int kind_of(ndarray array) noexcept nogil:
    """NPY_FLOAT or NPY_DOUBLE, as far as the doors let in."""
    return PyArray_TYPE(array)

cdef inline const fn_kernels* kernels_of(ndarray array) noexcept nogil:
    """The kernels for its dtype."""
    return kernels(PyArray_ITEMSIZE(array))
