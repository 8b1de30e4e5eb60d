"""What a kernel's public function lets in: the checks of fastnorm.checks, in C for arrays that need no conversion.

Each function here knows the common case, a contiguous array of a fitting dtype, by some comparisons; everything else it
leaves to its namesake in checks, which converts or raises an error in words.
"""

from cpython.long cimport PyLong_AsLongAndOverflow
from libc.math cimport INFINITY, fabs, isfinite
from libc.stdint cimport int32_t, int64_t, uint64_t
from numpy cimport (
    NPY_DOUBLE, NPY_FLOAT, NPY_INT32, NPY_INT64, PyArray_CheckExact, PyArray_DATA, PyArray_DIM, PyArray_EMPTY,
    PyArray_IS_C_CONTIGUOUS, PyArray_ISALIGNED, PyArray_ISNOTSWAPPED, PyArray_ISWRITEABLE, PyArray_NBYTES, PyArray_NDIM,
    PyArray_TYPE, import_array, ndarray, npy_intp,
)

import numpy as np

from .. import checks
from ..errors import ShapeError

import_array()

FLOAT32, FLOAT64 = checks.FLOATS


cdef inline bint plain(value, int dimensions) noexcept:
    """Whether this is a contiguous, aligned, native array that kernels can read as it is, but for its dtype."""
    return (PyArray_CheckExact(value) and PyArray_NDIM(<ndarray> value) == dimensions
            and PyArray_IS_C_CONTIGUOUS(<ndarray> value) and PyArray_ISALIGNED(<ndarray> value)
            and PyArray_ISNOTSWAPPED(<ndarray> value))


cdef inline bint is_kind(value, int kind) noexcept:
    cdef int came = PyArray_TYPE(<ndarray> value)
    return came == kind if kind != ANY else came == NPY_FLOAT or came == NPY_DOUBLE


cdef bint has_shape_of(ndarray array, ndarray like) noexcept:
    cdef int i
    if PyArray_NDIM(array) != PyArray_NDIM(like):
        return False
    for i in range(PyArray_NDIM(like)):
        if PyArray_DIM(array, i) != PyArray_DIM(like, i):
            return False
    return True


cdef dtype_of(int kind):
    return None if kind == ANY else FLOAT32 if kind == NPY_FLOAT else FLOAT64


cdef length_or_none(Py_ssize_t length):
    return None if length == ANY else length


cdef ndarray matrix(name, value, int kind=ANY, Py_ssize_t rows=ANY, Py_ssize_t columns=ANY):
    """checks.matrix."""
    cdef Py_ssize_t n, c
    if plain(value, 2) and is_kind(value, kind):
        n, c = PyArray_DIM(<ndarray> value, 0), PyArray_DIM(<ndarray> value, 1)
        if n > 0 and c > 0 and (rows == ANY or n == rows) and (columns == ANY or c == columns):
            return <ndarray> value
    return checks.matrix(name, value, dtype_of(kind), length_or_none(columns), length_or_none(rows))


cdef ndarray vector(name, value, int kind=ANY, Py_ssize_t length=ANY):
    """checks.vector."""
    if plain(value, 1) and is_kind(value, kind) and (length == ANY or PyArray_DIM(<ndarray> value, 0) == length):
        return <ndarray> value
    return checks.vector(name, value, dtype_of(kind), length_or_none(length))


cdef ndarray same(name, value, ndarray like):
    """A matrix of the dtype and shape of another one."""
    return matrix(name, value, PyArray_TYPE(like), PyArray_DIM(like, 0), PyArray_DIM(like, 1))


cdef ndarray floating(name, value, ndarray like):
    """checks.floating, of another's dtype or, where that is None, of any."""
    cdef int kind = ANY if like is None else PyArray_TYPE(like)
    if PyArray_CheckExact(value) and plain(value, PyArray_NDIM(<ndarray> value)) and is_kind(value, kind):
        return <ndarray> value
    return checks.floating(name, value, dtype_of(kind))


cdef ndarray indices(name, value, Py_ssize_t bound, int kind):
    """checks.indices, as NPY_INT32 or NPY_INT64."""
    cdef ndarray result
    cdef Py_ssize_t i, n
    cdef int64_t index
    cdef bint wide
    if plain(value, 1) and (is_kind(value, NPY_INT32) or is_kind(value, NPY_INT64)):
        n, wide = PyArray_DIM(<ndarray> value, 0), PyArray_TYPE(<ndarray> value) == NPY_INT64
        source = PyArray_DATA(<ndarray> value)
        result = <ndarray> value if is_kind(value, kind) else new_vector(n, kind)
        sink = PyArray_DATA(result)
        for i in range(n):
            index = (<int64_t*> source)[i] if wide else (<int32_t*> source)[i]
            if index < 0 or index >= bound:
                break
            if sink != source:
                if kind == NPY_INT64:
                    (<int64_t*> sink)[i] = index
                else:
                    (<int32_t*> sink)[i] = <int32_t> index
        else:
            return result
    return checks.indices(name, value, bound, np.int64 if kind == NPY_INT64 else np.int32)


cdef int dimensions_of(value) except -1:
    return PyArray_NDIM(<ndarray> value) if PyArray_CheckExact(value) else np.ndim(value)


