"""Pace: all threads or one for the next minibatch, whichever has been faster lately.

The result is the same, so the choice is free. It is measured, for it depends on more than the work: threads that meet
wait for the last of them, and one whose core is busy with another program keeps all waiting for milliseconds each time.
Each way is tried for a moment; the slower one again after a pause, which doubles with every trial that it loses until
trials take a small share of the time.
"""

from libc.math cimport INFINITY, fmax, fmin

from contextlib import contextmanager

cdef double TRIAL = 2e-3                        # seconds of a trial, and a minibatch at least
cdef double GAIN = 0.95                         # of the time alone; more is not worth the other cores
cdef double STALL = 4                           # times the time alone: the threads wait for a core
cdef double SHARE = 0.02                        # of all time, that trials take in the end
cdef bint choosing = True


@contextmanager
def _together():
    """Have what is made within the block always use all its threads: for tests of what threads give."""
    global choosing
    choosing = False
    try:
        yield
    finally:
        choosing = True


cdef class Pace:
    """The choice for one program.

    most  threads there are; with 1 there is nothing to choose
    """

    def __init__(self, int most):
        self.most, self.choosing = most, choosing and most > 1
        self.means[ALONE] = self.means[TOGETHER] = INFINITY
        self.faster, self.pause = ALONE, 0
        self.go(ALONE if self.choosing else TOGETHER)

    def hear(self, double seconds):
        """Take in how long a minibatch took with `threads`, and choose for the next one."""
        self.took(seconds)

    cdef void took(self, double seconds) noexcept nogil:
        """What `hear` does, without the interpreter."""
        cdef bint stalled
        if not self.choosing:
            return
        self.since += seconds
        self.count += 1
        if self.count == 0:                     # the first one after a change finds what the other way left in the caches
            return
        self.measured += seconds
        stalled = self.way == TOGETHER and seconds > STALL * self.means[ALONE]
        if stalled or self.measured >= TRIAL:
            self.means[self.way] = INFINITY if stalled else self.measured / self.count
            self.count, self.measured = 0, 0
            self.judge(seconds if stalled else 0)

    cdef void judge(self, double stall) noexcept nogil:
        """Choose by what has just been measured; `stall`: seconds of a minibatch that waited for a core, else 0."""
        cdef int faster = TOGETHER if self.means[TOGETHER] < GAIN * self.means[ALONE] else ALONE
        cdef bint trial = self.way != self.faster
        cdef double cost = self.since if trial else stall
        if trial and faster == self.faster or stall > 0:        # lost
            self.pause = fmin(2 * fmax(self.pause, cost), cost / SHARE)
        if trial or stall > 0:
            self.faster = faster
            self.go(faster)
        elif self.since >= self.pause:
            self.go(TOGETHER if self.way == ALONE else ALONE)

    cdef void go(self, int way) noexcept nogil:
        self.way = way
        self.threads = 1 if way == ALONE else self.most
        self.count, self.measured, self.since = -1, 0, 0
