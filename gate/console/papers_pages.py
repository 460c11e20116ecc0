"""Notice and health report at the console: what the paper asks for, and what was shown.

Tickets and answers are posted. They stand in no address.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gate.console.form_fields import signed_as
from gate.console.gate_link import STATUS_OF_EXIT, GateSaid
from gate.console.page_templates import page_of
from gate.console.web_pages import ask_as, case_or_none
from gate.core.json_types import JsonObject
from gate.web.forms import form_of

SHOWN, ANSWER = "shown-", "answer-"
"""Begin the names of the form's fields."""


async def page(request: Request) -> Response:
    """Asks for a ticket number."""
    return page_of(request, "papers.html", papers=None, said=None)


async def find(request: Request) -> Response:
    """What one candidate has to show."""
    _, form = await form_of(request)
    ticket = form.get("ticket", "").strip()
    try:
        return page_of(request, "papers.html", papers=await _asked_of(request, ticket), said=None)
    except GateSaid as said:
        return _refused(request, said, None)


async def look(request: Request) -> Response:
    """Staff have looked. From a case it goes back there, else to what is left to do."""
    session, form = await form_of(request)
    ticket, case = form.get("ticket", "").strip(), form.get("case", "")
    seen = {
        "do": "papers",
        "ticket": ticket,
        "shown": [n.removeprefix(SHOWN) for n, v in form.items() if n.startswith(SHOWN) and v],
        "answers": {n.removeprefix(ANSWER): v for n, v in form.items() if _is_answer(n, v)},
    }
    try:
        await ask_as(request, seen | signed_as(form, session))
        if case:
            return RedirectResponse(f"/cases/{case}", 303)
        return page_of(
            request, "papers.html", papers=await _asked_of(request, ticket), said=None, looked=True
        )
    except GateSaid as said:
        shown = await case_or_none(request, case) if case else None
        if shown is not None:
            status = STATUS_OF_EXIT.get(said.exit_code, 409)
            return page_of(request, "case.html", status, case=shown, said=said)
        return _refused(request, said, await _asked_of_or_none(request, ticket))


def _is_answer(name: str, value: str) -> bool:
    return name.startswith(ANSWER) and value != ""


async def _asked_of(request: Request, ticket: str) -> JsonObject:
    return await ask_as(request, {"ask": "papers", "ticket": ticket})


async def _asked_of_or_none(request: Request, ticket: str) -> JsonObject | None:
    try:
        return await _asked_of(request, ticket)
    except GateSaid:
        return None


def _refused(request: Request, said: GateSaid, papers: JsonObject | None) -> Response:
    status = STATUS_OF_EXIT.get(said.exit_code, 409)
    return page_of(request, "papers.html", status, papers=papers, said=said)
