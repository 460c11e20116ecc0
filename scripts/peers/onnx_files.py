"""The networks of OpenCV's pair: as the wheel ships them, and with their constants unpacked."""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from gate.models.building.fetch import fetch_originals
from gate.models.building.onnx_reader import Network
from gate.models.network_files import load_manifest

OPERATOR_SET = 13
"""Of the unpacked file: what is left needs nothing newer."""


def write(folder: Path) -> None:
    """NAME-int8bq.onnx and NAME-float32.onnx for yunet and sface. NetworkFault, InputDamaged."""
    names = [f"{n}-{form}.onnx" for n in ("yunet", "sface") for form in ("int8bq", "float32")]
    if all((folder / n).exists() for n in names):
        return
    folder.mkdir(parents=True, exist_ok=True)
    for network, data in fetch_originals(load_manifest()).items():
        (folder / f"{network}-int8bq.onnx").write_bytes(data)
        (folder / f"{network}-float32.onnx").write_bytes(unpacked(data))


def unpacked(data: bytes) -> bytes:
    """The same network with plain float32 constants, as before it was quantised."""
    model, network = onnx.load_from_string(data), Network(data)
    graph = model.graph
    made = [n.output[0] for n in graph.node if network.is_constant(n.output[0])]
    kept = [n for n in graph.node if n.output[0] not in made]
    used = {name for node in kept for name in node.input}
    constants = [t for t in graph.initializer if t.name in used]
    constants += [_tensor(network.constant(name), name) for name in made if name in used]
    inputs = [i for i in graph.input if i.name == network.input]
    for field, values in (("node", kept), ("initializer", constants), ("input", inputs)):
        graph.ClearField(field)
        getattr(graph, field).extend(values)
    model.ClearField("opset_import")
    model.opset_import.extend([onnx.helper.make_opsetid("", OPERATOR_SET)])
    return model.SerializeToString()


def _tensor(value: np.ndarray, name: str) -> onnx.TensorProto:
    plain = value.astype(np.float32) if value.dtype == np.float64 else value
    return numpy_helper.from_array(plain, name)
