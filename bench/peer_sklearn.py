"""scikit-learn's multilayer perceptron: the same layers, Adam and minibatches; batch norm it lacks."""

from collections.abc import Callable

import numpy as np
from sklearn.neural_network import MLPClassifier

from .networks import Network
from .timing import Contestant


def training(network: Network, x: np.ndarray, y: np.ndarray) -> dict[str, Contestant]:
    """One way: partial_fit, which is one epoch of shuffled minibatches."""
    model = MLPClassifier(network.sizes[1:-1], alpha=0, batch_size=network.batch, random_state=0)
    model.partial_fit(x, y, classes=np.arange(network.sizes[-1]))
    return {"partial_fit": Contestant(lambda: model.partial_fit(x, y), network.steps)}


def prediction(layers: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray) -> Callable[[], np.ndarray]:
    """Probabilities through layers (weight, bias): a fitted perceptron that was given them."""
    widths = [weight.shape[1] for weight, _ in layers]
    model = MLPClassifier(widths[:-1], alpha=0, random_state=0)
    classes = np.arange(widths[-1])
    model.partial_fit(np.zeros((len(classes), len(layers[0][0])), np.float32), classes, classes=classes)
    model.coefs_, model.intercepts_ = [weight for weight, _ in layers], [bias for _, bias in layers]
    return lambda: model.predict_proba(x)
