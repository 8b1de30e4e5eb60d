"""Gradient: a recorded function of arrays, its value and its gradient, computed once for each call."""

import threading

import numpy as np

from . import layout
from .backward cimport Backward
from .bound_tape cimport address, row_distance
from .bound_tape import aligned
from ..errors import TraceError
from .node cimport Buffer


cdef class Gradient(Backward):
    """A tape without rows N that ends in a loss: parameters are differentiated, inputs are not.

    Several threads may call it; one is served at a time.
    """

    cdef object lock
    cdef list places            # of parameters and inputs, in their order: arrays that show their memory
    cdef list gradients         # of parameters, likewise

    def __init__(self, tape, dtype):
        self.lock = threading.Lock()
        self.places, self.gradients = [], []
        for operation in tape.operations:
            if operation.slots:
                raise TraceError(f"{operation.name} belongs to training: use it in a model, and a Run")
        for value in tape.of_role("parameter", "input"):
            self._place(value)
        self.bind_backward()
        self.step.rows, self.step.weight, self.step.threads = 1, 1, 1

    cdef _place(self, value):
        cdef Buffer* buffer
        rows, columns = layout.as_matrix(value.shape)
        ld = row_distance(columns, self.kernels)
        blocks = [aligned(rows * ld * self.dtype.itemsize) for _ in range(2)]
        self.memory.extend(blocks)
        views = [block.view(self.dtype).reshape(rows, ld)[:, :columns].reshape(value.shape) for block in blocks]
        self.places.append(views[0])
        buffer = self.place(value, address(blocks[0]), ld)
        if value.role == "parameter":
            buffer.gradient = address(blocks[1])
            self.gradients.append(views[1])

    def __call__(self, arrays):
        """The function's value, a float, and its gradient by each parameter, in order.

        arrays  one for each parameter and input, in the order of the tape
        """
        with self.lock:
            for place, array in zip(self.places, arrays, strict=True):
                place[...] = array
            with nogil:
                self.forward()
                self.backward()
            return self.step.losses[0], [gradient.copy() for gradient in self.gradients]
