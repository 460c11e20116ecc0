"""What is judged already, so that a check that was interrupted goes on where it was.

SQLite, one writer. A line counts only for the same bytes (size and time of the file), the same
networks and the same bounds. It holds templates of faces: readable by its owner only.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from gate.errors import StorageDamaged, StorageRefused
from gate.models.portrait_findings import PortraitFinding
from gate.platform.json_values import decode_json
from office.photos.folder import PhotoFile
from office.photos.judged_photo import JudgedPhoto

NAME = "judged.sqlite"
COMMIT_EVERY = 50
"""Photos that an interruption costs at most: some seconds of work."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS judged (
    file BLOB PRIMARY KEY, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    judged_by TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    eyes_px REAL NOT NULL, template BLOB NOT NULL, findings BLOB NOT NULL
) STRICT, WITHOUT ROWID
"""


class ProgressFile:
    """Owns the file in `folder`. `judged_by`: names networks and bounds."""

    def __init__(self, folder: Path, judged_by: str) -> None:
        self._path, self._judged_by, self._unsaved = folder / NAME, judged_by, 0
        with self._faults():
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._base = sqlite3.connect(self._path)
            self._base.execute(_SCHEMA)

    def close(self) -> None:
        """StorageRefused, StorageDamaged."""
        with self._faults():
            self._base.commit()
            self._base.close()

    def known(self, files: Iterable[PhotoFile]) -> Iterator[JudgedPhoto]:
        """Of `files` those that were judged as they are now. StorageDamaged."""
        for file in files:
            with self._faults():
                row = self._base.execute(
                    "SELECT width, height, eyes_px, template, findings FROM judged WHERE file = ?"
                    " AND bytes = ? AND mtime_ns = ? AND judged_by = ?",
                    (os.fsencode(file.name), file.size_bytes, file.mtime_ns, self._judged_by),
                ).fetchone()
                if row is not None:
                    yield _from_row(file.name, row)

    def keep(self, file: PhotoFile, judged: JudgedPhoto) -> None:
        """StorageRefused, StorageDamaged."""
        key = (os.fsencode(file.name), file.size_bytes, file.mtime_ns, self._judged_by)
        listed = json.dumps([asdict(f) for f in judged.findings], ensure_ascii=False).encode()
        with self._faults():
            self._base.execute(
                "INSERT OR REPLACE INTO judged VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, *judged.size, judged.eyes_px, judged.template, listed),
            )
            self._unsaved += 1
            if self._unsaved >= COMMIT_EVERY:
                self._base.commit()
                self._unsaved = 0

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as e:
            raise StorageRefused(
                f"{self._path} cannot be written ({e}): make room, let no other check run on it, "
                "or choose another folder with --out.",
                f"{self._path} 无法写入（{e}）：请释放空间，或用 --out 另选目录。",
                path=str(self._path),
            ) from e
        except (sqlite3.DatabaseError, ValueError, KeyError, TypeError) as e:
            raise StorageDamaged(
                f"{self._path} is damaged: delete it and run the check again.",
                f"{self._path} 已损坏：请删除后重新检查。",
                path=str(self._path),
            ) from e
        except OSError as e:
            raise StorageRefused(
                f"{self._path} cannot be written ({e.strerror}): choose another folder with --out.",
                f"{self._path} 无法写入：请用 --out 另选目录。",
                path=str(self._path),
            ) from e


def _from_row(name: str, row: tuple[int, int, float, bytes, bytes]) -> JudgedPhoto:
    """ValueError, KeyError, TypeError for findings that are none."""
    width, height, eyes_px, template, listed = row
    findings = tuple(
        PortraitFinding(f["reason"], f["en"], f["zh"], tuple(f["covered_by"]))
        for f in decode_json(listed)
    )
    return JudgedPhoto(name, (width, height), eyes_px, template, findings)
