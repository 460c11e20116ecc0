"""A file that is written whole: over what it may be written, and over what not."""

import os
import stat
from pathlib import Path

import pytest

from gate.platform.durable_files import write_file


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_file(path, b"first", 0o600)
    write_file(path, b"second", 0o640)
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(path.parent.iterdir()) == [path]


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="not a regular file"):
        write_file(path, b"content", 0o600)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_a_device_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.symlink_to("/dev/null")
    with pytest.raises(OSError, match="not a regular file"):
        write_file(path, b"content", 0o600)
    assert path.is_symlink()


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        write_file(tmp_path, b"content", 0o600)
    assert tmp_path.is_dir()
