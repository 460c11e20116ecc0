"""The network that is trained, and the same as a TensorFlow Lite graph.

Six convolutions and one matrix. Batch normalisation is folded into
the convolution before it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tflite import ActivationFunctionType, BuiltinOperator, Padding
from torch import nn

from gate.models.alignment import HEAD_SIDE
from gate.models.building.tflite_writer import Graph, Operator, Options, Tensor

OUTPUTS = 4
MEAN, SCALE = 127.5, 1 / 64

_LAYERS = (
    (3, 16, 3, 2),
    (16, 20, 3, 2),
    (20, 24, 3, 1),
    (24, 32, 3, 2),
    (32, 32, 3, 1),
    (32, 12, 1, 1),
)
"""Channels in, channels out, side of the kernel and stride of each convolution."""


class OcclusionNet(nn.Module):
    """float[n, 3, HEAD_SIDE, HEAD_SIDE], 0 to 255, to logits float[n, OUTPUTS]."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(*(_conv(*layer) for layer in _LAYERS))
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(_LAYERS[-1][1] * (HEAD_SIDE // 8) ** 2, OUTPUTS)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        cells = self.body((pixels - MEAN) * SCALE)
        logits: torch.Tensor = self.head(self.drop(cells.flatten(1)))
        return logits


def _conv(inner: int, outer: int, kernel: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(inner, outer, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outer), nn.ReLU())


class _Writer:
    """Adds operators to a graph one after another."""

    def __init__(self, name: str) -> None:
        self.graph = Graph(name)
        self.shape: tuple[int, ...] = (1, HEAD_SIDE, HEAD_SIDE, 3)
        self.at = self.graph.add(Tensor("pixels", self.shape))
        self.graph.inputs = [self.at]

    def emit(self, code: int, constants: list[Any], shape: tuple[int, ...], options: Any) -> None:
        names = [f"constant_{len(self.graph.tensors) + n}" for n in range(len(constants))]
        inputs = [
            self.graph.add(Tensor(name, c.shape, np.ascontiguousarray(c)))
            for name, c in zip(names, constants, strict=True)
        ]
        place = self.graph.add(Tensor(f"computed_{len(self.graph.tensors)}", shape))
        operator = Operator(code, (self.at, *inputs), (place,), options)
        self.graph.operators.append(operator)
        self.at, self.shape = place, shape
        self.graph.outputs = [place]


def graph_of(net: OcclusionNet, name: str) -> Graph:
    """RGB float32[1, HEAD_SIDE, HEAD_SIDE, 3], 0 to 255, to float32[1, OUTPUTS], 0 to 1."""
    writer = _Writer(name)
    plain = (("FusedActivationFunction", ActivationFunctionType.NONE),)
    for code, table, value in (
        (BuiltinOperator.SUB, "SubOptions", MEAN),
        (BuiltinOperator.MUL, "MulOptions", SCALE),
    ):
        writer.emit(code, [np.float32([value])], writer.shape, Options(table, plain))
    for layer in net.eval().body:
        _write_conv(writer, layer)
    _, height, width, channels = writer.shape
    cells = height * width * channels
    shape = (1, cells)
    writer.emit(BuiltinOperator.RESHAPE, [np.int32(shape)], shape, Options("ReshapeOptions"))
    matrix = _values(net.head.weight).reshape(OUTPUTS, channels, height, width)
    matrix = matrix.transpose(0, 2, 3, 1).reshape(OUTPUTS, cells)
    constants = [matrix.astype(np.float32), _values(net.head.bias).astype(np.float32)]
    options = Options("FullyConnectedOptions", plain)
    writer.emit(BuiltinOperator.FULLY_CONNECTED, constants, (1, OUTPUTS), options)
    writer.emit(BuiltinOperator.LOGISTIC, [], (1, OUTPUTS), None)
    return writer.graph


def _write_conv(writer: _Writer, layer: nn.Module) -> None:
    """The normalisation folded in. SAME pads one side only at stride 2, hence a PAD before."""
    conv, norm = layer[0], layer[1]
    gain = _values(norm.weight) / np.sqrt(_values(norm.running_var) + norm.eps)
    bias = (_values(norm.bias) - _values(norm.running_mean) * gain).astype(np.float32)
    weight = (_values(conv.weight) * gain.reshape(-1, 1, 1, 1)).astype(np.float32)
    stride = conv.stride[0]
    _, height, width, channels = writer.shape
    padding = Padding.SAME
    if stride > 1:
        around = np.int32([[0, 0], [1, 1], [1, 1], [0, 0]])
        shape = (1, height + 2, width + 2, channels)
        writer.emit(BuiltinOperator.PAD, [around], shape, Options("PadOptions"))
        padding = Padding.VALID
    fields = (
        ("Padding", padding),
        ("StrideW", stride),
        ("StrideH", stride),
        ("FusedActivationFunction", ActivationFunctionType.RELU),
    )
    shape = (1, height // stride, width // stride, len(weight))
    constants = [weight.transpose(0, 2, 3, 1), bias]
    writer.emit(BuiltinOperator.CONV_2D, constants, shape, Options("Conv2DOptions", fields))


def _values(tensor: torch.Tensor) -> npt.NDArray[np.float64]:
    return tensor.detach().numpy().astype(np.float64)
