"""Functions of single numbers, forward and backward: kernels of every operation that is one by fastnorm.ops.spec."""

from cython.parallel cimport prange

from .cpu cimport fn_kernels, kernels, real, row_border, unary_index, usable_threads
from .arguments cimport is_single, matrix, number, output_like, same, stride
from ..ops import spec


cdef void unary_forward_rows(const fn_kernels* kernels, int which, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                             Py_ssize_t c, double p, double q, void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y = f(x; p, q) for number `which` of the family; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.unary[which].forward(x, ldx, n, c, p, q, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.unary[which].forward(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c, p, q,
                                     <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void unary_backward_rows(const fn_kernels* kernels, int which, const void* dy, Py_ssize_t lddy, const void* x,
                              Py_ssize_t ldx, const void* y, Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c, double p,
                              double q, void* dx, Py_ssize_t lddx, int threads) noexcept nogil:
    """dx = dy f'(x; p, q) for number `which` of the family; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.unary[which].backward(dy, lddy, x, ldx, y, ldy, n, c, p, q, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.unary[which].backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                                      <const char*> x + first * ldx * kernels.itemsize, ldx,
                                      <const char*> y + first * ldy * kernels.itemsize, ldy, last - first, c, p, q,
                                      <char*> dx + first * lddx * kernels.itemsize, lddx)


cdef _forward(int which, const real[:, :] x, double p, double q, real[:, :] y, int threads):
    with nogil:
        unary_forward_rows(kernels(sizeof(real)), which, &x[0, 0], stride(x), x.shape[0], x.shape[1], p, q, &y[0, 0],
                           stride(y), threads)


cdef _unary_forward(int which, x, double p, double q, out, threads):
    """What every <name>_forward does, for number `which` of the family."""
    x = matrix("x", x)
    y = output_like(out, x, (x,))
    if is_single(x):
        _forward[float](which, x, p, q, y, usable_threads(threads))
    else:
        _forward[double](which, x, p, q, y, usable_threads(threads))
    return y


cdef _backward(int which, const real[:, :] dy, const real[:, :] x, const real[:, :] y, double p, double q,
               real[:, :] dx, int threads):
    with nogil:
        unary_backward_rows(kernels(sizeof(real)), which, &dy[0, 0], stride(dy), &x[0, 0], stride(x), &y[0, 0],
                            stride(y), dy.shape[0], dy.shape[1], p, q, &dx[0, 0], stride(dx), threads)


cdef _unary_backward(int which, dy, x, y, double p, double q, out, threads):
    """What every <name>_backward does."""
    dy = matrix("dy", dy)
    x = same("x", x, dy)
    y = same("y", y, dy)
    dx = output_like(out, dy, (dy, x, y))
    if is_single(dy):
        _backward[float](which, dy, x, y, p, q, dx, usable_threads(threads))
    else:
        _backward[double](which, dy, x, y, p, q, dx, usable_threads(threads))
    return dx


FORWARD = """{row.value}; element by element.{source}

    x            (n, c), float32 or float64, any layout
{settings}    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
BACKWARD = """The gradient of {row.name}_forward: {row.gradient}.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
{settings}    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """


def _functions_of(row):
    """The kernels <name>_forward and <name>_backward of an operation whose row is this."""
    cdef int which = unary_index(row.name.encode())
    signatures = row.signature("x", out=None, threads=1), row.signature("dy", "x", "y", out=None, threads=1)
    names = row.name + "_forward", row.name + "_backward"
    settings = tuple([tuple(setting) for setting in row.settings])

    def forward(x, *, out=None, threads=1):
        return _unary_forward(which, x, 0, 0, out, threads)

    def backward(dy, x, y, *, out=None, threads=1):
        return _unary_backward(which, dy, x, y, 0, 0, out, threads)

    def forward_with_settings(x, *numbers, out=None, threads=1, **named):
        p, q = _settings_of(settings, names[0], signatures[0], (x,), numbers, named)
        return _unary_forward(which, x, p, q, out, threads)

    def backward_with_settings(dy, x, y, *numbers, out=None, threads=1, **named):
        p, q = _settings_of(settings, names[1], signatures[1], (dy, x, y), numbers, named)
        return _unary_backward(which, dy, x, y, p, q, out, threads)

    made = (forward_with_settings, backward_with_settings) if row.settings else (forward, backward)
    words = {
        "row": row,
        "source": f" Source: {row.source}." if row.source else "",
        "settings": "".join(f"    {setting.name:<13}{setting.meaning}\n" for setting in row.settings),
    }
    return {
        name: spec.introduced(function, "fastnorm.kernels", name, text.format(**words), signature)
        for name, function, text, signature in zip(names, made, (FORWARD, BACKWARD), signatures)
    }


cdef _settings_of(tuple settings, kernel, signature, tuple arrays, tuple numbers, dict named):
    """The settings of a call, each in its range, as the two numbers that every function of the family takes."""
    cdef list found = [0.0, 0.0]
    cdef dict known = {}
    cdef Py_ssize_t place
    for place in range(len(settings)):
        name, _, default, low = <tuple> settings[place]
        value = numbers[place] if place < len(numbers) else named.pop(name, default)
        if value is None:
            spec.bind(kernel, signature, arrays + numbers, named)       # raises where it is missing
        found[place] = known[name] = number(name, value, known[low] if type(low) is str else low)
    if named or len(numbers) > len(settings):
        spec.bind(kernel, signature, arrays + numbers, named)           # raises: there is one too many
    return found


KERNELS = {}
for _row in spec.FUNCTIONS:
    if unary_index(_row.name.encode()) >= 0:                    # relu has kernels of its own
        KERNELS |= _functions_of(_row)