cdef ndarray class_numbers(target, ndarray x):
    """A class number below x's columns for each of its rows, int32."""
    cdef ndarray labels = indices("target", target, PyArray_DIM(x, 1), NPY_INT32)
    if PyArray_DIM(labels, 0) != PyArray_DIM(x, 0):
        raise ShapeError(f"target: expected {PyArray_DIM(x, 0)} rows, got {PyArray_DIM(labels, 0)}")
    return labels


cdef ndarray shares(name, value, ndarray like):
    """checks.probabilities, of another's dtype and shape."""
    cdef Py_ssize_t i, j, n = PyArray_DIM(like, 0), c = PyArray_DIM(like, 1)
    cdef double share, sum
    cdef bint good = True, single = PyArray_TYPE(like) == NPY_FLOAT
    cdef ndarray array = same(name, value, like)
    x = PyArray_DATA(array)
    for i in range(n):
        sum = 0
        for j in range(c):
            share = (<float*> x)[i * c + j] if single else (<double*> x)[i * c + j]
            good &= share >= 0
            sum += share
        good &= fabs(sum - 1) <= SUM_TOLERANCE
    return array if good else checks.probabilities(name, array, dtype_of(PyArray_TYPE(like)), c, n)


cdef double SUM_TOLERANCE = checks.SUM_TOLERANCE


cdef ndarray new_vector(Py_ssize_t length, int kind):
    cdef npy_intp count = length
    return PyArray_EMPTY(1, &count, kind, False)


cdef ndarray output(out, Py_ssize_t rows, Py_ssize_t columns, ndarray like, tuple inputs):
    """checks.output, of another's dtype: (rows, columns), or (rows,) for ANY columns; inputs are contiguous or None."""
    cdef npy_intp[2] shape
    cdef int dimensions = 1 if columns == ANY else 2
    shape[0], shape[1] = rows, columns
    if out is None:
        return PyArray_EMPTY(dimensions, shape, PyArray_TYPE(like), False)
    if (plain(out, dimensions) and is_kind(out, PyArray_TYPE(like)) and PyArray_ISWRITEABLE(<ndarray> out)
            and PyArray_DIM(<ndarray> out, 0) == rows
            and (columns == ANY or PyArray_DIM(<ndarray> out, 1) == columns) and is_apart(<ndarray> out, inputs)):
        return <ndarray> out
    cdef tuple wanted = (rows, columns)
    return checks.output("out", out, wanted[:dimensions], dtype_of(PyArray_TYPE(like)), *inputs)


cdef ndarray output_like(out, ndarray like, tuple inputs):
    """The same, of a matrix's shape."""
    return output(out, PyArray_DIM(like, 0), PyArray_DIM(like, 1), like, inputs)


cdef bint is_apart(ndarray array, tuple inputs):
    """Whether contiguous memory overlaps none of the inputs'."""
    cdef char* first = <char*> PyArray_DATA(array)
    cdef char* last = first + PyArray_NBYTES(array)
    cdef char* other
    for one in inputs:
        if one is not None:
            other = <char*> PyArray_DATA(<ndarray> one)
            if other < last and first < other + PyArray_NBYTES(<ndarray> one):
                return False
    return True


cdef ndarray in_place(name, array, ndarray like):
    """checks.in_place, of another's shape and dtype; where that is None, float32 or float64 of any shape."""
    cdef int dimensions
    if PyArray_CheckExact(array) and PyArray_ISWRITEABLE(<ndarray> array):
        dimensions = PyArray_NDIM(<ndarray> array if like is None else like)
        if plain(array, dimensions) and is_kind(array, ANY if like is None else PyArray_TYPE(like)):
            if like is None or has_shape_of(<ndarray> array, like):
                return <ndarray> array
    if like is None:
        dtype = FLOAT32 if getattr(array, "dtype", None) == FLOAT32 else FLOAT64
        return checks.in_place(name, array, np.shape(array), dtype)
    return checks.in_place(name, array, (<object> like).shape, (<object> like).dtype)


cdef apart(name, ndarray array, tuple inputs):
    """checks.apart, of contiguous arrays or None."""
    if not is_apart(array, inputs):
        checks.apart(name, array, *inputs)


cdef double number(name, value, double low, double high=INFINITY, str ends="[]") except? -1:
    """checks.number."""
    cdef double result
    if type(value) is float:
        result = value
        above = result > low or result == low and ends[0] == "["
        if isfinite(result) and above and (result < high or result == high and ends[1] == "]"):
            return result
    return checks.number(name, value, low, high, ends=ends)


cdef uint64_t whole(name, value, uint64_t low, uint64_t high=0) except? 0xFFFFFFFFFFFFFFFF:
    """checks.integer, of numbers below 2**64; high 0: no bound."""
    cdef int overflow = 1
    cdef long result = -1
    if type(value) is int:
        result = PyLong_AsLongAndOverflow(value, &overflow)
    if not overflow and result >= 0 and low <= <uint64_t> result and (high == 0 or <uint64_t> result <= high):
        return <uint64_t> result
    return checks.integer(name, value, low, high or None)
