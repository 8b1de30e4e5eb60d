"""Feed: a bound tape and the data it trains on; it gathers the rows of a minibatch to where the nodes read them."""

from libc.stdint cimport int32_t, int64_t

import numpy as np

from .. import checks
from . import layout
from .backward cimport Backward
from .bound_tape cimport address, row_distance
from ..errors import DataError, SettingError, ShapeError
from ..kernels.gather cimport gather_rows
from .exclusive cimport Exclusive
from .node cimport Buffer, threads_for

cdef double GATHERING = 20                      # multiply-adds that take as long as a number that is copied


cdef class Feed(Backward):
    """A tape and room for a minibatch of what it reads: inputs, a target and a weight, as far as it has them."""

    def __cinit__(self, *_, **__):
        self.exclusive = Exclusive()
        self.coded = layout.coded(self.tape)
        self.stray = -1
        self._bind_inputs()
        if targets := self.tape.of_role("target"):
            self._bind_target(targets[0])
        if weights := self.tape.of_role("weight"):
            self.weights_room = self.reserve(self.capacity * self.dtype.itemsize)
            self.weight = self.place(weights[0], NULL, 1)
        self.step.rows, self.step.weight = 1, 1                 # of a tape without data

    def _bind_inputs(self):
        """The gathered rows; each input is some of their columns."""
        cdef Py_ssize_t column = 0, size = self.kernels.itemsize
        self.features = self.tape.features
        if self.features == 0:
            return
        self.ld = row_distance(self.features, self.kernels)
        self.x = self.reserve(self.capacity * self.ld * size)
        for value in self.tape.of_role("input"):
            self.place(value, self.x + column * size, self.ld)
            column += value.features

    def _bind_target(self, target):
        cdef Py_ssize_t ld
        if len(target.shape) == 1:
            self.classes = layout.classes(self.tape)
            self.target = self.place(target, self.reserve(self.capacity * sizeof(int32_t)), 1)
            self.target.columns = 0
        else:
            ld = row_distance(target.features, self.kernels)
            self.target = self.place(target, self.reserve(self.capacity * ld * self.dtype.itemsize), ld)

    def attach(self, x, target, weight=None):
        """Train on these rows from now on; they are kept, not copied.

        x       (n, features) of the program's dtype, C-contiguous; the inputs lie in it side by side
        target  (n,) int32 classes within the logits, or (n, columns) of the program's dtype; classes of
                another integer type are copied
        weight  (n,) of the program's dtype, at least 0, or None for 1 each
        """
        self._same("x", x, (len(x), self.features))
        if len(x) == 0:
            raise ShapeError("x: expected at least one row")
        checks.codes("x", x, self.coded)
        if self.target == NULL:
            raise SettingError("this forward pass reads no target: it cannot learn from one")
        if self.classes:
            target = checks.indices("y", target, self.classes, np.int32)
            if len(target) != len(x):
                raise ShapeError(f"y: expected {len(x)} rows as in x, got {len(target)}")
        else:
            self._same("y", target, (len(x), self.target.columns))
        if weight is not None:
            weight = self._checked_weight(weight, len(x))
        with self.exclusive:
            self.data, self.data_rows = (x, target, weight), len(x)
            self.rows_of_x, self.rows_of_target = address(x), address(target)
            self.rows_of_weight = address(weight) if weight is not None else NULL
            if self.weight != NULL:
                self.weight.data = self.weights_room if weight is not None else NULL

    def _checked_weight(self, weight, rows):
        if self.weight == NULL:
            raise SettingError(
                "sample_weight: this loss is one number for all rows, so weights cannot act; "
                "return each row's loss (N,)"
            )
        weight = checks.finite("sample_weight", checks.vector("sample_weight", weight, self.dtype, rows))
        if weight.min() < 0:
            raise DataError(f"sample_weight: expected weights of 0 or more, got {weight.min()}")
        return weight

    def _same(self, name, array, shape):
        if array.dtype != self.dtype or array.shape != shape or not checks.lies_plainly(array):
            came = f"{array.dtype} of {array.shape}{checks.layout_of(array)}"
            raise ShapeError(f"{name}: expected C-contiguous {self.dtype} of shape {shape}, got {came}")

    cdef bint gather(self, const int64_t* rows, Py_ssize_t n) noexcept nogil:
        """Copy the minibatch's rows, targets and weights to where the nodes read them.

        Labels are checked again, for their memory is the user's: False where one is no class, and `stray` is its row.
        """
        cdef Py_ssize_t i
        cdef const int32_t* labels = <const int32_t*> self.rows_of_target
        cdef int32_t label
        if self.data_rows == 0:
            return True
        gather_rows(self.kernels, self.rows_of_x, self.features, rows, n, self.features, self.x, self.ld,
                    threads_for(&self.step, GATHERING * n * self.features))
        if self.classes:
            for i in range(n):
                label = labels[rows[i]]
                if not 0 <= label < self.classes:
                    self.stray = rows[i]
                    return False
                (<int32_t*> self.target.data)[i] = label
        else:
            gather_rows(self.kernels, self.rows_of_target, self.target.columns, rows, n, self.target.columns,
                        self.target.data, self.target.ld, 1)
        self.step.weight = n
        if self.rows_of_weight != NULL:
            gather_rows(self.kernels, self.rows_of_weight, 1, rows, n, 1, self.weight.data, 1, 1)
            self.step.weight = 0
            for i in range(n):
                self.step.weight += self.weight_of(i)
        self.step.rows = n
        return True

    cdef void refuse_stray(self) except *:
        """Raise where a label was found to be no class; the rows may be gathered again once it is one."""
        row, self.stray = self.stray, -1
        if row >= 0:
            raise DataError(
                f"y: expected integers from 0 to {self.classes - 1}, got {self.data[1][row]} at position {row}, "
                "changed since it was checked"
            )

    cdef double weight_of(self, Py_ssize_t i) noexcept nogil:
        return (<float*> self.weight.data)[i] if self.kernels.itemsize == 4 else (<double*> self.weight.data)[i]

    cdef void weigh(self, double* loss, double* metric) noexcept nogil:
        """Adds to loss and metric the sums over the rows of weight times each, in row order; weight 0 is left out."""
        cdef Py_ssize_t i
        cdef double weight
        for i in range(self.step.rows):
            weight = 1 if self.rows_of_weight == NULL else self.weight_of(i)
            if weight > 0:
                loss[0] += weight * self.step.losses[i]
                metric[0] += weight * self.step.metrics[i]
