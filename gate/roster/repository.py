"""Where rosters lie on a unit, and what is remembered about them.

The files:

    <state>/roster/current          name of the folder in use, replaced by rename
    <state>/roster/installed/<name>/manifest.json and the roster file
    <state>/roster/trusted.json     highest version seen of each exam and site; survives wiping
    <state>/roster/history.jsonl    notes that the running gate turns into journal events
    <state>/roster/last_note        highest number of a note; taken before the note is written
    <state>/roster/destroying.json  a destruction under way (see shredding.py)
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gate.core.json_types import JsonFields, JsonObject
from gate.errors import GateError, StorageDamaged, StorageRefused
from gate.platform.durable_files import write_file
from gate.platform.json_values import decode_json
from gate.platform.regular_file import read_regular
from gate.platform.remedies import Remedy, of_reading, of_system

MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 4 << 20

_POINTER_BYTES_MAX = 1024
_RECORDS_BYTES_MAX = 2**24
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
"""Of a folder under `installed`: never a way out of it."""
_NOTE_MAX = 10**9
"""A number above it is damage, not a count."""


@dataclass(frozen=True, slots=True)
class History:
    """The notes of the installations.

    `damaged`: the numbers, from 1, of lines that say nothing any more.
    """

    notes: list[JsonObject]
    damaged: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RosterRepository:
    """The folders above, by name. Creates nothing until something is put on it."""

    root: Path

    @classmethod
    def of(cls, state: Path) -> "RosterRepository":
        """The repository in the folder `state` of a unit."""
        return cls(state / "roster")

    @property
    def installed(self) -> Path:
        """The folder of the installed rosters."""
        return self.root / "installed"

    @property
    def staging(self) -> Path:
        """The folder in which a new roster is checked."""
        return self.root / "staging"

    @property
    def pointer(self) -> Path:
        """The file that names the folder in use."""
        return self.root / "current"

    @property
    def trusted_file(self) -> Path:
        """The file of the highest versions seen."""
        return self.root / "trusted.json"

    @property
    def history_file(self) -> Path:
        """The file of notes that the running gate journals."""
        return self.root / "history.jsonl"

    def current(self) -> Path | None:
        """The manifest in use. Cheap: one small read and one look at the file. StorageDamaged where
        the pointer holds no name, StorageRefused where it cannot be read."""
        name = self._pointed()
        if not name:
            return None
        manifest = self.installed / name / MANIFEST
        with reading_refused(manifest):
            return manifest if manifest.is_file() else None

    def _pointed(self) -> str:
        """The name in the pointer, empty where there is none. StorageDamaged, StorageRefused."""
        content = read_record(self.pointer, _POINTER_BYTES_MAX) or b""
        name = content.strip().decode("ascii", errors="replace")
        if name and not _NAME.fullmatch(name):
            raise StorageDamaged(
                f"{self.pointer} is damaged, so nobody can tell which roster is in use: install "
                "the roster again from its source.",
                f"{self.pointer} 已损坏，无法确定使用哪份名册：请重新安装名册。",
                path=str(self.pointer),
            )
        return name

    def point_to(self, folder: Path) -> None:
        """Makes `folder` the one in use, durably."""
        write_file(self.pointer, f"{folder.name}\n".encode("ascii"), 0o600)

    def points_to(self, folder: Path) -> bool:
        """Whether `folder` is, or was, the one in use."""
        with contextlib.suppress(StorageDamaged):
            return self._pointed() == folder.name
        return False

    def folders(self) -> list[Path]:
        """The folders of installed rosters, sorted by name."""
        return sorted(self.installed.iterdir()) if self.installed.is_dir() else []

    def trusted(self) -> dict[str, JsonObject]:
        """`<exam>/<site>` to its highest `version` and that manifest's `digest`. StorageDamaged,
        StorageRefused."""
        content = read_record(self.trusted_file, _RECORDS_BYTES_MAX)
        if content is None:
            return {}
        try:
            known = decode_json(content)
            if not _are_versions(known):
                raise ValueError("no versions")
            return dict(known)
        except ValueError as e:
            raise StorageDamaged(
                f"{self.trusted_file} is damaged, so an old roster could not be told from a new "
                "one: have the office confirm the version, then remove the file.",
                f"{self.trusted_file} 已损坏，无法防止旧版名册：请与考试中心核对后删除该文件。",
                path=str(self.trusted_file),
            ) from e

    def trust(self, exam_and_site: str, version: int, digest: str) -> None:
        """Notes `version` and its `digest` as seen for this exam and site, durably."""
        known = {**self.trusted(), exam_and_site: {"version": version, "digest": digest}}
        write_file(self.trusted_file, json.dumps(known, indent=1).encode() + b"\n", 0o600)

    def note(self, what: str, at: datetime, facts: JsonFields) -> None:
        """Add to the history: `what` is `installed` or `destroyed`."""
        line = {"note": self._take_number(), "what": what, "at": at.isoformat(), **facts}
        with self.history_file.open("a+b") as file:
            if file.tell() and not _ends_with_newline(self.history_file):
                file.write(b"\n")  # a line torn by a power cut stays alone
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def notes(self, after: int = 0) -> list[JsonObject]:
        """The notes numbered above `after`. StorageRefused, also for a history that is no file or
        larger than 16 MiB."""
        return self.read_history(after).notes

    def read_history(self, after: int = 0) -> History:
        """The notes numbered above `after`, and which lines are torn or damaged. StorageRefused."""
        found, damaged = [], []
        for number, line in self._lines():
            note = _note_of(line)
            if note is None:
                damaged.append(number)
            elif note["note"] > after:
                found.append(note)
        return History(found, tuple(damaged))

    def _lines(self) -> list[tuple[int, bytes]]:
        """With their numbers, from 1; without empty ones."""
        content = read_record(self.history_file, _RECORDS_BYTES_MAX) or b""
        return [(n, line) for n, line in enumerate(content.split(b"\n"), 1) if line.strip()]

    def _take_number(self) -> int:
        """A number that no note had, damaged ones included: the journal passes over a number that
        it holds. Taken on disk first, so that a torn or altered history gives none out again."""
        numbers: list[int] = [len(self._lines()), *(note["note"] for note in self.notes())]
        with contextlib.suppress(ValueError):
            last = int(read_record(self._last_note_file, _POINTER_BYTES_MAX) or b"0")
            numbers.append(last if 0 < last <= _NOTE_MAX else 0)
        number = max(numbers) + 1
        write_file(self._last_note_file, b"%d\n" % number, 0o600)
        return number

    @property
    def _last_note_file(self) -> Path:
        return self.root / "last_note"

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
    """Turns the system's OSError about writing our own files into StorageRefused."""
    try:
        yield
    except OSError as e:
        if isinstance(e, GateError):  # several of ours are OSErrors too
            raise
        raise _refused(folder, e, "written", "写入", of_system(e)) from e


