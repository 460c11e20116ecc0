"""A journal that cannot be trusted any more: put aside whole, and what is known of it.

`journal-damaged-<time>-<epoch>/` beside the journal holds its files as they were, the mark, the
events that were got back (`salvaged.jsonl`) and, written last, `damage.json`. A folder without
`damage.json` is the work of a start that was cut short; the next one ends it. Nothing in such a
folder is ever overwritten or deleted by a gate.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from gate.core.json_types import JsonObject
from gate.core.records import JournalEvent
from gate.platform.durable_files import file_sha256, sync_folder, write_file
from gate.platform.regular_file import read_regular
from gate.store import checkpoint, salvage
from gate.store.checkpoint import Checkpoint
from gate.store.damage_report import REPORT, SALVAGED, read_report, salvaged_events
from gate.store.store_errors import damaged

log = logging.getLogger(__name__)

_MARK_BYTES_MAX = 1 << 20
_NAMED_AT_MOST = 64
"""Missing ranges told in one event; it must stay small."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What a new journal says, as its first event, of the one before it.

    `last_known`: the highest seq that is known to have existed; events behind it may have.
    `salvaged`: how many events can still be read, `salvaged_to` the highest of them. `missing`:
    ranges up to `last_known` that this unit cannot read any more; the office has those up to
    `receipted`. `set_aside`: the folder's name, None where nothing was left to put there.
    """

    detail: str
    previous_epoch: str
    receipted: int = 0
    receipted_head: str | None = None
    salvaged: int = 0
    salvaged_to: int = 0
    last_known: int = 0
    missing: tuple[tuple[int, int], ...] = ()
    set_aside: str | None = None
    set_aside_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class _Damage:
    """The journal at `path`, as far as it is known."""

    path: Path
    gate: str
    known: Checkpoint | None
    epoch: str
    at: datetime


def put_aside(path: Path, gate: str, known: Checkpoint | None, why: str, at: datetime) -> None:
    """Move the journal `path` away, with its log and its index, and report. OSError."""
    epoch = known.epoch if known is not None and known.epoch else salvage.epoch_of(_of(path), gate)
    folder = _new_folder(path, at, epoch or "unknown")
    _finish(_Damage(path, gate, known, epoch, at), folder, why)


def end_what_was_begun(path: Path, gate: str, known: Checkpoint | None, at: datetime) -> None:
    """Of a start that was cut short. OSError."""
    for folder in _folders(path):
        if (folder / REPORT).exists():
            continue
        if not any(folder.iterdir()):
            folder.rmdir()  # cut short before anything was moved: the damage is found again
            continue
        epoch = folder.name.rsplit("-", 1)[-1]
        damage = _Damage(path, gate, known, "" if epoch == "unknown" else epoch, at)
        _finish(damage, folder, "put aside by a start that was cut short")


def lost_before(path: Path, known: Checkpoint | None) -> Lost | None:
    """What preceded a journal that is to begin at `path`; None for the first of a unit. OSError."""
    epoch = known.epoch if known is not None else None
    for folder in reversed(_folders(path)):
        try:
            report, content = read_report(folder)
        except (OSError, ValueError) as e:
            log.error("%s cannot be read, what that journal held is not known: %s", folder, e)
            continue
        lost = _lost(report, folder.name, hashlib.sha256(content).hexdigest())
        if epoch in (None, "", lost.previous_epoch):
            return lost
    if known is None:
        return None
    last = _last_known(known, {})
    return Lost(
        "the journal was emptied or removed",
        known.epoch,
        receipted=known.receipt.high if known.receipt else 0,
        receipted_head=known.receipt.head if known.receipt else None,
        last_known=last,
        missing=((1, last),) if last else (),
    )


def report_place(folder: Path) -> Path:
    """The path of the report in `folder`."""
    return folder / REPORT


def report_of(folder: Path) -> JsonObject:
    """What `damage.json` says. StorageDamaged where it cannot be read."""
    try:
        report, _ = read_report(folder)
    except (OSError, ValueError) as e:
        raise damaged(report_place(folder), str(e)) from e
    return report


def changed_files(folder: Path, report: JsonObject) -> list[str]:
    """Names of files that are not what they were when the folder was made. OSError."""
    return [
        name
        for name, was in report["files"].items()
        if not _has_size(folder / name, was["bytes"]) or _sha256(folder / name) != was["sha256"]
    ]


def _has_size(file: Path, size: int) -> bool:
    """Asked before it is hashed: what has grown without end never is. OSError."""
    return file.is_file() and file.stat().st_size == size


def pages_of(path: Path, gate: str, size: int = 500) -> Iterator[list[JournalEvent]]:
    """The whole events of `gate` in every folder beside the journal `path`, the oldest folder
    first. A folder that cannot be read is told in the log and left out."""
    for folder in _folders(path):
        try:
            ours = (e for e in salvaged_events(folder) if e["gate"] == gate)
            while page := list(islice(ours, size)):
                yield page
        except (OSError, ValueError, KeyError) as e:
            log.warning("%s cannot be read, what it held is not known: %r", folder, e)


def _of(path: Path) -> list[Path]:
    return [path, path.with_name(f"{path.name}-wal")]


def _folders(path: Path) -> list[Path]:
    return sorted(f for f in path.parent.glob("journal-damaged-*") if f.is_dir())


def _new_folder(path: Path, at: datetime, epoch: str) -> Path:
    stamp = f"{at:%Y%m%dT%H%M%S}"
    names = (f"journal-damaged-{stamp}{again}-{epoch}" for again in _suffixes())
    for name in names:
        folder = path.with_name(name)
        if not folder.exists():
            break
    folder.mkdir(mode=0o700)
    sync_folder(path.parent)
    return folder


def _suffixes() -> Iterator[str]:
    yield "Z"
    for number in range(2, 1_000_000):
        yield f"Z.{number:06d}"


def _move(path: Path, folder: Path) -> None:
    """The database first: without it nothing opens the log, and an unfinished move is seen."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        source = path.with_name(path.name + suffix)
        target = folder / source.name
        if source.exists() and not target.exists():
            source.rename(target)
            sync_folder(folder)
    sync_folder(path.parent)


