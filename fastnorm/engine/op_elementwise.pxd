"""Operations element by element; see op_elementwise.pyx."""

from .node cimport Node, Step

cdef void unary_forward(Node* node, Step* step) noexcept nogil
cdef void unary_backward(Node* node, Step* step) noexcept nogil
cdef void relu_forward(Node* node, Step* step) noexcept nogil
cdef void relu_backward(Node* node, Step* step) noexcept nogil
cdef void dropout_forward(Node* node, Step* step) noexcept nogil
cdef void dropout_backward(Node* node, Step* step) noexcept nogil
cdef void binary_forward(Node* node, Step* step) noexcept nogil
cdef void binary_backward(Node* node, Step* step) noexcept nogil
cdef void add_backward(Node* node, Step* step) noexcept nogil
cdef void where_forward(Node* node, Step* step) noexcept nogil
cdef void where_backward(Node* node, Step* step) noexcept nogil
