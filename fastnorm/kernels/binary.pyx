"""Functions of two numbers, forward and backward; their operands broadcast by NumPy's rule."""

from cython.parallel cimport prange

from .broadcast cimport broadcast, must_fit, operand, stride_of_columns, stride_of_rows
from .cpu cimport binary_index, fn_kernels, kernels, moved, real, row_border, usable_threads
from .arguments cimport ANY, is_single, kind_of, matrix, output, output_like, same, stride


cdef void binary_forward_rows(const fn_kernels* kernels, int which, const void* a, Py_ssize_t a_row,
                              Py_ssize_t a_column, const void* b, Py_ssize_t b_row, Py_ssize_t b_column, Py_ssize_t n,
                              Py_ssize_t c, void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y = f(a, b) for number `which` of the family; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.binary[which].forward(a, a_row, a_column, b, b_row, b_column, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.binary[which].forward(<const char*> a + first * a_row * kernels.itemsize, a_row, a_column,
                                      <const char*> b + first * b_row * kernels.itemsize, b_row, b_column,
                                      last - first, c, <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void binary_backward_rows(const fn_kernels* kernels, int which, const void* dy, Py_ssize_t lddy, const void* a,
                               Py_ssize_t a_row, Py_ssize_t a_column, const void* b, Py_ssize_t b_row,
                               Py_ssize_t b_column, const void* y, Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c,
                               void* da, Py_ssize_t ldda, void* db, Py_ssize_t lddb, int threads) noexcept nogil:
    """da = dy df/da, db = dy df/db, each NULL where not wanted; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.binary[which].backward(dy, lddy, a, a_row, a_column, b, b_row, b_column, y, ldy, n, c, da, ldda, db,
                                       lddb)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.binary[which].backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                                       <const char*> a + first * a_row * kernels.itemsize, a_row, a_column,
                                       <const char*> b + first * b_row * kernels.itemsize, b_row, b_column,
                                       <const char*> y + first * ldy * kernels.itemsize, ldy, last - first, c,
                                       moved(da, first * ldda * kernels.itemsize), ldda,
                                       moved(db, first * lddb * kernels.itemsize), lddb)


cdef _forward(int which, const real[:, :] a, const real[:, :] b, real[:, :] y, int threads):
    with nogil:
        binary_forward_rows(kernels(sizeof(real)), which,
                            &a[0, 0], stride_of_rows(a), stride_of_columns(a),
                            &b[0, 0], stride_of_rows(b), stride_of_columns(b),
                            y.shape[0], y.shape[1], &y[0, 0], stride(y), threads)


cdef binary_forward(const char* name, a, b, out, threads):
    """What every <name>_forward does."""
    cdef Py_ssize_t n, c
    a = operand("a", a, ANY)
    b = operand("b", b, kind_of(a))
    broadcast(("a", "b"), (a, b), &n, &c)
    y = output(out, n, c, kind_of(a), (a, b))
    if is_single(a):
        _forward[float](binary_index(name), a, b, y, usable_threads(threads))
    else:
        _forward[double](binary_index(name), a, b, y, usable_threads(threads))
    return y


cdef _backward(int which, const real[:, :] dy, const real[:, :] a, const real[:, :] b, const real[:, :] y,
               real[:, :] da, real[:, :] db, int threads):
    with nogil:
        binary_backward_rows(kernels(sizeof(real)), which, &dy[0, 0], stride(dy),
                             &a[0, 0], stride_of_rows(a), stride_of_columns(a),
                             &b[0, 0], stride_of_rows(b), stride_of_columns(b),
                             &y[0, 0], stride(y), dy.shape[0], dy.shape[1], &da[0, 0], stride(da), &db[0, 0],
                             stride(db), threads)


cdef binary_backward(const char* name, dy, a, b, y, threads):
    """What every <name>_backward does."""
    dy = matrix("dy", dy)
    a, b = operand("a", a, kind_of(dy)), operand("b", b, kind_of(dy))
    y = same("y", y, dy)
    must_fit("dy", dy, ("a", "b"), (a, b))
    da, db = output_like(None, dy, ()), output_like(None, dy, ())
    if is_single(dy):
        _backward[float](binary_index(name), dy, a, b, y, da, db, usable_threads(threads))
    else:
        _backward[double](binary_index(name), dy, a, b, y, da, db, usable_threads(threads))
    return da, db


def add_forward(a, b, *, out=None, threads=1):
    """a + b, element by element.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("add", a, b, out, threads)


def add_backward(dy, a, b, y, *, threads=1):
    """The gradients of add_forward: dy, dy.

    dy           (n, c), gradient of its result; its dtype is used
    a, b, y      forward's arguments and result (n, c)
    threads      the most threads that share rows
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    return binary_backward("add", dy, a, b, y, threads)


def subtract_forward(a, b, *, out=None, threads=1):
    """a - b, element by element.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("subtract", a, b, out, threads)


def subtract_backward(dy, a, b, y, *, threads=1):
    """The gradients of subtract_forward: dy, -dy.

    dy           (n, c), gradient of its result; its dtype is used
    a, b, y      forward's arguments and result (n, c)
    threads      the most threads that share rows
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    return binary_backward("subtract", dy, a, b, y, threads)


def multiply_forward(a, b, *, out=None, threads=1):
    """a b, element by element.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("multiply", a, b, out, threads)


def multiply_backward(dy, a, b, y, *, threads=1):
    """The gradients of multiply_forward: dy b, dy a.

    dy           (n, c), gradient of its result; its dtype is used
    a, b, y      forward's arguments and result (n, c)
    threads      the most threads that share rows
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    return binary_backward("multiply", dy, a, b, y, threads)


def divide_forward(a, b, *, out=None, threads=1):
    """a / b, element by element.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("divide", a, b, out, threads)


def divide_backward(dy, a, b, y, *, threads=1):
    """The gradients of divide_forward: dy / b, -dy y / b.

    dy           (n, c), gradient of its result; its dtype is used
    a, b, y      forward's arguments and result (n, c)
    threads      the most threads that share rows
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    return binary_backward("divide", dy, a, b, y, threads)


def power_forward(a, b, *, out=None, threads=1):
    """a to the power b, element by element; as NumPy at 0, 1, inf and nan, and nan where a < 0 and b is not whole.

    Where b is one number, a whole one up to 64 is repeated multiplication and 0.5 the square root.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("power", a, b, out, threads)


def power_backward(dy, a, b, y, *, threads=1):
    """The gradients of power_forward: dy b a^(b - 1), 0 where b is 0; dy y log a, 0 where a is 0 and b > 0.

    dy           (n, c), gradient of its result; its dtype is used
    a, b, y      forward's arguments and result (n, c)
    threads      the most threads that share rows
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    return binary_backward("power", dy, a, b, y, threads)
