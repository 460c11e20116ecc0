"""Answers that go on for as long as a page is open: few at once, also from one machine."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from gate.web.places import Places

_TOO_MANY = (
    "Too many pages are open: close those that nobody looks at. 页面过多，请关闭不用的页面。"
)


class OpenStream(Response):
    """`answer`, while it has a place among `places`; 503 where there is none."""

    def __init__(self, answer: Response, places: Places, request: Request) -> None:
        self._answer = answer
        self._places = places
        self._address = request.client.host if request.client is not None else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if not self._places.take(self._address):
            await PlainTextResponse(_TOO_MANY, 503)(scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        finally:
            self._places.leave(self._address)
