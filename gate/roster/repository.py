"""Where rosters lie on a unit, and what is remembered about them.

<state>/roster/current          name of the folder in use, replaced by rename
<state>/roster/installed/<name>/manifest.json and the roster file
<state>/roster/trusted.json     highest version seen of each exam and site; survives wiping
<state>/roster/history.jsonl    notes that the running gate turns into journal events
<state>/roster/destroying.json  a destruction under way (see shredding.py)
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gate.errors import GateError, StorageDamaged, StorageRefused
from gate.platform.durable_files import write_file
from gate.platform.remedies import of_system

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class RosterRepository:
    """The folders above, by name. Creates nothing until something is put on it."""

    root: Path

    @classmethod
    def of(cls, state: Path) -> "RosterRepository":
        return cls(state / "roster")

    @property
    def installed(self) -> Path:
        return self.root / "installed"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def pointer(self) -> Path:
        return self.root / "current"

    @property
    def trusted_file(self) -> Path:
        return self.root / "trusted.json"

    @property
    def history_file(self) -> Path:
        return self.root / "history.jsonl"

    def current(self) -> Path | None:
        """The manifest in use. Cheap: one small read and one look at the file."""
        try:
            name = self.pointer.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        manifest = self.installed / name / MANIFEST
        return manifest if name and manifest.is_file() else None

    def point_to(self, folder: Path) -> None:
        write_file(self.pointer, f"{folder.name}\n".encode("ascii"), 0o600)

    def points_to(self, folder: Path) -> bool:
        """Whether `folder` is, or was, the one in use."""
        with contextlib.suppress(FileNotFoundError):
            return self.pointer.read_text(encoding="ascii").strip() == folder.name
        return False

    def folders(self) -> list[Path]:
        return sorted(self.installed.iterdir()) if self.installed.is_dir() else []

    def trusted(self) -> dict[str, dict[str, Any]]:
        """`<exam>/<site>` to its highest `version` and that manifest's `digest`."""
        try:
            return dict(json.loads(self.trusted_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except ValueError as e:
            raise StorageDamaged(
                f"{self.trusted_file} is damaged, so an old roster could not be told from a new "
                "one: have the office confirm the version, then remove the file.",
                f"{self.trusted_file} 已损坏，无法防止旧版名册：请与考试中心核对后删除该文件。",
                path=str(self.trusted_file),
            ) from e

    def trust(self, exam_and_site: str, version: int, digest: str) -> None:
        known = {**self.trusted(), exam_and_site: {"version": version, "digest": digest}}
        write_file(self.trusted_file, json.dumps(known, indent=1).encode() + b"\n", 0o600)

    def note(self, what: str, at: datetime, facts: Mapping[str, Any]) -> None:
        """Add to the history: `what` is `installed` or `destroyed`."""
        line = {"note": len(self.notes()) + 1, "what": what, "at": at.isoformat(), **facts}
        with self.history_file.open("a+b") as file:
            if file.tell() and not _ends_with_newline(self.history_file):
                file.write(b"\n")  # a line torn by a power cut stays alone
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def notes(self, after: int = 0) -> list[dict[str, Any]]:
        """The notes numbered above `after`; a line torn by a power cut is passed over."""
        found = []
        with contextlib.suppress(FileNotFoundError):
            for line in self.history_file.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError):
                    found.append(json.loads(line))
        return [n for n in found if n["note"] > after]

    @contextmanager
    def held(self) -> Iterator[None]:
        """One writer at a time, and nothing half staged left behind. StorageRefused when the disk
        takes no more."""
        with storage_refused(self.root):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self.root / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                shutil.rmtree(self.staging, ignore_errors=True)
                try:
                    yield
                finally:
                    shutil.rmtree(self.staging, ignore_errors=True)


@contextmanager
def storage_refused(folder: Path) -> Iterator[None]:
    """Turns the system's OSError about our own files into StorageRefused."""
    try:
        yield
    except OSError as e:
        if isinstance(e, GateError):  # several of ours are OSErrors too
            raise
        remedy = of_system(e)
        raise StorageRefused(
            f"{folder} cannot be written ({e.strerror or e}): {remedy.en}.",
            f"{folder} 无法写入（{e.strerror or e}）：{remedy.zh}。",
            path=str(folder),
        ) from e


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
