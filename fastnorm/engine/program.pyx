"""Program: a recorded forward pass and its loss, trained for whole epochs without the interpreter."""

from cpython.exc cimport PyErr_CheckSignals
from cython.parallel cimport prange
from libc.math cimport INFINITY, sqrt
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

import threading

import numpy as np

from .. import checks
from ..errors import ShapeError
from ..kernels.cpu cimport flush_denormals, restore_denormals
from .optimizer_step cimport Learner
from .thread_choice cimport Pace
from .state cimport LOSS, METRIC, MINIBATCH, NORM, STEP, WEIGHT

cdef double SIGNALS_EVERY = 0.05                # seconds between looks at Ctrl-C


cdef double now() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_MONOTONIC, &t)
    return t.tv_sec + t.tv_nsec * 1e-9


cdef class Program(Learner):
    """A learner that runs epochs. One thread may train it at a time: a second one is refused."""

    cdef readonly double seconds                # spent on the present epoch
    cdef object interruption
    cdef Pace pace
    cdef unsigned* floating                     # each thread's floating-point state before the program ran
    cdef int flushing                           # number of threads that flush denormals
    cdef volatile bint stopping

    def __init__(self, *tape_and_settings, **settings):
        super().__init__(*tape_and_settings, **settings)
        self.floating = <unsigned*> self.reserve(sizeof(unsigned) * self.step.threads)
        self.pace = Pace(self.step.threads)

    def stop(self):
        """Have `train` return at the next minibatch boundary, or the next call at once; from any thread."""
        self.stopping = True

    def begin_epoch(self):
        """Close the present epoch: its totals and seconds start again."""
        self.state.begin_epoch()
        self.seconds = 0

    def train(self, order, starts, factors, seconds=INFINITY, first=0, scheduled=None):
        """Train the rest of an epoch, or of a piece of it.

        Returns True once its last minibatch is done, False when stopped or out of time before.

        order      (n,) int64, the rows of the attached data in the order of this epoch
        starts     (minibatches + 1,) int64: minibatch `first` + i is order[starts[i]:starts[i + 1]]
        factors    (minibatches,) float64: factors of the learning rate
        seconds    return at the first minibatch boundary after so long
        first      how many minibatches of the epoch lie before the piece; all of them are trained
        scheduled  name of another hyperparameter -> its factors, likewise
        Raises KeyboardInterrupt at a minibatch boundary, on the main thread, and DataError before one with a label
        that was changed into no class; training can go on after both.
        """
        cdef const int64_t[::1] rows, begins
        cdef const double[:, ::1] changes
        cdef const int[::1] places
        cdef int64_t count = len(starts) - 1, before = checks.integer("first", first, 0, self.state.counters[MINIBATCH])
        cdef double most = seconds
        cdef bint signals = threading.current_thread() is threading.main_thread()
        with self.exclusive:                        # from here on nobody attaches other rows
            rows = checks.indices("order", order, max(self.data_rows, 1))
            begins = checks.indices("starts", starts, len(order) + 1)
            all_factors = {"learning_rate": factors} | dict(scheduled or {})
            places = np.array([self.acting_slot(name) - self.acting for name in all_factors], np.intc)
            changes = np.stack([checks.vector("factors", each, np.float64, len(starts) - 1)
                                for each in all_factors.values()])
            widths = np.diff(begins)
            if count < 1 or widths.min() < 1 or widths.max() > self.capacity:
                raise ShapeError(f"starts: expected minibatches of 1 to {self.capacity} rows, got {starts}")
            self.interruption = None
            with nogil:
                self.run(&rows[0], &begins[0], &changes[0, 0], &places[0], <int> places.shape[0], before, count, most,
                         signals)
            finished = self.state.counters[MINIBATCH] >= before + count
            if not finished:
                self.stopping = False           # a wish to stop stays until a call has ended by it
            if self.interruption is not None:
                raise self.interruption
            self.refuse_stray()
            return finished

    cdef void run(self, const int64_t* order, const int64_t* starts, const double* factors, const int* places,
                  int scheduled, int64_t first, int64_t count, double most, bint signals) noexcept nogil:
        """Minibatches until the last, the stop flag, the deadline, Ctrl-C or a label that is no class.

        factors, places  (scheduled, count) and (scheduled,): factors of the hyperparameters at these places
        """
        cdef double began = now(), looked = began, time = began, last, before = self.seconds
        cdef int64_t i = self.state.counters[MINIBATCH] - first
        cdef int slot
        while i < count and not self.stopping and time - began < most:
            self.step.threads = self.pace.threads
            self.flush_denormals(self.step.threads)
            for slot in range(self.slot_count):
                self.acting[slot] = self.state.slot[slot]
            for slot in range(scheduled):
                self.acting[places[slot]] *= factors[slot * count + i]
            if not self.minibatch(order + starts[i], starts[i + 1] - starts[i]):
                break
            i += 1
            last, time = time, now()
            self.pace.took(time - last)
            if signals and time - looked >= SIGNALS_EVERY:
                looked = time
                if self.interrupted():
                    break
        self.flush_denormals(0)
        self.seconds = before + now() - began

    cdef void flush_denormals(self, int threads) noexcept nogil:
        """Let this number of threads flush denormals from now on; the others, at the end all, are restored."""
        cdef int i, before = self.flushing, most = max(before, threads)
        self.flushing = threads
        if before == threads:
            return
        if most == 1:
            self.flush_in_thread(0, before, threads)
            return
        for i in prange(most, num_threads=most, schedule="static", chunksize=1):
            self.flush_in_thread(i, before, threads)

    cdef void flush_in_thread(self, int thread, int before, int threads) noexcept nogil:
        if before <= thread < threads:
            self.floating[thread] = flush_denormals()
        elif threads <= thread < before:
            restore_denormals(self.floating[thread])

    cdef bint interrupted(self) noexcept with gil:
        """Let signal handlers run; what one raises waits until the loop has ended."""
        try:
            PyErr_CheckSignals()
        except BaseException as error:
            self.interruption = error
        return self.interruption is not None

    cdef bint minibatch(self, const int64_t* rows, Py_ssize_t n) noexcept nogil:
        """Forward, loss, backward and update on n rows of the data; nothing is learned where all weigh 0.

        False where the rows could not be gathered: then nothing has changed.
        """
        cdef double* totals = self.state.totals
        cdef int64_t* counters = self.state.counters
        if not self.gather(rows, n):
            return False
        self.step.number = <unsigned> counters[STEP]
        if self.step.weight > 0:
            self.forward()
            self.weigh(&totals[LOSS], &totals[METRIC])
            self.backward()
            totals[WEIGHT] += self.step.weight
            counters[STEP] += 1
            totals[NORM] += sqrt(self.update())
        counters[MINIBATCH] += 1
        return True
