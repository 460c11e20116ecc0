"""What stands before every page: the session, the role, the length of what is sent, the headers."""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enrolment.portal.shared import Shared
from enrolment.store.portal_sessions import CANDIDATE, STAFF, PortalSession
from enrolment.store.uploads import PART_BYTES_MAX, UPLOAD_BYTES_MAX
from gate.web.guard import HEADERS, is_same_origin
from gate.web.sessions import COOKIE

FORM_BYTES_MAX = 16 * 1024
FILES_BYTES_MAX = 4 * UPLOAD_BYTES_MAX
"""Of a form with files; each file has its own bound."""
OPEN = ("/", "/healthz", "/offices", "/sign-in", "/sign-in/code", "/callbacks/payment",
        "/staff/sign-in")  # fmt: skip
_STATIC = "/static/"
_FROM_PROGRAMS = ("/callbacks/payment",)
_WITH_FILES = ("/application/documents", "/application/manual", "/application/signature",
               "/application/card", "/application/video", "/application/photo")  # fmt: skip
_HEADERS = {**HEADERS, "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()"}
_RAW = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
_NAMES = frozenset(name for name, _ in _RAW)


class PortalGuard:
    """Candidates see /application, staff see /staff; every other path must stand in OPEN."""

    def __init__(self, app: ASGIApp, shared: Shared) -> None:
        self._app = app
        self._shared = shared

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
        cookie, at = request.cookies.get(COOKIE), self._shared.now()
        session = await run_in_threadpool(self._shared.sessions.of, cookie, at)
        request.state.session = session
        refusal = _unfit(request) or _shut(request, session)
        await (refusal or self._app)(scope, receive, headed)


def _unfit(request: Request) -> Response | None:
    if request.method in ("GET", "HEAD"):
        return None
    if request.method != "POST":
        return PlainTextResponse("GET or POST. 不支持该方法。", 405)
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()) or int(length) > body_max(request.url.path):
        return PlainTextResponse("What was sent is too long. 提交内容过大。", 413)
    if request.url.path not in _FROM_PROGRAMS and not is_same_origin(request):
        return PlainTextResponse("A form from elsewhere. 表单来源不符。", 403)
    return None


def body_max(path: str) -> int:
    """Bytes that are read at `path`."""
    if path in _WITH_FILES:
        return FILES_BYTES_MAX
    return PART_BYTES_MAX if path.startswith("/application/uploads/") else FORM_BYTES_MAX


def _shut(request: Request, session: PortalSession | None) -> Response | None:
    path = request.url.path
    if path in OPEN or path.startswith(_STATIC):
        return None
    is_of_staff = path == "/staff" or path.startswith("/staff/")
    needed = STAFF if is_of_staff else CANDIDATE
    if session is not None and session.role == needed:
        return None
    if request.method == "POST":
        return PlainTextResponse("Sign in first. 请先登录。", 401)
    return RedirectResponse("/staff/sign-in" if is_of_staff else "/sign-in", 303)


def is_html_form(headers: Headers) -> bool:
    """Whether a browser's form was sent."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("application/x-www-form-urlencoded", "multipart/form-data")
