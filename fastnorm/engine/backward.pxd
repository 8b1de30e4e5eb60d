"""A tape bound to memory with its gradients; see backward.pyx."""

from .bound_tape cimport Bound
from .node cimport Buffer, Node, Step


cdef class Backward(Bound):
    cdef Step step                              # of the minibatch at hand

    cdef char* room_for(self, Buffer* buffer) except NULL
    cdef _bind_gradient(self, Node* node, int i, bint added)
    cdef void forward(self) noexcept nogil
    cdef void backward(self) noexcept nogil
