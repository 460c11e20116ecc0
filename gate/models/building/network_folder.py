"""The folder that networks are written into."""

import hashlib
from pathlib import Path

from gate.errors import ModelDamaged, StorageRefused
from gate.models.building.packages import BUILD_PACKAGES
from gate.models.network_files import Output
from gate.platform.durable_files import write_file
from gate.platform.remedies import of_system


def make_network_folder(folder: Path) -> None:
    """Makes it where it is absent. StorageRefused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise _cannot_write(folder, e) from e


def write_network(path: Path, data: bytes | memoryview) -> None:
    """Puts a network in place, whole and synced. StorageRefused."""
    try:
        write_file(path, data, 0o644)
    except OSError as e:
        raise _cannot_write(path.parent, e) from e


def write_output(folder: Path, output: Output, data: memoryview) -> None:
    """Puts a built network in place if it is the pinned one. ModelDamaged, StorageRefused."""
    found = hashlib.sha256(data).hexdigest()
    if found != output.sha256:
        raise ModelDamaged(
            f"{output.file_name} came out with SHA-256 {found}, not the pinned {output.sha256}: "
            f"nothing was replaced; report it with the versions of {', '.join(BUILD_PACKAGES)}.",
            f"{output.file_name} 的 SHA-256 与固定值不符，未替换任何文件，请报告。",
            found=found,
            wanted=output.sha256,
        )
    write_network(folder / output.file_name, data)


def _cannot_write(folder: Path, error: OSError) -> StorageRefused:
    remedy = of_system(error)
    return StorageRefused(
        f"{folder} cannot be written ({error.strerror}): {remedy.en}, or choose another folder "
        "with --to.",
        f"无法写入 {folder}（{error.strerror}）：{remedy.zh}，或用 --to 另选目录。",
        path=str(folder),
    )
