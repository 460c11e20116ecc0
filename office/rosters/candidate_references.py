"""Candidates with their references: photos enrolled, the exam's cohort drawn."""

import random
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from gate.core.exam import Seat
from gate.core.health_report import HandedIn
from gate.errors import PhotoRejected
from gate.ports import Template
from gate.ports.values import TemplateRows
from gate.roster.file_format import COHORT_SIZE
from office.rosters.health_cells import merged
from office.rosters.photo_names import Claims, printable
from office.rosters.photos import read_photo
from office.rosters.rows import CandidateRow

_FILES_SHOWN = 5


class Enrolled(Protocol):
    """`gate.models.portrait.AcceptedPortrait` in the program."""

    @property
    def template(self) -> Template:
        """128 values, unit length."""


class Enrolling(Protocol):
    """`gate.models.portrait.Enroller` in the program."""

    def enrol(self, jpeg: bytes) -> Enrolled:
        """PhotoRejected."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """All rows of one ticket."""

    ticket: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    rows: tuple[CandidateRow, ...] = field(repr=False)

    @property
    def sites(self) -> frozenset[str]:
        """The ids of the sites at which the candidate has papers."""
        return frozenset(row.site for row in self.rows)

    @property
    def flags(self) -> frozenset[str]:
        """The flags of all of the candidate's rows."""
        return frozenset(flag for row in self.rows for flag in row.flags)

    @property
    def handed_in(self) -> HandedIn:
        """Notice and health report, of all of the candidate's rows."""
        return merged(row.handed_in for row in self.rows)

    def seats_at(self, site: str) -> tuple[Seat, ...]:
        """The candidate's seats at `site`."""
        return tuple(Seat(r.paper, r.room, r.seat) for r in self.rows if r.site == site)


@dataclass(frozen=True, slots=True)
class UnusablePhoto:
    """A candidate who stays on the roster without a reference; the gate says NO_REFERENCE."""

    ticket: str
    reason: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class References:
    """`templates` by ticket; `cohort`: 200 x 128 drawn from all of them, None where there are
    fewer."""

    templates: dict[str, Template]
    cohort: TemplateRows | None
    unusable: tuple[UnusablePhoto, ...]


def people_of(rows: Iterable[CandidateRow]) -> list[Candidate]:
    """The candidates of the rows, one for each ticket, in the order of the rows."""
    by_ticket: dict[str, list[CandidateRow]] = {}
    for row in rows:
        by_ticket.setdefault(row.ticket.upper(), []).append(row)
    return [Candidate(r[0].ticket, r[0].number, r[0].name, tuple(r)) for r in by_ticket.values()]


def enrolled(
    people: Sequence[Candidate],
    wanted_sites: Iterable[str],
    claims: Claims,
    enroller: Enrolling,
    on_person: Callable[[], None],
) -> References:
    """References of everybody at `wanted_sites`, and of others only until the cohort is full.

    The order is drawn by lot. So the first 200 are a random draw from the whole exam, whichever
    sites are built. Their places in the cohort tell nobody's number.
    """
    wanted = frozenset(wanted_sites)
    templates: dict[str, Template] = {}
    unusable: list[UnusablePhoto] = []
    for person in _shuffled(people):
        if len(templates) < COHORT_SIZE or person.sites & wanted:
            try:
                _refuse_several(claims, person.ticket)
                photo = read_photo(claims.photos, person.ticket)
                templates[person.ticket] = enroller.enrol(photo).template
            except PhotoRejected as e:
                unusable.append(UnusablePhoto(person.ticket, str(e.reason), e.en, e.zh))
        on_person()
    # A dict keeps the order of insertion, which is the drawn one.
    first = list(templates.values())[:COHORT_SIZE]
    cohort = np.stack(first).astype(np.float32) if len(first) == COHORT_SIZE else None
    return References(templates, cohort, tuple(sorted(unusable, key=lambda u: u.ticket)))


def _refuse_several(claims: Claims, ticket: str) -> None:
    """PhotoRejected, `reason` several-photos."""
    files = claims.several.get(ticket.upper())
    if files:
        shown = ", ".join(printable(Path(path.name)) for path in files[:_FILES_SHOWN])
        more = " …" if len(files) > _FILES_SHOWN else ""
        raise PhotoRejected(
            f"There are {len(files)} photos ({shown}{more}): hand in one.",
            f"有 {len(files)} 张相片（{shown}{more}）：请只提供一张。",
            reason="several-photos",
        )


def _shuffled(people: Sequence[Candidate]) -> list[Candidate]:
    drawn = list(people)
    random.Random(secrets.randbits(256)).shuffle(drawn)
    return drawn
