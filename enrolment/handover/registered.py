"""The applications of a round that have a ticket number."""

from collections.abc import Iterator

from sqlalchemy import select

from enrolment.core.application import Application
from enrolment.core.status import Status
from enrolment.store.applications import Applications
from enrolment.store.opening import reading
from enrolment.store.tables import applications


def registered(store: Applications, *statuses: Status) -> Iterator[Application]:
    """Those in one of `statuses`, by ticket number; registered and seated where none is named."""
    wanted = statuses or (Status.REGISTERED, Status.SEATED)
    with reading(store.engine) as connection:
        found = connection.execute(
            select(applications.c.application)
            .where(applications.c.round == store.round_id, applications.c.status.in_(wanted))
            .order_by(applications.c.ticket)
        ).all()
    for row in found:
        yield store.load(row.application)
