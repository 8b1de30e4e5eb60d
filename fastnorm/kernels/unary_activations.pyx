"""Activations other than ReLU, forward and backward."""

from .arguments cimport INFINITY, number
from .unary cimport unary_backward, unary_forward


def leaky_relu_forward(x, slope=0.01, *, out=None, threads=1):
    """x where x > 0, else slope x, element by element. Source: Maas, Hannun & Ng 2013.

    x            (n, c), float32 or float64, any layout
    slope        of the negative side, finite
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    slope = number("slope", slope, -INFINITY)
    return unary_forward("leaky_relu", x, slope, 0, out, threads)


def leaky_relu_backward(dy, x, y, slope=0.01, *, out=None, threads=1):
    """The gradient of leaky_relu_forward: dy where x > 0, else slope dy.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    slope        of the negative side, finite
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    slope = number("slope", slope, -INFINITY)
    return unary_backward("leaky_relu", dy, x, y, slope, 0, out, threads)


def tanh_forward(x, *, out=None, threads=1):
    """The hyperbolic tangent of x, element by element.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("tanh", x, 0, 0, out, threads)


def tanh_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of tanh_forward: dy (1 - y^2).

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("tanh", dy, x, y, 0, 0, out, threads)


def sigmoid_forward(x, *, out=None, threads=1):
    """1 / (1 + exp(-x)), element by element.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("sigmoid", x, 0, 0, out, threads)


def sigmoid_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of sigmoid_forward: dy y (1 - y).

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("sigmoid", dy, x, y, 0, 0, out, threads)


def gelu_forward(x, *, out=None, threads=1):
    """x Phi(x), Phi the normal distribution, element by element; 0 at -inf. Source: Hendrycks & Gimpel 2016.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("gelu", x, 0, 0, out, threads)


def gelu_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of gelu_forward: dy (Phi(x) + x phi(x)), phi the normal density.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("gelu", dy, x, y, 0, 0, out, threads)


def silu_forward(x, *, out=None, threads=1):
    """x / (1 + exp(-x)), element by element; 0 at -inf. Source: Elfwing, Uchibe & Doya 2018.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("silu", x, 0, 0, out, threads)


def silu_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of silu_forward: dy s (1 + x (1 - s)), where s is sigmoid(x).

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("silu", dy, x, y, 0, 0, out, threads)


def softplus_forward(x, *, out=None, threads=1):
    """log(1 + exp(x)), element by element.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("softplus", x, 0, 0, out, threads)


def softplus_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of softplus_forward: dy sigmoid(x).

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("softplus", dy, x, y, 0, 0, out, threads)
