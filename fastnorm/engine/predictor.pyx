"""Predictor: a folded tape, ready to run forward on any number of rows, from any number of threads."""

from cython.parallel cimport prange
from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBuffer_Release, PyObject_GetBuffer
from libc.string cimport memcpy

import numpy as np
from numpy import ndarray

from .. import checks
from . import layout
from .bound_tape cimport Bound, address
from ..errors import DataError
from ..kernels.cpu cimport row_border, usable_threads
from ..kernels.reduce cimport is_finite
from ..ops.tape import ROWS
from .listing import listing
from .op_losses cimport nothing
from .node cimport Buffer, Step

cdef enum:
    MOST = 1024             # threads, as usable_threads allows
    BLOCK = 256             # rows a pass takes at a time, so that their activations stay in the cache


cdef bint fits(row, Py_buffer* view, Py_ssize_t length, Py_ssize_t itemsize):
    """Whether this is a contiguous native vector of so many numbers of the dtype; then view shows it."""
    if type(row) is not ndarray:
        return False
    try:
        PyObject_GetBuffer(row, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)
    except (BufferError, ValueError):               # not contiguous, or no plain numbers
        return False
    if view.ndim == 1 and view.shape[0] == length and view.format[0] == (b"f" if itemsize == 4 else b"d")[0]:
        return True
    PyBuffer_Release(view)
    return False


