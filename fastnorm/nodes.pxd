"""The memory of a recorded value, and an operation bound to it; see nodes.pyx."""

from libc.stdint cimport int32_t, uint32_t, uint64_t

from .kernels.cpu cimport fn_kernels

cdef enum:
    MOST_INPUTS = 6

cdef struct Buffer:
    char* data
    char* gradient
    Py_ssize_t rows         # 0: as many as the minibatch has
    Py_ssize_t columns      # of a row; a vector is one row
    Py_ssize_t ld           # distance between rows in elements; what lies beyond the columns is 0 and stays 0

cdef struct Step:
    const fn_kernels* kernels
    Py_ssize_t rows         # of the minibatch at hand
    int threads             # at the most; small operations use 1
    uint64_t seed
    uint32_t number         # minibatches trained so far: the key of dropout
    double weight           # the minibatch's sum of weights
    double* losses          # (rows,) what the loss operation says of each row
    double* metrics         # (rows,)
    char* transposed        # room for a transposed weight

cdef struct Node

ctypedef void (*Pass)(Node* node, Step* step) noexcept nogil

cdef struct Node:
    Pass forward
    Pass backward           # NULL where an operation is for inference alone
    Buffer* inputs[MOST_INPUTS]
    Buffer* output
    char* gradients[MOST_INPUTS]  # where backward writes each input's gradient; NULL: not wanted
    bint added[MOST_INPUTS]       # that place is a temporary one, to be added to the input's gradient
    double* slot            # the hyperparameter that may change between minibatches
    double setting          # the one that may not
    double* statistics      # batch norm's mean, variance and inverse_std of this minibatch, columns each
    uint32_t number         # among its kind: the key of dropout
    bint relu

cdef struct Operations:
    const char* name
    Pass forward
    Pass backward

cdef Operations* find_operation(const char* name) noexcept nogil
cdef Py_ssize_t padded(Py_ssize_t columns, Py_ssize_t lanes) noexcept nogil
