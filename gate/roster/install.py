"""Installing, opening and destroying the roster of a unit.

Whatever fails leaves the installed roster as it was. The new one is checked whole in a staging
folder, renamed into place, and `current` is switched last. Versions of an exam never go back, not
even after wiping.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gate.core.json_types import JsonObject
from gate.core.local_time import date_time_text
from gate.errors import (
    ExpiryRefused,
    Refused,
    StorageDamaged,
    VersionRefused,
)
from gate.platform.durable_files import file_sha256, sync_folder, write_file
from gate.roster import shredding
from gate.roster.install_source import check_file, copied, read_manifest
from gate.roster.manifest import Manifest, digest, verify
from gate.roster.open_roster import InstalledRoster
from gate.roster.repository import (
    MANIFEST,
    MANIFEST_BYTES_MAX,
    RosterRepository,
    read_record,
    reading_refused,
)
from gate.roster.retention import destroy, replaced_by
from gate.roster.sealing import RosterKeys, unwrap
from gate.roster.shredding import Cause

Accept = Callable[[InstalledRoster], None]
"""Raises GateError for a roster that this unit could not use."""


def accept_any(_: InstalledRoster) -> None:
    """A check that accepts every roster."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A roster that was installed.

    `already`: this very roster was installed and whole, nothing was changed.
    """

    manifest: Manifest
    already: bool


def install(
    source: Path,
    state: Path,
    *,
    gate: str,
    site: str,
    office_public_key: bytes,
    sealing_private_key: bytes,
    now: datetime,
    accept: Accept = accept_any,
) -> Installed:
    """Install the roster at `source`: a folder such as a USB stick, or a manifest in it.
    `office_public_key`: Ed25519; `sealing_private_key`: the gate's X25519. `accept` raises
    GateError for one that this unit could not use: nothing is changed then.

    SignatureRefused, VersionRefused, ExpiryRefused, Refused (wrong site, not for this gate),
    InputDamaged (file missing, cut short, altered), StorageRefused (disk full).
    """
    repository = RosterRepository.of(state)
    path, raw = read_manifest(source, site)
    manifest = verify(raw, office_public_key, str(path))
    _check_recipient(manifest, gate, site)
    _check_dates(manifest, now)
    keys = unwrap(manifest.keys[gate], sealing_private_key)
    with repository.held():
        shredding.finish(repository)
        is_newer = _is_newer(manifest, digest(raw), repository)
        if not is_newer and _is_in_use(repository, manifest, raw):
            check_file(path.parent, manifest)  # a damaged stick is told even then
            _require(accept, path.parent / manifest.file, manifest, keys)
            return Installed(manifest, already=True)
        staged = copied(path.parent, manifest, repository.staging)
        write_file(staged / MANIFEST, raw, 0o600)
        _require(accept, staged / manifest.file, manifest, keys)
        _switch(repository, staged, manifest, digest(raw))
        _note(repository, "installed", manifest, now)
        _destroy_superseded(repository, manifest, now)
    return Installed(manifest, already=False)


def current_manifest(state: Path) -> Path | None:
    """The installed manifest; its path differs after every installation. Cheap enough to poll."""
    return RosterRepository.of(state).current()


def open_installed(
    state: Path, gate: str, sealing_private_key: bytes, office_public_key: bytes
) -> InstalledRoster | None:
    """The installed roster, its signature and SHA-256 checked again; None where there is none.

    InputDamaged, SignatureRefused, StorageDamaged, StorageRefused. Dates are the
    caller's question: `manifest.expires`.
    """
    path = current_manifest(state)
    if path is None:
        return None
    raw = read_record(path, MANIFEST_BYTES_MAX)
    if raw is None:  # wiped a moment ago
        return None
    manifest = verify(raw, office_public_key, str(path))
    with reading_refused(path.parent / manifest.file):
        is_whole = _is_whole(path.parent / manifest.file, manifest)
    if not is_whole:
        raise StorageDamaged(
            f"The installed roster {manifest.name} is damaged: install it again from its source.",
            f"已安装的名册 {manifest.name} 已损坏：请重新安装。",
            path=str(path.parent / manifest.file),
        )
    keys = unwrap(manifest.keys.get(gate, ""), sealing_private_key)
    return InstalledRoster(path.parent / manifest.file, manifest, keys)


def status(
    state: Path,
    gate: str,
    sealing_private_key: bytes,
    office_public_key: bytes,
    accept: Accept = accept_any,
) -> Manifest | None:
    """What is installed and opens for this unit. Errors as `open_installed`, and of `accept`."""
    roster = open_installed(state, gate, sealing_private_key, office_public_key)
    if roster is None:
        return None
    with roster:
        accept(roster)
        return roster.manifest


def history(state: Path, after: int = 0) -> list[JsonObject]:
    """Installations and destructions for the journal, numbered by `note`, those above `after`."""
    return RosterRepository.of(state).notes(after)


def _require(accept: Accept, file: Path, manifest: Manifest, keys: RosterKeys) -> None:
    with InstalledRoster(file, manifest, keys) as roster:
        accept(roster)


def _check_recipient(manifest: Manifest, gate: str, site: str) -> None:
    if manifest.site != site:
        raise Refused(
            f"Roster {manifest.name} is for site {manifest.site}, this unit stands at {site}: "
            "take the roster of this site.",
            f"名册属于考点 {manifest.site}，本机属于 {site}：请使用本考点的名册。",
            site=manifest.site,
        )
    if gate not in manifest.keys:
        raise Refused(
            f"Roster {manifest.name} is not sealed to gate {gate}, only to "
            f"{', '.join(sorted(manifest.keys)) or 'nobody'}: enrol this gate and build it again.",
            f"名册未授权给闸机 {gate}：请在考试中心登记本机后重新生成。",
            gate=gate,
        )


def _check_dates(manifest: Manifest, now: datetime) -> None:
    said = date_time_text(now, manifest.exam.zone)
    if now >= manifest.expires:
        expired = date_time_text(manifest.expires, manifest.exam.zone)
        raise ExpiryRefused(
            f"Roster {manifest.name} expired on {expired}; this unit's clock says {said}: take the "
            "roster of the coming exam.",
            f"名册已于 {expired} 过期（本机时钟：{said}）：请使用本次考试的名册。",
            expires=manifest.expires,
        )
    if now < manifest.not_before:
        begins = date_time_text(manifest.not_before, manifest.exam.zone)
        raise ExpiryRefused(
            f"Roster {manifest.name} is valid from {begins}; this unit's clock says {said}: set "
            "the clock, then install again.",
            f"名册自 {begins} 起有效（本机时钟：{said}）：请先校准本机时钟。",
            not_before=manifest.not_before,
        )


def _is_newer(manifest: Manifest, manifest_digest: str, repository: RosterRepository) -> bool:
    """False for the very same roster; VersionRefused for an older one or another of its number."""
    known = repository.trusted().get(_exam_and_site(manifest))
    if known is None or manifest.version > known["version"]:
        return True
    if manifest.version == known["version"] and manifest_digest == known["digest"]:
        return False
    raise VersionRefused(
        f"Version {manifest.version} of the roster is not newer than version {known['version']}, "
        "which this unit has had: build a new version at the office.",
        f"名册版本 {manifest.version} 不高于本机已用过的版本 {known['version']}：请生成新版本。",
        version=manifest.version,
        known=known["version"],
    )


def _is_in_use(repository: RosterRepository, manifest: Manifest, raw: bytes) -> bool:
    """Whether `raw` is in use and its file whole. A damaged one is installed once more."""
    try:
        current = repository.current()
        return current is not None and (
            read_record(current, MANIFEST_BYTES_MAX) == raw
            and _is_whole(current.parent / manifest.file, manifest)
        )
    except OSError:  # damaged or not to be read: installing again is the remedy
        return False


def _is_whole(file: Path, manifest: Manifest) -> bool:
    return file.is_file() and file_sha256(file) == manifest.sha256


def _switch(
    repository: RosterRepository, staged: Path, manifest: Manifest, manifest_digest: str
) -> None:
    repository.installed.mkdir(exist_ok=True, mode=0o700)
    # A fresh name each time, so that a reader who polls `current` sees a reinstallation too.
    name = f"{manifest.file.removesuffix('.roster')}.{secrets.token_hex(4)}"
    folder = staged.rename(repository.installed / name)
    sync_folder(repository.installed)
    # Before the switch: a power cut between the two leaves the old roster. The new one can still
    # be installed, because it is the version that is trusted.
    repository.trust(_exam_and_site(manifest), manifest.version, manifest_digest)
    repository.point_to(folder)


def _destroy_superseded(repository: RosterRepository, manifest: Manifest, now: datetime) -> None:
    """Destroys older rosters of this exam at once.

    Another exam's stays, to be installed again, until the unit is wiped or the running gate
    destroys it. The clock of this moment alone ends nothing.
    """
    current = repository.current()
    for folder in repository.folders():
        if current is not None and folder == current.parent:
            continue
        if replaced_by(manifest.exam.id, folder):
            destroy(repository, folder, (), Cause("superseded", now))


def _note(repository: RosterRepository, what: str, manifest: Manifest, now: datetime) -> None:
    facts = {"roster": manifest.name, "sha256": manifest.sha256, **manifest.counts}
    repository.note(what, now, facts)


def _exam_and_site(manifest: Manifest) -> str:
    return f"{manifest.exam.id}/{manifest.site}"
