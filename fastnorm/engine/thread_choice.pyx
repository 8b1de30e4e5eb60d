"""Pace: all threads or one for the next minibatch, whichever has been faster lately.

The result is the same, so the choice is free. It is measured, for it depends on more than the work: threads that meet
wait for the last of them, and one whose core is busy with another program keeps all waiting for milliseconds each time.
So a program begins alone, tries all threads, and stays with them as long as they are faster than it was alone. After
that it is alone for a while, twice as long with every time that they disappoint at once, until trials take a small
share of the time.
"""

from libc.math cimport INFINITY, fmax, fmin

from contextlib import contextmanager

cdef double WINDOW = 2e-3                       # seconds that are measured together, and two minibatches at least
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
        self.alone, self.pause = INFINITY, 0
        self.go(ALONE if self.choosing else TOGETHER)

    def hear(self, double seconds):
        """Take in how long a minibatch took with `threads`, and choose for the next one."""
        self.took(seconds)

    cdef void took(self, double seconds) noexcept nogil:
        """What `hear` does, without the interpreter."""
        if not self.choosing:
            return
        self.since += seconds
        self.count += 1
        if self.count == 0:                     # the first one after a change finds the caches of the other way
            return
        self.measured += seconds
        if self.way == TOGETHER and seconds > STALL * self.alone:
            self.decide(INFINITY)
        elif self.count > 1 and self.measured >= WINDOW:
            self.decide(self.measured / self.count)

    cdef void decide(self, double mean) noexcept nogil:
        """Choose by the mean of what has just been measured."""
        if self.way == ALONE:
            self.alone = mean
            if self.since >= self.pause:
                self.go(TOGETHER)
        elif mean > GAIN * self.alone:
            self.pause = fmin(2 * fmax(self.pause, self.measured), self.measured / SHARE)
            self.go(ALONE)
        elif self.since > self.pause:           # as long as it was away, it has done well
            self.pause = 0
        self.count, self.measured = min(self.count, 0), 0

    cdef void go(self, int way) noexcept nogil:
        self.way = way
        self.threads = 1 if way == ALONE else self.most
        self.count, self.measured, self.since = -1, 0, 0
