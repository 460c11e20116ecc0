"""Renders the console's pages. Every value is escaped; names keep to their own direction."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse

from gate.web.pages import environment_of, page_for, session_of

_ENVIRONMENT = environment_of(Path(__file__).parent / "templates")


def page_of(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """The page of template `name`."""
    shared = request.app.state.shared
    session = session_of(request, shared.sessions)
    text = _ENVIRONMENT.get_template(name).render(
        session=session,
        status=shared.feed.status,
        reached=shared.feed.is_reached,
        position=shared.feed.position,
        path=request.url.path,
        **values,
    )
    return page_for(session, text, status)
