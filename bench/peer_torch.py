"""PyTorch, eager: its usual modules, optimizers and functions."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional

from . import machine
from .networks import EPSILON, Network
from .timing import Contestant

torch.set_num_threads(machine.THREADS)


def training(network: Network, x: np.ndarray, y: np.ndarray) -> dict[str, Contestant]:
    """Two ways: an epoch of shuffled minibatches with Adam as it comes, and with its fused form."""
    rows, labels = torch.from_numpy(x), torch.from_numpy(y).long()
    return {
        "eager": Contestant(_epoch(network, rows, labels), network.steps),
        "eager, fused Adam": Contestant(_epoch(network, rows, labels, fused=True), network.steps),
    }


def prediction(layers: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray) -> Callable[[], np.ndarray]:
    """Probabilities through a network of the layers' sizes (weight, bias) in evaluation mode, batch norm kept."""
    model = _model((len(layers[0][0]), *(len(bias) for _, bias in layers))).eval()
    dense = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
    norms = [layer for layer in model if isinstance(layer, torch.nn.BatchNorm1d)]
    for layer, (weight, _) in zip(dense, layers, strict=True):
        layer.weight.data = torch.from_numpy(weight.T.copy())
    for layer, (_, bias) in zip([*norms, dense[-1]], layers, strict=True):
        layer.bias.data = torch.from_numpy(bias)

    def probabilities() -> np.ndarray:
        with torch.inference_mode():
            return torch.softmax(model(torch.from_numpy(x)), 1).numpy()

    return probabilities


def kernel(name: str, arguments: tuple, options: dict[str, object]) -> Callable[[], object] | None:
    """A call of what corresponds to the kernel, on copies of its arguments."""
    if name not in _KERNELS:
        return None
    copies = (torch.from_numpy(a.copy()) if isinstance(a, np.ndarray) else a for a in arguments)
    return _KERNELS[name](*copies, **options)


