"""The networks to train and to predict with: dense without bias, batch norm and ReLU per hidden layer, then dense."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

import fastnorm as fn

EPSILON = 1e-5
WORK_FOR_TWO = 1e8  # float operations of a step


@dataclass(frozen=True)
class Network:
    """Sizes from inputs to classes, the minibatch it is trained with, and the least ratio to each peer's time."""

    sizes: tuple[int, ...]
    batch: int
    targets: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def weights(self) -> int:
        """Elements of all weight matrices."""
        return sum(inputs * outputs for inputs, outputs in pairwise(self.sizes))

    @property
    def step_flops(self) -> int:
        """Float operations of a step's matrix products: forward, dW, and dX for every layer but the first."""
        return 2 * self.batch * (3 * self.weights - self.sizes[0] * self.sizes[1])

    @property
    def targets_of_threads(self) -> dict[str, float]:
        """Two threads: nearly twice as fast where there is work for two, never slower, and ahead of JAX's two."""
        return {"vs_one_thread": 1.7 if self.step_flops > WORK_FOR_TWO else 1.0, "vs_jax": 1.0}

    @property
    def steps(self) -> int:
        """Minibatches of a measured epoch: some tens of milliseconds of work, never fewer than eight."""
        return max(8, int(3e9 / self.step_flops))

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """x (n, inputs) float32 and labels (n,) int32 of one epoch, n a multiple of the minibatch."""
        random = np.random.default_rng(0)
        count = self.batch * self.steps
        x = random.standard_normal((count, self.sizes[0]), np.float32)
        return x, random.integers(0, self.sizes[-1], count, np.int32)

    def model(self) -> fn.Sequential:
        """The network in fastnorm, untrained."""
        layers = []
        for width in self.sizes[1:-1]:
            layers += [fn.Dense(width), fn.BatchNorm(epsilon=EPSILON), fn.ReLU()]
        return fn.Sequential([*layers, fn.Dense(self.sizes[-1])])


TRAINED = (
    Network((16, 64, 64, 26), 64, {"vs_jax": 2.7, "vs_torch": 12}),
    Network((64, 128, 128, 10), 64, {"vs_jax": 2.1, "vs_torch": 6}),
    Network((784, 100, 100, 100, 10), 60, {"vs_jax": 1.9, "vs_torch": 4}),
    Network((784, 256, 256, 10), 128, {"vs_jax": 1.45, "vs_torch": 2.5}),
    Network((784, 512, 512, 10), 256, {"vs_jax": 1.25, "vs_torch": 2.2}),
    Network((1024, 1024, 1024, 10), 512, {"vs_jax": 1.15, "vs_torch": 1.9}),
)
