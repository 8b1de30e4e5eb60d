"""Predictor: a folded tape and its constants, ready to run forward on any number of rows, from any number of threads."""

from libc.string cimport memcpy

import numpy as np

from . import checks, layout
from .bound cimport Bound, address, row_distance
from .bound import aligned
from .kernels.cpu cimport usable_threads
from .nodes cimport Buffer, Step

cdef enum:
    BLOCK = 256             # rows a pass takes at a time, so that their activations stay in the cache


cdef class Predictor:
    """Runs a tape whose values are an input, constants and results; see joining.fold.

    constants  name -> array, copied; statistics of batch norm are float64, the rest becomes dtype
    Each call borrows a bound tape from a pool, so calls from several threads do not meet.
    """

    cdef readonly object tape, dtype
    cdef readonly Py_ssize_t features, outputs
    cdef Bound first        # the variant of all others
    cdef list pool
    cdef dict places        # constant -> (array kept alive, distance of rows)

    def __init__(self, tape, constants, dtype):
        self.tape, self.dtype, self.pool = tape, np.dtype(dtype), []
        self.features, self.outputs = tape.one("input").features, tape.result.features
        self.first = Bound(tape, dtype, BLOCK)
        self.places = {value.name: self._kept(constants[value.name]) for value in tape.of_role("constant")}
        self.pool.append(self._placed(self.first))

    def _kept(self, array):
        """The array in rows padded as the nodes like them; float64 vectors are statistics and stay."""
        cdef Py_ssize_t ld
        dtype = array.dtype if array.ndim == 1 and array.dtype == np.float64 else self.dtype
        rows, columns = layout.as_matrix(array.shape)
        ld = row_distance(columns, self.first.kernels)
        kept = aligned(rows * ld * dtype.itemsize).view(dtype).reshape(rows, ld)
        kept[:, :columns] = array
        return kept, ld

    cdef Bound borrow(self):
        return self.pool.pop() if self.pool else self._placed(Bound(self.tape, self.dtype, BLOCK, like=self.first))

    cdef Bound _placed(self, Bound bound):
        """Tell the nodes where the constants are."""
        for value in self.tape.of_role("constant"):
            kept, ld = self.places[value.name]
            bound.place(value, address(kept), ld)
        bound.place(self.tape.one("input"), NULL, self.features)
        return bound

    def predict(self, x, *, out=None, threads=1):
        """The tape's last result for each row of x.

        x    (n, features), any layout; the predictor's dtype is fastest
        out  (n, outputs) to write into, or None for a new array
        A row's result does not depend on the rows beside it.
        """
        x = checks.matrix("x", x, self.dtype, self.features)
        out = checks.output("out", out, (len(x), self.outputs), self.dtype, x)
        cdef const char* source = <const char*> address(x)
        cdef char* sink = address(out)
        cdef Py_ssize_t rows = len(x)
        cdef int count = usable_threads(threads)
        cdef Bound bound = self.borrow()
        with nogil:
            self.run(bound, source, rows, sink, count)
        self.pool.append(bound)
        return out

    cdef void run(self, Bound bound, const char* x, Py_ssize_t rows, char* out, int threads) noexcept nogil:
        cdef Step step
        cdef Buffer* last = bound.nodes[bound.count - 1].output
        cdef Buffer* first = bound.nodes[0].inputs[0]
        cdef Py_ssize_t block, done, i, size = bound.kernels.itemsize
        step.kernels, step.threads = bound.kernels, threads
        for block in range((rows + BLOCK - 1) // BLOCK):
            done = block * BLOCK
            step.rows = min(BLOCK, rows - done)
            first.data = <char*> x + done * self.features * size
            for i in range(bound.count):
                bound.nodes[i].forward(&bound.nodes[i], &step)
            for i in range(step.rows):
                memcpy(out + (done + i) * self.outputs * size, last.data + i * last.ld * size, self.outputs * size)
