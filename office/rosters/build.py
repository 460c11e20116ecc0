"""Rosters of an exam, one for each site: sealed to its gates, signed, numbered upwards."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gate.core.exam import Exam
from gate.core.local_time import days_later
from gate.core.staff_list import StaffMember
from gate.errors import ExpiryRefused, InputDamaged, UsageError
from gate.platform.durable_files import file_sha256, write_file
from gate.platform.json_values import decode_json
from gate.platform.regular_file import read_regular
from gate.ports import Template
from gate.ports.values import TemplateRows
from gate.roster.file_format import CandidateRecord
from gate.roster.file_writer import RosterRow, write_roster
from gate.roster.keys import read_key, write_key
from gate.roster.manifest import SUFFIX, Manifest, sign, stem
from gate.roster.repository import storage_refused
from gate.roster.sealing import RosterKeys, new_key, wrap
from office.audit.exam_versions import keep_version
from office.home import Home
from office.keys.enrolment import Enrolment, assign, enrolments
from office.rosters.candidate_references import Candidate, References
from office.rosters.photos import read_photo, travelling_jpeg

_VERSIONS_BYTES_MAX = 1 << 24

DRAFT_SUFFIX = ".draft.json"

Statistics = Callable[[Template, TemplateRows], tuple[float, float]]
"""`gate.models.matching.cohort_statistics`: mean and deviation of the highest similarities."""


@dataclass(frozen=True, slots=True)
class Built:
    """A sealed roster; `path`: its manifest."""

    manifest: Manifest
    path: Path


@dataclass(frozen=True, slots=True)
class Draft:
    """What a roster would hold, nothing sealed or signed; `path`: where that is written.
    `counts`: as in a manifest."""

    path: Path
    counts: dict[str, int]
    gates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Making:
    """What every site's roster is made from. `photos`: ticket to file. `staff`: of all sites."""

    exam: Exam
    people: Sequence[Candidate]
    references: References
    photos: dict[str, Path]
    statistics: Statistics
    now: datetime
    staff: Sequence[StaffMember] = ()


def sites_to_build(exam: Exam, people: Sequence[Candidate], named: Sequence[str]) -> list[str]:
    """The sites with candidates, or those of `named`. UsageError for an unknown one."""
    known = [site.id for site in exam.sites]
    for site in named:
        if site not in known:
            raise UsageError(
                f"The exam has no site {site!r}; its sites are {', '.join(known)}.",
                f"无此考点 {site!r}；考点有 {', '.join(known)}。",
                site=site,
            )
    peopled = frozenset(site for person in people for site in person.sites)
    return [site for site in named or known if site in peopled]


def gates_by_site(home: Home, sites: Sequence[str]) -> dict[str, list[Enrolment]]:
    """The enrolled gates of each site. InputDamaged where no site has any."""
    enrolled = enrolments(home).values()
    found = {site: [e for e in enrolled if e.site == site] for site in sites}
    if not any(found.values()):
        raise InputDamaged(
            f"No gate of {', '.join(sites) or 'any site with candidates'} is enrolled in "
            f"{home.root}, so nobody could open the roster: run exam-office keys --gate ID first.",
            "没有已登记的闸机，名册无人可解密：请先运行 exam-office keys --gate 编号。",
            home=str(home.root),
        )
    return {site: gates for site, gates in found.items() if gates}


def check_dates(exam: Exam, now: datetime) -> datetime:
    """When the rosters of the exam expire. ExpiryRefused where that has passed.

    It is the time of day at which its last paper ends, `retention_days` days later on the exam's
    own calendar.
    """
    expires = days_later(max(p.end for p in exam.papers), exam.retention_days, exam.zone)
    if expires <= now:
        raise ExpiryRefused(
            f"Exam {exam.id} and its retention ended on {expires:%Y-%m-%d}: correct the dates of "
            "its papers.",
            f"考试 {exam.id} 已结束且超过保存期（{expires:%Y-%m-%d}）：请核对科目时间。",
            expires=expires,
        )
    return expires


def build_site(
    making: Making, site: str, gates: Sequence[Enrolment], home: Home, out: Path
) -> Built:
    """Write `<exam>_<site>_v<N>.roster` and its manifest into `out`; the manifest last."""
    exam = making.exam
    signing = read_key(home.office / "office-signing.key", "the office's signing key")
    keys = RosterKeys(new_key(), _index_key(home, exam.id))
    with storage_refused(out):
        out.mkdir(parents=True, exist_ok=True)
        version = latest_version(home, out, exam.id, site) + 1
        file = out / f"{stem(exam.id, site, version)}.roster"
        _write_file(making, site, keys, gates, file)
        sealed = {g.gate: wrap(keys, g.sealing) for g in gates}
        manifest = _manifest(making, site, version, file, sealed)
        path = out / f"{stem(exam.id, site, version)}{SUFFIX}"
        signed = sign(manifest, signing)
        keep_version(home, manifest, signed)
        write_file(path, signed, 0o644)
        remember_version(home, exam.id, site, version)
        for gate in gates:
            assign(home, gate.gate, exam.id)
    return Built(manifest, path)


