"""The console as a Starlette application: routes, headers and refusals.

formats.md, Console, has the routes. Each page is rendered here. A small module in the browser takes
parts of it anew when the feed tells of a change. No script and no style stands in a page itself.
"""

from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

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
from gate.console.speech_files import SpeechFiles
from gate.web.beside import Following, beside
from gate.web.guard import Doors, Guard
from gate.web.places import Places
from gate.web.refusals import client_gone, refusing
from gate.web.sessions import Sessions

STATIC = Path(__file__).parent / "static"


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


_DOORS = Doors(
    open=("/healthz", "/sign-in", "/static/", "/screen"),
    programs=("/events", "/preview.mjpeg"),
    opens=lambda request: request.url.path == "/preview.mjpeg" and screen_page.is_for(request),
)


def console_app(shared: Shared, following: Following | None = None) -> Starlette:
    """The application. `following` runs beside it until it ends."""
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
            Mount("/static", StaticFiles(directory=STATIC, packages=[("gate.web", "static")])),
        ],
        exception_handlers={
            GateSaid: _gate_said,
            web_pages.SignInEnded: _sign_in_ended,
            HTTPException: refusing(page_of, _FAULTS),
            ClientDisconnect: client_gone,
        },
        lifespan=beside(following),
    )
    app.router.redirect_slashes = False  # it would lead to the host that the request names
    app.state.shared = shared
    app.state.pages = Places(web_events.PAGES_MAX, web_events.PAGES_FOR_ONE)
    app.state.screens = Places(screen_page.SCREENS_MAX, screen_page.SCREENS_FOR_ONE)
    app.state.mirrors = Places(preview_stream.MIRRORS_MAX, preview_stream.MIRRORS_FOR_ONE)
    app.add_middleware(Guard, sessions=shared.sessions, doors=_DOORS)
    return app


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


_FAULTS = {
    403: (
        "此表单已失效：请刷新页面后重试。",
        "This form is void: load the page again.",
    ),
    413: ("提交内容过长。", "The form is too long."),
    415: ("不支持此种表单。", "A form of this kind is not taken."),
    503: ("闸机暂时无应答。", "The gate does not answer at the moment."),
}
