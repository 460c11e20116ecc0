"""GET /events: what changes at the gate, as server-sent events (WHATWG HTML, 9.2)."""

import asyncio
import json
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from gate.console.feed import Feed
from gate.console.open_streams import OpenStream

BEAT_S = 3.0
"""A page that hears nothing for longer than two of these has lost contact, and says so."""
PAGES_MAX, PAGES_FOR_ONE = 48, 16
"""At once. A page that finds no place says that it has no contact, and tries again."""


async def events(request: Request) -> Response:
    """The state at one position, then every change after it. A slow page is dropped; it comes back
    by itself, to a new state."""
    feed: Feed = request.app.state.shared.feed
    return OpenStream(EventSourceResponse(_told(feed), ping=60), request.app.state.pages, request)


async def _told(feed: Feed) -> AsyncIterator[ServerSentEvent]:
    follower = feed.join()
    try:
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    event = await follower.take()
            except TimeoutError:
                yield _line("health", feed.position, feed.health)
                continue
            if event is None:
                return
            yield _line(event.name, event.position, event.data)
    finally:
        feed.leave(follower)


def _line(name: str, position: str, data: object) -> ServerSentEvent:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return ServerSentEvent(text, event=name, id=position, retry=1000)