def draft_site(
    making: Making, site: str, gates: Sequence[Enrolment], home: Home, out: Path
) -> Draft:
    """Write `<exam>_<site>_v<N>.draft.json` into `out`. N, the next version, is not used up."""
    exam = making.exam
    version = latest_version(home, out, exam.id, site) + 1
    draft = Draft(
        out / f"{stem(exam.id, site, version)}{DRAFT_SUFFIX}",
        _counts(making, site),
        tuple(gate.gate for gate in gates),
    )
    body = {
        "draft": True,
        "exam": exam.id,
        "site": site,
        "version": version,
        "counts": draft.counts,
        "gates": draft.gates,
    }
    with storage_refused(out):
        write_file(draft.path, json.dumps(body, indent=1).encode() + b"\n", 0o644)
    return draft


def _write_file(
    making: Making, site: str, keys: RosterKeys, gates: Sequence[Enrolment], file: Path
) -> None:
    staged = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    whereabouts = [(p.number, at) for p in making.people for at in p.sites]
    papers = [
        (p.number, row.paper, row.site) for p in making.people if len(p.sites) > 1 for row in p.rows
    ]
    try:
        cohort = making.references.cohort
        write_roster(
            staged,
            _rows(making, site),
            whereabouts,
            cohort,
            keys,
            papers=papers,
            staff=[member for member in making.staff if member.site == site],
            gates={gate.gate: gate.signing for gate in gates},
        )
        staged.replace(file)
    finally:
        staged.unlink(missing_ok=True)


def _rows(making: Making, site: str) -> Iterator[RosterRow]:
    for person in making.people:
        if site not in person.sites:
            continue
        template = making.references.templates.get(person.ticket)
        mean, deviation = _normalisation(making, template)
        record = CandidateRecord(
            ticket=person.ticket,
            name=person.name,
            seats=person.seats_at(site),
            flags=person.flags,
            template=template,
            mean=mean,
            deviation=deviation,
            handed_in=person.handed_in,
        )
        photo = (
            None if template is None else travelling_jpeg(read_photo(making.photos, person.ticket))
        )
        yield RosterRow(person.number, record, photo)


def _normalisation(
    making: Making, template: Template | None
) -> tuple[float, float] | tuple[None, None]:
    if template is None or making.references.cohort is None:
        return None, None
    return making.statistics(template, making.references.cohort)


def _manifest(
    making: Making, site: str, version: int, file: Path, keys: dict[str, str]
) -> Manifest:
    exam = making.exam
    return Manifest(
        exam=exam,
        site=site,
        version=version,
        previous=version - 1 or None,
        not_before=making.now.replace(microsecond=0),
        expires=check_dates(exam, making.now),
        file=file.name,
        sha256=file_sha256(file),
        size=file.stat().st_size,
        counts=_counts(making, site),
        keys=keys,
    )


def _counts(making: Making, site: str) -> dict[str, int]:
    references = making.references
    here = [person for person in making.people if site in person.sites]
    return {
        "candidates": len(here),
        "with_reference": sum(p.ticket in references.templates for p in here),
        "exam_candidates": len(making.people),
        "cohort": 0 if references.cohort is None else len(references.cohort),
    }


def _index_key(home: Home, exam: str) -> bytes:
    """One for each exam: numbers keyed by one site's gate mean the same at every other."""
    path = home.index_key(exam)
    if not path.exists():
        write_key(path, new_key(), private=True)
    return read_key(path, "the exam's index key")


def latest_version(home: Home, out: Path, exam: str, site: str) -> int:
    """The highest version ever built: what the office remembers, and what lies in `out`."""
    prefix = f"{exam}_{site}_v"
    numbers = [
        path.name.removeprefix(prefix).removesuffix(SUFFIX)
        for path in out.glob(f"{prefix}*{SUFFIX}")
    ]
    remembered = int(_versions(home).get(f"{exam}/{site}", 0))
    return max([remembered, *(int(n) for n in numbers if n.isascii() and n.isdigit())])


def remember_version(home: Home, exam: str, site: str, version: int) -> None:
    """So that the next one is higher, wherever it is written to."""
    known = {**_versions(home), f"{exam}/{site}": version}
    write_file(home.versions, json.dumps(known, indent=1).encode() + b"\n", 0o600)


def _versions(home: Home) -> dict[str, int]:
    try:
        found = decode_json(read_regular(home.versions, _VERSIONS_BYTES_MAX))
        if not isinstance(found, dict):
            raise TypeError("no object")
        return {str(roster): int(version) for roster, version in found.items()}
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise
    except (OSError, ValueError, TypeError) as e:
        raise InputDamaged(
            f"{home.versions} is damaged, and with it the last version of every roster: restore it "
            "from the backup.",
            f"{home.versions} 已损坏，无法确定名册的最新版本：请从备份恢复。",
            path=str(home.versions),
        ) from e
