"""The console as a Starlette application: routes, headers and refusals.

formats.md, Console, has the routes. Each page is rendered here. A small module in the browser takes
parts of it anew when the feed tells of a change. No script and no style stands in a page itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gate.console import (
    papers_pages,
    preview_stream,
    report_pages,
    screen_page,
    web_actions,
    web_events,
    web_pages,
)
from gate.console.feed import Feed
from gate.console.gate_link import STATUS_OF_EXIT, Gate, GateSaid
from gate.console.page_templates import page_of
from gate.console.places import Places
from gate.console.sessions import COOKIE, Sessions
from gate.console.speech_files import SpeechFiles

STATIC = Path(__file__).parent / "static"
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
class Shared:
    """What every page of one console has. `screen_open`: /screen is shown to other machines too.
    `runtime`: the folder of the gate's sockets. `speech`: what the screen speaks; None: nothing."""

    gate: Gate
    feed: Feed
    sessions: Sessions
    screen_open: bool = False
    runtime: Path = Path("/run/exam-gate")
    speech: SpeechFiles | None = None


Following = Callable[[], Coroutine[None, None, None]]


def console_app(shared: Shared, following: Following | None = None) -> Starlette:
    """The application. `following` runs beside it until it ends."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with _beside(following):
            yield

    app = Starlette(
        routes=[
            Route("/healthz", web_pages.healthz),
            Route("/", web_pages.now, name="now"),
            Route("/sign-in", web_pages.sign_in_page),
            Route("/sign-in", web_actions.sign_in, methods=["POST"]),
            Route("/sign-out", web_actions.sign_out, methods=["POST"]),
            Route("/cases", web_pages.cases),
            Route("/cases/{case}", web_pages.case),
            Route("/cases/{case}/{picture:str}.jpg", web_pages.case_picture),
            Route("/cases/{case}/{verb:str}", web_actions.settle, methods=["POST"]),
            Route("/rooms", web_pages.rooms),
            Route("/rooms", web_actions.find, methods=["POST"]),
            Route("/rooms/{room}", web_pages.room),
            Route("/sheets", web_pages.sheets),
            Route("/sheets/{paper}/{room}.pdf", web_pages.sheet),
            Route("/unit", web_pages.unit),
            Route("/unit/rooms", web_actions.reassign, methods=["POST"]),
            Route("/type", web_actions.type_, methods=["POST"]),
            Route("/decline", web_actions.decline, methods=["POST"]),
            Route("/excuse", web_actions.excuse, methods=["POST"]),
            Route("/papers", papers_pages.page),
            Route("/papers", papers_pages.look, methods=["POST"]),
            Route("/papers/find", papers_pages.find, methods=["POST"]),
            Route("/report", report_pages.papers),
            Route("/report/{paper}.pdf", report_pages.printed),
            Route("/report/{paper}", report_pages.report),
            Route("/report/{paper}", report_pages.sign, methods=["POST"]),
            Route("/messages/{message}/read", web_actions.read_message, methods=["POST"]),
            Route("/acknowledge", web_actions.acknowledge, methods=["POST"]),
            Route("/events", web_events.events),
            Route("/screen", screen_page.screen),
            Route("/screen/events", screen_page.events),
            Route("/screen/speech/{language}/{name}.wav", screen_page.speech),
            Route("/preview.mjpeg", preview_stream.mirror),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={
            GateSaid: _gate_said,
            web_pages.SignInEnded: _sign_in_ended,
            HTTPException: _http_fault,
            ClientDisconnect: _gone,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # it would lead to the host that the request names
    app.state.shared = shared
    app.state.pages = Places(web_events.PAGES_MAX, web_events.PAGES_FOR_ONE)
    app.state.screens = Places(screen_page.SCREENS_MAX, screen_page.SCREENS_FOR_ONE)
    app.state.mirrors = Places(preview_stream.MIRRORS_MAX, preview_stream.MIRRORS_FOR_ONE)
    app.add_middleware(Guard, shared=shared)
    return app


@asynccontextmanager
async def _beside(following: Following | None) -> AsyncIterator[None]:
    if following is None:
        yield
        return
    async with asyncio.TaskGroup() as group:
        task = group.create_task(following(), name="follow the gate")
        try:
            yield
        finally:
            task.cancel()


async def _gate_said(request: Request, said: Exception) -> Response:
    assert isinstance(said, GateSaid)
    status = STATUS_OF_EXIT.get(said.exit_code, 409)
    return page_of(request, "refused.html", status, zh=said.zh, en=said.en)


async def _sign_in_ended(request: Request, _: Exception) -> Response:
    """The browser's session ends too: whoever is there signs in again."""
    session = request.state.session
    if session is not None:
        request.app.state.shared.sessions.end(session)
    return RedirectResponse("/sign-in?ended=1", 303)


async def _http_fault(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    zh, en = _FAULTS.get(fault.status_code, ("请求有误。", "The request does not fit."))
    return page_of(request, "refused.html", fault.status_code, zh=zh, en=en)


async def _gone(request: Request, fault: Exception) -> Response:
    """Nobody reads it: the client left in the middle of its form."""
    return Response(status_code=400)


_FAULTS = {
    403: (
        "此表单已失效：请刷新页面后重试。",
        "This form is void: load the page again.",
    ),
    404: ("没有此页面。", "There is no such page."),
    405: ("此页面不接受该操作。", "This page does not take that."),
    413: ("提交内容过长。", "The form is too long."),
    415: ("不支持此种表单。", "A form of this kind is not taken."),
    503: ("闸机暂时无应答。", "The gate does not answer at the moment."),
}


class Guard:
    """Sends who is not signed in to the sign-in page, and puts HEADERS on every answer.

    A form from another origin is refused before anything reads it. One that is too long is refused
    by what it says of itself, and must say so.
    """

    OPEN = ("/healthz", "/sign-in", "/static/", "/screen")

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
        refusal = self._refusal(request)
        await (refusal or self._app)(scope, receive, headed)

    def _refusal(self, request: Request) -> Response | None:
        session = self._shared.sessions.of(request.cookies.get(COOKIE))
        request.state.session = session
        unfit = _unfit(request)
        if unfit is not None:
            status, words = unfit
            return PlainTextResponse(words, status)
        path = request.url.path
        is_open = any(path == o.rstrip("/") or path.startswith(o) for o in self.OPEN)
        if path == "/preview.mjpeg" and screen_page.is_for(request):
            return None
        if is_open or (session is not None and session.by is not None):
            return None
        if request.method == "POST" or path in ("/events", "/preview.mjpeg"):
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
    if not _same_origin(request):
        return 403, "A form from elsewhere. 表单来源不符。"
    return None


_RAW = [(n.lower().encode(), v.encode()) for n, v in HEADERS.items()]
_NAMES = frozenset(n for n, _ in _RAW)


def _same_origin(request: Request) -> bool:
    """By what browsers say of a form's origin; a client that says nothing is no browser."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{request.headers.get('host')}"
