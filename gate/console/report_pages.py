"""The site's report at the console: the numbers of a paper, and the chief examiner's signature."""

import base64

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gate.console.form_fields import signed_as
from gate.console.gate_link import STATUS_OF_EXIT, GateSaid
from gate.console.page_templates import page_of
from gate.console.web_pages import ask_as
from gate.web.forms import form_of


async def papers(request: Request) -> Response:
    """A link to the report of each paper."""
    counted = await ask_as(request, {"ask": "rooms"})
    return page_of(request, "reports.html", papers=[p["paper"] for p in counted["papers"]])


async def report(request: Request) -> Response:
    """The numbers of one paper, who signed them, and the form to sign."""
    return await _shown(request, 200, None)


async def printed(request: Request) -> Response:
    """The report as PDF."""
    asked = {"ask": "report", "paper": request.path_params["paper"], "pdf": True}
    made = await ask_as(request, asked)
    return Response(base64.b64decode(made["pdf"]), media_type="application/pdf")


async def sign(request: Request) -> Response:
    """The chief examiner stands for the numbers that the page showed."""
    session, form = await form_of(request)
    paper = request.path_params["paper"]
    asked = {"do": "report", "paper": paper, "digest": form.get("digest", "")}
    try:
        await ask_as(request, asked | signed_as(form, session))
    except GateSaid as said:
        return await _shown(request, STATUS_OF_EXIT.get(said.exit_code, 409), said)
    return RedirectResponse(request.url.path, 303)


async def _shown(request: Request, status: int, said: GateSaid | None) -> Response:
    numbers = await ask_as(request, {"ask": "report", "paper": request.path_params["paper"]})
    return page_of(request, "report.html", status, report=numbers, said=said)
