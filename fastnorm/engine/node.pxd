"""The memory of a recorded value, an operation bound to it, and the step that it is part of."""

from libc.stdint cimport uint32_t, uint64_t

from ..kernels.cpu cimport fn_kernels

cdef enum:
    MOST_INPUTS = 6
    OVER_ROWS = 0           # axis of a reduction
    OVER_FEATURES = 1
    OVER_ALL = 2

cdef struct Buffer:
    char* data
    char* gradient
    Py_ssize_t rows         # 0: as many as the minibatch has
    Py_ssize_t columns      # of a row; a vector is one row; 0: class numbers, int32
    Py_ssize_t ld           # distance between rows in elements; elements beyond the columns are 0 and stay 0

cdef struct Step:
    const fn_kernels* kernels
    Py_ssize_t rows         # of the minibatch at hand
    int threads             # at the most; small operations use 1
    uint64_t seed
    uint32_t number         # minibatches trained so far: the key of dropout
    double weight           # the minibatch's sum of weights
    double* losses          # (rows,) loss of each row
    double* metrics         # (rows,)
    char* scratch           # scratch memory within one pass of one node

cdef struct Node

ctypedef void (*Pass)(Node* node, Step* step) noexcept nogil

cdef struct Node:
    Pass forward
    Pass backward           # NULL where an operation is for inference alone, or no gradient is wanted
    Buffer* inputs[MOST_INPUTS]
    Buffer* output
    char* gradients[MOST_INPUTS]  # where backward writes each input's gradient; NULL: not wanted
    bint added[MOST_INPUTS]       # that place is a temporary one, to be added to the input's gradient
    double* slot            # the hyperparameter that may change between minibatches
    double settings[2]      # those that may not
    double* statistics      # mean, variance and inverse_std of this minibatch's columns or rows
    uint32_t number         # among its kind: the key of dropout
    int kernel              # which one of a family
    int over                # axis of a reduction
    Py_ssize_t first_row    # of the part that is cut out
    Py_ssize_t first_column
    bint relu

cdef inline Py_ssize_t padded(Py_ssize_t columns, Py_ssize_t lanes) noexcept nogil:
    return (columns + lanes - 1) // lanes * lanes

cdef inline Py_ssize_t rows_of(const Buffer* buffer, const Step* step) noexcept nogil:
    return buffer.rows if buffer.rows > 0 else step.rows

cdef inline int threads_for(const Step* step, double work) noexcept nogil:
    """Threads for `work` multiply-adds; the results do not depend on it. To meet costs the threads 1 to 2 us each time:
    a share of 2e5 is worth it."""
    cdef int worth = max(1, <int> min(work / 2e5, 1000))
    return min(step.threads, worth)
