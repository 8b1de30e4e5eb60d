"""ONNX Runtime: prediction with batch norm folded, as an exported model would be."""

from collections.abc import Callable

import numpy as np
import onnxruntime

from . import machine, onnx_bytes


def prediction(layers: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray) -> Callable[[], np.ndarray]:
    """Probabilities through the folded layers (weight, bias), ReLU between them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = machine.THREADS
    session = onnxruntime.InferenceSession(onnx_bytes.classifier(layers), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x})[0]
