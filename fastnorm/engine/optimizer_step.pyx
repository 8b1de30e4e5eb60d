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
        self._bind_optimizer(read)
        self._bind_parameters()
        self.bind_backward()
        self._bind_slots()
        self.step.threads = usable_threads(threads)
        self.step.seed = checks.integer("seed", seed, 0, 2**64 - 1)

    cdef double* acting_slot(self, name) except NULL:
        """Where a hyperparameter stands as it acts."""
        return self.acting + (self.state.slot_of(name) - self.state.slot)

    def _bind_optimizer(self, read):
        """Where each hyperparameter of the optimizer stands; of the rule's own, those it reads."""
        cdef int i
        self.slot_count = len(self.state.slots)
        self.acting = <double*> self.reserve(8 * self.slot_count)
        self.rate, self.l2 = self.acting_slot("learning_rate"), self.acting_slot("l2")
        self.weight_decay = self.acting_slot("weight_decay")
        self.clip_norm, self.clip_value = self.acting_slot("clip_norm"), self.acting_slot("clip_value")
        self.clip = unary_index("clip")
        self.momentum = self.acting_slot("momentum") if "momentum" in read else NULL
        self.beta_1 = self.acting_slot("beta_1") if "beta_1" in read else NULL
        self.beta_2 = self.acting_slot("beta_2") if "beta_2" in read else NULL
        self.epsilon = self.acting_slot("epsilon") if "epsilon" in read else NULL
        self.momentum_decay = self.acting_slot("momentum_decay") if "momentum_decay" in read else NULL
        self.averaging = self.acting_slot("averaging") if self.averages != NULL else NULL
        self.group_count = len(self.state.groups)
        self.groups = <Group*> self.reserve(sizeof(Group) * max(self.group_count, 1))
        for i in range(self.group_count):
            self.groups[i].first, self.groups[i].size, self.groups[i].rate, self.groups[i].decay = self.state.groups[i]
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
                self.nodes[<int> number].slot = self.acting_slot(name)

    def __str__(self):
        """Its operations with their shapes, memory and FLOPs, and what was joined, one line each."""
        return listing(self.tape, self.dtype.itemsize, self.capacity, self.state.size, self.reserved)

    cdef double update(self) noexcept nogil:
        """One step of the optimizer on all parameters, group after group; return the gradient's sum of squares."""
        cdef double before = self.bound_gradients(), squares = 0
        cdef double* product = &self.state.carried[PRODUCT]
        cdef int i
        if self.rule == NADAM:
            product[0] = product[0] * self.momentum_at(self.state.counters[STEP])
        for i in range(self.group_count):
            squares += self.update_group(&self.groups[i])
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

    cdef double update_group(self, const Group* group) noexcept nogil:
        """The same on a group; return its part of the sum."""
        cdef char* p = self.state.data + group.first
        cdef char* g = self.gradients + group.first
        cdef char* moment = self.state.moments + group.first
        cdef char* second = moment + self.state.learned
        cdef double rate = self.rate[0] * group.rate, l2 = self.l2[0] * group.decay
        cdef double weight_decay = self.weight_decay[0] * group.decay
        cdef double steps = self.state.counters[STEP], now, next, product
        cdef Py_ssize_t count = group.size // self.kernels.itemsize
        cdef int threads = self.step.threads if count >= WORTH_THREADS else 1
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
