"""JAX: training jitted per step and scanned over an epoch, prediction with batch norm folded, kernels jitted."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from .networks import EPSILON, Network
from .timing import Contestant

BETA_1, BETA_2, RATE, DECAY = 0.9, 0.999, 1e-3, 0.9


def training(network: Network, x: np.ndarray, y: np.ndarray) -> dict[str, Contestant]:
    """Two ways: `step` runs one minibatch a call, always the same; `scan` shuffles, gathers and runs a whole epoch."""
    rows, labels, count = jnp.asarray(x), jnp.asarray(y), len(x)
    random = np.random.default_rng(1)
    states = {"step": _initial(network.sizes), "scan": _initial(network.sizes)}
    batch_rows, batch_labels = rows[: network.batch], labels[: network.batch]
    one = jax.jit(_train, donate_argnums=0)

    def scanned(state, x, y, order):
        return jax.lax.scan(lambda state, i: _train(state, x[i], y[i]), state, order)

    whole = jax.jit(scanned, donate_argnums=0)

    def step() -> None:
        states["step"], loss = one(states["step"], batch_rows, batch_labels)
        loss.block_until_ready()

    def epoch() -> None:
        order = jnp.asarray(random.permutation(count).reshape(network.steps, network.batch))
        states["scan"], losses = whole(states["scan"], rows, labels, order)
        losses.block_until_ready()

    return {"step": Contestant(step), "scan": Contestant(epoch, network.steps)}


def prediction(layers: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray) -> Callable[[], np.ndarray]:
    """Probabilities through the folded layers (weight, bias), ReLU between them."""
    weights = jax.tree.map(jnp.asarray, layers)

    @jax.jit
    def probabilities(weights, x):
        for weight, bias in weights[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        return jax.nn.softmax(x @ weights[-1][0] + weights[-1][1])

    return lambda: np.asarray(probabilities(weights, x))


def kernel(name: str, arguments: tuple, options: dict[str, object]) -> Callable[[], object] | None:
    """A jitted call of what corresponds to the kernel; not for float64, which JAX has only by a switch."""
    if name not in _KERNELS or arguments[0].dtype == np.float64:
        return None
    arrays = (jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments)
    call = _KERNELS[name](*arrays, **options)
    return lambda: jax.block_until_ready(call())


def _initial(sizes: tuple[int, ...]) -> tuple:
    """Parameters, Adam's two averages, running statistics of every hidden layer, and the number of the step to come."""
    random = np.random.default_rng(0)

    def weight(inputs, units):
        return jnp.asarray(random.standard_normal((inputs, units)) / np.sqrt(inputs), jnp.float32)

    hidden = [(weight(i, units), jnp.ones(units), jnp.zeros(units)) for i, units in pairwise(sizes[:-1])]
    parameters = [*hidden, (weight(*sizes[-2:]), jnp.zeros(sizes[-1]))]
    statistics = [(jnp.zeros(width), jnp.ones(width)) for width in sizes[1:-1]]
    first, second = (jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
    return parameters, first, second, statistics, jnp.float32(1)


def _loss(parameters, statistics, x, y):
    """Mean cross-entropy of a minibatch, and the running statistics it leaves."""
    moved = []
    for (weight, gamma, beta), (running_mean, running_variance) in zip(parameters[:-1], statistics, strict=True):
        z = x @ weight
        mean, variance = z.mean(0), z.var(0)
        moved.append((_average(running_mean, mean, DECAY), _average(running_variance, variance, DECAY)))
        x = jax.nn.relu(_normalized(z, mean, variance, gamma, beta))
    weight, bias = parameters[-1]
    return _cross_entropy(x @ weight + bias, y), moved


def _train(state, x, y):
    """One step of Adam on one minibatch: the new state and the loss."""
    parameters, first, second, statistics, number = state
    (loss, statistics), gradient = jax.value_and_grad(_loss, has_aux=True)(parameters, statistics, x, y)
    parameters, first, second = _adam(parameters, gradient, first, second, number)
    return (parameters, first, second, statistics, number + 1), loss


def _adam(parameters, gradient, first, second, number):
    first = jax.tree.map(lambda m, g: _average(m, g, BETA_1), first, gradient)
    second = jax.tree.map(lambda v, g: _average(v, g * g, BETA_2), second, gradient)
    correction_1, correction_2 = 1 - BETA_1**number, 1 - BETA_2**number

    def moved(p, m, v):
        return p - RATE * (m / correction_1) / (jnp.sqrt(v / correction_2) + 1e-8)

    return jax.tree.map(moved, parameters, first, second), first, second


def _average(old, new, decay):
    return decay * old + (1 - decay) * new


def _normalized(x, mean, variance, gamma, beta):
    return (x - mean) * jax.lax.rsqrt(variance + EPSILON) * gamma + beta


def _batchnorm(x, gamma, beta):
    return _normalized(x, x.mean(0), x.var(0), gamma, beta)


def _cross_entropy(logits, labels):
    return -jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels].mean()


