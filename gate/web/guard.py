"""What stands before every page: who is signed in, what is read no further, and the headers."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gate.web.sessions import COOKIE, Sessions

BODY_MAX = 16 * 1024
"""Bytes of a form."""
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Strict-Transport-Security": "max-age=31536000",
}


@dataclass(frozen=True, slots=True)
class Doors:
    """What is shown to whom. `open`: paths, or how paths begin, for everybody. `programs`: how
    paths begin whose readers follow no redirect. `opens`: whether a request of somebody who is not
    signed in is let in all the same."""

    open: tuple[str, ...]
    programs: tuple[str, ...]
    opens: Callable[[Request], bool]


class Guard:
    """Sends who is not signed in to the sign-in page, and puts HEADERS on every answer.

    A form from another origin is refused before anything reads it. One that is too long is refused
    by what it says of itself, and must say so.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, doors: Doors) -> None:
        self._app = app
        self._sessions = sessions
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [h for h in message["headers"] if h[0].lower() not in _NAMES]
                message["headers"] = kept + _RAW
            await send(message)

        request = Request(scope, receive)
        refusal = self._refusal(request)
        await (refusal or self._app)(scope, receive, headed)

    def _refusal(self, request: Request) -> Response | None:
        session = self._sessions.of(request.cookies.get(COOKIE))
        request.state.session = session
        unfit = _unfit(request)
        if unfit is not None:
            status, words = unfit
            return PlainTextResponse(words, status)
        path = request.url.path
        is_open = any(path == o.rstrip("/") or path.startswith(o) for o in self._doors.open)
        if is_open or (session is not None and session.by is not None):
            return None
        if self._doors.opens(request):
            return None
        if request.method == "POST" or path.startswith(self._doors.programs):
            return PlainTextResponse("Sign in first. 请先登录。", 401)
        return RedirectResponse("/sign-in", 303)


def _unfit(request: Request) -> tuple[int, str] | None:
    """Status and words for what is read no further."""
    if request.method == "GET":
        return None
    if request.method != "POST":
        return 405, "GET or POST. 不支持该方法。"
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > BODY_MAX:
        return 413, "The form is too long. 提交内容过长。"
    if not is_same_origin(request):
        return 403, "A form from elsewhere. 表单来源不符。"
    return None


_RAW = [(n.lower().encode(), v.encode()) for n, v in HEADERS.items()]
_NAMES = frozenset(n for n, _ in _RAW)


def is_same_origin(request: Request) -> bool:
    """By what browsers say of a form's origin; a client that says nothing is no browser."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{request.headers.get('host')}"
