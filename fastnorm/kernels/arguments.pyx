"""What a kernel's public function lets in: the checks of fastnorm.checks, in C for arrays that need no conversion.

Each function here knows the common case, a NumPy array of a fitting dtype that lies in rows, by some comparisons of its
buffer; everything else it leaves to its namesake in checks, which converts or raises an error in words.
"""

from cpython.buffer cimport PyBUF_RECORDS_RO, PyBuffer_IsContiguous, PyBuffer_Release, PyObject_GetBuffer
from cpython.long cimport PyLong_AsLongAndOverflow
from libc.math cimport INFINITY, fabs, isfinite
from libc.stdint cimport int32_t, int64_t, uint64_t
from numpy cimport (
    NPY_CORDER, NPY_DOUBLE, NPY_FLOAT, NPY_INT32, NPY_INT64, NPY_ORDER, NPY_UINT32, PyArray_EMPTY, import_array,
    ndarray, npy_intp,
)

import numpy as np

from .. import checks
from ..errors import ShapeError

cdef extern from "numpy/arrayobject.h":
    object PyArray_NewLikeArray(ndarray prototype, NPY_ORDER order, void* descr, int subok)

import_array()          # NumPy's C interface makes arrays here, and does nothing else

cdef object ARRAY = np.ndarray
cdef object SINGLE = checks.FLOATS[0], DOUBLE = checks.FLOATS[1]
cdef double SUM_TOLERANCE = checks.SUM_TOLERANCE


cdef struct Layout:
    int kind, dimensions
    Py_ssize_t rows, columns        # of a vector, its length and 1; of other than vectors and matrices, 0
    char* data
    char* end                       # behind its last element, where it lies in rows
    bint in_rows                    # unit stride within rows, which follow each other, apart and aligned
    bint contiguous, writeable


cdef int kind_in(const Py_buffer* buffer) noexcept:
    """The kind of a buffer's numbers, OTHER unless it is one of ours in native byte order."""
    if buffer.format == NULL or buffer.format[0] == 0 or buffer.format[1] != 0:
        return OTHER
    if buffer.format[0] == b"f":
        return FLOAT32
    if buffer.format[0] == b"d":
        return FLOAT64
    if buffer.format[0] in (b"i", b"l", b"q"):
        return INT32 if buffer.itemsize == 4 else INT64
    return OTHER


cdef bint describe(value, Layout* layout):
    """Say how a NumPy array lies; False for anything else, and for arrays that have no buffer, such as of dates."""
    cdef Py_buffer buffer
    cdef Py_ssize_t size, gap
    if type(value) is not ARRAY:
        return False
    try:
        PyObject_GetBuffer(value, &buffer, PyBUF_RECORDS_RO)
    except (BufferError, ValueError):
        return False
    size = max(buffer.itemsize, 1)          # 0 for records without a field
    layout.kind, layout.dimensions, layout.data = kind_in(&buffer), buffer.ndim, <char*> buffer.buf
    layout.contiguous = PyBuffer_IsContiguous(&buffer, b"C") and <size_t> buffer.buf % size == 0
    layout.writeable = not buffer.readonly
    layout.rows = layout.columns = 0
    layout.in_rows = layout.contiguous
    layout.end = layout.data + buffer.len
    if buffer.ndim == 1:
        layout.rows, layout.columns = buffer.shape[0], 1
    elif buffer.ndim == 2:
        layout.rows, layout.columns = buffer.shape[0], buffer.shape[1]
        gap = buffer.strides[0]
        if not layout.contiguous and layout.rows > 0 and layout.columns > 0 and <size_t> buffer.buf % size == 0:
            layout.in_rows = ((layout.columns == 1 or buffer.strides[1] == size)
                              and (layout.rows == 1 or gap >= layout.columns * size and gap % size == 0))
            layout.end = layout.data + (layout.rows - 1) * gap + layout.columns * size
    PyBuffer_Release(&buffer)
    return True


cdef inline bint is_kind(const Layout* layout, int kind) noexcept:
    return layout.kind == kind if kind != ANY else layout.kind == FLOAT32 or layout.kind == FLOAT64


cdef dtype_of(int kind):
    return None if kind == ANY else SINGLE if kind == FLOAT32 else DOUBLE


cdef length_or_none(Py_ssize_t length):
    return None if length == ANY else length


cdef matrix(name, value, int kind=ANY, Py_ssize_t rows=ANY, Py_ssize_t columns=ANY):
    """checks.matrix, but rows may lie apart."""
    cdef Layout it
    if describe(value, &it) and it.dimensions == 2 and it.in_rows and is_kind(&it, kind):
        if it.rows > 0 and it.columns > 0 and rows in (ANY, it.rows) and columns in (ANY, it.columns):
            return value
    return checks.matrix(name, value, dtype_of(kind), length_or_none(columns), length_or_none(rows))


cdef vector(name, value, int kind=ANY, Py_ssize_t length=ANY):
    """checks.vector."""
    cdef Layout it
    if describe(value, &it) and it.dimensions == 1 and it.contiguous and is_kind(&it, kind):
        if length in (ANY, it.rows):
            return value
    return checks.vector(name, value, dtype_of(kind), length_or_none(length))


