"""The board as a Starlette application: routes and refusals. formats.md, Office, has the routes."""

import hmac
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gate.errors import GateError
from gate.web.beside import beside
from gate.web.client_address import is_loopback
from gate.web.guard import Doors, Guard
from gate.web.places import Places
from gate.web.refusals import client_gone, refusing
from gate.web.sessions import Sessions
from office.board import board_actions, board_pages, programs_pages
from office.board.board_feed import BoardFeed
from office.board.kiosk import is_kiosk
from office.board.live_parts import LiveParts
from office.board.sign_in_slow_down import SignInSlowDown
from office.board.templates_of_board import page_of
from office.home import Home

STATIC = Path(__file__).parent / "static"
FOR_PROGRAMS = ("/metrics", "/api/")
WITHOUT_PEOPLE = ("/wall", "/events")
PAGES_MAX, PAGES_FOR_ONE = 96, 32
"""Pages that follow at once."""
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Shared:
    """What every page of one board has. `token`: opens /metrics, /api and /wall; empty: none.
    `wall_token`: opens /wall in a browser, by link and then by cookie."""

    home: Home
    feed: BoardFeed
    sessions: Sessions
    token: str = ""
    wall_token: str = ""
    parts: LiveParts = field(default_factory=LiveParts)
    sign_ins: SignInSlowDown = field(default_factory=SignInSlowDown)


def board_app(shared: Shared) -> Starlette:
    """The application; the database is looked at beside it."""

    def opens(request: Request) -> bool:
        return _opens(request, shared)

    app = Starlette(
        routes=[
            Route("/healthz", programs_pages.healthz),
            Route("/", board_pages.overview, name="overview"),
            Route("/sign-in", board_pages.sign_in_page),
            Route("/sign-in", board_actions.sign_in, methods=["POST"]),
            Route("/sign-out", board_actions.sign_out, methods=["POST"]),
            Route("/areas/{area}", board_pages.area),
            Route("/sites/{site}", board_pages.site),
            Route("/gates/{gate}", board_pages.gate),
            Route("/cases", board_pages.cases),
            Route("/alerts", board_pages.alerts),
            Route("/alerts/take", board_actions.take_alert, methods=["POST"]),
            Route("/audit", board_pages.audit),
            Route("/wall", board_pages.wall),
            Route("/events", programs_pages.events),
            Route("/metrics", programs_pages.metrics),
            Route("/api/1/{view}", programs_pages.api),
            Mount("/static", StaticFiles(directory=STATIC, packages=[("gate.web", "static")])),
        ],
        exception_handlers={
            HTTPException: refusing(page_of, _FAULTS),
            GateError: _said,
            ClientDisconnect: client_gone,
        },
        lifespan=beside(shared.feed.run),
    )
    app.router.redirect_slashes = False  # it would lead to the host that the request names
    app.state.shared = shared
    app.state.pages = Places(PAGES_MAX, PAGES_FOR_ONE)
    doors = Doors(
        open=("/healthz", "/sign-in", "/static/"),
        programs=(*FOR_PROGRAMS, "/events"),
        opens=opens,
    )
    app.add_middleware(Guard, sessions=shared.sessions, doors=doors)
    return app


def _opens(request: Request, shared: Shared) -> bool:
    """Programs and the big screen come in by token, or from this machine itself. What a proxy
    hands on comes from elsewhere."""
    path = request.url.path
    if not (path.startswith(FOR_PROGRAMS) or path in WITHOUT_PEOPLE):
        return False
    said = request.headers.get("authorization", "").encode()
    if shared.token and hmac.compare_digest(said, f"Bearer {shared.token}".encode()):
        return True
    if path in WITHOUT_PEOPLE and is_kiosk(request, shared.wall_token):
        return True
    is_handed_on = any(name in request.headers for name in _FORWARDED)
    return not is_handed_on and request.client is not None and is_loopback(request.client.host)


async def _said(request: Request, said: Exception) -> Response:
    assert isinstance(said, GateError)
    return page_of(request, "refused.html", 503, zh=said.zh, en=str(said))


_FAULTS = {
    403: (
        "无权限，或表单已失效：请刷新后重试。",
        "Not for your role, or the form is void: load it again.",
    ),
    409: ("已有人处理。", "Somebody else was first."),
}
