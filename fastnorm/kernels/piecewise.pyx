"""Where numbers lie among the edges of their columns, and piecewise linear functions of them, added up."""

from cython.parallel cimport prange

from ..errors import SettingError, ShapeError
from .cpu cimport FN_BINS, column_border, fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport columns_of, is_single, kind_of, matrix, output, rows_of, stride, whole


cdef void locate_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t d,
                      const void* edges, Py_ssize_t lde, Py_ssize_t bins, void* y, Py_ssize_t ldy,
                      int threads) noexcept nogil:
    """Rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.locate(x, ldx, n, d, edges, lde, bins, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.locate(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, d, edges, lde, bins,
                       <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void piecewise_forward_rows(const fn_kernels* kernels, const void* located, Py_ssize_t ldl, Py_ssize_t n,
                                 Py_ssize_t d, const void* weight, Py_ssize_t ldw, Py_ssize_t bins, Py_ssize_t units,
                                 void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """Columns of y are shared among threads, so that the weights are added up once."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.piecewise_forward(located, ldl, n, d, weight, ldw, bins, units, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, units, part, threads)
        last = column_border(kernels, units, part + 1, threads)
        kernels.piecewise_forward(located, ldl, n, d, <const char*> weight + first * kernels.itemsize, ldw, bins,
                                  last - first, <char*> y + first * kernels.itemsize, ldy)


cdef void piecewise_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* located,
                                  Py_ssize_t ldl, Py_ssize_t n, Py_ssize_t d, Py_ssize_t bins, Py_ssize_t units,
                                  void* dweight, Py_ssize_t ldw, int threads) noexcept nogil:
    """Columns of dweight are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.piecewise_backward(dy, lddy, located, ldl, n, d, bins, units, dweight, ldw)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, units, part, threads)
        last = column_border(kernels, units, part + 1, threads)
        kernels.piecewise_backward(<const char*> dy + first * kernels.itemsize, lddy, located, ldl, n, d, bins,
                                   last - first, <char*> dweight + first * kernels.itemsize, ldw)


cdef _locate(const real[:, :] x, const real[:, :] edges, real[:, :] y, int threads):
    with nogil:
        locate_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &edges[0, 0], stride(edges),
                    edges.shape[1] - 1, &y[0, 0], stride(y), threads)


def locate(x, edges, *, out=None, threads=1):
    """The bin of its column that each number lies in, and where in the bin.

    x        (n, d), float32 or float64, any layout
    edges    (d, bins + 1), ascending in each row; a column with fewer bins repeats its last edge
    threads  the most threads that share rows of the result
    Returns (n, 2 d) of x's dtype: bins from 0, then places, 0 at a bin's lower edge and 1 at its upper one; below the
    first edge they are under 0, above the last one over 1. Both are nan where x is not finite, and in a column whose
    edges do not ascend.
    """
    x = matrix("x", x)
    edges = matrix("edges", edges, kind_of(x), columns_of(x))
    if columns_of(edges) < 2:
        raise ShapeError(f"edges: expected at least 2 for each column, got shape {edges.shape}")
    y = output(out, rows_of(x), 2 * columns_of(x), kind_of(x), (x, edges))
    if is_single(x):
        _locate[float](x, edges, y, usable_threads(threads))
    else:
        _locate[double](x, edges, y, usable_threads(threads))
    return y


cdef _piecewise_forward(const real[:, :] located, const real[:, :] weight, Py_ssize_t bins, real[:, :] y, int threads):
    with nogil:
        piecewise_forward_rows(kernels(sizeof(real)), &located[0, 0], stride(located), located.shape[0],
                               located.shape[1] // 2, &weight[0, 0], stride(weight), bins, weight.shape[1], &y[0, 0],
                               stride(y), threads)


def piecewise_forward(located, weight, *, out=None, threads=1):
    """The sum over columns of a piecewise linear function of each: a dense layer on piecewise linear encoded columns.

        y[i] = sum over columns k of  (sum of weight[k bins + b] for b < bin)  +  place weight[k bins + bin]

    located  (n, 2 d), what locate gave; a bin that is no whole number in [0, bins) gives nan
    weight   (d bins, units), located's dtype is used; at most 256 bins
    threads  the most threads that share columns of the result
    Returns (n, units) of located's dtype.
    Source: Gorishniy, Rubachev & Babenko 2022.
    """
    located = matrix("located", located)
    cdef Py_ssize_t columns = _columns(located), bins
    weight = matrix("weight", weight, kind_of(located))
    bins = rows_of(weight) // columns
    if bins * columns != rows_of(weight) or bins > FN_BINS:
        raise ShapeError(f"weight: expected 1 to {FN_BINS} rows for each of {columns} columns, got {weight.shape}")
    y = output(out, rows_of(located), columns_of(weight), kind_of(located), (located, weight))
    if is_single(located):
        _piecewise_forward[float](located, weight, bins, y, usable_threads(threads))
    else:
        _piecewise_forward[double](located, weight, bins, y, usable_threads(threads))
    return y


cdef _piecewise_backward(const real[:, :] dy, const real[:, :] located, Py_ssize_t bins, real[:, :] dweight,
                         int threads):
    with nogil:
        piecewise_backward_rows(kernels(sizeof(real)), &dy[0, 0], stride(dy), &located[0, 0], stride(located),
                                dy.shape[0], located.shape[1] // 2, bins, dy.shape[1], &dweight[0, 0],
                                stride(dweight), threads)


def piecewise_backward(dy, located, bins, *, out=None, threads=1):
    """The gradient of piecewise_forward's weight.

    dy       (n, units), gradient of its result; its dtype is used
    located  (n, 2 d), forward's; a bin that is no whole number in [0, bins) adds nothing
    bins     of each column, from 1 to 256
    threads  the most threads that share columns of the result
    Returns dweight (d bins, units) of dy's dtype.
    """
    dy = matrix("dy", dy)
    located = matrix("located", located, kind_of(dy), rows_of(dy))
    cdef Py_ssize_t columns = _columns(located), count = whole("bins", bins, 1)
    if count > FN_BINS:
        raise SettingError(f"bins: expected at most {FN_BINS}, got {count}")
    dweight = output(out, columns * count, columns_of(dy), kind_of(dy), (dy, located))
    if is_single(dy):
        _piecewise_backward[float](dy, located, count, dweight, usable_threads(threads))
    else:
        _piecewise_backward[double](dy, located, count, dweight, usable_threads(threads))
    return dweight


cdef Py_ssize_t _columns(located) except -1:
    if columns_of(located) % 2:
        raise ShapeError(f"located: expected bins and places of each column, got shape {located.shape}")
    return columns_of(located) // 2
