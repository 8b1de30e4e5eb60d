"""Comparisons of two numbers: maximum and minimum, and those that give 1 or 0."""

from .binary cimport binary_backward, binary_forward


def maximum_forward(a, b, *, out=None, threads=1):
    """The larger of a and b, element by element; nan where one is.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("maximum", a, b, out, threads)


def maximum_backward(dy, a, b, y, *, threads=1):
    """The gradients of maximum_forward: dy to the larger one, half to each where they are equal.

    dy           (n, c), gradient of its result; its dtype is used
    a, b, y      forward's arguments and result (n, c)
    threads      the most threads that share rows
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    return binary_backward("maximum", dy, a, b, y, threads)


def minimum_forward(a, b, *, out=None, threads=1):
    """The smaller of a and b, element by element; nan where one is.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("minimum", a, b, out, threads)


def minimum_backward(dy, a, b, y, *, threads=1):
    """The gradients of minimum_forward: dy to the smaller one, half to each where they are equal.

    dy           (n, c), gradient of its result; its dtype is used
    a, b, y      forward's arguments and result (n, c)
    threads      the most threads that share rows
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    return binary_backward("minimum", dy, a, b, y, threads)


def less_forward(a, b, *, out=None, threads=1):
    """1 where a < b, else 0.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("less", a, b, out, threads)


def less_equal_forward(a, b, *, out=None, threads=1):
    """1 where a <= b, else 0.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("less_equal", a, b, out, threads)


def equal_forward(a, b, *, out=None, threads=1):
    """1 where a = b, else 0; nan equals nothing.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("equal", a, b, out, threads)


def not_equal_forward(a, b, *, out=None, threads=1):
    """1 where a and b differ, else 0; nan differs from all.

    a, b         (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; a's dtype is used
    threads      the most threads that share rows
    Returns (n, c) of a's dtype.
    """
    return binary_forward("not_equal", a, b, out, threads)
