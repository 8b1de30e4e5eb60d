"""The peers by name. Each peer_<name>.py has what that library can do of these:

kernel(name, args, options)   a call of the counterpart of fastnorm.kernels.<name>(*args, **options), or None
training(network, x, y)       name of a way -> Contestant whose call trains `units` minibatches of these rows
prediction(layers, x)         a call that gives the class probabilities of x, from NumPy to NumPy
"""

import importlib
from collections.abc import Sequence
from types import ModuleType

PIP_NAMES = {"torch": "torch", "jax": "jax", "sklearn": "scikit-learn", "onnxruntime": "onnxruntime"}
PEERS = tuple(PIP_NAMES)


class PeerMissing(ImportError):
    """A peer that was asked for is not installed; the message has the pip command."""


def load(names: Sequence[str]) -> dict[str, ModuleType]:
    """Import the peers asked for; PeerMissing names the first one that is not installed."""
    return {name: _load(name) for name in names}


def _load(name: str) -> ModuleType:
    try:
        importlib.import_module(name)
    except ImportError as error:
        raise PeerMissing(f"--peers {name}: {name} is not installed: pip install {PIP_NAMES[name]}") from error
    return importlib.import_module(f"bench.peer_{name}")
