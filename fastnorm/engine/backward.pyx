"""Backward: a bound tape that knows the gradients of its parameters; Program and Gradient build on it.

Whoever binds it places the parameters and says where their gradients go; then `bind_backward` finds the places of all
other gradients.
"""

from . import layout
from .bound_tape cimport Bound
from ..errors import TraceError
from ..ops import spec
from .node cimport MOST_INPUTS, Buffer, Node


cdef class Backward(Bound):
    """A tape that ends in a loss, with its gradients."""

    def __cinit__(self, *_, **__):
        if not self.tape.operations or not spec.of(self.tape.operations[self.count - 1].name).ends_recording:
            raise TraceError("expected a forward pass that ends in a loss")
        self.tape.result                                        # raises where something is computed in vain
        self.step.kernels = self.kernels
        self.step.losses = <double*> self.reserve(8 * self.capacity)
        self.step.metrics = <double*> self.reserve(8 * self.capacity)

    cdef char* room_for(self, Buffer* buffer) except NULL:
        """Memory for a gradient of this value."""
        return self.reserve((buffer.rows or self.capacity) * buffer.ld * self.dtype.itemsize)

    def bind_backward(self):
        """Gradients of results share blocks by their lifetimes; backward visits nodes from last to first."""
        cdef int number, i
        cdef Node* node
        wanted = layout.differentiated(self.tape)
        self._bind_results()
        scratch, written = 1, set()
        for number in range(self.count - 1, -1, -1):
            operation = self.tape.operations[number]
            node = &self.nodes[number]
            scratch = max(scratch, self._scratch(operation))
            if operation.output not in wanted:
                node.backward = NULL
                continue
            if node.backward == NULL:
                raise TraceError(f"{operation.name} has no backward pass: it is for inference alone")
            row = spec.of(operation.name)
            for i, index in enumerate(operation.inputs):
                if i in row.stopped:
                    continue
                if index in wanted:
                    self._bind_gradient(node, i, index in written)
                    written.add(index)
                elif row.keeps_statistics:              # its backward writes every gradient, wanted or not
                    node.gradients[i] = self.room_for(node.inputs[i])
        self.step.scratch = self.reserve(scratch * self.dtype.itemsize)

    cdef _bind_gradient(self, Node* node, int i, bint added):
        """Where a node writes an input's gradient: its place, or beside it after another node's write."""
        node.gradients[i] = node.inputs[i].gradient
        node.added[i] = added
        if added:
            node.gradients[i] = self.room_for(node.inputs[i])

    def _bind_results(self):
        cdef Buffer* buffer
        blocks = {}
        for index, block in layout.common_blocks(self.tape).items():
            buffer = &self.buffers[<int> index]
            if block not in blocks:
                blocks[block] = <Py_ssize_t> self.room_for(buffer)
            buffer.gradient = <char*> <Py_ssize_t> blocks[block]

    def _scratch(self, operation):
        """Elements of a node's backward scratch: a transposed weight, or gradients before they are summed."""
        cdef Buffer* x = &self.buffers[<int> operation.inputs[0]]
        cdef Buffer* y = &self.buffers[<int> operation.output]
        if operation.name == "dense":
            return self.buffers[<int> operation.inputs[1]].columns * (x.columns + self.kernels.lanes)
        shapes = {layout.as_matrix(self.tape.values[index].shape) for index in (*operation.inputs, operation.output)}
        return 2 * (y.rows or self.capacity) * y.ld if len(shapes) > 1 else 1

    cdef void forward(self) noexcept nogil:
        cdef int i
        for i in range(self.count):
            self.nodes[i].forward(&self.nodes[i], &self.step)

    cdef void backward(self) noexcept nogil:
        """Gradients from the last node to the first; where a value has several readers, the later ones are added."""
        cdef int number, i
        cdef Node* node
        cdef Buffer* value
        for number in range(self.count - 1, -1, -1):
            node = &self.nodes[number]
            if node.backward == NULL:
                continue
            node.backward(node, &self.step)
            for i in range(MOST_INPUTS):
                if node.added[i]:
                    value = node.inputs[i]
                    self.kernels.accumulate(node.gradients[i], value.ld, value.rows or self.step.rows, value.columns,
                                            value.gradient, value.ld)
