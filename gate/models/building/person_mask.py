"""The person mask out of its pinned npm package, by npm. Nothing of the package is run."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from gate.errors import InputDamaged, NetworkFault, UsageError
from gate.models.building.network_folder import write_network
from gate.models.person_mask import FILE_NAME, SHA256, SIZE_BYTES

PACKAGE = "@mediapipe/selfie_segmentation@0.1.1675465747"
MEMBER = f"package/{FILE_NAME}"
DOWNLOAD_LIMIT_S = 300


def fetch_person_mask(folder: Path) -> None:
    """Writes the file into `folder`. UsageError without npm, NetworkFault, InputDamaged (not the
    pinned bytes), StorageRefused."""
    npm = shutil.which("npm")
    if npm is None:
        raise UsageError(
            f"There is no npm to fetch {PACKAGE} with: install it (apt install npm), or copy "
            f"{FILE_NAME} from a folder that has it.",
            f"没有 npm，无法获取 {PACKAGE}：请安装 npm，或从其他机器复制 {FILE_NAME}。",
        )
    with tempfile.TemporaryDirectory(prefix="exam-gate-models-") as place:
        content = member_of(_download(npm, Path(place)))
    write_network(folder / FILE_NAME, content)


def member_of(archive: Path) -> bytes:
    """The network's bytes out of the package's archive. InputDamaged."""
    try:
        with tarfile.open(archive) as tar:
            info = tar.getmember(MEMBER)
            file = tar.extractfile(info) if info.size == SIZE_BYTES else None
            content = b"" if file is None else file.read(SIZE_BYTES)
    except (tarfile.TarError, KeyError, EOFError, OSError) as e:
        raise _foreign(archive) from e
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise _foreign(archive)
    return content


def _download(npm: str, folder: Path) -> Path:
    command = [npm, "pack", "--silent", "--ignore-scripts", PACKAGE]
    try:
        subprocess.run(
            command, cwd=folder, capture_output=True, timeout=DOWNLOAD_LIMIT_S, check=True
        )
    except (subprocess.SubprocessError, OSError) as e:
        raise _unreachable() from e
    found = sorted(folder.glob("*.tgz"))
    if not found:
        raise _unreachable()
    return found[0]


def _unreachable() -> NetworkFault:
    return NetworkFault(
        f"{PACKAGE} could not be downloaded: check the network or npm's registry.",
        f"无法下载 {PACKAGE}：请检查网络或 npm 源。",
    )


def _foreign(archive: Path) -> InputDamaged:
    return InputDamaged(
        f"{archive.name} does not hold the pinned {FILE_NAME} (SHA-256 differs): download it "
        "again, and do not use this copy.",
        f"{archive.name} 中的 {FILE_NAME} 与固定的 SHA-256 不符：请重新下载，勿使用。",
    )
