"""The file that a command writes where --out says."""

from pathlib import Path

from gate.errors import StorageRefused
from gate.platform.durable_files import write_file


def write_output(out: Path, content: bytes, mode: int) -> None:
    """`mode`: the permissions. StorageRefused."""
    try:
        write_file(out, content, mode)
    except OSError as e:
        raise StorageRefused(
            f"{out} cannot be written ({e.strerror}): name another file with --out.",
            f"{out} 无法写入（{e.strerror}）：请用 --out 指定其他文件。",
            path=str(out),
        ) from e