cdef same(name, value, like):
    """A matrix of the kind and shape of another one."""
    cdef Layout model
    describe(like, &model)
    return matrix(name, value, model.kind, model.rows, model.columns)


cdef floating(name, value, int kind=ANY):
    """checks.floating."""
    cdef Layout it
    if describe(value, &it) and it.contiguous and is_kind(&it, kind):
        return value
    return checks.floating(name, value, dtype_of(kind))


cdef indices(name, value, Py_ssize_t bound, int kind):
    """checks.indices, as INT32 or INT64."""
    cdef Layout it, made
    cdef Py_ssize_t i
    cdef int64_t index
    if describe(value, &it) and it.dimensions == 1 and it.contiguous and it.kind in (INT32, INT64):
        result = value if it.kind == kind else new_vector(it.rows, kind)
        describe(result, &made)
        for i in range(it.rows):
            index = (<int64_t*> it.data)[i] if it.kind == INT64 else (<int32_t*> it.data)[i]
            if index < 0 or index >= bound:
                break
            if made.data != it.data:
                if kind == INT64:
                    (<int64_t*> made.data)[i] = index
                else:
                    (<int32_t*> made.data)[i] = <int32_t> index
        else:
            return result
    return checks.indices(name, value, bound, np.int64 if kind == INT64 else np.int32)


cdef int dimensions_of(name, value) except -1:
    return value.ndim if type(value) is ARRAY else checks.as_array(name, value).ndim


cdef class_numbers(target, x):
    """A class number below x's columns for each of its rows, int32."""
    labels = indices("target", target, columns_of(x), INT32)
    if rows_of(labels) != rows_of(x):
        raise ShapeError(f"target: expected {rows_of(x)} rows, got {rows_of(labels)}")
    return labels


cdef bint add_to_one(const real[:, :] x) noexcept nogil:
    """Whether each row is >= 0 with a sum of 1."""
    cdef Py_ssize_t i, j
    cdef double sum
    cdef bint good = True
    for i in range(x.shape[0]):
        sum = 0
        for j in range(x.shape[1]):
            good &= x[i, j] >= 0
            sum += x[i, j]
        good &= fabs(sum - 1) <= SUM_TOLERANCE
    return good


cdef shares(name, value, like):
    """checks.probabilities, of another's kind and shape."""
    array = same(name, value, like)
    if add_to_one[float](array) if is_single(array) else add_to_one[double](array):
        return array
    return checks.probabilities(name, array, dtype_of(kind_of(like)), columns_of(like), rows_of(like))


cdef new_array(int dimensions, Py_ssize_t rows, Py_ssize_t columns, int kind):
    cdef npy_intp[2] shape
    cdef int[6] number
    number[FLOAT32], number[FLOAT64] = NPY_FLOAT, NPY_DOUBLE
    number[INT32], number[INT64], number[UINT32] = NPY_INT32, NPY_INT64, NPY_UINT32
    shape[0], shape[1] = rows, columns
    return PyArray_EMPTY(dimensions, shape, number[kind], False)


cdef new_vector(Py_ssize_t length, int kind):
    return new_array(1, length, 1, kind)


cdef output(out, Py_ssize_t rows, Py_ssize_t columns, int kind, tuple inputs):
    """checks.output: (rows, columns), rows may lie apart; or (rows,) for ANY columns. Inputs are checked or None."""
    cdef Layout it
    cdef int dimensions = 1 if columns == ANY else 2
    if out is None:
        return new_array(dimensions, rows, columns, kind)
    if (describe(out, &it) and it.dimensions == dimensions and it.in_rows and it.writeable and it.kind == kind
            and it.rows == rows and columns in (ANY, it.columns) and is_apart(&it, inputs)):
        return out
    cdef tuple wanted = (rows, columns)
    return checks.output("out", out, wanted[:dimensions], dtype_of(kind), *inputs, in_rows=True)


cdef output_like(out, like, tuple inputs):
    """The same, of a matrix's shape and kind."""
    if out is None:
        return PyArray_NewLikeArray(<ndarray> like, NPY_CORDER, NULL, False)
    return output(out, rows_of(like), columns_of(like), kind_of(like), inputs)


cdef bint is_apart(const Layout* layout, tuple inputs):
    """Whether memory from first to last element overlaps none of the inputs'."""
    cdef Layout other
    for one in inputs:
        if one is not None:
            if not describe(one, &other) or (other.data < layout.end and layout.data < other.end):
                return False
    return True


cdef in_place(name, array, like):
    """checks.in_place, of another's shape and dtype; where that is None, float32 or float64 of any shape."""
    cdef Layout it
    if like is None:
        if describe(array, &it) and it.contiguous and it.writeable and is_kind(&it, ANY):
            return array
        return checks.in_place(name, array, None)
    if describe(array, &it) and it.contiguous and it.writeable and it.kind == kind_of(like):
        if array.shape == like.shape:
            return array
    return checks.in_place(name, array, like.shape, like.dtype)


cdef apart(name, array, tuple inputs):
    """checks.apart, of checked arrays or None."""
    cdef Layout it
    if not (describe(array, &it) and is_apart(&it, inputs)):
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
