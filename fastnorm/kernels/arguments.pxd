"""What a kernel's public function lets in: the checks of fastnorm.checks, in C for arrays that need no conversion.

A public function checks its arguments, which are then NumPy arrays of fitting dtypes and shapes, and hands them to a
function of a fused type as typed memoryviews: a matrix is real[:, :], of unit stride within its rows and with any
distance between them; a vector is real[::1]. An argument that may be absent is None, of which start_of makes NULL.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint64_t

from .cpu cimport real

cdef enum:
    ANY = -1                # of a kind: float32 or float64; of a length: whatever comes
    OTHER = 0               # a kind that no kernel takes
    FLOAT32, FLOAT64, INT32, INT64, UINT32

cdef matrix(name, value, int kind=*, Py_ssize_t rows=*, Py_ssize_t columns=*)
cdef vector(name, value, int kind=*, Py_ssize_t length=*)
cdef same(name, value, like)
cdef floating(name, value, int kind=*)
cdef indices(name, value, Py_ssize_t bound, int kind)
cdef int dimensions_of(name, value) except -1
cdef class_numbers(target, x)
cdef shares(name, value, like)
cdef new_vector(Py_ssize_t length, int kind)
cdef output(out, Py_ssize_t rows, Py_ssize_t columns, int kind, tuple inputs)
cdef output_like(out, like, tuple inputs)
cdef in_place(name, array, like)
cdef apart(name, array, tuple inputs)
cdef double number(name, value, double low, double high=*, str ends=*) except? -1
cdef uint64_t whole(name, value, uint64_t low, uint64_t high=*) except? 0xFFFFFFFFFFFFFFFF

cdef inline bint is_single(array) except -1:
    """Whether a float32 or float64 array is of float32."""
    return <int> array.itemsize == sizeof(float)

cdef inline int kind_of(array) except -1:
    """FLOAT32 or FLOAT64, as far as the checks let in."""
    return FLOAT32 if is_single(array) else FLOAT64

cdef inline Py_ssize_t rows_of(array) except -1:
    return array.shape[0]

cdef inline Py_ssize_t columns_of(array) except -1:
    return array.shape[1]

cdef inline Py_ssize_t stride(const real[:, :] matrix) noexcept nogil:
    """Elements from row to row; 0 for None."""
    return 0 if matrix is None else matrix.strides[0] // <Py_ssize_t> sizeof(real)

cdef inline flat(array):
    """A contiguous array of any shape as a vector, in the same memory."""
    return array if array.ndim == 1 else array.reshape(-1)

ctypedef fused element:
    float
    double
    int32_t

cdef inline const element* start_of(const element[::1] vector) noexcept nogil:
    """Where a vector lies; NULL for None."""
    if vector is None:
        return NULL
    return &vector[0]

cdef inline const real* rows_start(const real[:, :] matrix) noexcept nogil:
    """Where a matrix lies; NULL for None."""
    if matrix is None:
        return NULL
    return &matrix[0, 0]