@contextmanager
def reading_refused(path: Path) -> Iterator[None]:
    """Turns the system's OSError about reading our own file into StorageRefused."""
    try:
        yield
    except OSError as e:
        if isinstance(e, GateError):
            raise
        raise _refused(path, e, "read", "读取", of_reading(e)) from e


def _refused(path: Path, error: OSError, en: str, zh: str, remedy: Remedy) -> StorageRefused:
    why = error.strerror or error
    return StorageRefused(
        f"{path} cannot be {en} ({why}): {remedy.en}.",
        f"{path} 无法{zh}（{why}）：{remedy.zh}。",
        path=str(path),
    )


def read_record(path: Path, bytes_max: int) -> bytes | None:
    """A file of our own, None where it is not there. StorageRefused."""
    with reading_refused(path):
        try:
            return read_regular(path, bytes_max)
        except FileNotFoundError:
            return None


def _note_of(line: bytes) -> JsonObject | None:
    try:
        note = decode_json(line)
        return note if _is_note(note) else None
    except ValueError:  # of a lone surrogate too
        return None


def _is_note(value: object) -> bool:
    """Whether a line of the history is one of ours: it goes into the journal as it stands."""
    if not isinstance(value, dict) or value.get("what") not in ("installed", "destroyed"):
        return False
    number = value.get("note")
    if type(number) is not int or not 0 < number <= _NOTE_MAX:
        return False
    try:
        datetime.fromisoformat(value["at"])
        return all(_is_plain(fact) for fact in value.values())
    except (KeyError, TypeError, ValueError):
        return False


def _is_plain(fact: object) -> bool:
    """UnicodeEncodeError for a lone surrogate."""
    if isinstance(fact, str):
        return fact.encode("utf-8") is not None
    return fact is None or (isinstance(fact, int) and abs(fact) < 2**53)


def _are_versions(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(known, dict)
        and type(known.get("version")) is int
        and isinstance(known.get("digest"), str)
        for known in value.values()
    )


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
