"""The room on a journal's disk."""

import os
from pathlib import Path

from gate.ports import DiskSpace


def room_at(journal: Path) -> DiskSpace:
    """OSError."""
    found = os.statvfs(journal.parent)
    log_bytes = _size(journal.with_name(f"{journal.name}-wal"))
    return DiskSpace(found.f_bavail * found.f_frsize, _size(journal) + log_bytes, log_bytes)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
