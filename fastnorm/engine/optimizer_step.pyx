"""Learner: a fed tape, the state that it learns, and the optimizer's step.

The state is all that a checkpoint copies; the rest (activations, gradients) holds nothing between minibatches.
"""

from libc.math cimport pow, sqrt

from .. import checks
from .minibatch cimport Feed
from ..kernels.cpu cimport unary_index, usable_threads
from ..kernels.update cimport CHUNK, adam_chunks, average_chunks, sgd_chunks, squares_chunks
from .listing import listing
from .node cimport Buffer
from .state cimport AVERAGED, PRODUCT, STEP, State

cdef enum:
    SGD, ADAM, RMSPROP, NADAM

# Each rule's number, the arrays it keeps for each parameter, and the hyperparameters it reads beside those all have.
RULES = {
    "sgd": (SGD, 1, ("momentum",)),
    "rmsprop": (RMSPROP, 1, ("beta_2", "epsilon")),
    "adam": (ADAM, 2, ("beta_1", "beta_2", "epsilon")),
    "nadam": (NADAM, 2, ("beta_1", "beta_2", "epsilon", "momentum_decay")),
}

cdef Py_ssize_t WORTH_THREADS = 4 * CHUNK      # parameters; an update of fewer is done before the threads have met
cdef double NADAM_BASE = 0.96                   # Dozat's constant


