"""What programs read of the board: events, metrics, the views as JSON, whether it lives."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gate.web.event_stream import event_stream
from office.board import readings
from office.board.metrics import metrics_text

_COLUMNS = {
    "events": {"gate", "epoch", "site", "exam", "paper", "kind", "outcome"},
    "gates": {"gate", "site"},
    "cases": {"gate", "epoch", "exam", "paper", "outcome"},
    "alerts": {"gate", "epoch", "site", "exam", "kind"},
    "completeness": {"gate", "epoch", "verdict"},
}
"""By which columns a view may be asked."""


async def healthz(request: Request) -> Response:
    """200 while the database answers, else 503."""
    reached = request.app.state.shared.feed.reached
    return JSONResponse({"database": reached}, 200 if reached else 503)


async def events(request: Request) -> Response:
    """The state at one position, then every change after it. It names no person."""
    return event_stream(request.app.state.shared.feed, request.app.state.pages, request)


async def metrics(request: Request) -> Response:
    """Prometheus' text format; 503 before the database was read."""
    feed = request.app.state.shared.feed
    if not feed.reached:
        return PlainTextResponse("The database gives nothing. 数据库无应答。\n", 503)
    return PlainTextResponse(
        metrics_text(feed.overview), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


async def api(request: Request) -> Response:
    """Rows of one view, at most 1,000: {"rows": [...]}. HTTPException 404, 400."""
    name = request.path_params["view"]
    if name not in readings.VIEWS:
        raise HTTPException(404)
    where = dict(request.query_params)
    if not where.keys() <= _COLUMNS[name] or any("\0" in value for value in where.values()):
        raise HTTPException(400)
    rows = await request.app.state.shared.feed.ask(lambda d: readings.view(d, name, where))
    return JSONResponse({"rows": rows})
