"""Layers' operations, forward and backward: dense, normalizations, softmax, embedding."""

from ..kernels.activation cimport relu_backward_rows
from ..kernels.batchnorm cimport batchnorm_backward_columns, batchnorm_forward_columns, batchnorm_inference_rows
from ..kernels.dense cimport column_sums_columns, dense_input_gradient, dense_weight_gradient, gemm_rows
from ..kernels.piecewise cimport locate_rows, piecewise_backward_rows, piecewise_forward_rows
from ..kernels.embedding cimport embedding_backward_rows, embedding_forward_rows
from ..kernels.layernorm cimport layernorm_backward_rows, layernorm_forward_rows, layernorm_gamma_beta_backward_rows
from ..kernels.softmax cimport (
    log_softmax_backward_rows,
    log_softmax_forward_rows,
    softmax_backward_rows,
    softmax_rows,
)
from .node cimport Buffer, Node, Step, padded, rows_of, threads_for

cdef double NORMALIZING = 15                    # multiply-adds that take as long as a number's part in a normalization


cdef void dense_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* weight = node.inputs[1]
    cdef const char* bias = NULL if node.inputs[2] == NULL else node.inputs[2].data
    cdef Py_ssize_t n = rows_of(x, step)
    cdef Py_ssize_t h = padded(weight.columns, step.kernels.lanes)      # whole vectors: the padding is 0 on both sides
    gemm_rows(step.kernels, x.data, x.ld, 1, weight.data, weight.ld, bias, node.output.data, node.output.ld,
              n, h, x.columns, node.relu, threads_for(step, <double> n * h * x.columns))


cdef void dense_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* weight = node.inputs[1]
    cdef Buffer* y = node.output
    cdef Py_ssize_t d = x.columns, h = weight.columns, lanes = step.kernels.lanes, n = rows_of(x, step)
    cdef int threads = threads_for(step, <double> n * h * d)
    if node.relu:
        relu_backward_rows(step.kernels, y.gradient, y.ld, y.data, y.ld, n, h, y.gradient, y.ld,
                           threads_for(step, <double> n * h))
    if node.gradients[1] != NULL:
        dense_weight_gradient(step.kernels, x.data, x.ld, y.gradient, y.ld, node.gradients[1], weight.ld, n, d,
                              padded(h, lanes), threads)
    if node.gradients[2] != NULL:
        column_sums_columns(step.kernels, y.gradient, y.ld, n, h, 1, node.gradients[2], 1)
    if node.gradients[0] != NULL:
        dense_input_gradient(step.kernels, y.gradient, y.ld, weight.data, weight.ld, step.scratch, padded(d, lanes),
                             node.gradients[0], x.ld, n, d, h, threads)


cdef void batchnorm_forward(Node* node, Step* step) noexcept nogil:
    """Normalizes, and brings the running averages up to date, the variance's by n / (n - 1)."""
    cdef Buffer* x = node.inputs[0]
    cdef Py_ssize_t c = x.columns
    cdef double* mean = node.statistics
    cdef double decay = node.slot[0]
    cdef double* weight = <double*> node.inputs[5].data
    cdef double factor = step.rows / (step.rows - 1.0) if step.rows > 1 else 1      # one row has no variance to correct
    batchnorm_forward_columns(step.kernels, x.data, x.ld, step.rows, c, node.inputs[1].data, node.inputs[2].data,
                              node.settings[0], node.relu, node.output.data, node.output.ld,
                              mean, mean + c, mean + 2 * c,
                              threads_for(step, NORMALIZING * step.rows * c))
    weight[0] = decay * weight[0] + 1 - decay
    step.kernels.batchnorm_running(mean, mean + c, c, (1 - decay) / weight[0], factor,
                                   <double*> node.inputs[3].data, <double*> node.inputs[4].data)


cdef void batchnorm_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    batchnorm_backward_columns(step.kernels, y.gradient, y.ld, x.data, x.ld, y.data if node.relu else NULL,
                               y.ld if node.relu else 0, step.rows, x.columns, node.statistics,
                               node.statistics + 2 * x.columns, node.inputs[1].data, node.gradients[0], x.ld,
                               node.gradients[1], node.gradients[2],
                               threads_for(step, NORMALIZING * step.rows * x.columns))


