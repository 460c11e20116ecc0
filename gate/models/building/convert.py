"""ONNX operators to TensorFlow Lite operators, for the networks of the manifest and nothing else.

ONNX lays pictures out as N, C, H, W, TensorFlow Lite as N, H, W, C; all shapes here are the
latter. What can be folded is folded in float64 and rounded to float32 once. Sums are exact
(`math.fsum`) and there is no matrix product, so the bytes do not depend on the processor.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from tflite import ActivationFunctionType, BuiltinOperator, Padding

from gate.models.building.source_network import Node, SourceNetwork, readers
from gate.models.building.tflite_writer import Graph, Operator, Options, Tensor

Affine = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Scale and shift, each (channels,) float64."""

_UNCHANGED: Affine = (np.ones(1), np.zeros(1))


class Converter:
    """Walks the operators of `network` in order. `size`: width and height of the input."""

    def __init__(self, network: SourceNetwork, size: tuple[int, int], name: str, bgr: bool) -> None:
        self._network = network
        self._graph = Graph(name)
        self._value: dict[str, int] = {}
        self._pending: dict[str, Affine] = {}
        self._bgr_input = network.input if bgr else None
        self._done: set[str] = set()
        width, height = size
        shape = (1, height, width, network.input_shape[1])
        self._graph.inputs = [self._computed(network.input, shape)]

    def convert(self) -> Graph:
        """ValueError for an operator that the networks do not have."""
        for node in self._network.nodes:
            if node.outputs[0] in self._done:
                continue
            step: Callable[[Node], None] | None = getattr(self, f"_{node.kind.lower()}", None)
            if step is None:
                raise ValueError(f"operator {node.kind} is not known here")
            step(node)
        self._graph.outputs = [self._value[name] for name in self._network.outputs]
        return self._graph

    # -- convolutions ----------------------------------------------------------------------------

    def _conv(self, node: Node) -> None:
        weight = self._network.constant(node.inputs[1])
        bias = self._network.constant(node.inputs[2]) if len(node.inputs) > 2 else 0.0
        if node.inputs[0] == self._bgr_input:
            weight = weight[:, ::-1]  # trained on blue, green, red; pictures here are RGB
        output, scale, shift = self._following_norm(node.outputs[0])
        weight = weight * scale.reshape(-1, 1, 1, 1)
        bias = bias * scale + shift
        output, activation = self._following_relu(output)
        groups, stride = node.attributes["group"], node.attributes["strides"][0]
        source, padding = self._padded(node, stride)
        if groups == 1:
            code, table = BuiltinOperator.CONV_2D, "Conv2DOptions"
            kernel = weight.transpose(0, 2, 3, 1)  # OIHW to OHWI
        else:
            code, table = BuiltinOperator.DEPTHWISE_CONV_2D, "DepthwiseConv2DOptions"
            kernel = weight.transpose(1, 2, 3, 0)  # O1HW to 1HWO
        fields = [("Padding", padding), ("StrideW", stride), ("StrideH", stride)]
        if groups != 1:
            fields.append(("DepthMultiplier", 1))
        fields.append(("FusedActivationFunction", activation))
        shape = (1, *self._convolved(node, weight.shape[2:], stride), len(weight))
        inputs = [source, self._constant("weight", kernel), self._constant("bias", bias)]
        self._emit(code, inputs, output, shape, Options(table, tuple(fields)))

    def _convolved(self, node: Node, kernel: tuple[int, ...], stride: int) -> tuple[int, int]:
        """Height and width of what a convolution gives."""
        _, height, width, _ = self._shape(self._value[node.inputs[0]])
        top, left, bottom, right = node.attributes["pads"]
        rows = (height + top + bottom - kernel[0]) // stride + 1
        return rows, (width + left + right - kernel[1]) // stride + 1

    def _padded(self, node: Node, stride: int) -> tuple[int, int]:
        """ONNX pads both sides alike; SAME does so at stride 1 only, hence a PAD before VALID."""
        source = self._value[node.inputs[0]]
        if not any(node.attributes["pads"]):
            return source, Padding.VALID
        if stride == 1:
            return source, Padding.SAME
        top, left, bottom, right = node.attributes["pads"]
        amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        _, height, width, channels = self._shape(source)
        shape = (1, height + top + bottom, width + left + right, channels)
        inputs = [source, self._constant("padding", amounts)]
        name = f"{node.outputs[0]}_padded"
        self._emit(BuiltinOperator.PAD, inputs, name, shape, Options("PadOptions"))
        return self._value[name], Padding.VALID

    def _following_norm(
        self, output: str
    ) -> tuple[str, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Where the output goes on, and its scale and shift, (channels,) or (1,) for none."""
        after = readers(self._network.nodes, output)
        if len(after) == 1 and after[0].kind == "BatchNormalization":
            scale, shift = self._norm(after[0])
            self._done.add(after[0].outputs[0])
            return after[0].outputs[0], scale, shift
        return output, np.ones(1), np.zeros(1)

    def _following_relu(self, output: str) -> tuple[str, int]:
        after = readers(self._network.nodes, output)
        if len(after) == 1 and after[0].kind == "Relu":
            self._done.add(after[0].outputs[0])
            return after[0].outputs[0], ActivationFunctionType.RELU
        return output, ActivationFunctionType.NONE

    # -- the recogniser's end: norm, flatten, matrix, norm --------------------------------------

    def _norm(self, node: Node) -> Affine:
        gamma, beta, mean, variance = (self._network.constant(n) for n in node.inputs[1:])
        scale = gamma / np.sqrt(variance + node.attributes["epsilon"])
        return scale, beta - mean * scale

    def _batchnormalization(self, node: Node) -> None:
        """One that no convolution precedes: folds into the matrix that follows."""
        self._pending[node.outputs[0]] = self._norm(node)
        self._value[node.outputs[0]] = self._value[node.inputs[0]]

    def _pass_on(self, node: Node) -> None:
        self._value[node.outputs[0]] = self._value[node.inputs[0]]
        if node.inputs[0] in self._pending:
            self._pending[node.outputs[0]] = self._pending[node.inputs[0]]

    _dropout = _flatten = _pass_on

    def _gemm(self, node: Node) -> None:
        source = self._value[node.inputs[0]]
        *_, channels = self._shape(source)
        places = math.prod(self._shape(source)) // channels
        scale, shift = self._pending.get(node.inputs[0], _UNCHANGED)
        bias = self._network.constant(node.inputs[2])
        output, after_scale, after_shift = self._following_norm(node.outputs[0])
        after_scale = np.broadcast_to(after_scale, bias.shape)
        weights = np.empty((len(bias), places * channels), np.float32)
        sums = np.empty(len(bias))
        for n, row in enumerate(self._network.rows(node.inputs[1])):
            by_channel = row.reshape(channels, places)
            sums[n] = math.fsum((by_channel * shift[:, None]).ravel().tolist())
            folded = by_channel * scale[:, None] * after_scale[n]
            weights[n] = folded.T.reshape(-1)  # C, H, W to H, W, C
        bias = (bias + sums) * after_scale + after_shift
        inputs = [source, self._constant("matrix", weights), self._constant("bias", bias)]
        options = Options("FullyConnectedOptions", (("FusedActivationFunction", 0),))
        self._emit(BuiltinOperator.FULLY_CONNECTED, inputs, output, (1, len(bias)), options)

    def _prelu(self, node: Node) -> None:
        source = self._value[node.inputs[0]]
        slope = self._network.constant(node.inputs[1]).reshape(1, 1, -1)
        inputs = [source, self._constant("slope", slope)]
        self._emit(BuiltinOperator.PRELU, inputs, node.outputs[0], self._shape(source))

    def _sub(self, node: Node) -> None:
        self._with_scalar(node, BuiltinOperator.SUB, "SubOptions")

    def _mul(self, node: Node) -> None:
        if self._network.is_constant(node.inputs[1]):
            self._with_scalar(node, BuiltinOperator.MUL, "MulOptions")
        else:
            self._of_two(node, BuiltinOperator.MUL, "MulOptions")

    def _with_scalar(self, node: Node, code: int, table: str) -> None:
        source = self._value[node.inputs[0]]
        inputs = [source, self._constant("scalar", self._network.constant(node.inputs[1]))]
        options = Options(table, (("FusedActivationFunction", 0),))
        self._emit(code, inputs, node.outputs[0], self._shape(source), options)

    # -- the detector's neck and heads -----------------------------------------------------------

    def _maxpool(self, node: Node) -> None:
        source = self._value[node.inputs[0]]
        _, height, width, channels = self._shape(source)
        options = Options(
            "Pool2DOptions",
            (
                ("Padding", Padding.VALID),
                ("StrideW", 2),
                ("StrideH", 2),
                ("FilterWidth", 2),
                ("FilterHeight", 2),
                ("FusedActivationFunction", 0),
            ),
        )
        shape = (1, height // 2, width // 2, channels)
        self._emit(BuiltinOperator.MAX_POOL_2D, [source], node.outputs[0], shape, options)

    def _resize(self, node: Node) -> None:
        source = self._value[node.inputs[0]]
        _, height, width, channels = self._shape(source)
        shape = (1, 2 * height, 2 * width, channels)
        size = self._constant("size", np.array(shape[1:3], np.int32))
        options = Options("ResizeNearestNeighborOptions")
        code = BuiltinOperator.RESIZE_NEAREST_NEIGHBOR
        self._emit(code, [source, size], node.outputs[0], shape, options)

    def _add(self, node: Node) -> None:
        self._of_two(node, BuiltinOperator.ADD, "AddOptions")

    def _of_two(self, node: Node, code: int, table: str) -> None:
        """Two values that are computed, the second as large as the first or of one place."""
        inputs = [self._value[n] for n in node.inputs]
        options = Options(table, (("FusedActivationFunction", 0),))
        self._emit(code, inputs, node.outputs[0], self._shape(inputs[0]), options)

    _transpose = _pass_on  # to N, H, W, C, which it is already

    def _reshape(self, node: Node) -> None:
        source = self._value[node.inputs[0]]
        _, height, width, channels = self._shape(source)
        shape = (1, height * width, channels)
        inputs = [source, self._constant("shape", np.array(shape, np.int32))]
        options = Options("ReshapeOptions")
        self._emit(BuiltinOperator.RESHAPE, inputs, node.outputs[0], shape, options)

    def _sigmoid(self, node: Node) -> None:
        source = self._value[node.inputs[0]]
        shape = self._shape(source)
        self._emit(BuiltinOperator.LOGISTIC, [source], node.outputs[0], shape)

    # -- the liveness pair's blocks and its end ---------------------------------------------------

    def _globalaveragepool(self, node: Node) -> None:
        source = self._value[node.inputs[0]]
        shape = (1, 1, 1, self._shape(source)[3])
        inputs = [source, self._constant("axes", np.array([1, 2], np.int32))]
        options = Options("ReducerOptions", (("KeepDims", True),))
        self._emit(BuiltinOperator.MEAN, inputs, node.outputs[0], shape, options)

    def _softmax(self, node: Node) -> None:
        source = self._value[node.inputs[0]]
        options = Options("SoftmaxOptions", (("Beta", 1.0),))
        shape = self._shape(source)
        self._emit(BuiltinOperator.SOFTMAX, [source], node.outputs[0], shape, options)

    # -- the graph -------------------------------------------------------------------------------

    def _emit(
        self,
        code: int,
        inputs: list[int],
        output: str,
        shape: tuple[int, ...],
        options: Options | None = None,
    ) -> None:
        place = self._computed(output, shape)
        self._graph.operators.append(Operator(code, tuple(inputs), (place,), options))

    def _computed(self, name: str, shape: tuple[int, ...]) -> int:
        self._value[name] = self._graph.add(Tensor(name, shape))
        return self._value[name]

    def _constant(self, kind: str, value: npt.NDArray[Any]) -> int:
        """Rounded to float32 here and nowhere else. `value`: of any shape, (...)."""
        data = value if value.dtype == np.int32 else value.astype(np.float32)
        return self._graph.add(Tensor(f"{kind}_{len(self._graph.tensors)}", data.shape, data))

    def _shape(self, place: int) -> tuple[int, ...]:
        return self._graph.tensors[place].shape