cdef class Predictor:
    """Runs a tape whose values are inputs, constants and results; see passes/folding.py.

    finite  whether rows with nan or infinity, and results that are not finite, are refused: where rows come from users
    Each call borrows a bound tape from a pool, so calls from several threads do not meet.
    """

    cdef readonly object tape, dtype
    cdef readonly Py_ssize_t features, outputs
    cdef Bound first        # the variant of all others
    cdef list pool
    cdef object coded
    cdef int[::1] inputs    # indices of the input values
    cdef bint computes      # whether something comes of constants alone
    cdef bint finite

    def __init__(self, tape, dtype, *, finite=False):
        self.tape, self.dtype, self.pool, self.finite = tape, np.dtype(dtype), [], finite
        self.features, self.outputs = tape.features, tape.result.features
        self.coded = layout.coded(tape)
        self.inputs = np.array([value.index for value in tape.of_role("input")], np.intc)
        self.first = Bound(tape, dtype, BLOCK)
        self.pool.append(self._placed(self.first))

    cdef Bound borrow(self):
        return self.pool.pop() if self.pool else self._placed(Bound(self.tape, self.dtype, BLOCK, like=self.first))

    cdef Bound _placed(self, Bound bound):
        """Tell the nodes how rows of data lie, and compute once what comes of constants alone."""
        cdef Step step
        for value in self.tape.of_role("input"):
            bound.place(value, NULL, self.features)
        step.kernels, step.rows, step.threads = bound.kernels, 0, 1
        varying = {value.index for value in self.tape.of_role("input")}
        for number, operation in enumerate(self.tape.operations):
            if varying.intersection(operation.inputs):
                varying.add(operation.output)
            else:
                self.computes = True
                bound.nodes[<int> number].forward(&bound.nodes[<int> number], &step)
                bound.nodes[<int> number].forward = nothing
        return bound

    def refill(self, numbers):
        """Take other numbers, name -> array, for constants of the tape; no call may be under way."""
        for value in self.tape.of_role("constant"):
            self.first.constants[value.index][:, :value.features] = numbers[value.name]
        if self.computes:
            self.pool = []

    def predict(self, x, *, out=None, threads=1):
        """The tape's last result for each row of x.

        x    (n, features), any layout; the predictor's dtype is fastest
        out  (n, outputs) to write into, or None for a new array; rows with nan or infinity leave it as it was
        A row's result does not depend on the rows beside it.
        """
        x = checks.codes("x", checks.matrix("x", x, self.dtype, self.features), self.coded)
        if self.finite and out is not None:
            checks.finite("x", x)
        out = checks.output("out", out, (len(x), self.outputs), self.dtype, x)
        cdef const char* source = <const char*> address(x)
        cdef char* sink = address(out)
        cdef Py_ssize_t rows = len(x)
        cdef Py_ssize_t first, last, size = self.dtype.itemsize
        cdef int part, count = usable_threads(threads), bad = 0
        cdef bint apart = rows >= count * BLOCK         # each thread has blocks of its own; else they share one
        borrowed = [self.borrow() for _ in range(count if apart else 1)]
        cdef void* bounds[MOST]
        for part in range(len(borrowed)):
            bounds[part] = <void*> borrowed[part]
        with nogil:
            if apart and count > 1:
                for part in prange(count, num_threads=count, schedule="static"):
                    first = row_border(rows, part, count)
                    last = row_border(rows, part + 1, count)
                    bad += not self.run(<Bound> bounds[part], source + first * self.features * size, last - first,
                                        sink + first * self.outputs * size, 1)
            else:
                bad = not self.run(<Bound> bounds[0], source, rows, sink, count)
        self.pool += borrowed
        if bad:
            self._refuse("x", x, out)
        return out

    def values(self, x):
        """Every intermediate result for the rows of x, by the operation's name, in the order they are computed.

        x    (n, features), any layout
        Results that do not depend on the rows keep their shape; the others have n rows. The last is predict's, whose
        bits it has; nothing is refused for being not finite, so that one sees where it began.
        """
        x = checks.codes("x", checks.matrix("x", x, self.dtype, self.features), self.coded)
        cdef const char* source = <const char*> address(x)
        cdef Py_ssize_t size = self.dtype.itemsize, done = 0, i
        cdef Bound bound = self.borrow()
        cdef Buffer* buffer
        cdef Step step
        cdef char* sink
        results = {value: np.empty(((len(x),) if value.shape[:1] == (ROWS,) else value.shape[:1]) + value.shape[1:],
                                   self.dtype) for value in self.tape.of_role("result")}
        step.kernels, step.threads = bound.kernels, 1
        while done < len(x):
            step.rows = min(BLOCK, len(x) - done)
            self.forward(bound, &step, <char*> source + done * self.features * size)
            for value, array in results.items():
                buffer = &bound.buffers[<int> value.index]
                sink = address(array)
                if buffer.rows == 0:
                    sink += done * buffer.columns * size
                for i in range(buffer.rows or step.rows):
                    memcpy(sink + i * buffer.columns * size, buffer.data + i * buffer.ld * size, buffer.columns * size)
            done += step.rows
        self.pool.append(bound)
        return {value.name: array for value, array in results.items()}

    def __str__(self):
        """Its operations with their shapes, memory and FLOPs, and what was folded and joined, one line each."""
        kept = sum(array.nbytes for array in self.first.constants.values())
        return listing(self.tape, self.dtype.itemsize, BLOCK, kept, self.first.reserved)

    def predict_one(self, row, *, out=None):
        """The last result (outputs,) for one row (features,), with little overhead; `out` as in predict."""
        cdef Py_buffer view
        if self.coded or not fits(row, &view, self.features, self.first.kernels.itemsize):
            return self._predict_one_checked(row, out)
        result = np.empty(self.outputs, self.dtype) if out is None else out
        try:
            if out is not None:
                result = checks.output("out", out, (self.outputs,), self.dtype, row)
            if not self._run_one(<const char*> view.buf, address(result)):
                self._refuse("row", row, result)
        finally:
            PyBuffer_Release(&view)
        return result

    def _predict_one_checked(self, row, out):
        """The same for a row that must be converted, or looked into."""
        row = checks.vector("row", row, self.dtype, self.features)
        checks.codes("row", row[None], self.coded)
        out = checks.output("out", out, (self.outputs,), self.dtype, row)
        if not self._run_one(<const char*> address(row), address(out)):
            self._refuse("row", row, out)
        return out

    cdef bint _run_one(self, const char* row, char* out):
        cdef Bound bound = self.borrow()
        cdef bint good = self.run(bound, row, 1, out, 1)    # shorter than to let go of the interpreter's lock meanwhile
        self.pool.append(bound)
        return good

    def _refuse(self, name, x, out):
        """Raise, naming the cause of results that are not finite: the rows, the model's numbers, or one far row."""
        checks.finite(name, x)
        if not all(np.isfinite(value.settings["array"]).all() for value in self.tape.of_role("constant")):
            raise DataError(
                "model: expected finite weights, got nan or infinity: it diverged; train it anew at a lower rate"
            )
        row = np.isfinite(out).reshape(-1, self.outputs).all(axis=1).argmin()
        where = f" of row {row}" if x.ndim == 2 else ""
        raise DataError(f"{name}: the result{where} is not finite: its values are too far from the training rows'")

    cdef bint run(self, Bound bound, const char* x, Py_ssize_t rows, char* out, int threads) noexcept nogil:
        """Write the results; False where they must be finite and are not, or a block of rows is not, where it ends."""
        cdef Step step
        cdef Buffer* last = bound.nodes[bound.count - 1].output
        cdef Py_ssize_t block, done, i, size = bound.kernels.itemsize
        cdef char* part
        cdef bint good = True
        step.kernels, step.threads = bound.kernels, threads
        for block in range((rows + BLOCK - 1) // BLOCK):
            done = block * BLOCK
            step.rows = min(BLOCK, rows - done)
            part = <char*> x + done * self.features * size
            if self.finite and not is_finite(bound.kernels, part, step.rows * self.features):
                return False
            self.forward(bound, &step, part)
            for i in range(step.rows):
                memcpy(out + (done + i) * self.outputs * size, last.data + i * last.ld * size, self.outputs * size)
            if self.finite:
                good &= is_finite(bound.kernels, out + done * self.outputs * size, step.rows * self.outputs)
        return good

    cdef void forward(self, Bound bound, Step* step, char* x) noexcept nogil:
        """All operations on step.rows rows, of which the inputs are the columns, side by side."""
        cdef int i
        for i in range(<int> self.inputs.shape[0]):
            bound.buffers[self.inputs[i]].data = x
            x += bound.buffers[self.inputs[i]].columns * bound.kernels.itemsize
        for i in range(<int> bound.count):
            bound.nodes[i].forward(&bound.nodes[i], step)
