"""Destroying rosters and evidence so that a power cut at any moment changes nothing about the end.

The order, each step on the disk before the next:

    1. <state>/roster/destroying.json: the intent, what is to be destroyed and why
    2. the manifest, which holds the sealed keys: overwritten, then unlinked
    3. the roster's file: unlinked, not overwritten
       the evidence pictures: overwritten, then unlinked
    4. the certificate: a line of history.jsonl that the running gate journals
    5. the intent is taken away

From step 2 on nobody can read the roster's file. It is not overwritten, because a visit under way
may still have it open.

Every process that finds an intent finishes it first. Overwriting proves nothing on flash: the card
may keep old blocks. The keys are what counts. Old blocks may still hold sealed keys, but those open
only with the unit's own sealing key.
"""

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from gate.errors import StorageDamaged
from gate.platform.durable_files import file_sha256, sync_folder, write_file
from gate.platform.json_values import decode_json
from gate.platform.regular_file import read_regular
from gate.roster.repository import (
    MANIFEST,
    MANIFEST_BYTES_MAX,
    RosterRepository,
    read_record,
)

_PIECE = bytes(2**20)
_INTENT_BYTES_MAX = 2**26


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be destroyed.

    `folder`: name under `installed`, None for evidence alone. `roster`: its name. `keys`: SHA-256
    of the manifest with the sealed keys, which names them without holding them. `why`: `staff`,
    `retention` or `superseded`. `clock`: whether `at` was read from a trusted clock, None where
    nobody asked.
    """

    certificate: str
    folder: str | None
    roster: str | None
    keys: str | None
    candidates: int | None
    bytes: int
    evidence: tuple[str, ...]
    why: str
    at: str
    clock: str | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is destroyed, and when.

    `why`: `staff`, `retention` or `superseded`. `trusted`: whether `now` is, None where nobody
    asked.
    """

    why: str
    now: datetime
    trusted: bool | None = None


def order(folder: Path | None, evidence: Iterable[Path], cause: Cause) -> Order:
    """Nothing is destroyed yet. OSError."""
    manifest = None if folder is None else folder / MANIFEST
    there = manifest is not None and manifest.is_file()
    name, candidates = _about(folder)
    return Order(
        certificate=secrets.token_hex(8),
        folder=None if folder is None else folder.name,
        roster=name,
        keys=file_sha256(manifest) if there and manifest is not None else None,
        candidates=candidates,
        bytes=sum(f.stat().st_size for f in folder.iterdir()) if folder is not None else 0,
        evidence=tuple(sorted(path.name for path in evidence)),
        why=cause.why,
        at=cause.now.isoformat(),
        clock=None if cause.trusted is None else "trusted" if cause.trusted else "untrusted",
    )


def carry_out(repository: RosterRepository, wanted: Order) -> None:
    """All five steps. OSError; whatever was begun is finished by `finish`."""
    write_file(_intent(repository), json.dumps(asdict(wanted)).encode() + b"\n", 0o600)
    _destroy(repository, wanted)


def finish(repository: RosterRepository) -> str | None:
    """What an earlier process began and did not end; the name of it. OSError, StorageDamaged,
    StorageRefused."""
    content = read_record(_intent(repository), _INTENT_BYTES_MAX)
    if content is None:
        return None
    try:
        raw = decode_json(content)
        wanted = Order(**(raw | {"evidence": tuple(raw["evidence"])}))
        _check(wanted)
    except (ValueError, TypeError, KeyError) as e:
        raise StorageDamaged(
            f"{_intent(repository)} is damaged, so a destruction that was begun cannot be "
            "finished: remove it and say exam-gate roster wipe --yes.",
            f"{_intent(repository)} 已损坏，销毁未完成：请删除该文件并运行 roster wipe --yes。",
            path=str(_intent(repository)),
        ) from e
    _destroy(repository, wanted)
    return wanted.roster or wanted.folder or "evidence"


