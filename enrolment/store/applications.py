"""Applications in the database: every change is one transaction of event, row, case and effects."""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from enrolment.core.application import Application, Step
from enrolment.core.deadlines import deadline, is_due
from enrolment.core.events import Actor, Event, Expired, Role, Started
from enrolment.core.round import Round
from enrolment.core.status import Status
from enrolment.core.transitions import start, step
from enrolment.errors import NumberTaken, VersionConflict
from enrolment.store import effect_rows
from enrolment.store.chain import append, lock
from enrolment.store.effect_rows import EffectKey
from enrolment.store.event_rows import body_of, state_of
from enrolment.store.instants import text_of
from enrolment.store.opening import reading, writing
from enrolment.store.round_rows import load_rounds, newest_version
from enrolment.store.sealed_media import SealedMedia
from enrolment.store.tables import applications, cases, orders

CLOCK = Actor(Role.SYSTEM, "clock")
_QUEUED = {Status.UNDER_REVIEW: "review", Status.MANUAL_REVIEW: "manual"}


def _under(state: Application, rules: Round) -> Application:
    return replace(state, round=rules)


class Applications:
    """The applications of one round."""

    def __init__(self, engine: Engine, media: SealedMedia, round_id: str) -> None:
        self.engine = engine
        self.media = media
        self.round_id = round_id
        self._known: dict[int, Round] = {}
        """Each version of the round; a version never changes."""

    def round(self) -> Round:
        """The newest description. NoSuchEntry."""
        with reading(self.engine) as connection:
            return self._rounds(connection)[1]

    def begin(self, event: Started, application: str | None = None) -> Application:
        """A new application. What `start` raises; NoSuchEntry without the round."""
        chosen = application or secrets.token_hex(8)
        with writing(self.engine) as connection:
            version, newest = self._rounds(connection)
            after, effects = start(chosen, newest, event)
            self._keep(connection, version, None, event, (after, effects))
        return after

    def load(self, application: str) -> Application:
        """What the events made. NoSuchEntry."""
        with reading(self.engine) as connection:
            return self._load(connection, application)

    def load_within(self, connection: Connection, application: str) -> Application:
        """As `load`, in a transaction that does more. NoSuchEntry."""
        return self._load(connection, application)

    def apply(
        self,
        application: str,
        event: Event,
        *,
        expected: int | None = None,
        cause: EffectKey | None = None,
    ) -> Application:
        """The state after `event`. What `step` raises; VersionConflict, NumberTaken, NoSuchEntry.

        `expected`: the version that the actor has seen. `cause`: the effect whose outcome this is;
        it is finished with the event, and an outcome that comes twice changes nothing.
        """
        with writing(self.engine) as connection:
            return self.apply_within(connection, application, event, expected, cause)

    def apply_within(
        self,
        connection: Connection,
        application: str,
        event: Event,
        expected: int | None = None,
        cause: EffectKey | None = None,
    ) -> Application:
        """As `apply`, in a transaction that does more. VersionConflict, and what it raises."""
        lock(connection, self.round_id)
        version, newest = self._rounds(connection)
        before = state_of(connection, application, self._known, self.media)
        if expected is not None and before.version != expected:
            raise VersionConflict(
                "The application was changed in another window: load the page again.",
                "该报名已在其他窗口修改：请刷新页面。",
                expected=expected,
                found=before.version,
            )
        if cause is not None:
            if not effect_rows.is_open(connection, cause):
                return before
            effect_rows.finish(connection, cause, event.at)
        after, effects = step(_under(before, newest), event)
        if not effects and after == replace(before, round=newest, version=after.version):
            return before
        self._keep(connection, version, before, event, (after, effects))
        return after

    def expire(self, at: datetime) -> int:
        """Expires every application whose deadline has come; how many."""
        count = 0
        while found := self._due(at):
            for application in found:
                with writing(self.engine) as connection:
                    before = _under(
                        self._load(connection, application), self._rounds(connection)[1]
                    )
                    if is_due(before, at):
                        self.apply_within(connection, application, Expired(at=at, by=CLOCK))
                        count += 1
                    else:  # the round was prolonged since the row was written
                        self._write_row(connection, before, before)
        return count

    def _due(self, at: datetime) -> list[str]:
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(applications.c.application)
                .where(
                    applications.c.round == self.round_id,
                    applications.c.deadline <= text_of(at),
                )
                .limit(200)
            )
            return [row.application for row in rows]

    def _rounds(self, connection: Connection) -> tuple[int, Round]:
        newest = newest_version(connection, self.round_id)
        if newest not in self._known:
            self._known = load_rounds(connection, self.round_id)
        return newest, self._known[newest]

    def _load(self, connection: Connection, application: str) -> Application:
        self._rounds(connection)
        return state_of(connection, application, self._known, self.media)

    def _keep(
        self,
        connection: Connection,
        round_version: int,
        before: Application | None,
        event: Event,
        outcome: Step,
    ) -> None:
        after, effects = outcome
        body = body_of(event, self.media, self.round_id)
        place = (after.id, after.version, round_version)
        append(connection, self.round_id, place, text_of(event.at), body)
        self._write_row(connection, before, after)
        self._write_case(connection, before, after, event.at)
        if after.order and (before is None or after.order != before.order):
            connection.execute(
                insert(orders).values(
                    order=after.order, application=after.id, round=self.round_id, fen=after.fee_fen
                )
            )
        effect_rows.add(connection, after, effects, event.at)

    def _write_row(
        self, connection: Connection, before: Application | None, after: Application
    ) -> None:
        ends, data = deadline(after), after.data
        row = {
            "application": after.id,
            "round": self.round_id,
            "status": str(after.status),
            "version": after.version,
            "district": data.district if data else None,
            "level": data.level if data else None,
            "number_key": self.media.keyed(self.round_id, data.number) if data else None,
            "ticket": after.ticket or None,
            "deadline": text_of(ends) if ends else None,
        }
        try:
            if before is None:
                connection.execute(insert(applications).values(row))
            else:
                connection.execute(
                    update(applications).where(applications.c.application == after.id).values(row)
                )
        except IntegrityError as e:
            raise NumberTaken(
                "This ID number has an application in this round: sign in to that one.",
                "该身份证号在本批次已有报名：请登录原报名。",
            ) from e

    def _write_case(
        self,
        connection: Connection,
        before: Application | None,
        after: Application,
        at: datetime,
    ) -> None:
        if before is not None and before.status is after.status:
            return
        if before is not None and before.status in _QUEUED:
            connection.execute(delete(cases).where(cases.c.application == after.id))
        if after.status in _QUEUED and after.data is not None:
            connection.execute(
                insert(cases).values(
                    application=after.id,
                    round=self.round_id,
                    district=after.data.district,
                    kind=_QUEUED[after.status],
                    since=text_of(at),
                )
            )
