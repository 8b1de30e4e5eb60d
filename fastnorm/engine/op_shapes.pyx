"""Operations on shapes, forward and backward: sums, means and maxima, and values cut out, put together and turned."""

from libc.string cimport memcpy, memset

from ..kernels.dense cimport column_sums_columns, transpose_blocks
from ..kernels.extremes cimport column_max_backward_rows, column_max_rows, row_max_backward_rows, row_max_rows
from ..kernels.moves cimport copy_rows, spread_rows
from ..kernels.reduce cimport row_sums_rows, total_sum_rows
from .node cimport MOST_INPUTS, OVER_ALL, OVER_FEATURES, OVER_ROWS, Buffer, Node, Step, rows_of


cdef Py_ssize_t stride_of(const Buffer* vector) noexcept nogil:
    """Elements from one number of a vector to the next, be it a column or a row."""
    return vector.ld if vector.columns == 1 else 1


cdef void reduce(Step* step, const char* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, int over, double scale, char* y,
                 Py_ssize_t stride) noexcept nogil:
    if over == OVER_ALL:
        total_sum_rows(step.kernels, x, ldx, n, c, scale, y, 1)
    elif over == OVER_FEATURES:
        row_sums_rows(step.kernels, x, ldx, n, c, scale, y, stride, 1)
    else:
        column_sums_columns(step.kernels, x, ldx, n, c, scale, y, 1)


cdef void reduce_into(Step* step, const char* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const Buffer* shape,
                      char* y) noexcept nogil:
    """Sums of x (n, c) in the shape that was broadcast to it."""
    cdef int over = OVER_FEATURES if shape.columns == 1 and c > 1 else OVER_ROWS
    if shape.columns == 1 and shape.rows == 1:
        over = OVER_ALL
    reduce(step, x, ldx, n, c, over, 1, y, shape.ld)


cdef double count_of(const Node* node, const Step* step) noexcept nogil:
    """How many elements each mean is of."""
    cdef double n = rows_of(node.inputs[0], step), c = node.inputs[0].columns
    return n if node.over == OVER_ROWS else c if node.over == OVER_FEATURES else n * c


cdef void scaled_sum(Node* node, Step* step, double scale) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    reduce(step, x.data, x.ld, rows_of(x, step), x.columns, node.over, scale, node.output.data, stride_of(node.output))


cdef void scaled_spread(Node* node, Step* step, double scale) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    cdef Py_ssize_t row = stride_of(y) if node.over == OVER_FEATURES else 0
    spread_rows(step.kernels, y.gradient, row, node.over == OVER_ROWS, scale, rows_of(x, step), x.columns,
                node.gradients[0], x.ld, 1)


cdef void sum_forward(Node* node, Step* step) noexcept nogil:
    scaled_sum(node, step, 1)


cdef void sum_backward(Node* node, Step* step) noexcept nogil:
    scaled_spread(node, step, 1)


cdef void mean_forward(Node* node, Step* step) noexcept nogil:
    scaled_sum(node, step, 1 / count_of(node, step))


cdef void mean_backward(Node* node, Step* step) noexcept nogil:
    scaled_spread(node, step, 1 / count_of(node, step))


cdef void max_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    if node.over == OVER_FEATURES:
        row_max_rows(step.kernels, x.data, x.ld, rows_of(x, step), x.columns, y.data, stride_of(y), 1)
    else:
        column_max_rows(step.kernels, x.data, x.ld, rows_of(x, step), x.columns, y.data, 1)


cdef void max_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    cdef Py_ssize_t n = rows_of(x, step), stride = stride_of(y)
    if node.over == OVER_FEATURES:
        row_max_backward_rows(step.kernels, y.gradient, stride, x.data, x.ld, y.data, stride, n, x.columns,
                              node.gradients[0], x.ld, 1)
    else:
        column_max_backward_rows(step.kernels, y.gradient, x.data, x.ld, y.data, n, x.columns, node.gradients[0],
                                 x.ld, 1)


cdef void recast(Step* step, const Buffer* shape_x, const char* x, const Buffer* shape_y, char* y) noexcept nogil:
    """The elements of x, in the order of its rows, in the shape of y."""
    cdef Py_ssize_t i, count = rows_of(shape_x, step) * shape_x.columns, size = step.kernels.itemsize
    if shape_x.columns == shape_y.columns:
        copy_rows(step.kernels, x, shape_x.ld, rows_of(shape_x, step), shape_x.columns, y, shape_y.ld, 1)
        return
    for i in range(count):
        memcpy(y + (i // shape_y.columns * shape_y.ld + i % shape_y.columns) * size,
               x + (i // shape_x.columns * shape_x.ld + i % shape_x.columns) * size, size)


cdef void reshape_forward(Node* node, Step* step) noexcept nogil:
    recast(step, node.inputs[0], node.inputs[0].data, node.output, node.output.data)


cdef void reshape_backward(Node* node, Step* step) noexcept nogil:
    recast(step, node.output, node.output.gradient, node.inputs[0], node.gradients[0])


cdef void transpose_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    transpose_blocks(step.kernels, x.data, x.ld, x.rows, x.columns, node.output.data, node.output.ld, 1)


cdef void transpose_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* y = node.output
    transpose_blocks(step.kernels, y.gradient, y.ld, y.rows, y.columns, node.gradients[0], node.inputs[0].ld, 1)


cdef void concatenate_forward(Node* node, Step* step) noexcept nogil:
    cdef char* place = node.output.data
    cdef Buffer* x
    cdef int i
    for i in range(MOST_INPUTS):
        x = node.inputs[i]
        if x != NULL:
            copy_rows(step.kernels, x.data, x.ld, rows_of(x, step), x.columns, place, node.output.ld, 1)
            place += x.columns * step.kernels.itemsize


cdef void concatenate_backward(Node* node, Step* step) noexcept nogil:
    cdef char* place = node.output.gradient
    cdef Buffer* x
    cdef int i
    for i in range(MOST_INPUTS):
        x = node.inputs[i]
        if x != NULL:
            if node.gradients[i] != NULL:
                copy_rows(step.kernels, place, node.output.ld, rows_of(x, step), x.columns, node.gradients[i], x.ld, 1)
            place += x.columns * step.kernels.itemsize


cdef Py_ssize_t place_of_part(const Node* node, const Step* step) noexcept nogil:
    """Bytes from the first element of x to the first of the part."""
    return (node.first_row * node.inputs[0].ld + node.first_column) * step.kernels.itemsize


cdef void part_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    copy_rows(step.kernels, x.data + place_of_part(node, step), x.ld, rows_of(y, step), y.columns, y.data, y.ld, 1)


cdef void part_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    memset(node.gradients[0], 0, rows_of(x, step) * x.ld * step.kernels.itemsize)
    copy_rows(step.kernels, y.gradient, y.ld, rows_of(y, step), y.columns,
              node.gradients[0] + place_of_part(node, step), x.ld, 1)
