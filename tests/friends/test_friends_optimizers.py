"""Twenty steps of each optimizer lead where torch's lead; the averaged SGD of the course follows its formula."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import fastnorm as fn
from fastnorm import ops

pytestmark = pytest.mark.friends

STEPS = 20
RATE = 0.05
TORCHS = 1e-6  # added to the norm that clip_grad_norm_ divides by, not to ours
CLOSE = 1e-10  # largest difference on the way, over the largest parameter there

A, B = np.array([[2.0, 0.3, -0.5], [0.3, 1, 0.2], [-0.5, 0.2, 0.4]]), np.array([1.0, -2, 0.5])
X = np.random.default_rng(1).normal(0, 1, (12, 4))
HOT = np.eye(3)[np.random.default_rng(2).integers(0, 3, 12)]


def valley(parameters, library):
    """A hundredth of Rosenbrock's."""
    x, y = parameters
    return (1 - x) ** 2 / 100 + (y - x * x) ** 2


def bowl(parameters, library):
    (x,) = parameters
    return (x @ library.array(A) @ x) / 2 - (library.array(B) * x).sum()


def softmax_regression(parameters, library):
    weight, bias = parameters
    return -3 * (library.log_softmax(library.array(X) @ weight + bias) * library.array(HOT)).sum() / len(X)


PROBLEMS = {
    valley: [np.array(-1.2), np.array(1.0)],
    bowl: [np.array([3.0, -4, 5])],
    softmax_regression: [np.random.default_rng(3).normal(0, 1, (4, 3)), np.array([0.5, -1, 2])],
}
OURS = SimpleNamespace(array=np.asarray, log_softmax=ops.log_softmax)

