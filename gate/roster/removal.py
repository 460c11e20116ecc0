"""How rosters end: wiped by staff, at the end of retention, or by a newer version."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gate.core.json_types import JsonObject
from gate.platform.json_values import decode_json
from gate.roster import shredding
from gate.roster.repository import MANIFEST, RosterRepository
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
    that was confirmed (`gate.core.confirmed_time`). Cheap. OSError where a manifest does not read:
    nothing is destroyed on a guess."""
    repository = RosterRepository.of(state)
    known = {folder: about(folder) for folder in repository.folders()}
    over = tuple(f for f, found in known.items() if not found or has_expired(found, now))
    if not over:
        return None
    stay = frozenset(found["exam"] for f, found in known.items() if f not in over)
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
    wanted = shredding.order(folder, evidence, cause)
    shredding.carry_out(repository, wanted)
    return wanted.roster or f"{len(wanted.evidence)} evidence picture(s)"


def about(folder: Path) -> JsonObject:
    """From a manifest that was verified when it was installed; empty where it is gone or damaged,
    and with it the keys. OSError where it does not read now."""
    try:
        body = decode_json((folder / MANIFEST).read_bytes())
        exam = body["exam"]["exam"]
        name = f"{exam}/{body['site']}/v{body['version']}"
        return {"exam": exam, "name": name, "expires": body["expires"]}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}


def has_expired(found: JsonObject, now: datetime) -> bool:
    return now >= datetime.fromisoformat(found["expires"])
