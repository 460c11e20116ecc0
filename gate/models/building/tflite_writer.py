"""A TensorFlow Lite file written straight through flatbuffers (schema version 3).

It writes only what the networks of the manifest need. The order in which objects are written is
fixed, so equal graphs give equal bytes. Every constant lies on a 16-byte boundary, as the schema
asks. The reason: the runtime maps the file and reads the weights in place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import flatbuffers
import numpy as np
import numpy.typing as npt
import tflite

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an operator.

    `table`: name in the schema, such as Conv2DOptions; `fields` in the schema's order.
    """

    table: str
    fields: tuple[tuple[str, int | float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """`data` is None for what is computed. int32 data are shapes and paddings;
    their shape is `shape`, (...)."""

    name: str
    shape: tuple[int, ...]
    data: npt.NDArray[np.float32] | npt.NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of a graph.

    `code`: tflite.BuiltinOperator. `inputs` and `outputs`: places in `Graph.tensors`.
    """

    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Options | None = None


@dataclass(slots=True)
class Graph:
    """One subgraph, operators in order of execution."""

    name: str
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def add(self, tensor: Tensor) -> int:
        """Adds a tensor; its number in the graph, from 0."""
        self.tensors.append(tensor)
        return len(self.tensors) - 1


def serialise(graph: Graph) -> memoryview:
    """The bytes of a .tflite file, without a copy of the builder's."""
    size = sum(t.data.nbytes + 64 for t in graph.tensors if t.data is not None)
    builder = flatbuffers.Builder(size + 256 * (len(graph.tensors) + len(graph.operators)) + 4096)
    codes = sorted({o.code for o in graph.operators})
    constants = [t for t in graph.tensors if t.data is not None]
    buffers = [_buffer(builder, None), *(_buffer(builder, t.data) for t in constants)]
    place = {id(t): n + 1 for n, t in enumerate(constants)}  # buffer 0 stays empty
    subgraph = _subgraph(builder, graph, codes, place)
    all_codes = _offsets(builder, [_operator_code(builder, c) for c in codes])
    all_buffers = _offsets(builder, buffers)
    all_subgraphs = _offsets(builder, [subgraph])
    description = builder.CreateString(graph.name)
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, SCHEMA_VERSION)
    tflite.ModelAddOperatorCodes(builder, all_codes)
    tflite.ModelAddSubgraphs(builder, all_subgraphs)
    tflite.ModelAddDescription(builder, description)
    tflite.ModelAddBuffers(builder, all_buffers)
    builder.Finish(tflite.ModelEnd(builder), file_identifier=FILE_IDENTIFIER)
    return memoryview(builder.Bytes)[builder.Head() :]


def _buffer(builder: flatbuffers.Builder, data: npt.NDArray[np.generic] | None) -> int:
    """`data`: of any shape, (...); None: an empty buffer."""
    if data is None:
        tflite.BufferStart(builder)
        return int(tflite.BufferEnd(builder))
    vector = _bytes_aligned(builder, data)
    tflite.BufferStart(builder)
    tflite.BufferAddData(builder, vector)
    return int(tflite.BufferEnd(builder))


def _bytes_aligned(builder: flatbuffers.Builder, data: npt.NDArray[np.generic]) -> int:
    """Builder.CreateByteVector knows no alignment, hence the same by hand. `data`: (...)."""
    little_endian = np.ascontiguousarray(data, dtype=data.dtype.newbyteorder("<"))
    builder.StartVector(1, little_endian.nbytes, 16)
    builder.head -= little_endian.nbytes
    place = slice(builder.head, builder.head + little_endian.nbytes)
    builder.Bytes[place] = little_endian.tobytes()
    return int(builder.EndVector())


def _subgraph(
    builder: flatbuffers.Builder, graph: Graph, codes: list[int], place: dict[int, int]
) -> int:
    tensors = _offsets(builder, [_tensor(builder, t, place.get(id(t), 0)) for t in graph.tensors])
    operators = _offsets(
        builder, [_operator(builder, o, codes.index(o.code)) for o in graph.operators]
    )
    inputs, outputs = _integers(builder, graph.inputs), _integers(builder, graph.outputs)
    name = builder.CreateString("main")
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddInputs(builder, inputs)
    tflite.SubGraphAddOutputs(builder, outputs)
    tflite.SubGraphAddOperators(builder, operators)
    tflite.SubGraphAddName(builder, name)
    return int(tflite.SubGraphEnd(builder))


def _tensor(builder: flatbuffers.Builder, tensor: Tensor, buffer: int) -> int:
    integer = tensor.data is not None and tensor.data.dtype == np.int32
    shape, name = _integers(builder, tensor.shape), builder.CreateString(tensor.name)
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, tflite.TensorType.INT32 if integer else tflite.TensorType.FLOAT32)
    tflite.TensorAddBuffer(builder, buffer)
    tflite.TensorAddName(builder, name)
    return int(tflite.TensorEnd(builder))


def _operator(builder: flatbuffers.Builder, operator: Operator, code_index: int) -> int:
    inputs, outputs = _integers(builder, operator.inputs), _integers(builder, operator.outputs)
    options = _options(builder, operator.options) if operator.options else None
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, code_index)
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    if operator.options and options is not None:
        kind = getattr(tflite.BuiltinOptions, operator.options.table)
        tflite.OperatorAddBuiltinOptionsType(builder, kind)
        tflite.OperatorAddBuiltinOptions(builder, options)
    return int(tflite.OperatorEnd(builder))


def _options(builder: flatbuffers.Builder, options: Options) -> int:
    getattr(tflite, f"{options.table}Start")(builder)
    for name, value in options.fields:
        getattr(tflite, f"{options.table}Add{name}")(builder, value)
    return int(getattr(tflite, f"{options.table}End")(builder))


def _operator_code(builder: flatbuffers.Builder, code: int) -> int:
    """Both fields: runtimes older than the second one read only the first."""
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, code)
    tflite.OperatorCodeAddVersion(builder, 1)
    tflite.OperatorCodeAddBuiltinCode(builder, code)
    return int(tflite.OperatorCodeEnd(builder))


def _integers(builder: flatbuffers.Builder, values: Sequence[int]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependInt32(value)
    return int(builder.EndVector())


def _offsets(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())
