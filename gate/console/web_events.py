"""GET /events: what changes at the gate."""

from starlette.requests import Request
from starlette.responses import Response

from gate.web.event_stream import event_stream

PAGES_MAX, PAGES_FOR_ONE = 48, 16
"""At once. A page that finds no place says that it has no contact, and tries again."""


async def events(request: Request) -> Response:
    """The state at one position, then every change after it."""
    return event_stream(request.app.state.shared.feed, request.app.state.pages, request)
