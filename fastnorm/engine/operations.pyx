"""The registry of operations: for each of a tape's operations the functions of its forward and backward pass.

A pass reads and writes the buffers of its node for the minibatch of its step, through the functions that the public
kernels use too. A new operation is a forward, a backward and a row in OPERATIONS; an elementwise one with a row in
csrc/kernels/list.h needs none.
"""

from libc.string cimport strcmp

from . cimport op_elementwise as elementwise
from . cimport op_layers as layers
from . cimport op_losses as losses
from . cimport op_shapes as shapes
from ..kernels.cpu cimport binary_index, unary_index

cdef enum:
    COUNT = 25

cdef Operations[COUNT] OPERATIONS
OPERATIONS[0] = Operations("dense", layers.dense_forward, layers.dense_backward)
OPERATIONS[1] = Operations("batchnorm", layers.batchnorm_forward, layers.batchnorm_backward)
OPERATIONS[2] = Operations("normalize", layers.normalize_forward, NULL)
OPERATIONS[3] = Operations("layernorm", layers.layernorm_forward, layers.layernorm_backward)
OPERATIONS[4] = Operations("softmax", layers.softmax_forward, layers.softmax_backward)
OPERATIONS[5] = Operations("log_softmax", layers.log_softmax_forward, layers.log_softmax_backward)
OPERATIONS[6] = Operations("embedding", layers.embedding_forward, layers.embedding_backward)
OPERATIONS[7] = Operations("relu", elementwise.relu_forward, elementwise.relu_backward)
OPERATIONS[8] = Operations("dropout", elementwise.dropout_forward, elementwise.dropout_backward)
OPERATIONS[9] = Operations("add", elementwise.binary_forward, elementwise.add_backward)
OPERATIONS[10] = Operations("where", elementwise.where_forward, elementwise.where_backward)
OPERATIONS[11] = Operations("sum", shapes.sum_forward, shapes.sum_backward)
OPERATIONS[12] = Operations("mean", shapes.mean_forward, shapes.mean_backward)
OPERATIONS[13] = Operations("max", shapes.max_forward, shapes.max_backward)
OPERATIONS[14] = Operations("reshape", shapes.reshape_forward, shapes.reshape_backward)
OPERATIONS[15] = Operations("transpose", shapes.transpose_forward, shapes.transpose_backward)
OPERATIONS[16] = Operations("concatenate", shapes.concatenate_forward, shapes.concatenate_backward)
OPERATIONS[17] = Operations("part", shapes.part_forward, shapes.part_backward)
OPERATIONS[18] = Operations("one_hot", losses.one_hot_forward, NULL)
OPERATIONS[19] = Operations("hits", losses.hits_forward, NULL)
OPERATIONS[20] = Operations("softmax_cross_entropy", losses.softmax_cross_entropy_forward, losses.nothing)
OPERATIONS[21] = Operations("mean_squared_error", losses.mean_squared_error_forward, losses.nothing)
OPERATIONS[22] = Operations("weighted_mean", losses.weighted_mean_forward, losses.nothing)
OPERATIONS[23] = Operations("locate", layers.locate_forward, NULL)
OPERATIONS[24] = Operations("piecewise", layers.piecewise_forward, layers.piecewise_backward)


cdef Operations find_operation(const char* name) noexcept nogil:
    """The passes of this name; forward is NULL where there are none."""
    cdef int i
    for i in range(COUNT):
        if strcmp(OPERATIONS[i].name, name) == 0:
            return OPERATIONS[i]
    if unary_index(name) >= 0:
        return Operations(name, elementwise.unary_forward, elementwise.unary_backward)
    if binary_index(name) >= 0:
        return Operations(name, elementwise.binary_forward, elementwise.binary_backward)
    return Operations(name, NULL, NULL)


cdef int find_kernel(const char* name) noexcept nogil:
    """Which kernel of its family an operation element by element is; else -1."""
    cdef int kernel = unary_index(name)
    return kernel if kernel >= 0 else binary_index(name)


NAMES = tuple([(<bytes> OPERATIONS[i].name).decode() for i in range(COUNT)])


def passes(str name):
    """Whether there is a forward and a backward pass of an operation: those of NAMES and of the kernels' families."""
    cdef bytes spelled = name.encode()
    cdef Operations found = find_operation(spelled)
    return found.forward != NULL, found.backward != NULL
