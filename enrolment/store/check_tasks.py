"""Uploads that wait to be judged. One of an application at a time; its outcome counts once."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, or_, select, update

from enrolment.core.application import Application
from enrolment.core.reasons import CandidateReason
from enrolment.core.status import Status
from enrolment.errors import CheckWaits, EventRefused
from enrolment.store.applications import Applications
from enrolment.store.chain import lock
from enrolment.store.instants import text_of
from enrolment.store.opening import reading, writing
from enrolment.store.tables import checks

LEASE = timedelta(minutes=2)
"""How long another worker leaves an upload to the one that took it."""


class CheckKind(StrEnum):
    """What was uploaded."""

    CARD = "card"
    VIDEO = "video"
    PHOTO = "photo"


CHECKED_IN = {
    CheckKind.CARD: Status.SUBMITTED,
    CheckKind.VIDEO: Status.CARD_READ,
    CheckKind.PHOTO: Status.LIVE_CHECKED,
}
"""The one state in which each may be uploaded."""


class CheckTask(NamedTuple):
    """An upload. `media` names the stored one; `digits` are those that a video has to say."""

    id: str
    application: str
    kind: CheckKind
    media: str
    digits: str


class Outcome(NamedTuple):
    """What was said of an upload. `read`: what the card says, by fields of the form."""

    reasons: tuple[CandidateReason, ...]
    read: Mapping[str, str]


def ask(
    store: Applications,
    application: str,
    kind: CheckKind,
    upload: bytes,
    *,
    at: datetime,
    digits: str = "",
) -> str:
    """Stores the upload and asks for its check; the task's id. EventRefused in another state,
    CheckWaits where one waits already; StorageRefused, NoSuchEntry, InputDamaged."""
    media = store.media.put(store.round_id, upload)
    task = secrets.token_hex(8)
    with writing(store.engine) as connection:
        lock(connection, store.round_id)
        state = store.load_within(connection, application)
        check_is_needed(state, kind)
        if _open_of(connection, application) is not None:
            raise CheckWaits(
                "Your last upload is being checked: wait for its result.",
                "上一次上传正在检查：请等待结果。",
            )
        connection.execute(
            insert(checks).values(
                task=task,
                round=store.round_id,
                application=application,
                kind=str(kind),
                media=media,
                digits=digits,
                asked_at=text_of(at),
            )
        )
    return task


def check_is_needed(state: Application, kind: CheckKind) -> None:
    """EventRefused where the application's state needs no upload of `kind`."""
    if state.status is not CHECKED_IN[kind]:
        raise EventRefused(
            f"No {kind} is needed now, the application is {state.status}: load the page again.",
            f"当前状态为 {state.status}，无需上传：请刷新页面。",
            status=state.status,
            event="Upload",
        )


def take(store: Applications, at: datetime) -> CheckTask | None:
    """The oldest upload that no worker has, leased; None where there is none."""
    with writing(store.engine) as connection:
        row = connection.execute(
            select(checks)
            .where(
                checks.c.round == store.round_id,
                checks.c.done_at.is_(None),
                or_(checks.c.leased_until.is_(None), checks.c.leased_until <= text_of(at)),
            )
            .order_by(checks.c.asked_at, checks.c.task)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        connection.execute(
            update(checks).where(checks.c.task == row.task).values(leased_until=text_of(at + LEASE))
        )
    return CheckTask(row.task, row.application, CheckKind(row.kind), row.media, row.digits)


def finish(
    connection: Connection, store: Applications, task: str, outcome: Outcome, at: datetime
) -> bool:
    """Keeps the outcome. False: somebody else did, and this one counts for nothing."""
    body = json.dumps({"reasons": list(outcome.reasons), "read": dict(outcome.read)})
    changed = connection.execute(
        update(checks)
        .where(checks.c.task == task, checks.c.done_at.is_(None))
        .values(done_at=text_of(at), outcome=store.media.seal(store.round_id, body.encode()))
    )
    return changed.rowcount == 1


def waiting_kind(store: Applications, application: str) -> CheckKind | None:
    """What of an application waits to be judged."""
    with reading(store.engine) as connection:
        return _open_of(connection, application)


def waiting_count(store: Applications) -> int:
    """How many uploads of the round wait."""
    query = select(func.count()).where(checks.c.round == store.round_id, checks.c.done_at.is_(None))
    with reading(store.engine) as connection:
        return int(connection.execute(query).scalar_one())


def newest_media(store: Applications, application: str) -> dict[CheckKind, str]:
    """The newest judged upload of each kind, by the name that it is stored under."""
    query = (
        select(checks)
        .where(checks.c.application == application, checks.c.done_at.is_not(None))
        .order_by(checks.c.asked_at)
    )
    with reading(store.engine) as connection:
        return {CheckKind(row.kind): row.media for row in connection.execute(query)}


def newest_outcome(store: Applications, application: str, kind: CheckKind) -> Outcome | None:
    """What was said of the newest judged upload of `kind`. InputDamaged."""
    query = (
        select(checks.c.outcome)
        .where(
            checks.c.application == application,
            checks.c.kind == str(kind),
            checks.c.done_at.is_not(None),
        )
        .order_by(checks.c.asked_at.desc())
        .limit(1)
    )
    with reading(store.engine) as connection:
        sealed = connection.execute(query).scalar_one_or_none()
    if sealed is None:
        return None
    body = json.loads(store.media.unseal(store.round_id, sealed))
    return Outcome(tuple(CandidateReason(r) for r in body["reasons"]), body["read"])


def _open_of(connection: Connection, application: str) -> CheckKind | None:
    kind = connection.execute(
        select(checks.c.kind).where(checks.c.application == application, checks.c.done_at.is_(None))
    ).scalar_one_or_none()
    return None if kind is None else CheckKind(kind)
