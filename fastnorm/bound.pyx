"""A tape bound to memory: every value has a buffer for up to `capacity` rows, every operation a node that knows its own.

Program trains on one; Predictor keeps a pool of them, one for each call under way.
"""

from libc.stdint cimport uintptr_t
from libc.stdlib cimport calloc, free

import numpy as np

from . import checks, layout
from .errors import TraceError
from .kernels.cpu cimport fn_kernels, kernels
from .nodes cimport MOST_INPUTS, Buffer, Node, Operations, find_operation, padded
from .trace import ROWS

cdef enum:
    ALIGNMENT = 64
    PAGE = 4096


def aligned(Py_ssize_t size):
    """`size` bytes of zeros that begin on a cache line."""
    block = np.zeros(size + ALIGNMENT, np.uint8)
    cdef Py_ssize_t first = -block.ctypes.data % ALIGNMENT
    return block[first:first + size]


cdef char* address(array) except? NULL:
    return <char*> <uintptr_t> array.ctypes.data


cdef Py_ssize_t row_distance(Py_ssize_t columns, const fn_kernels* kernels) noexcept nogil:
    """Elements from row to row: whole vectors, and never a multiple of a page, where rows would share cache sets."""
    cdef Py_ssize_t ld = padded(columns, kernels.lanes)
    return ld + kernels.lanes if ld * kernels.itemsize % PAGE == 0 else ld


cdef class Bound:
    """The nodes of a tape, with memory for its results; whoever binds it places the other values.

    tape      a recorded forward pass
    dtype     float32 or float64
    capacity  rows at the most
    like      another one, whose variant of the kernels this one is to have; None: the chosen one
    """

    def __cinit__(self, tape, dtype, capacity, *_, Bound like=None, **__):
        self.tape = tape
        self.dtype = np.dtype(checks.choice("dtype", np.dtype(dtype), checks.FLOATS))
        self.capacity = checks.integer("capacity", capacity, 1)
        self.kernels = kernels(self.dtype.itemsize) if like is None else like.kernels
        self.memory = []
        self.count = len(tape.operations)
        self.buffers = <Buffer*> calloc(max(len(tape.values), 1), sizeof(Buffer))
        self.nodes = <Node*> calloc(max(self.count, 1), sizeof(Node))
        if self.buffers == NULL or self.nodes == NULL:
            raise MemoryError
        cdef Py_ssize_t ld
        for value in tape.of_role("result"):
            if value.shape[:1] == (ROWS,):
                ld = row_distance(value.features, self.kernels)
                self.place(value, self.reserve(self.capacity * ld * self.kernels.itemsize), ld)
        for number, operation in enumerate(tape.operations):
            self._bind(number, operation)

    def __dealloc__(self):
        free(self.buffers)
        free(self.nodes)

    cdef char* reserve(self, Py_ssize_t size) except NULL:
        """Zeroed bytes that live as long as this object."""
        block = aligned(size)
        self.memory.append(block)
        return address(block)

    cdef Buffer* place(self, value, char* data, Py_ssize_t ld):
        """Say where a value lies: its rows, or its own where it is a parameter, ld elements apart."""
        cdef Buffer* buffer = &self.buffers[<int> value.index]
        rows, columns = layout.as_matrix(value.shape)
        buffer.data, buffer.ld = data, ld
        buffer.rows = 0 if rows is ROWS else rows
        buffer.columns = 0 if columns is ROWS else columns
        return buffer

    def _bind(self, int number, operation):
        cdef Operations* passes = find_operation(operation.name.encode())
        cdef Node* node = &self.nodes[number]
        cdef int i
        if passes == NULL or len(operation.inputs) > MOST_INPUTS:
            raise TraceError(f"no program runs the operation {operation.name!r} on {len(operation.inputs)} values")
        node.forward, node.backward = passes.forward, passes.backward
        for i in range(len(operation.inputs)):
            node.inputs[i] = &self.buffers[<int> operation.inputs[i]]
        node.output = &self.buffers[<int> operation.output]
        node.relu = operation.attributes.get("relu", False)
        for name in operation.slots.values():
            node.number = int(name.rpartition("_")[2])
