"""What the console shows: GET of each page and of its pictures."""

import base64
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gate.console.advice_to_staff import what_to_do
from gate.console.gate_link import STATUS_OF_EXIT, Gate, GateSaid
from gate.console.page_templates import page_of
from gate.console.room_paging import RoomsPage, rooms_page
from gate.console.score_words import score_words
from gate.core.json_types import JsonObject
from gate.web.sessions import Session

REFUSED = 5
"""The gate's exit code for what somebody may not do."""
ENDED = GateSaid("Sign in again: this sign-in has ended.", "登录已失效，请重新登录。", REFUSED)
PICTURES = {"ticket": "photo", "live": "live"}


async def healthz(request: Request) -> Response:
    """200 while the console runs; says whether its gate answers."""
    return JSONResponse({"console": "ok", "gate": request.app.state.shared.feed.is_reached})


async def sign_in_page(request: Request) -> Response:
    """The form for staff id and PIN."""
    said = ENDED if "ended" in request.query_params else None
    return page_of(request, "sign_in.html", said=said)


async def now(request: Request) -> Response:
    """Who is at the gate, and what to do."""
    feed = request.app.state.shared.feed
    open_cases = feed.status.get("unsettled", [])
    shown = await case_or_none(request, open_cases[-1]["decision"]) if open_cases else None
    latest = feed.decisions[-1] if feed.decisions else None
    closes = closes_in_minutes(feed.status)
    return page_of(request, "now.html", case=shown, latest=latest, closes=closes)


async def cases(request: Request) -> Response:
    """Every case that is open, corrections that wait for a signature, and cases settled lately."""
    try:
        settled = (await ask_as(request, {"ask": "cases"}))["settled"]
    except GateSaid:
        settled = []  # the gate is away, and the page says so
    return page_of(request, "cases.html", settled=settled)


async def case(request: Request) -> Response:
    """One case: both pictures, scores in words, who signed, what to do."""
    return page_of(
        request, "case.html", case=await _case(request, request.path_params["case"]), said=None
    )


async def case_picture(request: Request) -> Response:
    """The ticket photo or the live face of a case, as JPEG. HTTPException 404."""
    name = PICTURES.get(request.path_params["picture"])
    if name is None:
        raise HTTPException(404)
    found = await ask_as(request, {"ask": "case", "id": request.path_params["case"]})
    if not found.get(name):
        raise HTTPException(404)
    return Response(base64.b64decode(found[name]), media_type="image/jpeg")


async def rooms(request: Request) -> Response:
    """Counts by room, and the search for one candidate."""
    return page_of(request, "rooms.html", shown=await rooms_shown(request), found=None, said=None)


async def room(request: Request) -> Response:
    """Who is absent in one room, by paper. HTTPException 404."""
    name = request.path_params["room"]
    counted = await ask_as(request, {"ask": "rooms"})
    papers = [p["paper"] for p in counted["papers"] if any(r["room"] == name for r in p["rooms"])]
    if not papers:
        raise HTTPException(404)
    lists = [await ask_as(request, {"ask": "rooms", "paper": p, "room": name}) for p in papers]
    return page_of(request, "room.html", room=name, lists=lists)


async def sheets(request: Request) -> Response:
    """A link to the sheet of each room."""
    return page_of(request, "sheets.html", shown=await rooms_shown(request))


async def sheet(request: Request) -> Response:
    """The seat-photo sheet of one paper and room, as PDF."""
    place = {"paper": request.path_params["paper"], "room": request.path_params["room"]}
    made = await ask_as(request, {"ask": "sheet", **place})
    return Response(base64.b64decode(made["pdf"]), media_type="application/pdf")


async def unit(request: Request) -> Response:
    """The unit: what it checks of itself, its exam and roster, the rooms that it serves."""
    return page_of(request, "unit.html")


# -- parts ---------------------------------------------------------------------------------------


class SignInEnded(Exception):
    """The gate does not know this sign-in any more: it was started anew, or time is up."""


async def ask_as(request: Request, asked: JsonObject) -> JsonObject:
    """The gate's answer to who is signed in on this browser. GateSaid, SignInEnded."""
    gate: Gate = request.app.state.shared.gate
    session: Session = request.state.session
    token = session.token
    if token is None:
        return await gate.ask(asked, session.link)
    try:
        return await gate.ask(asked | {"token": token}, session.link)
    except GateSaid as said:
        if said.exit_code == REFUSED and not await _holds(gate, session):
            raise SignInEnded from said
        raise


async def rooms_shown(request: Request) -> RoomsPage:
    """The rooms of the page that the address names. GateSaid, SignInEnded."""
    counted = await ask_as(request, {"ask": "rooms"})
    return rooms_page(counted["papers"], request.query_params.get("page", ""))


async def _holds(gate: Gate, session: Session) -> bool:
    """Whether the gate still knows a sign-in; what it refused may have another reason."""
    try:
        await gate.ask({"ask": "status", "token": session.token}, session.link)
    except GateSaid as said:
        return said.exit_code != REFUSED
    return True


async def _case(request: Request, name: str) -> JsonObject:
    found = await ask_as(request, {"ask": "case", "id": name})
    return found | {"score_words": score_words(found), "to_do": what_to_do(found)}


async def case_or_none(request: Request, name: str) -> JsonObject | None:
    """None where it was settled since, or the gate is known to be away: the page is shown all the
    same. GateSaid where the gate goes away just now: no page may say that there is no case."""
    try:
        return await _case(request, name)
    except GateSaid as said:
        is_away = STATUS_OF_EXIT.get(said.exit_code) == 503
        if is_away and request.app.state.shared.feed.is_reached:
            raise
        return None


def closes_in_minutes(status: JsonObject) -> int | None:
    """Whole minutes to the next close of entry, by the gate's own clock; None where none is to
    come, or the clock is not trusted."""
    clock = status.get("clock", {})
    if not clock.get("trusted"):
        return None
    at = datetime.fromisoformat(clock["at"])
    left = [
        (datetime.fromisoformat(window["closes"]) - at).total_seconds() / 60
        for window in status.get("windows", [])
    ]
    return min((int(minutes) for minutes in left if minutes >= 0), default=None)
