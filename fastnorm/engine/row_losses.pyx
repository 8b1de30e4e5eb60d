"""RowLosses: a recorded loss, computed row by row for given predictions and targets."""

import numpy as np

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from .minibatch cimport Feed


cdef class RowLosses(Feed):
    """A tape whose input is a prediction, and which ends in weighted_mean."""

    def by_row(self, prediction, target):
        """Loss and metric of each row, (n,) float64 each; a loss of all rows at once is in each row of its block."""
        cdef Py_ssize_t rows = len(prediction), done = 0, n
        cdef int64_t[::1] order = np.arange(rows)
        cdef double[:, ::1] results = np.empty((2, rows))
        self.attach(prediction, target)
        self.step.threads = 1
        with self.exclusive, nogil:
            while done < rows:
                n = min(self.capacity, rows - done)
                if not self.gather(&order[done], n):
                    break
                self.forward()
                memcpy(&results[0, done], self.step.losses, n * sizeof(double))
                memcpy(&results[1, done], self.step.metrics, n * sizeof(double))
                done += n
        self.refuse_stray()
        return np.asarray(results[0]), np.asarray(results[1])
