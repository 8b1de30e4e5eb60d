"""Feed: a bound tape and the data it trains on; it gathers the rows of a minibatch to where the nodes read them."""

from libc.stdint cimport int32_t, int64_t

import threading

import numpy as np

from . import checks
from .bound cimport Bound, address, row_distance
from .errors import DataError, SettingError, ShapeError
from .kernels.gather cimport gather_rows
from .nodes cimport Buffer, Step


cdef class Alone:
    """A `with` block for one thread at a time; an error for whoever comes meanwhile.

    No line of Python lies between the lock and the block, so Ctrl-C cannot leave it locked.
    """

    def __cinit__(self):
        self.lock = threading.Lock()

    def __enter__(self):
        if not self.lock.acquire(blocking=False):
            raise SettingError("this run is training in another thread; wait for it, or call its stop() first")

    def __exit__(self, *_):
        self.lock.release()


cdef class Feed(Bound):
    """A tape that has an input, a target and a weight, and room for a minibatch of each."""

    def __cinit__(self, *_, **__):
        self.alone = Alone()
        self.step.kernels = self.kernels
        self.step.losses = <double*> self.reserve(8 * self.capacity)
        self.step.metrics = <double*> self.reserve(8 * self.capacity)
        self._bind_minibatch()

    def _bind_minibatch(self):
        """Where the gathered rows of a minibatch go."""
        cdef Py_ssize_t ld
        x, target, weight = (self.tape.one(role) for role in ("input", "target", "weight"))
        ld = row_distance(x.features, self.kernels)
        self.x = self.place(x, self.reserve(self.capacity * ld * self.dtype.itemsize), ld)
        self.labels = len(target.shape) == 1
        if self.labels:
            self.target = self.place(target, self.reserve(self.capacity * sizeof(int32_t)), 1)
            self.classes = self.tape.values[self.tape.operations[self.count - 1].inputs[0]].features
        else:
            ld = row_distance(target.features, self.kernels)
            self.target = self.place(target, self.reserve(self.capacity * ld * self.dtype.itemsize), ld)
        self.weights_room = self.reserve(self.capacity * self.dtype.itemsize)
        self.weight = self.place(weight, NULL, 1)

    def attach(self, x, target, weight=None):
        """Train on these rows from now on; they are kept, not copied.

        x       (n, features) of the program's dtype, C-contiguous
        target  (n,) int32 classes within the logits, or (n, columns) of the program's dtype
        weight  (n,) of the program's dtype, at least 0, or None for 1 each
        """
        self._same("x", x, (len(x), self.x.columns))
        if len(x) == 0:
            raise ShapeError("x: expected at least one row")
        if self.labels:
            target = checks.indices("y", np.array(target), self.classes, np.int32)  # a copy: it is checked only now
            if len(target) != len(x):
                raise ShapeError(f"y: expected {len(x)} rows as in x, got {len(target)}")
        else:
            self._same("y", target, (len(x), self.target.columns))
        if weight is not None:
            weight = checks.finite("sample_weight", checks.vector("sample_weight", weight, self.dtype, len(x)))
            if weight.min() < 0:
                raise DataError(f"sample_weight: expected weights of 0 or more, got {weight.min()}")
        with self.alone:
            self.data, self.data_rows = (x, target, weight), len(x)
            self.rows_of_x, self.rows_of_target = address(x), address(target)
            self.rows_of_weight = address(weight) if weight is not None else NULL
            self.weight.data = self.weights_room if weight is not None else NULL

    def _same(self, name, array, shape):
        if array.dtype != self.dtype or array.shape != shape or not array.flags.c_contiguous:
            raise ShapeError(f"{name}: expected C-contiguous {self.dtype} of shape {shape}, got {array.dtype} of {array.shape}")

    cdef void gather(self, const int64_t* rows, Py_ssize_t n) noexcept nogil:
        """Copy the minibatch's rows, targets and weights to where the nodes read them."""
        cdef Py_ssize_t i
        cdef const int32_t* labels = <const int32_t*> self.rows_of_target
        gather_rows(self.kernels, self.rows_of_x, self.x.columns, rows, n, self.x.columns, self.x.data, self.x.ld, 1)
        if self.labels:
            for i in range(n):
                (<int32_t*> self.target.data)[i] = labels[rows[i]]
        else:
            gather_rows(self.kernels, self.rows_of_target, self.target.columns, rows, n, self.target.columns,
                        self.target.data, self.target.ld, 1)
        self.step.weight = n
        if self.weight.data != NULL:
            gather_rows(self.kernels, self.rows_of_weight, 1, rows, n, 1, self.weight.data, 1, 1)
            self.step.weight = 0
            for i in range(n):
                self.step.weight += self.weight_of(i)
        self.step.rows = n

    cdef double weight_of(self, Py_ssize_t i) noexcept nogil:
        return (<float*> self.weight.data)[i] if self.kernels.itemsize == 4 else (<double*> self.weight.data)[i]

    cdef void weigh(self, double* loss, double* metric) noexcept nogil:
        """Adds to loss and metric the sums over the rows of weight times each, in row order; weight 0 is left out."""
        cdef Py_ssize_t i
        cdef double weight
        for i in range(self.step.rows):
            weight = 1 if self.weight.data == NULL else self.weight_of(i)
            if weight > 0:
                loss[0] += weight * self.step.losses[i]
                metric[0] += weight * self.step.metrics[i]
