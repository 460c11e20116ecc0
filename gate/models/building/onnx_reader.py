"""An ONNX file as plain values: operators in order, constants as float64.

Block-quantised constants (`DequantizeLinear` with `block_size`, ONNX operator set 21) are
`(q - zero_point) * scale` with one scale for each run of `block_size` values along `axis`. The
product of an 8-bit integer and a float32 is exact in float64, so nothing is rounded here.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from gate.models.building.source_network import Constant, Node


class Network:
    """A `SourceNetwork` from the bytes of an ONNX file."""

    def __init__(self, data: bytes) -> None:
        graph = onnx.load_from_string(data).graph
        self._constants: dict[str, Constant] = {
            t.name: numpy_helper.to_array(t) for t in graph.initializer
        }
        self._recipes: dict[str, Node] = {}
        self.nodes: list[Node] = []
        for node in map(_node, graph.node):
            self._sort_in(node)
        self.outputs = [o.name for o in graph.output]
        inputs = [i for i in graph.input if not self.is_constant(i.name)]
        self.input = inputs[0].name
        self.input_shape = tuple(d.dim_value for d in inputs[0].type.tensor_type.shape.dim)

    def is_constant(self, name: str) -> bool:
        """Whether the tensor `name` is known before the network runs."""
        return name in self._constants or name in self._recipes

    def constant(self, name: str) -> Constant:
        """float64, or the integers of a shape."""
        if name in self._recipes:
            return self._follow(self._recipes[name])
        value = self._constants[name]
        return value.astype(np.float64) if value.dtype == np.float32 else value

    def rows(self, name: str) -> Iterator[Constant]:
        """The rows of a matrix one after another, so that a large one is never whole in float64."""
        node = self._recipes[name]
        quantised, scale, zero = (self._constants[n] for n in node.inputs)
        block = int(node.attributes["block_size"])
        for q, s, z in zip(quantised, scale, zero, strict=True):
            yield _dequantised(q, s, z, block, 0)

    def _sort_in(self, node: Node) -> None:
        if node.kind == "Constant":
            self._constants[node.outputs[0]] = node.attributes["value"]
        elif node.inputs and all(self.is_constant(i) for i in node.inputs):
            self._recipes[node.outputs[0]] = node
        else:
            self.nodes.append(node)

    def _follow(self, node: Node) -> Constant:
        if node.kind == "Reshape":
            shape = self._constants[node.inputs[1]]
            return self.constant(node.inputs[0]).reshape(tuple(int(n) for n in shape))
        if node.kind == "DequantizeLinear":
            quantised, scale, zero = (self._constants[n] for n in node.inputs)
            axis, block = int(node.attributes["axis"]), int(node.attributes["block_size"])
            return _dequantised(quantised, scale, zero, block, axis)
        raise ValueError(f"a constant made by {node.kind} is not known here")


def _dequantised(q: Constant, scale: Constant, zero: Constant, block: int, axis: int) -> Constant:
    length = q.shape[axis]
    scales = np.repeat(scale.astype(np.float64), block, axis).take(range(length), axis)
    zeros = np.repeat(zero.astype(np.float64), block, axis).take(range(length), axis)
    values: Constant = (q.astype(np.float64) - zeros) * scales
    return values


def _node(proto: Any) -> Node:
    attributes = {}
    for attribute in proto.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        is_tensor = attribute.type == onnx.AttributeProto.TENSOR
        attributes[attribute.name] = numpy_helper.to_array(value) if is_tensor else value
    return Node(proto.op_type, tuple(proto.input), tuple(proto.output), attributes)
