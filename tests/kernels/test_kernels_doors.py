"""What every kernel promises: the reference's results, in any layout, for any number of threads; inputs left alone."""

import tracemalloc
from array import array as Numbers

import numpy as np
import pytest
from helpers import cases, tolerances

from fastnorm import kernels, reference
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError


def wide(dtype):
    return np.float64 if dtype == np.float32 else np.longdouble


@pytest.mark.parametrize(("n", "c"), cases.MATRICES)
@pytest.mark.parametrize(("name", "call"), cases.all_calls())
def test_results_match_the_reference(variant, dtype, rng, name, call, n, c):
    arguments = call.arguments(rng, n, c, dtype)
    results = cases.outcome(getattr(kernels, name), call, arguments)
    expected = cases.outcome(getattr(reference, name), call, arguments, wide(dtype))
    tolerances.assert_close(name, results, expected, dtype, *arguments, **call.options)


def assert_same_bits(results, expected):
    for result, wanted in zip(results, expected, strict=True):
        assert np.asarray(result).dtype == np.asarray(wanted).dtype
        np.testing.assert_array_equal(result, wanted)


@pytest.mark.parametrize("layout", cases.LAYOUTS)
@pytest.mark.parametrize(("name", "call"), cases.all_calls())
def test_any_layout_gives_the_same_bits(dtype, rng, name, call, layout):
    arguments = call.arguments(rng, 6, 9, dtype)
    given = [
        cases.LAYOUTS[layout](a) if isinstance(a, np.ndarray) and i not in call.changed else a
        for i, a in enumerate(arguments)
    ]
    before = [np.array(a) for a in given]
    kernel = getattr(kernels, name)
    assert_same_bits(cases.outcome(kernel, call, given), cases.outcome(kernel, call, arguments))
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(("n", "c"), [(1, 1), (2, 17), (300, 65), (2, 20000)])
@pytest.mark.parametrize(("name", "call"), cases.all_calls(threads=True))
def test_any_number_of_threads_gives_the_same_bits(variant, dtype, rng, name, call, n, c):
    arguments = call.arguments(rng, n, c, dtype)
    alone = cases.outcome(getattr(kernels, name), call, arguments, threads=1)
    for threads in (2, 3):
        assert_same_bits(cases.outcome(getattr(kernels, name), call, arguments, threads=threads), alone)


@pytest.mark.parametrize(("name", "call"), cases.all_calls(out=True))
def test_out_takes_the_result(dtype, rng, name, call):
    arguments = call.arguments(rng, 6, 9, dtype)
    expected = cases.outcome(getattr(kernels, name), call, arguments)
    place = next(i for i, array in enumerate(expected) if np.ndim(array))  # a loss comes before its gradient
    out = np.full_like(expected[place], np.nan)
    results = cases.outcome(getattr(kernels, name), call, arguments, out=out)
    assert results[place] is out
    assert_same_bits(results, expected)


@pytest.mark.parametrize(("name", "call"), cases.all_calls(out=True))
def test_out_may_be_a_slice_of_columns(dtype, rng, name, call):
    arguments = call.arguments(rng, 6, 9, dtype)
    expected = cases.outcome(getattr(kernels, name), call, arguments)
    place = next(i for i, array in enumerate(expected) if np.ndim(array))
    out = cases.slice_of_columns(np.full_like(expected[place], np.nan))
    results = cases.outcome(getattr(kernels, name), call, arguments, out=out)
    assert results[place] is out
    assert_same_bits(results, expected)
    around = out.base if out.ndim == 2 else out.base[None]
    assert (around[:, :2] == 99).all()
    assert (around[:, -3:] == 99).all()


