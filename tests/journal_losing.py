"""What people and programs do to the files of a journal that is in use."""

import shutil
from collections.abc import Callable
from pathlib import Path

Loss = Callable[[Path], None]
"""Takes the journal's path."""


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def keep_copy(path: Path) -> None:
    """An older copy of the journal for the losses that put one in its place: `older.sqlite`."""
    shutil.copy(path, path.with_name("older.sqlite"))
    shutil.copy(log_of(path), path.with_name("older.sqlite-wal"))


def _deleted(path: Path) -> None:
    path.unlink()


def _all_deleted(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def _log_deleted(path: Path) -> None:
    log_of(path).unlink()


def _index_deleted(path: Path) -> None:
    path.with_name(f"{path.name}-shm").unlink()


def _folder_deleted(path: Path) -> None:
    shutil.rmtree(path.parent)


def _renamed(path: Path) -> None:
    path.rename(path.with_name("elsewhere.sqlite"))


def _replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"another file")
    other.rename(path)


def _overwritten(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _all_emptied(path: Path) -> None:
    path.write_bytes(b"")
    log_of(path).write_bytes(b"")


def _log_emptied(path: Path) -> None:
    log_of(path).write_bytes(b"")


def _log_header_spoilt(path: Path) -> None:
    with log_of(path).open("r+b") as file:
        file.write(b"\0" * 32)


def _older_copy(path: Path) -> None:
    """In place, as `cp` does it."""
    path.write_bytes(path.with_name("older.sqlite").read_bytes())


def _older_copy_renamed(path: Path) -> None:
    """Main file and log, as a restored backup is moved in."""
    path.with_name("older.sqlite").rename(path)
    path.with_name("older.sqlite-wal").rename(log_of(path))


LOSSES: dict[str, Loss] = {
    "deleted": _deleted,
    "all files deleted": _all_deleted,
    "log deleted": _log_deleted,
    "index deleted": _index_deleted,
    "folder deleted": _folder_deleted,
    "renamed": _renamed,
    "replaced": _replaced,
    "overwritten": _overwritten,
    "emptied": _emptied,
    "cut short": _cut,
    "file and log emptied": _all_emptied,
    "log emptied": _log_emptied,
    "log's header spoilt": _log_header_spoilt,
    "older copy written over it": _older_copy,
    "older copy in its place": _older_copy_renamed,
}
