"""The board's pages: GET of each."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from office.board import readings
from office.board.accounts import last_notes
from office.board.board_feed import BoardFeed
from office.board.curve import Curve, curve_shape
from office.board.kiosk import is_kiosk, kept
from office.board.overview import area_of, curve_of, papers_of, rooms_of
from office.board.templates_of_board import live_page, page_of

_SHOWN = 200


async def sign_in_page(request: Request) -> Response:
    """Name and password."""
    return page_of(request, "sign_in.html")


async def overview(request: Request) -> Response:
    """Sites, papers, cases, alerts and completeness at a glance."""
    return live_page(request, "overview.html", lambda: {"curve": _curve(request)})


async def wall(request: Request) -> Response:
    """The big screen: numbers, and nobody's name. A link with a token leaves a cookie."""
    shared = request.app.state.shared
    leads_on = kept(request) if is_kiosk(request, shared.wall_token) else None
    return leads_on or live_page(request, "wall.html", lambda: {"curve": _curve(request)})


async def area(request: Request) -> Response:
    """The sites of one area. HTTPException 404."""
    name = request.path_params["area"]
    found = [s for s in _feed(request).overview.get("sites", []) if area_of(s["site"]) == name]
    if not found:
        raise HTTPException(404)
    return live_page(request, "area.html", lambda: {"area": name, "sites": found})


async def site(request: Request) -> Response:
    """One site: its gates, its papers, its curve. HTTPException 404."""
    feed, name = _feed(request), request.path_params["site"]
    gates = [gate for gate in feed.gates if gate["site"] == name]
    if not gates:
        raise HTTPException(404)
    return live_page(
        request,
        "site.html",
        lambda: {
            "site": name,
            "gates": gates,
            "papers": papers_of(feed.counts, feed.expected, name),
            "rooms": rooms_of(feed.counts, feed.expected, name),
            "curve": curve_shape(curve_of([feed.counts.arrivals.get(name, {})])),
        },
    )


async def gate(request: Request) -> Response:
    """One gate and its last events. HTTPException 404."""
    feed, name = _feed(request), request.path_params["gate"]
    found = next((gate for gate in feed.gates if gate["gate"] == name), None)
    if found is None:
        raise HTTPException(404)
    events = await feed.ask(lambda database: readings.newest_events(database, name, _SHOWN))
    whole = await feed.ask(lambda database: readings.view(database, "completeness", {"gate": name}))
    return page_of(request, "gate.html", gate=found, events=events, journals=whole)


async def cases(request: Request) -> Response:
    """The newest doubtful cases, open and settled."""
    found = await _feed(request).ask(
        lambda database: readings.view(database, "cases", {}, most=_SHOWN)
    )
    return page_of(request, "cases.html", cases=found)


async def alerts(request: Request) -> Response:
    """What is wrong, and who has taken it."""
    found = await _feed(request).ask(
        lambda database: readings.view(database, "alerts", {}, most=_SHOWN)
    )
    return page_of(request, "alerts.html", alerts=found)


async def audit(request: Request) -> Response:
    """What people did at the board, for the chief. HTTPException 403."""
    if request.state.session.role != "chief":
        raise HTTPException(403)
    notes = last_notes(request.app.state.shared.home.board_audit, _SHOWN)
    return page_of(request, "audit.html", notes=notes)


def _feed(request: Request) -> BoardFeed:
    feed: BoardFeed = request.app.state.shared.feed
    return feed


def _curve(request: Request) -> Curve:
    return curve_shape(_feed(request).overview.get("curve", []))
