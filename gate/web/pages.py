"""Pages that are rendered here, and the session of each browser that gets one."""

from pathlib import Path

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gate.web.sessions import COOKIE, Session, Sessions


def environment_of(folder: Path) -> Environment:
    """Jinja2 for the templates in `folder` and the layout around them. Every value is escaped."""
    return Environment(
        loader=FileSystemLoader([folder, Path(__file__).parent / "templates"]),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def session_of(request: Request, sessions: Sessions) -> Session:
    """The browser's session. One without gets a session of nobody, so that its first form has a
    token."""
    return getattr(request.state, "session", None) or sessions.begin()


def page_for(session: Session, text: str, status: int = 200) -> HTMLResponse:
    """A page for the browser of `session`."""
    response = HTMLResponse(text, status)
    with_session(response, session)
    return response


def with_session(response: Response, session: Session) -> None:
    """Gives the browser the cookie of `session`."""
    response.set_cookie(COOKIE, session.id, secure=True, httponly=True, samesite="strict", path="/")


def without_session(response: Response) -> None:
    """The browser forgets its cookie."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