def test_a_slice_of_columns_is_read_where_it_lies(dtype):
    x = np.ones((1000, 101), dtype)[::2, 1:]
    tracemalloc.start()
    try:
        kernels.total_sum(x)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        kernels.total_sum(x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < x.nbytes / 10


def test_columns_apart_in_one_matrix_are_no_overlap(dtype, rng):
    both = rng.standard_normal((5, 8)).astype(dtype)
    expected = kernels.softmax(both[:, :4])
    assert_same_bits([kernels.softmax(both[:, :4], out=both[:, 4:])], [expected])
    with pytest.raises(DataError, match="out: expected memory of its own"):
        kernels.softmax(both[:, :4], out=both[:, 3:7])


@pytest.mark.parametrize("stride", ["zero", "overlapping"])
def test_rows_that_share_memory_are_read_and_never_written(dtype, stride):
    step = 0 if stride == "zero" else np.dtype(dtype).itemsize
    memory = np.arange(8, dtype=dtype)
    x = np.lib.stride_tricks.as_strided(memory, (4, 3), (step, memory.itemsize))
    assert_same_bits([kernels.softmax(x)], [kernels.softmax(x.copy())])
    with pytest.raises(ShapeError, match="out: expected a writeable"):
        kernels.softmax(np.ones((4, 3), dtype), out=x)


class OnlyDLPack:
    """An array of another library, which offers DLPack and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class OnAnotherDevice:
    def __array__(self, *args, **options):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_buffers_and_dlpack_are_read_and_written(dtype, rng):
    x = rng.standard_normal((4, 3)).astype(dtype)
    gamma = Numbers(np.dtype(dtype).char, [1, 2, 3])
    expected = kernels.batchnorm_forward(x, np.array([1, 2, 3], dtype), np.zeros(3, dtype))
    for given in (memoryview(x), OnlyDLPack(x)):
        out = np.zeros_like(x)
        for target in (memoryview(out), OnlyDLPack(out)):
            out[:] = 0
            results = kernels.batchnorm_forward(given, gamma, np.zeros(3, dtype), out=target)
            assert_same_bits(results, expected)
            assert_same_bits([out], [expected[0]])
    labels = np.array([0, 2, 1, 0])
    loss, gradient = kernels.softmax_cross_entropy(x, labels)
    assert_same_bits(kernels.softmax_cross_entropy(x, OnlyDLPack(labels)), [loss, gradient])
    velocity = Numbers(np.dtype(dtype).char, [0, 0, 0])
    kernels.sgd(gamma, np.ones(3, dtype), velocity, learning_rate=1.0)
    assert list(gamma) == [0, 1, 2]
    assert list(velocity) == [1, 1, 1]


def test_what_cannot_be_read_or_written_is_said(dtype):
    with pytest.raises(DtypeError, match="x: expected real numbers, got OnAnotherDevice: can't convert cuda:0"):
        kernels.softmax(OnAnotherDevice())
    with pytest.raises(ShapeError, match="read-only"):
        kernels.softmax(np.ones((2, 4), dtype), out=memoryview(np.zeros((2, 4), dtype)).toreadonly())
    for odd in ("datetime64[D]", "U3", "V0", "V3", object, np.dtype([]), np.dtype([("a", "f4")]), "complex64"):
        with pytest.raises(DtypeError, match="x: expected real numbers, got dtype"):
            kernels.softmax(np.zeros((2, 2), odd))
        with pytest.raises(DtypeError, match=f"out: expected an array of {np.dtype(dtype)}, got"):
            kernels.softmax(np.ones((2, 2), dtype), out=np.zeros((2, 2), odd))


def test_subclasses_of_arrays_are_written_where_they_lie(dtype, tmp_path):
    parameters = np.memmap(tmp_path / "parameters", dtype, "w+", shape=(3, 2))
    velocity = np.zeros((3, 2), dtype).view(np.matrix)
    kernels.sgd(parameters, np.ones((3, 2), dtype), velocity, learning_rate=1.0)
    assert (np.asarray(parameters) == -1).all()
    assert (np.asarray(velocity) == 1).all()
    with pytest.raises(DataError, match="velocity: expected memory of its own"):
        kernels.sgd(parameters, np.ones((3, 2), dtype), parameters[:], learning_rate=1.0)


@pytest.mark.parametrize(("name", "call"), cases.all_calls(out=True))
def test_out_that_does_not_fit_is_refused(dtype, rng, name, call):
    arguments = call.arguments(rng, 6, 9, dtype)
    kernel = getattr(kernels, name)
    result = next(array for array in cases.outcome(kernel, call, arguments) if np.ndim(array))
    other = np.float64 if dtype == np.float32 else np.float32
    with pytest.raises(DtypeError, match=f"out: expected an array of {np.dtype(dtype)}, got {np.dtype(other)}"):
        kernel(*arguments, **call.options, out=result.astype(other))
    with pytest.raises(DtypeError, match=f"out: expected an array of {np.dtype(dtype)}, got list"):
        kernel(*arguments, **call.options, out=result.tolist())
    with pytest.raises(ShapeError, match="out: expected a writeable C-contiguous array of shape"):
        kernel(*arguments, **call.options, out=np.zeros(np.add(result.shape, 1), dtype))
    with pytest.raises(ShapeError, match="not C-contiguous"):
        kernel(*arguments, **call.options, out=cases.strided(result))
    with pytest.raises(ShapeError, match="not aligned"):
        kernel(*arguments, **call.options, out=cases.unaligned(result))
    with pytest.raises(ShapeError, match="read-only"):
        kernel(*arguments, **call.options, out=cases.read_only(result))


@pytest.mark.parametrize(("name", "call"), cases.all_calls(changed=(), out=True))
def test_out_that_overlaps_an_input_is_refused(dtype, rng, name, call):
    arguments = list(call.arguments(rng, 9, 9, dtype))
    result = next(array for array in cases.outcome(getattr(kernels, name), call, arguments) if np.ndim(array))
    memory = np.zeros(max(result.size, arguments[0].size), dtype)
    memory[: arguments[0].size] = arguments[0].ravel()
    arguments[0] = memory[: arguments[0].size].reshape(arguments[0].shape)
    with pytest.raises(DataError, match="out: expected memory of its own"):
        getattr(kernels, name)(*arguments, **call.options, out=memory[: result.size].reshape(result.shape))


@pytest.mark.parametrize(("name", "call"), cases.all_calls())
def test_a_first_argument_of_the_wrong_shape_or_kind_is_refused(rng, name, call):
    first, *rest = call.arguments(rng, 6, 9, np.float64)
    with pytest.raises((ShapeError, DataError), match="expected"):
        getattr(kernels, name)(first[..., None], *rest, **call.options)
    with pytest.raises((ShapeError, DataError), match="expected"):
        getattr(kernels, name)(first[:0], *rest, **call.options)
    with pytest.raises(DtypeError, match=r"expected (real numbers|an array of float64), got (dtype )?complex128"):
        getattr(kernels, name)(first.astype(complex), *rest, **call.options)


@pytest.mark.parametrize(("name", "call"), cases.all_calls(threads=True))
@pytest.mark.parametrize("threads", [0, -1, 1.5, None, 1025])
def test_threads_must_be_a_sensible_count(rng, name, call, threads):
    with pytest.raises(SettingError, match="threads: expected a whole number"):
        getattr(kernels, name)(*call.arguments(rng, 2, 3, np.float64), **call.options, threads=threads)


@pytest.mark.parametrize(("name", "call"), cases.all_calls(changed=()))
def test_integers_become_float64(rng, name, call):
    arguments = call.arguments(rng, 6, 9, np.float64)
    whole = [np.rint(a).astype(np.int32) if i == 0 else a for i, a in enumerate(arguments)]
    same = [a.astype(np.float64) if i == 0 else a for i, a in enumerate(whole)]
    kernel = getattr(kernels, name)
    assert_same_bits(cases.outcome(kernel, call, whole), cases.outcome(kernel, call, same))
