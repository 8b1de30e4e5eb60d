"""Operations on shapes; see op_shapes.pyx."""

from .node cimport Buffer, Node, Step

cdef void reduce_into(Step* step, const char* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const Buffer* shape,
                      char* y) noexcept nogil
cdef void sum_forward(Node* node, Step* step) noexcept nogil
cdef void sum_backward(Node* node, Step* step) noexcept nogil
cdef void mean_forward(Node* node, Step* step) noexcept nogil
cdef void mean_backward(Node* node, Step* step) noexcept nogil
cdef void max_forward(Node* node, Step* step) noexcept nogil
cdef void max_backward(Node* node, Step* step) noexcept nogil
cdef void reshape_forward(Node* node, Step* step) noexcept nogil
cdef void reshape_backward(Node* node, Step* step) noexcept nogil
cdef void transpose_forward(Node* node, Step* step) noexcept nogil
cdef void transpose_backward(Node* node, Step* step) noexcept nogil
cdef void concatenate_forward(Node* node, Step* step) noexcept nogil
cdef void concatenate_backward(Node* node, Step* step) noexcept nogil
cdef void part_forward(Node* node, Step* step) noexcept nogil
cdef void part_backward(Node* node, Step* step) noexcept nogil
