"""What people do at the board: POST of each form. Each is noted in the audit log."""

import asyncio
import math
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gate.web.forms import form_of
from gate.web.pages import with_session, without_session
from office.board import readings
from office.board.accounts import known, note
from office.board.templates_of_board import page_of

MAY_TAKE = ("operator", "chief")
_KEY = ("kind", "gate", "epoch", "seq", "what")
_TRIES = asyncio.Semaphore(2)
"""A try of a password takes 19 MiB and 40 ms of a core."""


async def sign_in(request: Request) -> Response:
    """Name and password; both wrong ones get the same words, and each more wait for the next."""
    session, form = await form_of(request)
    shared = request.app.state.shared
    name = form.get("by", "").strip()
    address = request.client.host if request.client is not None else ""
    wait_s = shared.sign_ins.wait_s(name, address)
    if wait_s > 0:
        seconds = math.ceil(wait_s)
        answer = page_of(request, "sign_in.html", 429, wait_s=seconds)
        answer.headers["Retry-After"] = str(seconds)
        return answer
    async with _TRIES:
        account = await asyncio.to_thread(known, shared.home, name, form.get("password", ""))
    _note(request, name[:40], "sign-in" if account else "sign-in refused")
    if account is None:
        shared.sign_ins.wrong(name, address)
        return page_of(request, "sign_in.html", 403, is_refused=True)
    shared.sign_ins.right(name, address)
    signed = shared.sessions.sign_in(
        session, by=account.name, name=account.name, role=account.role, token=None
    )
    response = RedirectResponse("/", 303)
    with_session(response, signed)
    return response


async def sign_out(request: Request) -> Response:
    """The session ends here; the browser forgets its cookie."""
    session, _ = await form_of(request)
    _note(request, session.by or "", "sign-out")
    request.app.state.shared.sessions.end(session)
    response = RedirectResponse("/sign-in", 303)
    without_session(response)
    return response


async def take_alert(request: Request) -> Response:
    """Somebody takes an alert. The first one has it; a second press changes nothing. HTTPException
    403 for a viewer, 400 for a key of another form, 409 where somebody else was first."""
    session, form = await form_of(request)
    if session.role not in MAY_TAKE or session.by is None:
        raise HTTPException(403)
    key = [form.get(name, "") for name in _KEY]
    if not (key[3].isascii() and key[3].isdigit()) or len(key[3]) > 18:
        raise HTTPException(400)
    by, now = session.by, datetime.now(UTC).isoformat(timespec="milliseconds")
    shared = request.app.state.shared
    is_first = await shared.feed.ask(lambda d: readings.take_alert(d, key, by, now))
    _note(request, by, "take alert" if is_first else "take alert, too late", " ".join(key)[:200])
    if not is_first and not await shared.feed.ask(lambda d: readings.is_taken_by(d, key, by)):
        raise HTTPException(409)
    return RedirectResponse("/alerts", 303)


def _note(request: Request, by: str, did: str, about: str = "") -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    note(request.app.state.shared.home.board_audit, at, by, did, about)
