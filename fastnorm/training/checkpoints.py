"""A run's results so far: epochs, checkpoints, and a checkpoint as bytes for another process."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .. import checks
from ..errors import FileError


@dataclass(frozen=True)
class Epoch:
    """Results of one epoch.

    number             from 1
    loss, metric       mean over the rows as they were trained on, each before its minibatch's update
    validation_loss, validation_metric  after the epoch, at inference; None without validation data
    learning_rate      of its last minibatch
    gradient_norm      mean over the minibatches of the gradient's Euclidean norm
    seconds            of training, without validation
    """

    number: int
    loss: float
    metric: float
    validation_loss: float | None
    validation_metric: float | None
    learning_rate: float
    gradient_norm: float
    seconds: float


@dataclass(frozen=True)
class Checkpoint:
    """A run's whole state at a minibatch boundary, and its history until then."""

    state: bytes
    history: tuple[Epoch, ...]

    def to_bytes(self, facts: Mapping[str, Any]) -> bytes:
        """The checkpoint and the facts of the run it fits."""
        from ..saving import model_file  # here and below only now: training needs none of it

        tensors = {"state": np.frombuffer(self.state, np.uint8)}
        return model_file.pack("run", tensors, {**facts, "history": [asdict(epoch) for epoch in self.history]})

    @classmethod
    def from_bytes(cls, data: bytes, facts: Mapping[str, Any]) -> "Checkpoint":
        """The checkpoint of to_bytes; FileError where it is none, or one of a run with other facts."""
        from ..saving import model_file

        tensors, document = model_file.unpack("run", data)
        for name, value in facts.items():
            came = document.get(name) if isinstance(document, dict) else None
            if came != value:
                part, has, had = checks.difference(f"state: {name}", value, came)
                way_out = f"; FASTNORM_ISA={had} goes on with it" if name == "variant" else ""
                raise FileError(f"{part}: this run has {has!r}, the state comes from {had!r}{way_out}")
        try:
            return cls(tensors["state"].tobytes(), tuple(Epoch(**epoch) for epoch in document["history"]))
        except (KeyError, TypeError) as error:
            raise FileError(f"state: its contents cannot be read: {error}") from error