SHARES = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-5}
BETAS = {"betas": (0.8, 0.95), "eps": 1e-5}
CASES = {  # ours, torch's name of it, torch's settings
    "sgd": (fn.SGD(RATE, momentum=0.0), "SGD", {}),
    "sgd, l2": (fn.SGD(RATE, momentum=0.0, l2=0.3), "SGD", {"weight_decay": 0.3}),
    "momentum": (fn.SGD(RATE), "SGD", {"momentum": 0.9}),
    "momentum, l2": (fn.SGD(RATE, momentum=0.7, l2=0.3), "SGD", {"momentum": 0.7, "weight_decay": 0.3}),
    "nesterov": (fn.SGD(RATE, nesterov=True), "SGD", {"momentum": 0.9, "nesterov": True}),
    "nesterov, l2": (
        fn.SGD(RATE, nesterov=True, l2=0.3), "SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.3},
    ),
    "adam": (fn.Adam(RATE), "Adam", {}),
    "adam, shares": (fn.Adam(RATE, **SHARES), "Adam", BETAS),
    "adam, l2": (fn.Adam(RATE, l2=0.3), "Adam", {"weight_decay": 0.3}),
    "adam, decay": (fn.Adam(RATE, weight_decay=0.3), "AdamW", {"weight_decay": 0.3}),
    "adamw": (fn.AdamW(RATE), "AdamW", {}),
    "adamw, shares": (fn.AdamW(RATE, weight_decay=0.3, **SHARES), "AdamW", {"weight_decay": 0.3, **BETAS}),
    "nadam": (fn.Nadam(RATE), "NAdam", {}),
    "nadam, shares": (fn.Nadam(RATE, momentum_decay=0.1, **SHARES), "NAdam", {"momentum_decay": 0.1, **BETAS}),
    "nadam, l2": (fn.Nadam(RATE, l2=0.3), "NAdam", {"weight_decay": 0.3}),
    "nadam, decay": (
        fn.Nadam(RATE, weight_decay=0.3), "NAdam", {"weight_decay": 0.3, "decoupled_weight_decay": True},
    ),
    "rmsprop": (fn.RMSprop(RATE), "RMSprop", {}),
    "rmsprop, shares": (fn.RMSprop(RATE, beta_2=0.9, epsilon=1e-4), "RMSprop", {"alpha": 0.9, "eps": 1e-4}),
    "rmsprop, l2": (fn.RMSprop(RATE, l2=0.3), "RMSprop", {"weight_decay": 0.3}),
}  # fmt: skip
SHRINKING = {  # weight decay that torch has not: it is taken off by hand
    "sgd": (fn.SGD(RATE, momentum=0.0, weight_decay=0.3), "SGD", {}),
    "nesterov": (fn.SGD(RATE, nesterov=True, weight_decay=0.3), "SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (fn.RMSprop(RATE, weight_decay=0.3), "RMSprop", {}),
}
CLIPS = {
    "by norm": {"clip_norm": 0.5},
    "by value": {"clip_value": 0.1},
    "by value, then norm": {"clip_value": 0.2, "clip_norm": 0.25},
}


@pytest.fixture(scope="module")
def torch():
    """Torch with float64 by default: its NAdam keeps the product of its momenta in that type."""
    torch = pytest.importorskip("torch")
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(usual)


@pytest.fixture(params=PROBLEMS, ids=lambda problem: problem.__name__)
def problem(request):
    return request.param


def ours_of(problem, optimizer):
    """All parameters after each step, (steps, parameters)."""
    ways = [fn.minimize(lambda p: problem(p, OURS), PROBLEMS[problem], optimizer, steps=n + 1) for n in range(STEPS)]
    return np.array([np.concatenate([np.ravel(array) for array in way]) for way in ways])


def theirs_of(torch, problem, name, settings, *, decay=0.0, clip_norm=0.0, clip_value=0.0):
    """Likewise; decay: what each step takes off the parameters, over the rate."""
    library = SimpleNamespace(array=torch.tensor, log_softmax=lambda x: torch.log_softmax(x, -1))
    parameters = [torch.tensor(array, requires_grad=True) for array in PROBLEMS[problem]]
    optimizer, way = getattr(torch.optim, name)(parameters, lr=RATE, **settings), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        problem(parameters, library).backward()
        if clip_value:
            torch.nn.utils.clip_grad_value_(parameters, clip_value)
        if clip_norm:
            norm = torch.nn.utils.get_total_norm([p.grad for p in parameters])
            torch.nn.utils.clip_grad_norm_(parameters, clip_norm * (1 + TORCHS / norm))
        with torch.no_grad():
            for p in parameters:
                p.mul_(1 - RATE * decay)
        optimizer.step()
        way.append(np.concatenate([np.ravel(p.detach().numpy().copy()) for p in parameters]))
    return np.array(way)


def distance(ours, theirs):
    assert np.isfinite(theirs).all()
    assert np.abs(theirs[-1] - theirs[0]).max() > 0.01  # they went somewhere
    return (np.abs(ours - theirs).max(axis=1) / np.abs(theirs).max(axis=1)).max()


@pytest.mark.parametrize("name", CASES)
def test_an_optimizer_goes_the_way_of_torchs(torch, problem, name):
    optimizer, theirs, settings = CASES[name]
    assert distance(ours_of(problem, optimizer), theirs_of(torch, problem, theirs, settings)) < CLOSE


@pytest.mark.parametrize("name", SHRINKING)
def test_decoupled_weight_decay_is_taken_off_the_parameters(torch, problem, name):
    optimizer, theirs, settings = SHRINKING[name]
    wanted = theirs_of(torch, problem, theirs, settings, decay=optimizer.weight_decay)
    assert distance(ours_of(problem, optimizer), wanted) < CLOSE


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("name", CASES)
def test_gradients_are_clipped_as_torch_clips_them(torch, problem, name, clip):
    optimizer, theirs, settings = CASES[name]
    ours = ours_of(problem, replace(optimizer, **CLIPS[clip]))
    assert distance(ours, theirs_of(torch, problem, theirs, settings, **CLIPS[clip])) < CLOSE
    assert distance(ours, ours_of(problem, optimizer)) > 1e-3  # clipping mattered


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_averaged_sgd_follows_the_formula_of_the_course(momentum):
    """v = momentum v + (1 - momentum) dw;  w = w - rate v."""
    (w,), v, way = PROBLEMS[bowl], 0.0, []
    for _ in range(STEPS):
        v = momentum * v + (1 - momentum) * (A @ w - B)
        w = w - RATE * v
        way.append(w)
    assert distance(ours_of(bowl, fn.SGD(RATE, momentum, averaged=True)), np.array(way)) < 1e-14
