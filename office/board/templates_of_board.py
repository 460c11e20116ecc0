"""Renders the board's pages. Every value is escaped; names keep to their own direction."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse

from gate.web.pages import environment_of, page_for, session_of
from office.board.completeness import VERDICTS
from office.board.gate_state import WORDS
from office.board.shown_time import shown_time

_ENVIRONMENT = environment_of(Path(__file__).parent / "templates")
_ENVIRONMENT.filters["shown_time"] = shown_time


def page_of(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """The page of template `name`."""
    shared = request.app.state.shared
    session = session_of(request, shared.sessions)
    text = _ENVIRONMENT.get_template(name).render(
        session=session,
        board=shared.feed.overview,
        reached=shared.feed.reached,
        position=shared.feed.position,
        path=request.url.path,
        words=WORDS,
        verdicts=VERDICTS,
        **values,
    )
    return page_for(session, text, status)