def _finish(damage: _Damage, folder: Path, why: str) -> None:
    _move(damage.path, folder)
    found = salvage.locate(_of(folder / damage.path.name), damage.gate, damage.epoch)
    _keep_salvaged(folder, found)
    if checkpoint.place(damage.path).exists():
        _keep_mark(checkpoint.place(damage.path), folder)
    text = json.dumps(_report(damage, folder, found, why), ensure_ascii=False, indent=1)
    write_file(folder / REPORT, f"{text}\n".encode(), 0o600)


def _keep_mark(mark: Path, folder: Path) -> None:
    """A copy for people. What lies there and is no mark is told, and stays where it is."""
    try:
        content = read_regular(mark, _MARK_BYTES_MAX)
    except OSError as e:
        log.error("%s cannot be read: %s", mark, e)
        return
    write_file(folder / mark.name, content, 0o600)


def _report(damage: _Damage, folder: Path, found: salvage.Found, why: str) -> JsonObject:
    last = _last_known(damage.known, found)
    receipt = damage.known.receipt if damage.known is not None else None
    return {
        "v": 1,
        "gate": damage.gate,
        "epoch": damage.epoch,
        "at": damage.at.isoformat(timespec="milliseconds"),
        "why": why,
        "receipted": receipt.high if receipt else 0,
        "receipted_head": receipt.head if receipt else None,
        "salvaged": len(found),
        "salvaged_to": max(found, default=0),
        "last_known": last,
        "missing": salvage.ranges_without(found, last),
        "files": {
            f.name: {"bytes": f.stat().st_size, "sha256": _sha256(f)}
            for f in sorted(folder.iterdir())
        },
    }


def _sha256(file: Path) -> str | None:
    """None where the card does not give the file back any more."""
    try:
        return file_sha256(file)
    except OSError as e:
        log.error("%s cannot be read: %s", file, e)
        return None


def _keep_salvaged(folder: Path, found: salvage.Found) -> None:
    part = folder / f"{SALVAGED}.part"
    with part.open("w", encoding="utf-8") as lines:
        for event in salvage.in_order(found):
            lines.write(json.dumps(event, ensure_ascii=False) + "\n")
        lines.flush()
        os.fsync(lines.fileno())
    part.replace(folder / SALVAGED)
    sync_folder(folder)


def _last_known(known: Checkpoint | None, found: salvage.Found) -> int:
    told = [] if known is None else [known.receipt.high if known.receipt else 0]
    told += [known.head.seq] if known is not None and known.head is not None else []
    return max([*told, *found], default=0)


def _lost(report: JsonObject, folder: str, digest: str) -> Lost:
    return Lost(
        report["why"],
        report["epoch"],
        report["receipted"],
        report["receipted_head"],
        report["salvaged"],
        report["salvaged_to"],
        report["last_known"],
        tuple((a, b) for a, b in report["missing"][:_NAMED_AT_MOST]),
        folder,
        digest,
    )
