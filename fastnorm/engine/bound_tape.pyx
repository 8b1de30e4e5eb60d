"""A tape bound to memory: a buffer of up to `capacity` rows for each value, a node for each operation.

Program trains on one, Gradient differentiates one; Predictor keeps a pool of them, one for each call under way.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdlib cimport calloc, free

import numpy as np

from .. import checks
from . import layout
from ..errors import TraceError
from ..kernels.cpu cimport fn_kernels, kernels
from .node cimport MOST_INPUTS, OVER_ALL, OVER_FEATURES, OVER_ROWS, Buffer, Node, padded
from .operations cimport Operations, find_kernel, find_operation
from ..ops import spec
from ..ops.tape import ROWS

cdef enum:
    ALIGNMENT = 64
    PAGE = 4096


def aligned(Py_ssize_t size):
    """`size` bytes of zeros that begin on a cache line."""
    block = np.zeros(size + ALIGNMENT, np.uint8)
    cdef Py_ssize_t first = -block.ctypes.data % ALIGNMENT
    return block[first:first + size]


cdef char* address(array) except? NULL:
    """Where a C-contiguous array lies; it must be kept alive."""
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_SIMPLE)
    PyBuffer_Release(&view)
    return <char*> view.buf


cdef Py_ssize_t row_distance(Py_ssize_t columns, const fn_kernels* kernels) noexcept nogil:
    """Elements from row to row: whole vectors, and never a multiple of a page, where rows would share cache sets."""
    cdef Py_ssize_t ld = padded(columns, kernels.lanes)
    return ld + kernels.lanes if ld * kernels.itemsize % PAGE == 0 else ld


cdef class Bound:
    """The nodes of a tape, with memory for its results; whoever binds it places the other values.

    tape      a recorded forward pass
    dtype     float32 or float64
    capacity  rows at the most
    like      another one of the same tape, whose variant of the kernels and constants this one is to have; None: the
              chosen one, and its own
    """

    def __cinit__(self, tape, dtype, capacity=1, *_, Bound like=None, **__):
        self.tape = tape
        self.dtype = np.dtype(checks.choice("dtype", np.dtype(dtype), checks.FLOATS))
        self.capacity = checks.integer("capacity", capacity, 1)
        self.kernels = kernels(self.dtype.itemsize) if like is None else like.kernels
        self.memory = []
        self.constants = {} if like is None else like.constants
        self.count = len(tape.operations)
        self.buffers = <Buffer*> calloc(max(len(tape.values), 1), sizeof(Buffer))
        self.nodes = <Node*> calloc(max(self.count, 1), sizeof(Node))
        if self.buffers == NULL or self.nodes == NULL:
            raise MemoryError
        cdef Py_ssize_t ld
        for value in tape.of_role("result"):
            rows, columns = layout.as_matrix(value.shape)
            ld = row_distance(columns, self.kernels)
            self.place(value, self.reserve((self.capacity if rows is ROWS else rows) * ld * self.kernels.itemsize), ld)
        for value in tape.of_role("constant"):
            self._place_constant(value)
        for number, operation in enumerate(tape.operations):
            self._bind(number, operation)

    def __dealloc__(self):
        free(self.buffers)
        free(self.nodes)

    cdef char* reserve(self, Py_ssize_t size) except NULL:
        """Zeroed bytes that live as long as this object."""
        block = aligned(size)
        self.memory.append(block)
        self.reserved += size
        return address(block)

    cdef Buffer* place(self, value, char* data, Py_ssize_t ld):
        """Say where a value lies: its rows, or its own where it is a parameter, ld elements apart."""
        cdef Buffer* buffer = &self.buffers[<int> value.index]
        rows, columns = layout.as_matrix(value.shape)
        buffer.data, buffer.ld = data, ld
        buffer.rows = 0 if rows is ROWS else rows
        buffer.columns = columns
        return buffer

    def _place_constant(self, value):
        """A copy of its array in padded rows, of the tape's dtype; of float64 for batch norm's statistics."""
        cdef Py_ssize_t ld
        rows, columns = layout.as_matrix(value.shape)
        ld = row_distance(columns, self.kernels)
        if value.index not in self.constants:
            dtype = np.dtype(np.float64) if value.settings.get("statistic") else self.dtype
            kept = aligned(rows * ld * dtype.itemsize).view(dtype).reshape(rows, ld)
            kept[:, :columns] = value.settings["array"]
            self.constants[value.index] = kept
        self.place(value, address(self.constants[value.index]), ld)

    def _bind(self, int number, operation):
        cdef Operations passes = find_operation(operation.name.encode())
        cdef Node* node = &self.nodes[number]
        cdef int i
        if passes.forward == NULL or len(operation.inputs) > MOST_INPUTS:
            raise TraceError(f"no program runs the operation {operation.name!r} on {len(operation.inputs)} values")
        node.forward, node.backward = passes.forward, passes.backward
        node.kernel = find_kernel(operation.name.encode())
        for i in range(len(operation.inputs)):
            node.inputs[i] = &self.buffers[<int> operation.inputs[i]]
        node.output = &self.buffers[<int> operation.output]
        attributes = operation.attributes
        node.relu = attributes.get("relu", False)
        row = spec.of(operation.name)
        for i, setting in enumerate(row.settings):
            node.settings[i] = attributes[setting.name]
        if "axis" in attributes:
            node.over = _over(self.tape.values[operation.inputs[0]].shape, attributes["axis"])
        if row.keeps_statistics:
            rows, columns = layout.as_matrix(self.tape.values[operation.inputs[0]].shape)
            rows = self.capacity if rows is ROWS else rows
            node.statistics = <double*> <void*> self.reserve(8 * max(3 * columns, 2 * rows))
        if operation.name == "part":
            node.first_row = (attributes["rows"] or (0,))[0]
            node.first_column = attributes["columns"][0]
        for name in operation.slots.values():
            node.number = int(name.rpartition("_")[2])


def _over(shape, axis):
    """What a reduction of this shape over an axis runs over in memory, where a vector is one row and (N,) a column."""
    if axis is None:
        return OVER_ALL
    rows_lie_along = len(shape) == 2 and axis == 0 or shape == (ROWS,)
    return OVER_ROWS if rows_lie_along else OVER_FEATURES
