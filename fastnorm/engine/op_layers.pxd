"""Layers' operations; see op_layers.pyx."""

from .node cimport Node, Step

cdef void dense_forward(Node* node, Step* step) noexcept nogil
cdef void dense_backward(Node* node, Step* step) noexcept nogil
cdef void batchnorm_forward(Node* node, Step* step) noexcept nogil
cdef void batchnorm_backward(Node* node, Step* step) noexcept nogil
cdef void normalize_forward(Node* node, Step* step) noexcept nogil
cdef void layernorm_forward(Node* node, Step* step) noexcept nogil
cdef void layernorm_backward(Node* node, Step* step) noexcept nogil
cdef void softmax_forward(Node* node, Step* step) noexcept nogil
cdef void softmax_backward(Node* node, Step* step) noexcept nogil
cdef void log_softmax_forward(Node* node, Step* step) noexcept nogil
cdef void log_softmax_backward(Node* node, Step* step) noexcept nogil
cdef void locate_forward(Node* node, Step* step) noexcept nogil
cdef void piecewise_forward(Node* node, Step* step) noexcept nogil
cdef void piecewise_backward(Node* node, Step* step) noexcept nogil
cdef void embedding_forward(Node* node, Step* step) noexcept nogil
cdef void embedding_backward(Node* node, Step* step) noexcept nogil
