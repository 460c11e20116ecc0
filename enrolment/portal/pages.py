"""Renders the portal's pages. Every value is escaped; names keep to their own direction."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from enrolment.core.reasons import SENTENCES
from enrolment.portal.shared import session_of, shared_of
from enrolment.portal.status_words import STATUS_WORDS
from enrolment.store.portal_sessions import NOBODY, PortalSession
from gate.web.pages import environment_of
from gate.web.sessions import COOKIE

_ENVIRONMENT = environment_of(Path(__file__).parent / "templates")
_ENVIRONMENT.filters["yuan"] = lambda fen: f"{fen // 100}.{fen % 100:02d}"


def page_of(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """The page of template `name`. A browser without a session gets one of nobody, so that its
    first form has a token."""
    shared = shared_of(request)
    session = session_of(request)
    if session is None:
        session = shared.sessions.begin(shared.now(), NOBODY, "", None)
    text = _ENVIRONMENT.get_template(name).render(
        session=session,
        round=shared.store.round(),
        path=request.url.path,
        words=STATUS_WORDS,
        sentences=SENTENCES,
        **values,
    )
    response = HTMLResponse(text, status)
    with_cookie(response, session)
    return response


def leads_to(path: str, session: PortalSession | None = None) -> Response:
    """Go there. `session`: the browser's new one."""
    response = RedirectResponse(path, 303)
    if session is not None:
        with_cookie(response, session)
    return response


def with_cookie(response: Response, session: PortalSession) -> None:
    """Gives the browser the cookie of `session`."""
    response.set_cookie(
        COOKIE, session.cookie, secure=True, httponly=True, samesite="strict", path="/"
    )
