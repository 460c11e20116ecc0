"""GET /events: what changes at the gate, as server-sent events (WHATWG HTML, 9.2)."""

import asyncio
import json
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from gate.console.feed import Feed, Follower

BEAT_S = 3.0
"""A page that hears nothing for longer than two of these has lost contact, and says so."""
SEND_S = 5.0
"""A browser that takes nothing for so long is dropped; it comes back by itself, to a new state."""


async def events(request: Request) -> EventSourceResponse:
    """The state at one position, then every change after it. A slow page is dropped."""
    feed: Feed = request.app.state.shared.feed
    return EventSourceResponse(
        _told(feed, feed.join()), send_timeout=SEND_S, ping=60, headers={"X-Accel-Buffering": "no"}
    )


async def _told(feed: Feed, follower: Follower) -> AsyncIterator[ServerSentEvent]:
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
