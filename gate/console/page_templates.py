"""Renders the console's pages. Every value is escaped; names keep to their own direction."""

from pathlib import Path

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gate.console.sessions import COOKIE, Session

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=ChainableUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page_of(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """The page of template `name`. A browser without a session gets one of nobody, so that its
    first form has a token."""
    shared = request.app.state.shared
    session: Session = getattr(request.state, "session", None) or shared.sessions.begin()
    text = _ENVIRONMENT.get_template(name).render(
        session=session,
        status=shared.feed.status,
        reached=shared.feed.is_reached,
        position=shared.feed.position,
        path=request.url.path,
        **values,
    )
    response = HTMLResponse(text, status)
    with_session(response, session)
    return response


def with_session(response: Response, session: Session) -> None:
    """Gives the browser the cookie of `session`."""
    response.set_cookie(COOKIE, session.id, secure=True, httponly=True, samesite="strict", path="/")
