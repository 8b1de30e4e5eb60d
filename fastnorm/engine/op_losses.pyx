"""The operations that end a forward pass for training: each row's loss and metric, and their gradient in one pass."""

from libc.stdint cimport int32_t
from libc.string cimport memcpy

from ..kernels.labels cimport hits_rows, one_hot_rows
from ..kernels.loss cimport mean_squared_error_rows, softmax_cross_entropy_rows
from .node cimport Buffer, Node, Step, rows_of, threads_for


cdef const int32_t* labels_of(const Buffer* target) noexcept nogil:
    """Class numbers, where the target is those."""
    return <const int32_t*> target.data if target.columns == 0 else NULL


cdef const char* shares_of(const Buffer* target) noexcept nogil:
    return NULL if target.columns == 0 else target.data


cdef void softmax_cross_entropy_forward(Node* node, Step* step) noexcept nogil:
    """The loss and its gradient come from one pass; nothing is left for backward."""
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* target = node.inputs[1]
    softmax_cross_entropy_rows(step.kernels, x.data, x.ld, step.rows, x.columns,
                               labels_of(target), shares_of(target), target.ld,
                               node.inputs[2].data, node.settings[0], 1 / step.weight, step.losses, step.metrics,
                               node.gradients[0], x.ld, threads_for(step, 20.0 * step.rows * x.columns))


cdef void mean_squared_error_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* target = node.inputs[1]
    mean_squared_error_rows(step.kernels, x.data, x.ld, step.rows, x.columns, target.data, target.ld,
                            node.inputs[2].data,
                            1 / step.weight, step.losses, node.gradients[0], x.ld, 1)
    memcpy(step.metrics, step.losses, step.rows * sizeof(double))    # the metric, too, is made of squares


cdef double number(const char* data, Py_ssize_t place, Py_ssize_t itemsize) noexcept nogil:
    return (<const float*> data)[place] if itemsize == 4 else (<const double*> data)[place]


cdef void put(char* data, Py_ssize_t place, Py_ssize_t itemsize, double value) noexcept nogil:
    if itemsize == 4:
        (<float*> data)[place] = <float> value
    else:
        (<double*> data)[place] = value


cdef void weighted_mean_forward(Node* node, Step* step) noexcept nogil:
    """Each row's loss and metric, from the losses computed; and the gradient of their mean or sole loss."""
    cdef Buffer* losses = node.inputs[0]
    cdef Buffer* metrics = node.inputs[1]
    cdef const char* weights = NULL if node.inputs[2] == NULL else node.inputs[2].data
    cdef char* gradient = node.gradients[0]
    cdef Py_ssize_t i, size = step.kernels.itemsize
    for i in range(step.rows):
        step.losses[i] = number(losses.data, 0 if losses.rows == 1 else i * losses.ld, size)
        step.metrics[i] = number(metrics.data, 0 if metrics.rows == 1 else i * metrics.ld, size)
        if gradient != NULL and losses.rows != 1:
            put(gradient, i * losses.ld, size, (1 if weights == NULL else number(weights, i, size)) / step.weight)
    if gradient != NULL and losses.rows == 1:
        put(gradient, 0, size, 1)


cdef void one_hot_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* y = node.output
    one_hot_rows(step.kernels, <const int32_t*> node.inputs[0].data, step.rows, y.columns, y.data, y.ld, 1)


cdef void hits_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* target = node.inputs[1]
    hits_rows(step.kernels, x.data, x.ld, step.rows, x.columns, labels_of(target), shares_of(target), target.ld,
              node.output.data, node.output.ld, 1)


cdef void nothing(Node* node, Step* step) noexcept nogil:
    """Backward, where forward has written the gradient."""
