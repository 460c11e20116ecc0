"""Effects that wait. Each is named by the event that asked for it, so it is done once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from enrolment.core.application import Application
from enrolment.core.effects import BookPayment, Effect, Tell
from enrolment.store.instants import text_of
from enrolment.store.tables import bookings, effects

LEASE = timedelta(minutes=5)
"""How long another worker leaves an effect to the one that took it."""


class EffectKey(NamedTuple):
    """The event that asked for it, and its place among the effects of that event."""

    application: str
    version: int
    place: int

    @property
    def text(self) -> str:
        """One name; external services get it so that a repetition is known to be one."""
        return f"{self.application}-{self.version}-{self.place}"


class OpenEffect(NamedTuple):
    """An effect to be done. `argument`: of `Tell` its message, else empty."""

    key: EffectKey
    kind: str
    argument: str


def add(connection: Connection, after: Application, found: Iterable[Effect], at: datetime) -> None:
    """Keeps what must be done. A booking is done at once, with the event itself."""
    for place, effect in enumerate(found):
        if isinstance(effect, BookPayment):
            row = {
                "payment": effect.payment,
                "application": after.id,
                "order": effect.order,
                "kind": str(effect.kind),
                "fen": effect.fen,
                "at": text_of(at),
            }
            connection.execute(insert(bookings).values(row))
            continue
        connection.execute(
            insert(effects).values(
                application=after.id,
                version=after.version,
                place=place,
                round=after.round.id,
                kind=type(effect).__name__,
                argument=effect.message if isinstance(effect, Tell) else "",
            )
        )


def is_open(connection: Connection, key: EffectKey) -> bool:
    """Whether it still has to be done."""
    found = connection.execute(select(effects.c.done_at).where(*_is(key))).one_or_none()
    return found is not None and found.done_at is None


def finish(connection: Connection, key: EffectKey, at: datetime) -> None:
    """It is done."""
    connection.execute(update(effects).where(*_is(key)).values(done_at=text_of(at)))


def take(connection: Connection, round_id: str, at: datetime) -> OpenEffect | None:
    """The oldest open effect that no worker has, leased; None where there is none."""
    row = connection.execute(
        select(effects)
        .where(effects.c.round == round_id, effects.c.done_at.is_(None), _free(at))
        .order_by(effects.c.application, effects.c.version, effects.c.place)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    key = EffectKey(row.application, row.version, row.place)
    connection.execute(update(effects).where(*_is(key)).values(leased_until=text_of(at + LEASE)))
    return OpenEffect(key, row.kind, row.argument)


def count_open(connection: Connection, round_id: str) -> int:
    """How many effects are not done."""
    rows = connection.execute(
        select(effects.c.place).where(effects.c.round == round_id, effects.c.done_at.is_(None))
    )
    return len(rows.all())


def _is(key: EffectKey) -> tuple[ColumnElement[bool], ...]:
    return (
        effects.c.application == key.application,
        effects.c.version == key.version,
        effects.c.place == key.place,
    )


def _free(at: datetime) -> ColumnElement[bool]:
    return or_(effects.c.leased_until.is_(None), effects.c.leased_until <= text_of(at))
