"""A dense classifier as the bytes of an ONNX file: Gemm and ReLU layers, then softmax. Enough for a peer, no more.

An ONNX file is a protocol buffer; the numbers below are the field numbers of onnx.proto (github.com/onnx/onnx).
"""

from collections.abc import Sequence

import numpy as np

FLOAT, IR_VERSION, OPSET = 1, 8, 17


def classifier(layers: Sequence[tuple[np.ndarray, np.ndarray]]) -> bytes:
    """The model x (rows, inputs) -> probabilities; layers are (weight (inputs, outputs), bias (outputs,)), float32."""
    nodes, tensors, value = [], [], "x"
    for i, (weight, bias) in enumerate(layers):
        tensors += [_tensor(f"weight{i}", weight), _tensor(f"bias{i}", bias)]
        nodes.append(_node("Gemm", [value, f"weight{i}", f"bias{i}"], f"dense{i}"))
        last = i == len(layers) - 1
        value = "probabilities" if last else f"hidden{i}"
        nodes.append(_node("Softmax" if last else "Relu", [f"dense{i}"], value))
    graph = _fields(1, nodes) + _field(2, "classifier") + _fields(5, tensors)
    graph += _field(11, _value("x", layers[0][0].shape[0])) + _field(12, _value(value, layers[-1][0].shape[1]))
    return _field(1, IR_VERSION) + _field(7, graph) + _field(8, _field(1, "") + _field(2, OPSET))


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    return _fields(1, inputs) + _field(2, output) + _field(3, output) + _field(4, kind)


def _tensor(name: str, array: np.ndarray) -> bytes:
    return _fields(1, array.shape) + _field(2, FLOAT) + _field(8, name) + _field(9, array.astype("<f4").tobytes())


def _value(name: str, columns: int) -> bytes:
    """A matrix of float32 with any number of rows."""
    shape = _field(1, _field(2, "rows")) + _field(1, _field(1, columns))
    return _field(1, name) + _field(2, _field(1, _field(1, FLOAT) + _field(2, shape)))


def _fields(number: int, contents: Sequence[bytes | str | int]) -> bytes:
    return b"".join(_field(number, content) for content in contents)


def _field(number: int, content: bytes | str | int) -> bytes:
    """One field on the wire: an integer as it is, anything else with its length before it."""
    if isinstance(content, int):
        return _integer(number << 3) + _integer(content)
    data = content.encode() if isinstance(content, str) else content
    return _integer(number << 3 | 2) + _integer(len(data)) + data


def _integer(value: int) -> bytes:
    """Seven bits a byte, lowest first; the eighth says that more follow."""
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])
