"""What staff do at the console: POST of each form. The gate checks every one of them itself."""

import contextlib

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gate.console.form_fields import signed_as
from gate.console.gate_link import STATUS_OF_EXIT, Gate, GateSaid
from gate.console.page_templates import page_of
from gate.console.web_pages import ask_as, case_or_none, rooms_shown
from gate.core.json_types import JsonObject
from gate.web.forms import form_of
from gate.web.pages import with_session, without_session
from gate.web.sessions import Session

VERDICTS = ("admit", "deny")
HANDLES = ("ticket", "id_tail", "seat")


async def sign_in(request: Request) -> Response:
    """Staff id and PIN; the gate says who that is. Where the roster has no staff, a name will do:
    the gate asks nobody for a PIN then."""
    session, form = await form_of(request)
    asked = signed_as(form, None)
    shared = request.app.state.shared
    try:
        if not asked["by"]:
            raise GateSaid("Say who you are.", "请填写工号。", 2)
        if not shared.feed.is_reached:
            raise GateSaid("The gate does not answer at the moment.", "闸机暂时无应答。", 8)
        who = await _known(request, asked, session.link)
    except GateSaid as said:
        status = STATUS_OF_EXIT.get(said.exit_code, 409)
        return page_of(request, "sign_in.html", status, said=said)
    await _end_at_gate(shared.gate, session)
    signed = shared.sessions.sign_in(
        session,
        by=str(who["id"]),
        name=str(who.get("name") or who["id"]),
        role=str(who.get("role", "")),
        token=who.get("token"),
    )
    response = RedirectResponse("/", 303)
    with_session(response, signed)
    return response


async def _known(request: Request, asked: JsonObject, link: str) -> JsonObject:
    if not request.app.state.shared.feed.status.get("staff"):
        return {"id": asked["by"]}
    gate: Gate = request.app.state.shared.gate  # not as who was signed in before
    return await gate.ask({"do": "sign-in", **asked}, link)


async def _end_at_gate(gate: Gate, session: Session) -> None:
    """The gate takes the session's token no more. One that is away has forgotten it, or does so
    after twelve hours."""
    if session.token is None:
        return
    with contextlib.suppress(GateSaid):
        await gate.ask({"do": "sign-out", "token": session.token}, session.link)


async def sign_out(request: Request) -> Response:
    """The session ends here and at the gate; the browser forgets its cookie."""
    session, _ = await form_of(request)
    shared = request.app.state.shared
    shared.sessions.end(session)
    await _end_at_gate(shared.gate, session)
    shared.gate.leave(session.link)
    response = RedirectResponse("/sign-in", 303)
    without_session(response)
    return response


async def settle(request: Request) -> Response:
    """A verdict on a case, the second signature under it, or a correction. HTTPException 404."""
    session, form = await form_of(request)
    case, verb = request.path_params["case"], request.path_params["verb"]
    signed = signed_as(form, session)
    if verb in VERDICTS:
        asked = {
            "do": "settle",
            "decision": case,
            "verdict": verb,
            "reason": form.get("reason", ""),
        }
    elif verb == "sign":
        asked = {"do": "sign", "case": case}
    elif verb == "correct":
        verdict, reason = form.get("verdict", ""), form.get("reason", "")
        asked = {"do": "correct", "decision": case, "verdict": verdict, "reason": reason}
    else:
        raise HTTPException(404)
    try:
        await ask_as(request, asked | signed)
    except GateSaid as said:
        shown = await case_or_none(request, case)
        if shown is None:
            raise
        return page_of(
            request, "case.html", STATUS_OF_EXIT.get(said.exit_code, 409), case=shown, said=said
        )
    return RedirectResponse(f"/cases/{case}", 303)


async def type_(request: Request) -> Response:
    """A candidate whose card does not read."""
    session, form = await form_of(request)
    given = {h: form[h].strip() for h in HANDLES if form.get(h, "").strip()}
    paper = {k: form[k] for k in ("document", "valid_to") if form.get(k)}
    declined = {"declined": True} if form.get("declined") else {}
    await ask_as(request, {"do": "type", **given, **paper, **declined, **signed_as(form, session)})
    return RedirectResponse("/", 303)


async def decline(request: Request) -> Response:
    """The candidate at the gate takes the staffed lane."""
    return await _at_the_gate(request, "decline")


async def excuse(request: Request) -> Response:
    """The candidate at the gate need not do the action."""
    return await _at_the_gate(request, "excuse")


async def _at_the_gate(request: Request, verb: str) -> Response:
    session, form = await form_of(request)
    await ask_as(request, {"do": verb, **signed_as(form, session)})
    return RedirectResponse("/", 303)


async def find(request: Request) -> Response:
    """Looks one candidate up. What was typed stands in no address. HTTPException 400."""
    _, form = await form_of(request)
    handle = form.get("handle", "")
    if handle not in HANDLES:
        raise HTTPException(400)
    shown = await rooms_shown(request)
    found, refused = None, None
    try:
        asked = {"ask": "find", handle: form.get("value", "").strip()}
        found = await ask_as(request, asked)
    except GateSaid as said:
        refused = said
    return page_of(request, "rooms.html", shown=shown, found=found, said=refused)


async def acknowledge(request: Request) -> Response:
    """Silences the REFERs that flash."""
    session, _ = await form_of(request)
    await ask_as(request, {"do": "acknowledge", "by": str(session.by)})
    return RedirectResponse("/", 303)


async def read_message(request: Request) -> Response:
    """A message of the office is read, by who is signed in."""
    session, _ = await form_of(request)
    message = request.path_params["message"]
    await ask_as(request, {"do": "read", "message": message, "by": str(session.by)})
    return RedirectResponse("/", 303)


async def reassign(request: Request) -> Response:
    """Which rooms this unit serves, from now on."""
    session, form = await form_of(request)
    rooms = [room for room in form.get("rooms", "").replace("，", ",").split(",") if room.strip()]
    asked = {"do": "reassign", "rooms": [room.strip() for room in rooms]}
    await ask_as(request, asked | signed_as(form, session))
    return RedirectResponse("/unit", 303)
