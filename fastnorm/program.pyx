"""Program: a recorded forward pass and its loss, trained for whole epochs without the interpreter.

Two kinds of memory: the state is all that a checkpoint copies; the rest (activations, gradients) holds nothing between
minibatches.
"""

from cpython.exc cimport PyErr_CheckSignals
from cython.parallel cimport prange
from libc.math cimport INFINITY, pow, sqrt
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

import threading

import numpy as np

from . import checks, layout
from .errors import SettingError, ShapeError, TraceError
from .feed cimport Feed
from .kernels.cpu cimport fn_flush_denormals, fn_restore_denormals, usable_threads
from .kernels.update cimport CHUNK, adam_chunks, sgd_chunks
from .nodes cimport MOST_INPUTS, Buffer, Node
from .state cimport LOSS, METRIC, MINIBATCH, NORM, STEP, WEIGHT, State

MOMENTS = {"sgd": 1, "adam": 2}                 # rule of the optimizer -> arrays it keeps for each parameter

cdef double SIGNALS_EVERY = 0.05                # seconds between looks at Ctrl-C
cdef Py_ssize_t WORTH_THREADS = 16 * CHUNK      # parameters; an update of fewer is done before the threads have met


cdef double now() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_MONOTONIC, &t)
    return t.tv_sec + t.tv_nsec * 1e-9


