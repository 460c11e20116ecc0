"""Changes as server-sent events (WHATWG HTML, 9.2)."""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from gate.web.changes import ChangeEvent, Changes
from gate.web.open_streams import OpenStream
from gate.web.places import Places

BEAT_S = 3.0
"""A page that hears nothing for longer than two of these has lost contact, and says so."""


def event_stream(changes: Changes, places: Places, request: Request) -> Response:
    """The state at one position, then every change after it. A slow page is dropped; it comes back
    by itself, to a new state."""
    return OpenStream(EventSourceResponse(_told(changes), ping=60), places, request)


async def _told(changes: Changes) -> AsyncIterator[ServerSentEvent]:
    follower = changes.join()
    try:
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    event = await follower.take()
            except TimeoutError:
                health = ChangeEvent(changes.position, "health", changes.health)
                yield _line(health)
                continue
            if event is None:
                return
            yield _line(event)
    finally:
        changes.leave(follower)


def _line(event: ChangeEvent) -> ServerSentEvent:
    return ServerSentEvent(event.text, event=event.name, id=event.position, retry=1000)
