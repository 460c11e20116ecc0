"""How rosters end: wiped by staff, at the end of retention, or by a newer version."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gate.errors import StorageDamaged
from gate.platform.json_values import decode_json
from gate.roster import shredding
from gate.roster.repository import (
    MANIFEST,
    MANIFEST_BYTES_MAX,
    RosterRepository,
    read_record,
)
from gate.roster.shredding import Cause


def wipe(state: Path, now: datetime, trusted: bool | None = None) -> list[str]:
    """Destroy every roster and every evidence picture of the unit; what was destroyed, by name.
    `trusted`: whether `now` is. StorageRefused: what was begun is finished by the next call, or by
    the gate when it starts."""
    repository, cause = RosterRepository.of(state), Cause("staff", now, trusted)
    with repository.held():
        done = [shredding.finish(repository)]
        done += [destroy(repository, folder, (), cause) for folder in repository.folders()]
        if pictures := shredding.evidence_of(repository):
            done.append(destroy(repository, None, pictures, cause))
        repository.pointer.unlink(missing_ok=True)
    return [name for name in done if name is not None]


@dataclass(frozen=True, slots=True)
class Overdue:
    """What the end of retention asks for. `stay`: exams whose time has not come."""

    folders: tuple[Path, ...]
    stay: frozenset[str]


def overdue(state: Path, now: datetime) -> Overdue | None:
    """Rosters whose exam and retention are over; None where there are none. `now` must be a time
    that was confirmed (`gate.core.confirmed_time`). Cheap. StorageRefused where a manifest
    does not read, StorageDamaged where it is damaged: nothing is destroyed on a guess."""
    repository = RosterRepository.of(state)
    known = {folder: about(folder) for folder in repository.folders()}
    over = tuple(f for f, found in known.items() if found is None or now >= found.expires)
    if not over:
        return None
    stay = frozenset(found.exam for found in known.values() if found and now < found.expires)
    return Overdue(over, stay)


def destroy_overdue(state: Path, now: datetime, keep: frozenset[str]) -> list[str]:
    """Destroy what is overdue at a confirmed time, and every evidence picture whose name is not in
    `keep`. StorageRefused, and what was begun is finished later."""
    repository = RosterRepository.of(state)
    with repository.held():
        done = [shredding.finish(repository)]
        found = overdue(state, now)
        if found is not None:
            pictures = [p for p in shredding.evidence_of(repository) if p.name not in keep]
            for folder in found.folders:
                done.append(destroy(repository, folder, pictures, Cause("retention", now, True)))
                pictures = []
    return [name for name in done if name is not None]


def destroy(
    repository: RosterRepository, folder: Path | None, evidence: Iterable[Path], cause: Cause
) -> str:
    """Destroys a roster's folder, if any, and evidence pictures; what was destroyed, in words."""
    wanted = shredding.order(folder, evidence, cause)
    shredding.carry_out(repository, wanted)
    return wanted.roster or f"{len(wanted.evidence)} evidence picture(s)"


@dataclass(frozen=True, slots=True)
class Kept:
    """Of an installed roster: its exam's id, and when its retention is over."""

    exam: str
    expires: datetime


def about(folder: Path) -> Kept | None:
    """From a manifest that was verified when it was installed; None where it is gone, and with it
    the keys. StorageRefused where it does not read now, StorageDamaged."""
    path = folder / MANIFEST
    content = read_record(path, MANIFEST_BYTES_MAX)
    if content is None:
        return None
    try:
        body = decode_json(content)
        exam, expires = body["exam"]["exam"], datetime.fromisoformat(body["expires"])
        if not isinstance(exam, str) or expires.tzinfo is None:
            raise ValueError("no exam or no time zone")
        return Kept(exam, expires)
    except (ValueError, KeyError, TypeError) as e:
        raise StorageDamaged(
            f"{path} is damaged, so nobody can tell when its roster is to be destroyed: install "
            "the roster again, or say exam-gate roster wipe --yes.",
            f"{path} 已损坏，无法确定名册何时应销毁：请重新安装名册，或运行 "
            "exam-gate roster wipe --yes。",
            path=str(path),
        ) from e


def replaced_by(exam: str, folder: Path) -> bool:
    """Whether a new roster of `exam` takes the place of the one in `folder`. StorageRefused.

    It does where that one is of the same exam, or of no use any more.
    """
    try:
        found = about(folder)
    except StorageDamaged:
        return True
    return found is None or found.exam == exam
