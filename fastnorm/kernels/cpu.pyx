"""The variant this process uses: the only module that links the C code and holds the choice; the others cimport it."""

import contextlib
import os

from .. import checks
from ..errors import SettingError

cdef extern from "fastnorm.h" nogil:            # not in cpu.pxd: a module that cimported these would link all kernels
    int fn_variant_count()
    const char* fn_variant_name(int index)
    int fn_variant_runs(int index)
    const fn_table* fn_variant_table(int index)
    int fn_unary_index(const char* name)
    int fn_binary_index(const char* name)
    unsigned fn_flush_denormals()
    void fn_restore_denormals(unsigned state)

cdef const fn_table* chosen = NULL
cdef int chosen_index = -1
cdef bint forked = False
cdef object ONE = 1


def _forked():
    global forked
    forked = True


os.register_at_fork(after_in_child=_forked)


cdef const fn_kernels* kernels(Py_ssize_t itemsize) noexcept nogil:
    """The chosen variant's kernels for float (4 bytes) or double (8 bytes)."""
    return &chosen.f32 if itemsize == 4 else &chosen.f64


cdef int unary_index(const char* name) noexcept nogil:
    """The place of that name among the functions of one number, or -1."""
    return fn_unary_index(name)


cdef int binary_index(const char* name) noexcept nogil:
    """The same of two numbers."""
    return fn_binary_index(name)


cdef unsigned flush_denormals() noexcept nogil:
    """Have this thread flush denormals to zero; returns what restore_denormals takes."""
    return fn_flush_denormals()


cdef void restore_denormals(unsigned state) noexcept nogil:
    fn_restore_denormals(state)


cdef int usable_threads(threads) except -1:
    """threads, checked; 1 in a forked child, whose copy of the thread pool is dead."""
    if threads is ONE:
        return 1
    cdef int count = checks.integer("threads", threads, 1, 1024)
    return 1 if forked else count


def variants() -> tuple[str, ...]:
    """The instruction sets this build has, slowest first."""
    return tuple(fn_variant_name(i).decode() for i in range(fn_variant_count()))


def runnable() -> tuple[str, ...]:
    """The variants this CPU can execute, slowest first."""
    return tuple(name for i, name in enumerate(variants()) if fn_variant_runs(i))


def variant() -> str:
    """The name of the chosen variant."""
    return variants()[chosen_index]


def _choose(name):
    global chosen, chosen_index
    if name not in runnable():
        known = f"this build has {', '.join(variants())}; this CPU runs {', '.join(runnable())}"
        problem = "this CPU cannot run" if name in variants() else "no variant named"
        raise SettingError(f"FASTNORM_ISA={name}: {problem} {name!r}; {known}")
    chosen_index = variants().index(name)
    chosen = fn_variant_table(chosen_index)


@contextlib.contextmanager
def _using(name):
    """Use another variant inside a `with` block; for tests and the bench."""
    before = variant()
    _choose(name)
    try:
        yield
    finally:
        _choose(before)


def probe_fma(rounds: int) -> float:
    """Run `rounds` rounds of multiply-adds from registers; returns the float32 operations done."""
    cdef float sink = 0.5
    cdef int64_t count = checks.integer("rounds", rounds, 1)
    with nogil:
        chosen.probe_fma(count, &sink)
    return chosen.probe_flops * count


*_, _fastest = runnable()
_choose(os.environ.get("FASTNORM_ISA") or _fastest)
