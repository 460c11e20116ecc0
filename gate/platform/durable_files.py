"""Files that are whole or not there, and on the disk when a call returns. Knows nothing of ours."""

import errno
import hashlib
import os
from pathlib import Path

from gate.platform.regular_file import open_regular


def write_file(path: Path, content: bytes | memoryview, mode: int) -> None:
    """Write a small file whole or not at all, on disk when this returns. OSError, also where a
    device or a pipe has that name: it would be replaced by the file."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    make_folder(path.parent)
    staged = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)  # a left-over staged file keeps its mode otherwise
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except OSError:
        staged.unlink(missing_ok=True)  # a full disk must get its bytes back
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """`folder` and those above it, each of which survives a power cut by its own name. OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name, or a new place of one, in `folder` survive a power cut. OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_sha256(path: Path) -> str:
    """Hex digest, read in pieces so that a large file is never whole in memory. OSError."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
