"""Folders of one run, in memory where there is a place for that. A run that is killed leaves its
folders behind; the next one takes them away, by the number of the process that is gone."""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path("/dev/shm")
_NAME = re.compile(r"exam-gate-faults-(\d+)-")


def in_memory() -> Path:
    """A new folder without a disk below it: thousands of images are written. The caller's to
    remove, as is `on_disk`'s."""
    return _made(MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir()))


def on_disk() -> Path:
    return _made(Path(tempfile.gettempdir()))


def _made(where: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"exam-gate-faults-{os.getpid()}-", dir=where))


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory until the block ends."""
    folder = in_memory()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def clear_left_overs(*places: Path) -> list[Path]:
    """What killed runs left in `places`, in memory and TMPDIR if none is named; the removed."""
    removed = []
    for place in places or (MEMORY, Path(tempfile.gettempdir())):
        for folder in sorted(place.glob("exam-gate-faults-*")):
            named = _NAME.match(folder.name)
            if named and not Path(f"/proc/{named[1]}").exists():
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
    return removed