cdef class Program(Feed):
    """A tape with a loss, its state and all that training it needs.

    tape       a forward pass that ends in a loss; its parameters start at zero: state.write gives them values
    capacity   rows of the largest minibatch
    optimizer  has `rule` ("sgd" or "adam"), `slots` (hyperparameter -> value) and `nesterov`
    seed       key of dropout
    threads    at the most; the result does not depend on them

    One thread may train it at a time: a second one is refused.
    """

    cdef readonly State state
    cdef readonly double seconds                # spent on the present epoch
    cdef object interruption
    cdef char* gradients
    cdef double* chunk_squares
    cdef unsigned* floating                     # each thread's floating-point state before the program ran
    cdef double *rate
    cdef double *beta_1
    cdef double *beta_2
    cdef double *epsilon
    cdef double *momentum
    cdef double *l2
    cdef double *weight_decay
    cdef bint adam, nesterov
    cdef volatile bint stopping

    def __init__(self, tape, dtype, capacity, optimizer, *, seed=0, threads=1):
        if tape.result.shape != () or tape.of_role("constant"):
            raise TraceError("expected a forward pass that ends in a loss and reads no constants")
        self.adam = checks.choice("optimizer rule", optimizer.rule, tuple(MOMENTS)) == "adam"
        self.nesterov = optimizer.nesterov
        slots = dict(optimizer.slots)
        for operation in tape.operations:
            slots |= {name: operation.attributes[attribute] for attribute, name in operation.slots.items()}
        self.state = State(tape, self.dtype, slots, MOMENTS[optimizer.rule])
        self._bind_optimizer()
        self._bind_gradients()
        self._bind_nodes()
        self.step.threads = usable_threads(threads)
        self.step.seed = checks.integer("seed", seed, 0, 2**64 - 1)
        self.floating = <unsigned*> self.reserve(sizeof(unsigned) * self.step.threads)

    def _bind_optimizer(self):
        self.rate, self.l2 = self.state.slot_of("learning_rate"), self.state.slot_of("l2")
        self.weight_decay = self.state.slot_of("weight_decay")
        if self.adam:
            self.beta_1, self.beta_2 = self.state.slot_of("beta_1"), self.state.slot_of("beta_2")
            self.epsilon = self.state.slot_of("epsilon")
        else:
            self.momentum = self.state.slot_of("momentum")
        self.chunk_squares = <double*> self.reserve(8 * (self.state.learned // (self.dtype.itemsize * CHUNK) + 1))

    def _bind_gradients(self):
        """Gradients of parameters lie as the parameters do; those of results share blocks by their lifetimes."""
        cdef Py_ssize_t size
        cdef Buffer* buffer
        self.gradients = self.reserve(self.state.learned)
        for value in self.tape.of_role("parameter", "statistic"):
            offset, _, ld, _ = self.state.parts[value.name]
            buffer = self.place(value, self.state.data_of(value.name), ld)
            if value.role == "parameter":
                buffer.gradient = self.gradients + <Py_ssize_t> offset
        blocks = {}
        for index, block in layout.shared(self.tape).items():
            buffer = &self.buffers[<int> index]
            size = self.capacity * buffer.ld * self.dtype.itemsize
            if block not in blocks:
                blocks[block] = <Py_ssize_t> self.reserve(size)
            buffer.gradient = <char*> <Py_ssize_t> blocks[block]

    def _bind_nodes(self):
        """Hyperparameters, statistics and the places of gradients; backward comes to the nodes from the last to the first."""
        cdef Py_ssize_t transposed = 1
        cdef Node* node
        cdef int number, i
        written = set()
        for number in range(self.count - 1, -1, -1):
            operation = self.tape.operations[number]
            node = &self.nodes[number]
            if node.backward == NULL:
                raise SettingError(f"{operation.name} has no backward pass: it is for inference alone")
            for i, index in enumerate(operation.inputs):
                node.gradients[i] = node.inputs[i].gradient
                node.added[i] = node.gradients[i] != NULL and index in written
                if node.added[i]:
                    node.gradients[i] = self._room_for(node.inputs[i])
                written.add(index)
            for name in operation.slots.values():
                node.slot = self.state.slot_of(name)
            node.setting = operation.attributes.get("epsilon", operation.attributes.get("label_smoothing", 0))
            if operation.name == "batchnorm":
                node.statistics = <double*> self.reserve(3 * 8 * node.inputs[0].columns)
            if operation.name == "dense":
                transposed = max(transposed, node.inputs[1].columns * (node.inputs[0].columns + self.kernels.lanes))
        self.step.transposed = self.reserve(transposed * self.dtype.itemsize)

    cdef char* _room_for(self, Buffer* buffer) except NULL:
        """Where a value's second gradient waits to be added to its first."""
        return self.reserve((buffer.rows or self.capacity) * buffer.ld * self.dtype.itemsize)

    def stop(self):
        """Have `train` return at the next minibatch boundary, or the next call at once; from any thread."""
        self.stopping = True

    def begin_epoch(self):
        """Close the present epoch: its totals and seconds start again."""
        self.state.begin_epoch()
        self.seconds = 0

    def train(self, order, starts, factors, seconds=INFINITY):
        """Train the rest of an epoch; True once its last minibatch is done, False when stopped or out of time before.

        order    (n,) int64, the rows of the attached data in the order of this epoch
        starts   (minibatches + 1,) int64: minibatch i is order[starts[i]:starts[i + 1]]
        factors  (minibatches,) float64: what the learning rate is multiplied with
        seconds  return at the first minibatch boundary after so long
        Raises KeyboardInterrupt at a minibatch boundary, on the main thread; training can go on after it.
        """
        cdef const int64_t[::1] rows, begins
        cdef const double[::1] rates
        cdef int64_t last = len(starts) - 1
        cdef double most = seconds
        cdef bint signals = threading.current_thread() is threading.main_thread()
        with self.alone:                        # from here on nobody attaches other rows
            rows = checks.indices("order", order, self.data_rows)
            begins = checks.indices("starts", starts, len(order) + 1)
            rates = checks.vector("factors", factors, np.float64, len(starts) - 1)
            widths = np.diff(begins)
            if last < 1 or widths.min() < 1 or widths.max() > self.capacity:
                raise ShapeError(f"starts: expected minibatches of 1 to {self.capacity} rows, got {starts}")
            self.interruption = None
            with nogil:
                self.run(&rows[0], &begins[0], &rates[0], last, most, signals)
            finished = self.state.counters[MINIBATCH] >= last
            if not finished:
                self.stopping = False           # a wish to stop stays until a call has ended by it
            if self.interruption is not None:
                raise self.interruption
            return finished

    cdef void run(self, const int64_t* order, const int64_t* starts, const double* factors, int64_t last, double most,
                  bint signals) noexcept nogil:
        """Minibatches until the last, the stop flag, the deadline or Ctrl-C."""
        cdef double began = now(), looked = began, time = began, before = self.seconds
        cdef int64_t* done = &self.state.counters[MINIBATCH]
        self.flush_denormals(True)
        while done[0] < last and not self.stopping and time - began < most:
            self.minibatch(order + starts[done[0]], starts[done[0] + 1] - starts[done[0]], factors[done[0]])
            time = now()
            if signals and time - looked >= SIGNALS_EVERY:
                looked = time
                if self.interrupted():
                    break
        self.seconds = before + now() - began
        self.flush_denormals(False)

    cdef void flush_denormals(self, bint flush) noexcept nogil:
        """Every thread of the pool flushes denormals while the program runs, and only then."""
        cdef int i
        if self.step.threads == 1:
            self.flush_in_thread(0, flush)
            return
        for i in prange(self.step.threads, num_threads=self.step.threads, schedule="static", chunksize=1):
            self.flush_in_thread(i, flush)

    cdef void flush_in_thread(self, int thread, bint flush) noexcept nogil:
        if flush:
            self.floating[thread] = fn_flush_denormals()
        else:
            fn_restore_denormals(self.floating[thread])

    cdef bint interrupted(self) noexcept with gil:
        """Let signal handlers run; what one raises waits until the loop has ended."""
        try:
            PyErr_CheckSignals()
        except BaseException as error:
            self.interruption = error
        return self.interruption is not None

    cdef void minibatch(self, const int64_t* rows, Py_ssize_t n, double factor) noexcept nogil:
        """Forward, loss, backward and update on n rows of the data; nothing is learned where all weigh 0."""
        cdef double* totals = self.state.totals
        cdef int64_t* counters = self.state.counters
        cdef int i
        self.gather(rows, n)
        self.step.number = <unsigned> counters[STEP]
        if self.step.weight > 0:
            for i in range(self.count):
                self.nodes[i].forward(&self.nodes[i], &self.step)
            self.weigh(&totals[LOSS], &totals[METRIC])
            for i in range(self.count - 1, -1, -1):
                self.nodes[i].backward(&self.nodes[i], &self.step)
                self.add_gradients(&self.nodes[i])
            totals[WEIGHT] += self.step.weight
            counters[STEP] += 1
            totals[NORM] += sqrt(self.update(factor))
        counters[MINIBATCH] += 1

    cdef void add_gradients(self, Node* node) noexcept nogil:
        """Where a value has several readers, the later gradients are added to the first."""
        cdef int i
        cdef Buffer* value
        for i in range(MOST_INPUTS):
            if node.added[i]:
                value = node.inputs[i]
                self.kernels.accumulate(node.gradients[i], value.ld, value.rows or self.step.rows, value.columns,
                                        value.gradient, value.ld)

    cdef double update(self, double factor) noexcept nogil:
        """One step of the optimizer on all parameters, those that decay first; the gradient's sum of squares."""
        cdef Py_ssize_t decayed = self.state.decayed, learned = self.state.learned
        return (self.update_part(0, decayed, factor, self.l2[0], self.weight_decay[0])
                + self.update_part(decayed, learned - decayed, factor, 0, 0))

    cdef double update_part(self, Py_ssize_t first, Py_ssize_t size, double factor, double l2, double weight_decay) noexcept nogil:
        """The parameters in `size` bytes from byte `first` on."""
        cdef char* p = self.state.data + first
        cdef char* g = self.gradients + first
        cdef char* moment = self.state.moments + first
        cdef double rate = self.rate[0] * factor, steps = self.state.counters[STEP]
        cdef Py_ssize_t count = size // self.kernels.itemsize
        cdef int threads = self.step.threads if count >= WORTH_THREADS else 1
        if self.adam:
            return adam_chunks(self.kernels, p, g, moment, moment + self.state.learned, count,
                               rate / (1 - pow(self.beta_1[0], steps)), 0, self.beta_1[0], self.beta_2[0],
                               self.epsilon[0], 1 - pow(self.beta_2[0], steps), l2, rate * weight_decay,
                               self.chunk_squares, threads)
        return sgd_chunks(self.kernels, p, g, moment, count, rate, self.momentum[0], 1, self.nesterov, l2, weight_decay,
                          self.chunk_squares, threads)
