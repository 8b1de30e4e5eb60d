"""Operations element by element, forward and backward: one input, two that broadcast, and a choice between two."""

from ..kernels.activation cimport dropout_rows, relu_backward_rows, relu_forward_rows
from ..kernels.binary cimport binary_backward_rows, binary_forward_rows
from ..kernels.moves cimport copy_rows
from ..kernels.unary cimport unary_backward_rows, unary_forward_rows
from ..kernels.where cimport where_backward_rows, where_forward_rows
from .op_shapes cimport reduce_into
from .node cimport Buffer, Node, Step, rows_of, threads_for

cdef double MATHS = 10.0        # multiply-adds that an exponential or a random number costs as much as


cdef void unary_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Py_ssize_t n = rows_of(x, step)
    unary_forward_rows(step.kernels, node.kernel, x.data, x.ld, n, x.columns, node.settings[0], node.settings[1],
                       node.output.data, node.output.ld, threads_for(step, MATHS * n * x.columns))


cdef void unary_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    cdef Py_ssize_t n = rows_of(x, step)
    unary_backward_rows(step.kernels, node.kernel, y.gradient, y.ld, x.data, x.ld, y.data, y.ld, n, x.columns,
                        node.settings[0], node.settings[1], node.gradients[0], x.ld,
                        threads_for(step, MATHS * n * x.columns))


cdef void relu_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    relu_forward_rows(step.kernels, x.data, x.ld, rows_of(x, step), x.columns, node.output.data, node.output.ld, 1)


cdef void relu_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* y = node.output
    relu_backward_rows(step.kernels, y.gradient, y.ld, y.data, y.ld, rows_of(y, step), y.columns, node.gradients[0],
                       node.inputs[0].ld, 1)


cdef void dropout_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Py_ssize_t n = rows_of(x, step)
    dropout_rows(step.kernels, x.data, x.ld, 0, n, x.columns, node.slot[0], step.seed, node.number, step.number,
                 node.output.data, node.output.ld, threads_for(step, MATHS * n * x.columns))


cdef void dropout_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* y = node.output
    cdef Py_ssize_t n = rows_of(y, step)
    dropout_rows(step.kernels, y.gradient, y.ld, 0, n, y.columns, node.slot[0], step.seed, node.number, step.number,
                 node.gradients[0], node.inputs[0].ld, threads_for(step, MATHS * n * y.columns))


cdef Py_ssize_t row_stride(const Buffer* operand, const Buffer* y) noexcept nogil:
    """Elements from row to row of an operand: none where its one row meets all rows of y."""
    return 0 if operand.rows == 1 and y.rows != 1 else operand.ld


cdef Py_ssize_t column_stride(const Buffer* operand, const Buffer* y) noexcept nogil:
    return 0 if operand.columns == 1 and y.columns != 1 else 1


cdef bint broadcasts(const Buffer* operand, const Buffer* y) noexcept nogil:
    return operand.rows != y.rows or operand.columns != y.columns


cdef char* room(Node* node, Step* step, int place, char* scratch) noexcept nogil:
    """Where the gradient of an operand goes in y's shape: to its own place, or to scratch if it is to be summed up."""
    cdef bint beside = node.gradients[place] != NULL and broadcasts(node.inputs[place], node.output)
    return scratch if beside else node.gradients[place]


cdef void sum_up(Node* node, Step* step, int place, const char* whole) noexcept nogil:
    """The gradient of an operand that was broadcast: sums of the gradient in y's shape."""
    cdef Buffer* y = node.output
    if node.gradients[place] != NULL and broadcasts(node.inputs[place], y):
        reduce_into(step, whole, y.ld, rows_of(y, step), y.columns, node.inputs[place], node.gradients[place])


cdef void binary_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* a = node.inputs[0]
    cdef Buffer* b = node.inputs[1]
    cdef Buffer* y = node.output
    binary_forward_rows(step.kernels, node.kernel, a.data, row_stride(a, y), column_stride(a, y), b.data,
                        row_stride(b, y), column_stride(b, y), rows_of(y, step), y.columns, y.data, y.ld, 1)


cdef void binary_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* a = node.inputs[0]
    cdef Buffer* b = node.inputs[1]
    cdef Buffer* y = node.output
    cdef Py_ssize_t n = rows_of(y, step)
    cdef char* second = step.scratch + n * y.ld * step.kernels.itemsize
    cdef char* da = room(node, step, 0, step.scratch)
    cdef char* db = room(node, step, 1, second)
    binary_backward_rows(step.kernels, node.kernel, y.gradient, y.ld, a.data, row_stride(a, y), column_stride(a, y),
                         b.data, row_stride(b, y), column_stride(b, y), y.data, y.ld, n, y.columns,
                         da, y.ld if da == step.scratch else a.ld, db, y.ld if db == second else b.ld, 1)
    sum_up(node, step, 0, step.scratch)
    sum_up(node, step, 1, second)


cdef void add_backward(Node* node, Step* step) noexcept nogil:
    """y's gradient is that of both; one of them may have it in its place."""
    cdef Buffer* y = node.output
    cdef int i
    for i in range(2):
        if node.gradients[i] != NULL and node.gradients[i] != y.gradient and not broadcasts(node.inputs[i], y):
            copy_rows(step.kernels, y.gradient, y.ld, rows_of(y, step), y.columns, node.gradients[i],
                      node.inputs[i].ld, 1)
        sum_up(node, step, i, y.gradient)


cdef void where_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* condition = node.inputs[0]
    cdef Buffer* a = node.inputs[1]
    cdef Buffer* b = node.inputs[2]
    cdef Buffer* y = node.output
    where_forward_rows(step.kernels, condition.data, row_stride(condition, y), column_stride(condition, y),
                       a.data, row_stride(a, y), column_stride(a, y), b.data, row_stride(b, y), column_stride(b, y),
                       rows_of(y, step), y.columns, y.data, y.ld, 1)


cdef void where_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* condition = node.inputs[0]
    cdef Buffer* y = node.output
    cdef Py_ssize_t n = rows_of(y, step)
    cdef char* second = step.scratch + n * y.ld * step.kernels.itemsize
    cdef char* da = room(node, step, 1, step.scratch)
    cdef char* db = room(node, step, 2, second)
    where_backward_rows(step.kernels, y.gradient, y.ld, condition.data, row_stride(condition, y),
                        column_stride(condition, y), n, y.columns,
                        da, y.ld if da == step.scratch else node.inputs[1].ld,
                        db, y.ld if db == second else node.inputs[2].ld, 1)
    sum_up(node, step, 1, step.scratch)
    sum_up(node, step, 2, second)
