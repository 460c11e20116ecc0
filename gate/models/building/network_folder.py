"""The folder that networks are written into."""

from pathlib import Path

from gate.errors import StorageRefused
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


def _cannot_write(folder: Path, error: OSError) -> StorageRefused:
    remedy = of_system(error)
    return StorageRefused(
        f"{folder} cannot be written ({error.strerror}): {remedy.en}, or choose another folder "
        "with --to.",
        f"无法写入 {folder}（{error.strerror}）：{remedy.zh}，或用 --to 另选目录。",
        path=str(folder),
    )
