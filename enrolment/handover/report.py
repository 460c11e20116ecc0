"""What a round came to: numbers by district, money, what waits; and whether the rows are true."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from enrolment.store import effect_rows
from enrolment.store.applications import Applications
from enrolment.store.chain import verify
from enrolment.store.opening import reading
from enrolment.store.review_cases import waiting
from enrolment.store.tables import applications, bookings


@dataclass(frozen=True, slots=True)
class Report:
    """`statuses`: by district and status. `payments`: by kind, how many and the sum in fen; those
    for unknown orders among them. `differing`: applications whose row is not what events make."""

    round: str
    events: int
    statuses: dict[str, dict[str, int]]
    waiting: dict[str, int]
    open_effects: int
    payments: dict[str, tuple[int, int]]
    differing: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many applications there are."""
        return sum(sum(counts.values()) for counts in self.statuses.values())


def report(store: Applications) -> Report:
    """The figures, once the chain was verified. StorageDamaged."""
    with reading(store.engine) as connection:
        events = verify(connection, store.round_id)
        rows = connection.execute(
            select(applications.c.district, applications.c.status, func.count().label("n"))
            .where(applications.c.round == store.round_id)
            .group_by(applications.c.district, applications.c.status)
        ).all()
        of_round = select(applications.c.application).where(applications.c.round == store.round_id)
        paid = connection.execute(
            select(bookings.c.kind, func.count().label("n"), func.sum(bookings.c.fen).label("fen"))
            .where(bookings.c.application.in_(of_round) | bookings.c.application.is_(None))
            .group_by(bookings.c.kind)
        ).all()
        left = effect_rows.count_open(connection, store.round_id)
    statuses: dict[str, dict[str, int]] = {}
    for row in rows:
        statuses.setdefault(row.district or "-", {})[row.status] = row.n
    payments = {row.kind: (int(row.n), int(row.fen)) for row in paid}
    return Report(store.round_id, events, statuses, waiting(store), left, payments)


def differing(store: Applications) -> tuple[str, ...]:
    """Applications whose row, or whose fee, is not what their events make: there must be none."""
    with reading(store.engine) as connection:
        rows = connection.execute(
            select(applications).where(applications.c.round == store.round_id)
        ).all()
        fees = connection.execute(
            select(bookings.c.application).where(bookings.c.kind == "fee")
        ).all()
    taken = Counter(row.application for row in fees)
    found = []
    for row in rows:
        state = store.load(row.application)
        of_events = (str(state.status), state.version, state.ticket or None, state.fee_taken)
        if of_events != (row.status, row.version, row.ticket, taken[state.id] == 1):
            found.append(state.id)
    return tuple(found)
