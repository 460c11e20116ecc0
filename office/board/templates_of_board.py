"""Renders the board's pages. Every value is escaped; names keep to their own direction."""

from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gate.core.json_types import JsonObject
from gate.web.pages import environment_of, page_for, session_of
from office.board.completeness import VERDICTS
from office.board.gate_state import WORDS
from office.board.live_parts import LivePart
from office.board.shown_time import shown_time

_ENVIRONMENT = environment_of(Path(__file__).parent / "templates")
_ENVIRONMENT.filters["shown_time"] = shown_time


def page_of(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """The page of template `name`."""
    shared = request.app.state.shared
    session = session_of(request, shared.sessions)
    text = _ENVIRONMENT.get_template(name).render(
        session=session,
        reached=shared.feed.reached,
        position=shared.feed.position,
        path=request.url.path,
        **_shown(request),
        **values,
    )
    return page_for(session, text, status)


def live_page(request: Request, name: str, values: Callable[[], JsonObject]) -> HTMLResponse:
    """The page of template `name`, whose blocks `title` and `main` name no session: they are
    rendered once at each position, however many look. `values`: asked for only then."""
    shared = request.app.state.shared

    def render() -> LivePart:
        template = _ENVIRONMENT.get_template(name)
        context = template.new_context(_shown(request) | values())
        title, main = ("".join(template.blocks[block](context)) for block in ("title", "main"))
        return LivePart(title, main)

    part = shared.parts.at(shared.feed.position, request.url.path, render)
    return page_of(request, "base.html", title=Markup(part.title), main=Markup(part.main))


def _shown(request: Request) -> JsonObject:
    board = request.app.state.shared.feed.overview
    return {"board": board, "words": WORDS, "verdicts": VERDICTS}