def _check(wanted: Order) -> None:
    """ValueError, TypeError for an order that `order` never wrote: a name in it must not lead out
    of its folder."""
    names = [*wanted.evidence, *([] if wanted.folder is None else [wanted.folder])]
    if {"", ".."} & set(names) or not all(
        Path(name).name == name and name.isprintable() for name in names
    ):
        raise ValueError("a name leads elsewhere")
    texts = (wanted.roster, wanted.keys, wanted.clock)
    if not all(text is None or isinstance(text, str) for text in texts):
        raise TypeError("no text")
    if not isinstance(wanted.certificate, str) or not isinstance(wanted.why, str):
        raise TypeError("no text")
    if type(wanted.bytes) is not int or not isinstance(wanted.candidates, int | None):
        raise TypeError("no number")
    for text in (*names, *filter(None, texts), wanted.certificate, wanted.why):
        text.encode("utf-8")  # a lone surrogate could not be written into the history
    datetime.fromisoformat(wanted.at)


def is_pending(repository: RosterRepository) -> bool:
    """Whether a destruction was begun and not ended."""
    return _intent(repository).exists()


def evidence_of(repository: RosterRepository) -> list[Path]:
    """Every sealed picture that lies on this unit."""
    folder = _evidence(repository)
    return sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []


def _destroy(repository: RosterRepository, wanted: Order) -> None:
    """Steps 2 to 5. May be repeated from any point."""
    if wanted.folder is not None:
        folder = repository.installed / Path(wanted.folder).name
        if repository.points_to(folder):
            repository.pointer.unlink(missing_ok=True)
            sync_folder(repository.root)
        _shred_folder(folder)
    for name in wanted.evidence:
        shred_file(_evidence(repository) / Path(name).name)
    if wanted.evidence and _evidence(repository).is_dir():
        sync_folder(_evidence(repository))
    if all(note.get("certificate") != wanted.certificate for note in repository.notes()):
        repository.note("destroyed", datetime.fromisoformat(wanted.at), _certificate(wanted))
    _intent(repository).unlink(missing_ok=True)
    sync_folder(repository.root)


def _certificate(wanted: Order) -> dict[str, object]:
    """What the journal says of it for good: names and counts, nothing that was destroyed."""
    return {
        "roster": wanted.roster or wanted.folder,
        "certificate": wanted.certificate,
        "why": wanted.why,
        "keys": wanted.keys,
        "candidates": wanted.candidates,
        "bytes": wanted.bytes,
        "evidence": len(wanted.evidence),
        "clock_then": wanted.clock,
    }


def _shred_folder(folder: Path) -> None:
    """The sealed keys first; then what they opened."""
    if not folder.is_dir():
        return
    shred_file(folder / MANIFEST)
    sync_folder(folder)
    shutil.rmtree(folder)
    sync_folder(folder.parent)


def shred_file(path: Path) -> None:
    """Overwrites a file with zeros, then unlinks it. One that is gone is no matter. OSError."""
    with contextlib.suppress(FileNotFoundError):
        with path.open("r+b") as file:
            left = os.fstat(file.fileno()).st_size
            while left > 0:
                left -= file.write(_PIECE[: min(left, len(_PIECE))])
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def _about(folder: Path | None) -> tuple[str | None, int | None]:
    """Name and number of candidates, from a manifest that was verified when it was installed."""
    if folder is None:
        return None, None
    try:
        body = decode_json(read_regular(folder / MANIFEST, MANIFEST_BYTES_MAX))
        name = f"{body['exam']['exam']}/{body['site']}/v{body['version']}"
        name.encode("utf-8")  # as in `_check`
        return name, int(body["counts"]["candidates"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return folder.name, None


def _intent(repository: RosterRepository) -> Path:
    return repository.root / "destroying.json"


def _evidence(repository: RosterRepository) -> Path:
    return repository.root.parent / "evidence"
