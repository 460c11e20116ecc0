"""Events as rows: personal data sealed, everything else plain."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, select

from enrolment.core.application import Application
from enrolment.core.event_json import from_json, to_json
from enrolment.core.events import Event
from enrolment.core.replay import Happened, replay
from enrolment.core.round import Round
from enrolment.store.sealed_media import SealedMedia
from enrolment.store.tables import events
from gate.core.json_types import JsonObject
from gate.errors import InputDamaged, NoSuchEntry

_SEALED = ("data", "why")
"""What names a person, and what staff write freely."""


def body_of(event: Event, media: SealedMedia, round_id: str) -> JsonObject:
    """The row's body."""
    body = to_json(event)
    for name in _SEALED:
        if body.get(name):
            body[name] = media.seal(round_id, json.dumps(body[name]).encode())
    return body


def event_of(text: str, media: SealedMedia, round_id: str) -> Event:
    """The event of a row's body. InputDamaged."""
    try:
        body = json.loads(text)
        for name in _SEALED:
            if body.get(name):
                body[name] = json.loads(media.unseal(round_id, body[name]))
        return from_json(body)
    except (ValueError, KeyError, TypeError) as e:
        if isinstance(e, InputDamaged):
            raise
        raise InputDamaged(
            f"An event of {round_id} cannot be read: exam-enrol report {round_id}.",
            f"{round_id} 的一条事件无法读取：请运行 exam-enrol report {round_id}。",
        ) from e


def happened(
    connection: Connection, application: str, rounds: Mapping[int, Round], media: SealedMedia
) -> list[Happened]:
    """The events of one application in their order, each with its rules. NoSuchEntry."""
    rows = connection.execute(
        select(events.c.round, events.c.round_version, events.c.body)
        .where(events.c.application == application)
        .order_by(events.c.version)
    ).all()
    if not rows:
        raise NoSuchEntry(
            f"There is no application {application}.", f"没有报名 {application}。", matches=0
        )
    return [(rounds[row.round_version], event_of(row.body, media, row.round)) for row in rows]


def state_of(
    connection: Connection, application: str, rounds: Mapping[int, Round], media: SealedMedia
) -> Application:
    """What the events made. NoSuchEntry."""
    return replay(application, happened(connection, application, rounds, media))