def _squared_error(x, target):
    return jnp.square(x - target).mean()


def _gemm(a, b, bias=0, transpose_a=False):
    return (a.T if transpose_a else a) @ b + bias


def _jitted(function: Callable) -> Callable[..., Callable[[], object]]:
    def prepare(*arguments, **options):
        call = jax.jit(partial(function, **options))
        return lambda: call(*arguments)

    return prepare


def _batchnorm_backward(dy, x, mean, inverse_std, gamma):
    """The backward pass alone, from what a forward pass kept."""
    _, pullback = jax.vjp(_batchnorm, x, gamma, jnp.zeros_like(gamma))
    call = jax.jit(lambda pullback, dy: pullback(dy))
    return lambda: call(pullback, dy)


def _layernorm(x, gamma, beta):
    return _batchnorm(x.T, gamma[:, None], beta[:, None]).T


def _layernorm_backward(dy, x, mean, inverse_std, gamma):
    """The backward pass alone, from what a forward pass kept."""
    _, pullback = jax.vjp(lambda x: _layernorm(x, gamma, jnp.zeros_like(gamma)), x)
    call = jax.jit(lambda pullback, dy: pullback(dy))
    return lambda: call(pullback, dy)


def _largest_backward(dy, x, y):
    largest = x == y
    return dy / largest.sum(0) * largest


_KERNELS: dict[str, Callable[..., Callable[[], object]]] = {
    "gemm": _jitted(_gemm),
    "transpose": _jitted(jnp.transpose),
    "column_sums": _jitted(lambda x: x.sum(0)),
    "batchnorm_forward": _jitted(_batchnorm),
    "batchnorm_inference": _jitted(_normalized),
    "batchnorm_backward": _batchnorm_backward,
    "relu_forward": _jitted(jax.nn.relu),
    "relu_backward": _jitted(lambda dy, y: jnp.where(y > 0, dy, 0)),
    "softmax": _jitted(jax.nn.softmax),
    "softmax_cross_entropy": _jitted(jax.value_and_grad(_cross_entropy)),
    "mean_squared_error": _jitted(jax.value_and_grad(_squared_error)),
    "adam": _jitted(_adam),
    "gather": _jitted(lambda x, rows: x[rows]),
    "accumulate": _jitted(jnp.add),
    "softmax_backward": _jitted(lambda dy, y: y * (dy - (dy * y).sum(1, keepdims=True))),
    "log_softmax_forward": _jitted(jax.nn.log_softmax),
    "log_softmax_backward": _jitted(lambda dy, y: dy - jnp.exp(y) * dy.sum(1, keepdims=True)),
    "row_sums": _jitted(lambda x: x.sum(1)),
    "total_sum": _jitted(jnp.sum),
    "row_max": _jitted(lambda x: x.max(1)),
    "column_max": _jitted(lambda x: x.max(0)),
    "row_max_backward": _jitted(lambda dy, x, y: _largest_backward(dy, x.T, y).T),
    "column_max_backward": _jitted(_largest_backward),
    "copy": _jitted(jnp.copy),
    "layernorm_forward": _jitted(_layernorm),
    "layernorm_backward": _layernorm_backward,
    "hits": _jitted(lambda x, target: x.argmax(1) == target),
    "squares": _jitted(lambda g: jnp.vdot(g, g)),
    "average": _jitted(lambda p, averages, share: averages + share * (p - averages)),
    "leaky_relu_forward": _jitted(lambda x, slope: jax.nn.leaky_relu(x, slope)),
    "gelu_forward": _jitted(lambda x: jax.nn.gelu(x, approximate=False)),
    "clip_forward": _jitted(lambda x, low, high: jnp.clip(x, low, high)),
    "where_forward": _jitted(lambda condition, a, b: jnp.where(condition != 0, a, b)),
    **{
        f"{name}_forward": _jitted(function)
        for name, function in {
            "exp": jnp.exp, "log": jnp.log, "sqrt": jnp.sqrt, "abs": jnp.abs, "tanh": jnp.tanh,
            "sigmoid": jax.nn.sigmoid, "silu": jax.nn.silu, "softplus": jax.nn.softplus, "add": jnp.add,
            "subtract": jnp.subtract, "multiply": jnp.multiply, "divide": jnp.divide, "power": jnp.power,
            "maximum": jnp.maximum, "minimum": jnp.minimum, "less": jnp.less, "less_equal": jnp.less_equal,
            "equal": jnp.equal, "not_equal": jnp.not_equal,
        }.items()
    },
}  # fmt: skip
