"""What each operation of a tape does when a program comes to it: forward, and backward beside it.

A pass reads and writes the buffers of its node for the minibatch of its step, through the functions that also stand
behind the public kernels. A new operation is a forward, a backward and a row in OPERATIONS.
"""

from libc.string cimport strcmp

from .kernels.activation cimport dropout_rows, relu_backward_rows, relu_forward_rows
from .kernels.batchnorm cimport batchnorm_backward_columns, batchnorm_forward_columns, batchnorm_inference_rows
from .kernels.dense cimport column_sums_columns, dense_input_gradient, dense_weight_gradient, gemm_rows
from .kernels.loss cimport mean_squared_error_rows, softmax_cross_entropy_rows

cdef double WORTH_A_THREAD = 1e6    # multiply-adds, about 20 us: a parallel region costs 2 to 4


cdef Py_ssize_t padded(Py_ssize_t columns, Py_ssize_t lanes) noexcept nogil:
    return (columns + lanes - 1) // lanes * lanes


cdef int threads_for(const Step* step, double work) noexcept nogil:
    """Threads for `work` multiply-adds; the results do not depend on it."""
    cdef int worth = 1 + <int> min(work / WORTH_A_THREAD, 1000)
    return min(step.threads, worth)


cdef void dense_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* weight = node.inputs[1]
    cdef const char* bias = NULL if node.inputs[2] == NULL else node.inputs[2].data
    cdef Py_ssize_t h = padded(weight.columns, step.kernels.lanes)      # whole vectors: the padding is 0 on both sides
    gemm_rows(step.kernels, x.data, x.ld, 1, weight.data, weight.ld, bias, node.output.data, node.output.ld,
              step.rows, h, x.columns, node.relu, threads_for(step, <double> step.rows * h * x.columns))


cdef void dense_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* weight = node.inputs[1]
    cdef Buffer* y = node.output
    cdef Py_ssize_t d = x.columns, h = weight.columns, lanes = step.kernels.lanes, n = step.rows
    cdef int threads = threads_for(step, <double> n * h * d)
    if node.relu:
        relu_backward_rows(step.kernels, y.gradient, y.ld, y.data, y.ld, n, h, y.gradient, y.ld, 1)
    if node.gradients[1] != NULL:
        dense_weight_gradient(step.kernels, x.data, x.ld, y.gradient, y.ld, node.gradients[1], weight.ld, n, d,
                              padded(h, lanes), threads)
    if node.inputs[2] != NULL and node.gradients[2] != NULL:
        column_sums_columns(step.kernels, y.gradient, y.ld, n, h, 1, node.gradients[2], 1)
    if node.gradients[0] != NULL:
        dense_input_gradient(step.kernels, y.gradient, y.ld, weight.data, weight.ld, step.transposed, padded(d, lanes),
                             node.gradients[0], x.ld, n, d, h, threads)


cdef void batchnorm_forward(Node* node, Step* step) noexcept nogil:
    """Normalizes and brings the running averages up to date."""
    cdef Buffer* x = node.inputs[0]
    cdef Py_ssize_t c = x.columns
    cdef double* mean = node.statistics
    cdef double decay = node.slot[0]
    cdef double* weight = <double*> node.inputs[5].data
    batchnorm_forward_columns(step.kernels, x.data, x.ld, step.rows, c, node.inputs[1].data, node.inputs[2].data,
                              node.setting, node.relu, node.output.data, node.output.ld, mean, mean + c, mean + 2 * c,
                              threads_for(step, 4.0 * step.rows * c))
    weight[0] = decay * weight[0] + 1 - decay
    step.kernels.batchnorm_running(mean, mean + c, c, (1 - decay) / weight[0], <double*> node.inputs[3].data,
                                   <double*> node.inputs[4].data)


cdef void batchnorm_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    cdef char* dx = y.gradient if node.gradients[0] == NULL else node.gradients[0]  # the program's input wants none
    batchnorm_backward_columns(step.kernels, y.gradient, y.ld, x.data, x.ld, y.data if node.relu else NULL,
                               y.ld if node.relu else 0, step.rows, x.columns, node.statistics,
                               node.statistics + 2 * x.columns, node.inputs[1].data, dx, x.ld,
                               node.gradients[1], node.gradients[2], threads_for(step, 4.0 * step.rows * x.columns))


cdef void normalize_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    batchnorm_inference_rows(step.kernels, x.data, x.ld, step.rows, x.columns, <double*> node.inputs[3].data,
                             <double*> node.inputs[4].data, node.inputs[1].data, node.inputs[2].data, node.relu,
                             node.output.data, node.output.ld, 1)


cdef void relu_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    relu_forward_rows(step.kernels, x.data, x.ld, step.rows, x.columns, node.output.data, node.output.ld, 1)


cdef void relu_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* y = node.output
    if node.gradients[0] != NULL:
        relu_backward_rows(step.kernels, y.gradient, y.ld, y.data, y.ld, step.rows, y.columns, node.gradients[0],
                           node.inputs[0].ld, 1)


cdef void dropout_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    dropout_rows(step.kernels, x.data, x.ld, 0, step.rows, x.columns, node.slot[0], step.seed, node.number, step.number,
                 node.output.data, node.output.ld, threads_for(step, 10.0 * step.rows * x.columns))


cdef void dropout_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* y = node.output
    if node.gradients[0] != NULL:
        dropout_rows(step.kernels, y.gradient, y.ld, 0, step.rows, y.columns, node.slot[0], step.seed, node.number,
                     step.number, node.gradients[0], node.inputs[0].ld,
                     threads_for(step, 10.0 * step.rows * y.columns))


cdef void softmax_cross_entropy_forward(Node* node, Step* step) noexcept nogil:
    """The loss and its gradient come from one pass; nothing is left for backward."""
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* target = node.inputs[1]
    cdef const int32_t* labels = NULL
    cdef const char* shares = NULL
    if target.columns > 0:
        shares = target.data
    else:
        labels = <const int32_t*> target.data
    softmax_cross_entropy_rows(step.kernels, x.data, x.ld, step.rows, x.columns, labels, shares, target.ld,
                               node.inputs[2].data, node.setting, 1 / step.weight, step.losses, step.metrics,
                               node.gradients[0], x.ld, threads_for(step, 20.0 * step.rows * x.columns))


cdef void mean_squared_error_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* target = node.inputs[1]
    mean_squared_error_rows(step.kernels, x.data, x.ld, step.rows, x.columns, target.data, target.ld, node.inputs[2].data,
                            1 / step.weight, step.losses, step.metrics, node.gradients[0], x.ld, 1)


cdef void nothing(Node* node, Step* step) noexcept nogil:
    pass


cdef Operations[7] OPERATIONS
OPERATIONS[0] = Operations("dense", dense_forward, dense_backward)
OPERATIONS[1] = Operations("batchnorm", batchnorm_forward, batchnorm_backward)
OPERATIONS[2] = Operations("normalize", normalize_forward, NULL)
OPERATIONS[3] = Operations("relu", relu_forward, relu_backward)
OPERATIONS[4] = Operations("dropout", dropout_forward, dropout_backward)
OPERATIONS[5] = Operations("softmax_cross_entropy", softmax_cross_entropy_forward, nothing)
OPERATIONS[6] = Operations("mean_squared_error", mean_squared_error_forward, nothing)


cdef Operations* find_operation(const char* name) noexcept nogil:
    """The row of this name, or NULL."""
    cdef int i
    for i in range(7):
        if strcmp(OPERATIONS[i].name, name) == 0:
            return &OPERATIONS[i]
    return NULL