cdef void normalize_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    batchnorm_inference_rows(step.kernels, x.data, x.ld, step.rows, x.columns, <double*> node.inputs[3].data,
                             <double*> node.inputs[4].data, node.inputs[1].data, node.inputs[2].data, node.relu,
                             node.output.data, node.output.ld, 1)


cdef void layernorm_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Py_ssize_t n = rows_of(x, step)
    layernorm_forward_rows(step.kernels, x.data, x.ld, n, x.columns, node.inputs[1].data, node.inputs[2].data,
                           node.settings[0], node.output.data, node.output.ld, node.statistics, node.statistics + n,
                           threads_for(step, NORMALIZING * n * x.columns))


cdef void layernorm_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* y = node.output
    cdef Py_ssize_t n = rows_of(x, step)
    cdef int threads = threads_for(step, NORMALIZING * n * x.columns)
    layernorm_gamma_beta_backward_rows(step.kernels, y.gradient, y.ld, x.data, x.ld, n, x.columns, node.statistics,
                                       node.statistics + n, node.gradients[1], node.gradients[2], threads)
    if node.gradients[0] != NULL:
        layernorm_backward_rows(step.kernels, y.gradient, y.ld, x.data, x.ld, n, x.columns, node.statistics,
                                node.statistics + n, node.inputs[1].data, node.gradients[0], x.ld, threads)


cdef void softmax_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    softmax_rows(step.kernels, x.data, x.ld, rows_of(x, step), x.columns, node.output.data, node.output.ld, 1)


cdef void softmax_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* y = node.output
    softmax_backward_rows(step.kernels, y.gradient, y.ld, y.data, y.ld, rows_of(y, step), y.columns, node.gradients[0],
                          node.inputs[0].ld, 1)


cdef void log_softmax_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    log_softmax_forward_rows(step.kernels, x.data, x.ld, rows_of(x, step), x.columns, node.output.data, node.output.ld,
                             1)


cdef void log_softmax_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* y = node.output
    log_softmax_backward_rows(step.kernels, y.gradient, y.ld, y.data, y.ld, rows_of(y, step), y.columns,
                              node.gradients[0], node.inputs[0].ld, 1)


cdef void locate_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* x = node.inputs[0]
    cdef Buffer* edges = node.inputs[1]
    locate_rows(step.kernels, x.data, x.ld, rows_of(x, step), x.columns, edges.data, edges.ld, edges.columns - 1,
                node.output.data, node.output.ld, 1)


cdef void piecewise_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* located = node.inputs[0]
    cdef Buffer* weight = node.inputs[1]
    cdef Py_ssize_t d = located.columns // 2
    piecewise_forward_rows(step.kernels, located.data, located.ld, rows_of(located, step), d, weight.data, weight.ld,
                           weight.rows // d, weight.columns, node.output.data, node.output.ld,
                           threads_for(step, 4.0 * rows_of(located, step) * d * weight.columns))


cdef void piecewise_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* located = node.inputs[0]
    cdef Buffer* weight = node.inputs[1]
    cdef Buffer* y = node.output
    cdef Py_ssize_t d = located.columns // 2
    piecewise_backward_rows(step.kernels, y.gradient, y.ld, located.data, located.ld, rows_of(located, step), d,
                            weight.rows // d, weight.columns, node.gradients[1], weight.ld,
                            threads_for(step, 4.0 * rows_of(located, step) * d * weight.columns))


cdef void embedding_forward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* table = node.inputs[0]
    cdef Buffer* codes = node.inputs[1]
    embedding_forward_rows(step.kernels, table.data, table.ld, table.rows, codes.data, codes.ld, rows_of(codes, step),
                           codes.columns, table.columns, node.output.data, node.output.ld, 1)


cdef void embedding_backward(Node* node, Step* step) noexcept nogil:
    cdef Buffer* table = node.inputs[0]
    cdef Buffer* codes = node.inputs[1]
    cdef Buffer* y = node.output
    embedding_backward_rows(step.kernels, y.gradient, y.ld, codes.data, codes.ld, rows_of(codes, step),
                               codes.columns, table.columns, table.rows, node.gradients[0], table.ld, 1)
