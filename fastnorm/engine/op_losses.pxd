"""Losses; see op_losses.pyx."""

from .node cimport Node, Step

cdef void softmax_cross_entropy_forward(Node* node, Step* step) noexcept nogil
cdef void mean_squared_error_forward(Node* node, Step* step) noexcept nogil
cdef void weighted_mean_forward(Node* node, Step* step) noexcept nogil
cdef void one_hot_forward(Node* node, Step* step) noexcept nogil
cdef void hits_forward(Node* node, Step* step) noexcept nogil
cdef void nothing(Node* node, Step* step) noexcept nogil
