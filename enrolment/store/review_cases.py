"""The queue of cases: one person at a time has a case, for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select, update

from enrolment.core.application import Application
from enrolment.core.events import Actor, Event, Locked, ManualDecided, ReviewDecided, Role
from enrolment.errors import VersionConflict
from enrolment.store.applications import Applications
from enrolment.store.instants import text_of
from enrolment.store.opening import reading, writing
from enrolment.store.tables import applications, cases
from gate.errors import Refused

LEASE = timedelta(minutes=30)
"""How long a reviewer has a case without deciding it."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A member of staff and the districts whose cases they decide."""

    id: str
    districts: frozenset[str]

    @property
    def actor(self) -> Actor:
        """Who gives the events."""
        return Actor(Role.STAFF, self.id)


Decision = ReviewDecided | ManualDecided | Locked


def next_case(store: Applications, reviewer: Reviewer, at: datetime) -> str | None:
    """The application that this reviewer looks at now: their own one, else the oldest free one of
    their districts. Nobody else gets it while the lease runs."""
    now = text_of(at)
    with writing(store.engine) as connection:
        of_theirs = (
            select(cases)
            .where(cases.c.round == store.round_id, cases.c.district.in_(reviewer.districts))
            .order_by(cases.c.since, cases.c.application)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        own = connection.execute(
            of_theirs.where(cases.c.reviewer == reviewer.id, cases.c.leased_until > now)
        ).one_or_none()
        free = or_(cases.c.leased_until.is_(None), cases.c.leased_until <= now)
        row = own or connection.execute(of_theirs.where(free)).one_or_none()
        if row is None:
            return None
        connection.execute(
            update(cases)
            .where(cases.c.application == row.application)
            .values(reviewer=reviewer.id, leased_until=text_of(at + LEASE))
        )
        return str(row.application)


def decide(
    store: Applications, reviewer: Reviewer, application: str, event: Decision, expected: int
) -> Application:
    """Applies a decision on the case that the reviewer has. Refused for another district or another
    person's case; VersionConflict where the lease has run out; what `apply` raises."""
    with writing(store.engine) as connection:
        _check_district(connection, reviewer, application)
        if not isinstance(event, Locked):
            _check_lease(connection, reviewer, application, event)
        return store.apply_within(connection, application, event, expected)


def waiting(store: Applications, districts: Sequence[str] | None = None) -> dict[str, int]:
    """How many cases wait or are looked at, by kind."""
    query = select(cases.c.kind).where(cases.c.round == store.round_id)
    if districts is not None:
        query = query.where(cases.c.district.in_(districts))
    with reading(store.engine) as connection:
        kinds = [row.kind for row in connection.execute(query)]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def _check_district(connection: Connection, reviewer: Reviewer, application: str) -> None:
    district = connection.execute(
        select(applications.c.district).where(applications.c.application == application)
    ).scalar_one_or_none()
    if district not in reviewer.districts:
        raise Refused(
            "This application belongs to another district.", "该报名属于其他考区。", at=district
        )


def _check_lease(
    connection: Connection, reviewer: Reviewer, application: str, event: Event
) -> None:
    case = connection.execute(select(cases).where(cases.c.application == application)).one_or_none()
    if case is not None and case.reviewer not in (None, reviewer.id):
        raise Refused(
            "Another reviewer has this case: take the next one.",
            "该报名正由其他审核员处理：请处理下一份。",
        )
    if case is None or case.leased_until is None or case.leased_until <= text_of(event.at):
        raise VersionConflict(
            "You no longer have this case: take the next one.",
            "该报名已不在您名下：请处理下一份。",
        )
