"""The liveness pair: the makers' two files by address or from a folder, written as TFLite.

The files are pickles. Their SHA-256 is checked before a byte of them is read, and they are read as
data (`torch_checkpoint.py`). Without them a gate works, with that layer of liveness off.
"""

import hashlib
import http.client
import urllib.request
from pathlib import Path

from gate.errors import InputDamaged, NetworkFault
from gate.models.building.network_folder import make_network_folder, write_output
from gate.models.building.packages import require_packages
from gate.models.network_files import Fetched, Output, fault, load_manifest
from gate.platform.regular_file import read_regular

DOWNLOAD_LIMIT_S = 20.0
"""For each wait on the wire; the files have 1.8 MB each."""


def build_liveness_pair(folder: Path, source: Path | None = None) -> None:
    """Write both networks into `folder`; files that are whole are left alone. `source`: a folder
    that holds the makers' files. NetworkFault where they cannot be had, InputDamaged (missing in
    `source`, or not the pinned bytes), ModelDamaged, StorageRefused, UsageError."""
    manifest = load_manifest()
    wanted = [o for o in manifest.optional if fault(folder, o)]
    if not wanted:
        return
    require_packages()
    files = {o.network: _content(manifest.fetched_file(o.network), source) for o in wanted}
    make_network_folder(folder)
    for output in wanted:
        write_output(folder, output, converted(files[output.network], output))


def converted(checkpoint: bytes, output: Output) -> memoryview:
    """The bytes of one network from the makers' file. InputDamaged."""
    from gate.models.building.convert import Converter
    from gate.models.building.minifasnet import MiniFasNet
    from gate.models.building.tflite_writer import serialise
    from gate.models.building.torch_checkpoint import read_checkpoint

    excited = output.network == "minifasnet-v1se"
    network = MiniFasNet(read_checkpoint(checkpoint), excited)
    return serialise(Converter(network, output.size, output.name, bgr=True).convert())


def _content(fetched: Fetched, source: Path | None) -> bytes:
    """The pinned bytes and no others."""
    content = _downloaded(fetched) if source is None else _read(fetched, source)
    if hashlib.sha256(content).hexdigest() != fetched.sha256:
        place = fetched.url if source is None else str(source / fetched.file_name)
        raise InputDamaged(
            f"{place} is not the pinned file (SHA-256 differs): it was not opened; fetch it again "
            "from its makers, and do not use this copy.",
            f"{place} 与固定的 SHA-256 不符，未打开：请从原发布处重新获取，勿使用。",
            file=fetched.file_name,
            wanted=fetched.sha256,
        )
    return content


def _read(fetched: Fetched, source: Path) -> bytes:
    path = source / fetched.file_name
    try:
        return read_regular(path, fetched.size_bytes)
    except FileNotFoundError as e:
        raise InputDamaged(
            f"There is no file {path}: put {fetched.file_name} there, from {fetched.url}.",
            f"文件 {path} 不存在：请放入 {fetched.file_name}（{fetched.url}）。",
            file=fetched.file_name,
        ) from e
    except OSError as e:
        raise InputDamaged(
            f"{path} cannot be read as the pinned file ({e.strerror}): put the makers' file there, "
            f"from {fetched.url}.",
            f"{path} 无法读取（{e.strerror}）：请放入原文件（{fetched.url}）。",
            file=fetched.file_name,
        ) from e


def _downloaded(fetched: Fetched) -> bytes:
    """One byte more than the file has at most: what is longer is not the file."""
    try:
        with urllib.request.urlopen(
            fetched.url, timeout=DOWNLOAD_LIMIT_S
        ) as answer:  # https, pinned
            content: bytes = answer.read(fetched.size_bytes + 1)
            return content
    except (OSError, http.client.HTTPException) as e:
        raise NetworkFault(
            f"The liveness networks could not be had ({_why(e)}): that layer of liveness is off "
            f"until exam-gate models build reaches {fetched.url} or is given the files with "
            "--from DIR.",
            f"无法获取活体检测模型：该层活体检测停用；联网后再次运行 exam-gate models build，"
            f"或用 --from 指定含原文件的目录（{fetched.url}）。",
            url=fetched.url,
        ) from e


def _why(error: Exception) -> str:
    """Without line breaks, at most a line."""
    return " ".join(str(getattr(error, "reason", "") or error or type(error).__name__).split())[:80]
