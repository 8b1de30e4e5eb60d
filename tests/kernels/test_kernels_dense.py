"""Matrix products and the dense layer on them."""

import numpy as np
import pytest
from helpers import cases, tolerances
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels, reference
from fastnorm.errors import ShapeError
from fastnorm.kernels import cpu

# Tiles have up to 4, 6 or 12 rows and two vectors of columns; a chain is cut after 128, 256 or 512 terms.
ROWS = (1, 3, 4, 5, 6, 7, 8, 11, 12, 13, 24, 25)
DEPTHS = (1, 127, 128, 129, 255, 257, 511, 513, 1025)


@pytest.mark.parametrize("k", DEPTHS)
@pytest.mark.parametrize("transpose_a", [False, True])
def test_products_match_the_reference_at_the_edges_of_blocks(variant, dtype, rng, k, transpose_a):
    for m, n in zip(ROWS * 2, cases.WIDTHS, strict=False):
        a = rng.normal(size=(m, k)).astype(dtype)
        b, bias = rng.normal(size=(k, n)).astype(dtype), rng.normal(size=n).astype(dtype)
        c = kernels.gemm(a.T if transpose_a else a, b, bias, transpose_a=transpose_a)
        tolerances.assert_close("gemm", (c,), (reference.gemm(a, b, bias),), dtype, a, b, bias)


@pytest.mark.parametrize("m", [17, 18, 25, 129, 300])  # up to 3 tiles, and more rows than are packed together
@pytest.mark.parametrize("n", [63, 64, 127, 128, 257])  # around 8 strips of two vectors, in both dtypes
def test_where_a_lies_does_not_show_in_a_bit(variant, dtype, rng, m, n):
    """A chain is the same with a across or along, packed or not, and in any batch; 300 terms are cut once."""
    whole, others = (rng.integers(-4, 5, size).astype(dtype) for size in ((m, 300), (300, n)))
    np.testing.assert_array_equal(kernels.gemm(whole.T.copy(), others, transpose_a=True), reference.gemm(whole, others))
    a, b = rng.normal(size=(m, 300)).astype(dtype), rng.normal(size=(300, n)).astype(dtype)
    c = kernels.gemm(a, b)
    np.testing.assert_array_equal(kernels.gemm(a.T.copy(), b, transpose_a=True), c)
    np.testing.assert_array_equal(kernels.gemm(a[5:8], b), c[5:8])


@pytest.mark.parametrize(("d", "h"), [(3, 1), (300, 33), (1000, 10)])
def test_a_row_alone_has_the_bits_it_has_in_a_batch(variant, dtype, rng, d, h):
    x, weight = rng.normal(size=(29, d)).astype(dtype), rng.normal(size=(d, h)).astype(dtype)
    bias = rng.normal(size=h).astype(dtype)
    together = kernels.dense_forward(x, weight, bias, relu=True)
    for i in range(len(x)):
        np.testing.assert_array_equal(kernels.dense_forward(x[i : i + 1], weight, bias, relu=True)[0], together[i])


@pytest.mark.parametrize("name", cpu.runnable())
@given(m=st.integers(1, 40), k=st.integers(1, 300), n=st.integers(1, 70), relu=st.booleans())
def test_products_of_whole_numbers_are_exact(name, m, k, n, relu):
    a = (np.arange(m * k).reshape(m, k) % 13 - 6).astype(np.float32)
    b = (np.arange(k * n).reshape(k, n) % 11 - 5).astype(np.float32)
    expected = a.astype(np.int64) @ b.astype(np.int64)
    with cpu._using(name):
        c = kernels.gemm(a, b, relu=relu)
    np.testing.assert_array_equal(c, np.maximum(expected, 0) if relu else expected)


def test_nan_and_infinity_stay_in_their_row(variant, dtype):
    a = np.ones((14, 5), dtype)
    a[3, 2], a[7, 4], a[9, 0] = np.nan, np.inf, -np.inf
    c = kernels.gemm(a, np.ones((5, 19), dtype), relu=True)
    assert np.isnan(c[3]).all()
    assert (c[7] == np.inf).all()
    assert (c[9] == 0).all()
    assert (np.delete(c, [3, 7, 9], axis=0) == 5).all()


def test_gradients_are_those_of_central_differences(variant, rng):
    x, weight, bias, dy = (rng.normal(size=shape) for shape in [(5, 4), (4, 3), (3,), (5, 3)])
    gradients = kernels.dense_backward(dy, x, weight)
    losses = (
        lambda v: (kernels.dense_forward(v, weight, bias) * dy).sum(),
        lambda v: (kernels.dense_forward(x, v, bias) * dy).sum(),
        lambda v: (kernels.dense_forward(x, weight, v) * dy).sum(),
    )
    for gradient, loss, at in zip(gradients, losses, (x, weight, bias), strict=True):
        assert cases.relative_error(gradient, cases.central_difference(loss, at)) <= 1e-7


def test_column_sums_are_added_in_double(variant):
    x = np.full((20000, 3), 0.1, np.float32)
    np.testing.assert_array_equal(kernels.column_sums(x), np.float32(20000 * np.float64(np.float32(0.1))))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kernels.gemm(np.ones((2, 3)), np.ones((4, 5))), r"b: expected 3 rows, got 4"),
        (
            lambda: kernels.gemm(np.ones((2, 3)), np.ones((3, 5)), np.ones(4)),
            r"bias: expected shape \(5,\), got \(4,\)",
        ),
        (lambda: kernels.gemm(np.ones((2, 3)), np.ones((3, 5)), transpose_a=True), r"b: expected 2 rows, got 3"),
        (lambda: kernels.dense_forward(np.ones((2, 3)), np.ones((4, 5))), r"weight: expected 3 rows, got 4"),
        (
            lambda: kernels.dense_backward(np.ones((2, 5)), np.ones((3, 3)), np.ones((3, 5))),
            r"x: expected 2 rows, got 3",
        ),
        (
            lambda: kernels.dense_backward(np.ones((2, 5)), np.ones((2, 3)), np.ones((3, 4))),
            r"weight: expected shape \(n, 5\), got \(3, 4\)",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_named(call, words):
    with pytest.raises(ShapeError, match=words):
        call()
