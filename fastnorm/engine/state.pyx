"""State: parameters, moments, statistics, slots, totals and counters in one block of bytes, which a checkpoint copies.

It holds no time and no address: the same training gives the same bytes.
"""

import numpy as np

from . import layout
from .bound_tape cimport address, row_distance
from .bound_tape import aligned
from .hyperparameters import family, within
from ..errors import FileError, SettingError, ShapeError
from ..kernels.cpu cimport fn_kernels, kernels


cdef class State:
    """The block for a tape and an optimizer, zeroed but for the slots.

    moments  arrays of the parameters' size that the optimizer keeps
    slots    hyperparameter -> value; changing one is seen by the next minibatch
    """

    def __init__(self, tape, dtype, slots, int moments):
        cdef const fn_kernels* table = kernels(dtype.itemsize)
        usual = [(1.0, 1.0), (1.0, 0.0)]                        # factors of rate and decay: those of most come first
        factors = {value.name: (value.settings["rate_factor"], value.settings["decay_factor"])
                   for value in tape.of_role("parameter")}
        groups = list(dict.fromkeys([*usual, *factors.values()]))
        parameters = sorted(tape.of_role("parameter"), key=lambda value: groups.index(factors[value.name]))
        statistics = tape.of_role("statistic")
        shapes, sizes = {}, {}
        for value in parameters + statistics:
            rows, columns = layout.as_matrix(value.shape)
            kind = dtype if value.role == "parameter" else np.dtype(np.float64)
            ld = row_distance(columns, table) if value.role == "parameter" else columns
            shapes[value.name], sizes[value.name] = (value.shape, ld, kind), rows * ld * kind.itemsize
        offsets, self.learned = layout.offsets({value.name: sizes[value.name] for value in parameters})
        self.groups, end = [], 0
        for group in groups:
            size = layout.offsets({name: sizes[name] for name in factors if factors[name] == group})[1]
            self.groups += [(end, size, *group)] if size else []
            end += size
        first = moments * self.learned + self.learned
        places, size = layout.offsets({value.name: sizes[value.name] for value in statistics})
        offsets |= {name: first + place for name, place in places.items()}
        self.parts = {name: (offsets[name], *shape) for name, shape in shapes.items()}
        self.first_slot = first + size
        places, size = layout.offsets(
            {"slots": 8 * len(slots), "totals": 8 * TOTALS, "carried": 8 * CARRIED, "counters": 8 * COUNTERS}
        )
        self.first_counter = self.first_slot + <Py_ssize_t> places["counters"]
        self.size = self.first_slot + size
        self.block = aligned(self.size)
        self.data = address(self.block)
        self.moments = self.data + self.learned
        self.slot = <double*> (self.data + self.first_slot)
        self.totals = <double*> (self.data + self.first_slot + <Py_ssize_t> places["totals"])
        self.carried = <double*> (self.data + self.first_slot + <Py_ssize_t> places["carried"])
        self.carried[PRODUCT] = 1
        self.counters = <int64_t*> (self.data + self.first_counter)
        self.slots = {name: position for position, name in enumerate(slots)}
        for name, value in slots.items():
            self.set_slot(name, value)

    cdef char* data_of(self, name) except NULL:
        return self.data + <Py_ssize_t> self.parts[name][0]

    cdef double* slot_of(self, name) except NULL:
        if name not in self.slots:
            raise SettingError(f"no hyperparameter named {name!r}; there are {', '.join(self.slots)}")
        return &self.slot[<int> self.slots[name]]

    def slots_of(self, name):
        """The names that one stands for: "dropout" for dropout_0, dropout_1 ..., all others for themselves."""
        if name in self.slots:
            return [name]
        numbered = [slot for slot in self.slots if family(slot) == name]
        if not numbered:
            self.slot_of(name)                  # raises, and lists what there is
        return numbered

    def get_slot(self, name):
        """The present value of a hyperparameter."""
        return self.slot_of(name)[0]

    def set_slot(self, name, value):
        """Change a hyperparameter, within what it may be."""
        self.slot_of(name)[0] = within(name, value)

    def set_slots(self, slots):
        """Change several, all or none of them."""
        for name, value in slots.items():
            self.slot_of(name)
            within(name, value)
        for name, value in slots.items():
            self.set_slot(name, value)

    def read(self, name, moved=0):
        """A copy of a parameter or statistic, or of a moment of it, `moved` bytes on."""
        return self._view(name, moved).copy()

    def write(self, name, array):
        """Set a parameter or statistic from an array of its shape."""
        view = self._view(name)
        if np.shape(array) != view.shape:
            raise ShapeError(f"{name}: expected shape {view.shape}, got {np.shape(array)}")
        view[...] = array

    def _view(self, name, moved=0):
        offset, shape, ld, dtype = self.parts[name]
        offset += moved
        rows, columns = layout.as_matrix(shape)
        whole = self.block[offset:offset + rows * ld * dtype.itemsize].view(dtype).reshape(rows, ld)
        return whole[:, :columns].reshape(shape)

    def to_bytes(self):
        """The whole block."""
        return self.block.tobytes()

    def restore(self, bytes state):
        """Go back to the bytes of to_bytes, of the same tape, dtype and optimizer; else nothing changes."""
        if len(state) != self.size:
            raise FileError(
                f"state: expected {self.size} bytes, got {len(state)}; it belongs to another model or optimizer"
            )
        slots = np.frombuffer(state, np.float64, len(self.slots), self.first_slot)
        counters = np.frombuffer(state, np.int64, COUNTERS, self.first_counter)
        try:
            for name, position in self.slots.items():
                within(name, slots[position])
        except SettingError as error:
            raise FileError(f"state: {error}") from error
        if counters.min() < 0:
            raise FileError(f"state: expected counters of 0 or more, got {counters}")
        self.block[...] = np.frombuffer(state, np.uint8)

    @property
    def position(self):
        """(minibatches trained in all, epochs finished, minibatches of the present epoch)."""
        return self.counters[STEP], self.counters[EPOCH], self.counters[MINIBATCH]

    def epoch_means(self):
        """Of the present epoch so far: loss and metric of a row, and the gradient norm of a minibatch."""
        weight, minibatches = self.totals[WEIGHT], self.counters[MINIBATCH]
        loss, metric = (self.totals[total] / weight if weight else float("nan") for total in (LOSS, METRIC))
        return loss, metric, self.totals[NORM] / max(minibatches, 1)

    def begin_epoch(self):
        """Close the present epoch: its totals start again."""
        for total in range(TOTALS):
            self.totals[total] = 0
        self.counters[MINIBATCH] = 0
        self.counters[EPOCH] += 1