def _epoch(network: Network, rows: torch.Tensor, labels: torch.Tensor, **adam: bool) -> Callable[[], float]:
    model = _model(network.sizes)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, **adam)

    def epoch() -> float:
        total = torch.zeros(())
        for chosen in torch.randperm(len(rows)).split(network.batch):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(rows[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return float(total)

    return epoch


def _model(sizes: tuple[int, ...]) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for inputs, units in pairwise(sizes[:-1]):
        layers += [torch.nn.Linear(inputs, units, bias=False), torch.nn.BatchNorm1d(units, EPSILON), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(*sizes[-2:]))


def _gemm(a, b, bias=None, transpose_a=False):
    a = a.T if transpose_a else a
    return (lambda: a @ b) if bias is None else (lambda: torch.addmm(bias, a, b))


def _batchnorm_inference(x, mean, variance, gamma, beta):
    mean, variance = mean.to(x.dtype), variance.to(x.dtype)
    return lambda: functional.batch_norm(x, mean, variance, gamma, beta, eps=EPSILON)


def _batchnorm_backward(dy, x, mean, inverse_std, gamma):
    mean, inverse_std, all_three = mean.to(x.dtype), inverse_std.to(x.dtype), [True] * 3
    backward = torch.ops.aten.native_batch_norm_backward
    return lambda: backward(dy, x, gamma, None, None, mean, inverse_std, True, EPSILON, all_three)


def _loss_and_gradient(loss: Callable, x, target):
    x.requires_grad_()

    def call():
        value = loss(x, target)
        return value.item(), torch.autograd.grad(value, x)

    return call


def _step(optimizer: type, parameters, gradients, **settings):
    parameters.grad = gradients
    return optimizer([parameters], **settings).step


def _layernorm_backward(dy, x, mean, inverse_std, gamma=None):
    """dx alone where gamma is given, else the gradients of gamma and beta."""
    mean, inverse_std = (numbers.to(x.dtype)[:, None] for numbers in (mean, inverse_std))
    wanted = [gamma is not None, gamma is None, gamma is None]
    gamma, beta = torch.ones_like(x[0]) if gamma is None else gamma, torch.zeros_like(x[0])
    backward = torch.ops.aten.native_layer_norm_backward
    return lambda: backward(dy, x, x.shape[1:], mean, inverse_std, gamma, beta, wanted)


def _max_backward(dy, x, y, dimension: int):
    """What autograd does for amax."""
    dy, y = dy.unsqueeze(dimension), y.unsqueeze(dimension)

    def call():
        largest = x == y
        return dy / largest.sum(dimension, keepdim=True) * largest

    return call


def _embedding(table, codes):
    codes = codes[:, 0].long()
    return lambda: functional.embedding(codes, table)


def _one_hot(labels, k: int):
    return lambda: functional.one_hot(labels, k).float()


def _embedding_backward(dy, codes, count):
    backward, codes = torch.ops.aten.embedding_dense_backward, codes[:, 0].long()
    return lambda: backward(dy, codes, count, -1, False)


_KERNELS: dict[str, Callable[..., Callable[[], object]]] = {
    "gemm": _gemm,
    "transpose": lambda x: x.T.contiguous,
    "column_sums": lambda x: lambda: x.sum(0),
    "batchnorm_forward": lambda x, gamma, beta: lambda: functional.batch_norm(x, None, None, gamma, beta, True),
    "batchnorm_inference": _batchnorm_inference,
    "batchnorm_backward": _batchnorm_backward,
    "relu_forward": lambda x: lambda: torch.relu(x),
    "relu_backward": lambda dy, y: lambda: torch.ops.aten.threshold_backward(dy, y, 0),
    "dropout": lambda x, rate, _: lambda: functional.dropout(x, rate),
    "softmax": lambda x: lambda: torch.softmax(x, 1),
    "softmax_cross_entropy": lambda x, target: _loss_and_gradient(functional.cross_entropy, x, target.long()),
    "mean_squared_error": lambda x, target: _loss_and_gradient(functional.mse_loss, x, target),
    "sgd": lambda p, g, _, rate, momentum: _step(torch.optim.SGD, p, g, lr=rate, momentum=momentum, fused=True),
    "adam": lambda p, g, *_: _step(torch.optim.Adam, p, g, fused=True),
    "gather": lambda x, rows: lambda: x.index_select(0, rows),
    "accumulate": lambda x, y: lambda: y.add_(x),
    "softmax_backward": lambda dy, y: lambda: torch.ops.aten._softmax_backward_data(dy, y, 1, y.dtype),
    "log_softmax_forward": lambda x: lambda: torch.log_softmax(x, 1),
    "log_softmax_backward": lambda dy, y: lambda: torch.ops.aten._log_softmax_backward_data(dy, y, 1, y.dtype),
    "row_sums": lambda x: lambda: x.sum(1),
    "total_sum": lambda x: x.sum,
    "row_max": lambda x: lambda: x.amax(1),
    "column_max": lambda x: lambda: x.amax(0),
    "row_max_backward": lambda dy, x, y: _max_backward(dy, x, y, 1),
    "column_max_backward": lambda dy, x, y: _max_backward(dy, x, y, 0),
    "spread": lambda x, shape, scale: lambda: (x * scale).expand(shape).contiguous(),
    "copy": lambda x: x.clone,
    "embedding_forward": _embedding,
    "embedding_backward": _embedding_backward,
    "layernorm_forward": lambda x, gamma, beta: lambda: functional.layer_norm(x, x.shape[1:], gamma, beta, EPSILON),
    "layernorm_backward": _layernorm_backward,
    "layernorm_gamma_beta_backward": _layernorm_backward,
    "one_hot": lambda labels, k, _: _one_hot(labels.long(), k),
    "hits": lambda x, target: lambda: x.argmax(1) == target,
    "squares": lambda g: lambda: torch.dot(g, g),
    "average": lambda p, averages, share: lambda: averages.lerp_(p, share),
    "nadam": lambda p, g, *_: _step(torch.optim.NAdam, p, g, foreach=True),
    "rmsprop": lambda p, g, _: _step(torch.optim.RMSprop, p, g, foreach=True),
    "exp_forward": lambda x: lambda: torch.exp(x),
    "log_forward": lambda x: lambda: torch.log(x),
    "sqrt_forward": lambda x: lambda: torch.sqrt(x),
    "abs_forward": lambda x: lambda: torch.abs(x),
    "tanh_forward": lambda x: lambda: torch.tanh(x),
    "sigmoid_forward": lambda x: lambda: torch.sigmoid(x),
    "leaky_relu_forward": lambda x, slope: lambda: functional.leaky_relu(x, slope),
    "gelu_forward": lambda x: lambda: functional.gelu(x),
    "silu_forward": lambda x: lambda: functional.silu(x),
    "softplus_forward": lambda x: lambda: functional.softplus(x),
    "clip_forward": lambda x, low, high: lambda: torch.clamp(x, low, high),
    "tanh_backward": lambda dy, x, y: lambda: torch.ops.aten.tanh_backward(dy, y),
    "sigmoid_backward": lambda dy, x, y: lambda: torch.ops.aten.sigmoid_backward(dy, y),
    "leaky_relu_backward": lambda dy, x, y, slope: lambda: torch.ops.aten.leaky_relu_backward(dy, x, slope, False),
    "gelu_backward": lambda dy, x, y: lambda: torch.ops.aten.gelu_backward(dy, x),
    "silu_backward": lambda dy, x, y: lambda: torch.ops.aten.silu_backward(dy, x),
    "softplus_backward": lambda dy, x, y: lambda: torch.ops.aten.softplus_backward(dy, x, 1, 20),
    **{
        f"{name}_forward": lambda a, b, function=function: lambda: function(a, b)
        for name, function in {
            "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "power": torch.pow,
            "maximum": torch.maximum, "minimum": torch.minimum, "less": torch.lt, "less_equal": torch.le,
            "equal": torch.eq, "not_equal": torch.ne,
        }.items()
    },
    "where_forward": lambda condition, a, b: lambda: torch.where(condition != 0, a, b),
}  # fmt: skip