cdef class Learner(Feed):
    """A tape with a loss, its state and all that a step of learning needs.

    tape       a forward pass that ends in a loss; its parameters start at zero: state.write gives them values
    capacity   rows of the largest minibatch
    optimizer  has `rule` (one of RULES), `slots` (hyperparameter -> value), `nesterov` and `averaged`
    averaging  share of the old average of the weights kept at each step; None: no average
    seed       key of dropout
    threads    at the most; the result does not depend on them
    """

    def __init__(self, tape, dtype, capacity, optimizer, *, averaging=None, seed=0, threads=1):
        rule = checks.choice("optimizer rule", optimizer.rule, tuple(RULES))
        self.rule, moments, read = RULES[rule]
        self.nesterov, self.averaged = optimizer.nesterov, optimizer.averaged
        slots = dict(optimizer.slots)
        if averaging is not None:
            slots["averaging"] = averaging
        for operation in tape.operations:
            slots |= {name: operation.attributes[attribute] for attribute, name in operation.slots.items()}
        self.state = State(tape, self.dtype, slots, moments + (averaging is not None))
        if averaging is not None:
            self.averages = self.state.moments + <Py_ssize_t> moments * self.state.learned
            self.averaging = self.state.slot_of("averaging")
        self._bind_optimizer(read)
        self._bind_parameters()
        self.bind_backward()
        self._bind_slots()
        self.step.threads = usable_threads(threads)
        self.step.seed = checks.integer("seed", seed, 0, 2**64 - 1)

    def _bind_optimizer(self, read):
        """Where each hyperparameter of the optimizer stands; of the rule's own, those it reads."""
        self.rate, self.l2 = self.state.slot_of("learning_rate"), self.state.slot_of("l2")
        self.weight_decay = self.state.slot_of("weight_decay")
        self.clip_norm, self.clip_value = self.state.slot_of("clip_norm"), self.state.slot_of("clip_value")
        self.clip = unary_index("clip")
        self.momentum = self.state.slot_of("momentum") if "momentum" in read else NULL
        self.beta_1 = self.state.slot_of("beta_1") if "beta_1" in read else NULL
        self.beta_2 = self.state.slot_of("beta_2") if "beta_2" in read else NULL
        self.epsilon = self.state.slot_of("epsilon") if "epsilon" in read else NULL
        self.momentum_decay = self.state.slot_of("momentum_decay") if "momentum_decay" in read else NULL
        self.chunk_squares = <double*> self.reserve(8 * (self.state.learned // (self.dtype.itemsize * CHUNK) + 1))

    def _bind_parameters(self):
        """Parameters lie in the state, their gradients beside each other in the same order."""
        cdef Buffer* buffer
        self.gradients = self.reserve(max(self.state.learned, 1))
        for value in self.tape.of_role("parameter", "statistic"):
            offset, _, ld, _ = self.state.parts[value.name]
            buffer = self.place(value, self.state.data_of(value.name), ld)
            if value.role == "parameter":
                buffer.gradient = self.gradients + <Py_ssize_t> offset

    def _bind_slots(self):
        for number, operation in enumerate(self.tape.operations):
            for name in operation.slots.values():
                self.nodes[<int> number].slot = self.state.slot_of(name)

    def __str__(self):
        """Its operations with their shapes, memory and FLOPs, and what was joined, one line each."""
        return listing(self.tape, self.dtype.itemsize, self.capacity, self.state.size, self.reserved)

    cdef double update(self, double factor) noexcept nogil:
        """One step of the optimizer on all parameters, decayed ones first; return the gradient's sum of squares."""
        cdef Py_ssize_t decayed = self.state.decayed, learned = self.state.learned
        cdef double before = self.bound_gradients(), squares
        cdef double* product = &self.state.carried[PRODUCT]
        if self.rule == NADAM:
            product[0] = product[0] * self.momentum_at(self.state.counters[STEP])
        squares = (self.update_part(0, decayed, factor, self.l2[0], self.weight_decay[0])
                   + self.update_part(decayed, learned - decayed, factor, 0, 0))
        if self.averages != NULL:
            self.average_weights()
        return squares if before < 0 else before

    cdef double bound_gradients(self) noexcept nogil:
        """Clip the gradients by value, then by norm, where asked; return their sum of squares before, -1 without."""
        cdef Py_ssize_t count = self.state.learned // self.kernels.itemsize
        cdef double before = 0, after = 0, limit = self.clip_value[0], norm = self.clip_norm[0]
        if limit == 0 and norm == 0:
            return -1
        before = squares_chunks(self.kernels, self.gradients, count, self.chunk_squares, 1)
        if limit > 0:
            self.kernels.unary[self.clip].forward(self.gradients, count, 1, count, -limit, limit, self.gradients, count)
        if norm > 0:
            after = sqrt(squares_chunks(self.kernels, self.gradients, count, self.chunk_squares, 1))
            if after > norm:
                self.kernels.spread(self.gradients, count, 1, norm / after, 1, count, self.gradients, count)
        return before

    cdef double momentum_at(self, double step) noexcept nogil:
        """Nadam's momentum of this step, which grows towards beta_1.  Source: Dozat 2016."""
        return self.beta_1[0] * (1 - 0.5 * pow(NADAM_BASE, step * self.momentum_decay[0]))

    cdef double update_part(self, Py_ssize_t first, Py_ssize_t size, double factor, double l2,
                            double weight_decay) noexcept nogil:
        """The parameters in `size` bytes from byte `first` on."""
        cdef char* p = self.state.data + first
        cdef char* g = self.gradients + first
        cdef char* moment = self.state.moments + first
        cdef char* second = moment + self.state.learned
        cdef double rate = self.rate[0] * factor, steps = self.state.counters[STEP], now, next, product
        cdef Py_ssize_t count = size // self.kernels.itemsize
        cdef int threads = self.step.threads if count >= WORTH_THREADS else 1
        if count == 0:
            return 0
        if self.rule == SGD:
            return sgd_chunks(self.kernels, p, g, moment, count, rate, self.momentum[0],
                              1 - self.momentum[0] if self.averaged else 1, self.nesterov, l2, weight_decay,
                              self.chunk_squares, threads)
        if self.rule == RMSPROP:
            return adam_chunks(self.kernels, p, g, NULL, moment, count, 0, rate, 0, self.beta_2[0], self.epsilon[0], 1,
                               l2, rate * weight_decay, self.chunk_squares, threads)
        if self.rule == ADAM:
            return adam_chunks(self.kernels, p, g, moment, second, count, rate / (1 - pow(self.beta_1[0], steps)), 0,
                               self.beta_1[0], self.beta_2[0], self.epsilon[0], 1 - pow(self.beta_2[0], steps), l2,
                               rate * weight_decay, self.chunk_squares, threads)
        now, next, product = self.momentum_at(steps), self.momentum_at(steps + 1), self.state.carried[PRODUCT]
        return adam_chunks(self.kernels, p, g, moment, second, count, rate * next / (1 - product * next),
                           rate * (1 - now) / (1 - product), self.beta_1[0], self.beta_2[0], self.epsilon[0],
                           1 - pow(self.beta_2[0], steps), l2, rate * weight_decay, self.chunk_squares, threads)

    cdef void average_weights(self) noexcept nogil:
        """An exponentially weighted average of the weights, corrected for its start at nothing as batch norm's are."""
        cdef double* weight = &self.state.carried[AVERAGED]
        weight[0] = self.averaging[0] * weight[0] + 1 - self.averaging[0]
        average_chunks(self.kernels, self.state.data, self.state.learned // self.kernels.itemsize,
                       (1 - self.averaging[0]) / weight[0], self.averages, 1)

    def average(self, name):
        """A copy of a parameter's average over the steps so far, the parameter itself before the first."""
        cdef Py_ssize_t moved = self.averages - self.state.data
        return self.state.read(name, moved if self.state.carried[AVERAGED] > 0 else 0)
