"""The portal as a Starlette application: routes and refusals."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from enrolment.errors import TooOften
from enrolment.portal import (
    candidate_actions,
    candidate_pages,
    payment_pages,
    staff_actions,
    staff_pages,
    upload_actions,
)
from enrolment.portal.guard import PortalGuard
from enrolment.portal.pages import page_of
from enrolment.portal.posted import posted
from enrolment.portal.shared import Shared
from gate.errors import GateError, InputRejected, NoSuchEntry, Refused, RetryLater
from gate.web.refusals import client_gone, refusing

STATIC = Path(__file__).parent / "static"


def routes() -> list[Route | Mount]:
    """Every route of the portal."""
    capture = "/application/{kind:str}"
    return [
        Route("/healthz", _healthz),
        Route("/", candidate_pages.home),
        Route("/offices", candidate_pages.offices),
        Route("/sign-in", candidate_pages.sign_in),
        Route("/sign-in", posted(candidate_actions.sign_in), methods=["POST"]),
        Route("/sign-in/code", posted(candidate_actions.send_code), methods=["POST"]),
        Route("/callbacks/payment", payment_pages.callback, methods=["POST"]),
        Route("/application", candidate_pages.application),
        Route("/application/sign-out", posted(candidate_actions.sign_out), methods=["POST"]),
        Route("/application/consent", posted(candidate_actions.consent), methods=["POST"]),
        Route("/application/data", candidate_pages.data),
        Route("/application/data", posted(candidate_actions.save_data), methods=["POST"]),
        Route("/application/signature", candidate_pages.signature),
        Route("/application/signature", posted(candidate_actions.sign), methods=["POST"]),
        Route("/application/documents", posted(candidate_actions.hand_in), methods=["POST"]),
        Route("/application/manual", posted(candidate_actions.ask_manual), methods=["POST"]),
        Route("/application/uploads", upload_actions.begin_upload, methods=["POST"]),
        Route("/application/uploads/{upload}", upload_actions.upload_progress),
        Route("/application/uploads/{upload}", upload_actions.upload_part, methods=["POST"]),
        Route("/application/media/{kind}", candidate_pages.own_media),
        Route("/application/sheets/{sheet}.pdf", candidate_pages.sheet),
        Route("/application/payment/{order}", candidate_pages.fee),
        Route("/application/payment/{order}", posted(payment_pages.pay), methods=["POST"]),
        Route(capture, candidate_pages.capture),
        Route(capture, posted(upload_actions.upload_form), methods=["POST"]),
        Route("/staff", staff_pages.desk),
        Route("/staff/sign-in", staff_pages.sign_in),
        Route("/staff/sign-in", posted(staff_actions.sign_in), methods=["POST"]),
        Route("/staff/sign-out", posted(staff_actions.sign_out), methods=["POST"]),
        Route("/staff/next", posted(staff_actions.take), methods=["POST"]),
        Route("/staff/audit", staff_pages.audit),
        Route("/staff/cases/{application}", staff_pages.case),
        Route("/staff/cases/{application}", posted(staff_actions.settle), methods=["POST"]),
        Route("/staff/cases/{application}/phone", posted(staff_actions.move), methods=["POST"]),
        Route("/staff/cases/{application}/media/{kind}", staff_pages.media),
        Mount("/static", StaticFiles(directory=STATIC, packages=[("gate.web", "static")])),
    ]


def portal_app(shared: Shared) -> Starlette:
    """The application; the database is asked in threads beside it."""
    app = Starlette(
        routes=routes(),
        exception_handlers={
            HTTPException: refusing(page_of, _FAULTS),
            GateError: _said,
            ClientDisconnect: client_gone,
        },
    )
    app.router.redirect_slashes = False  # it would lead to the host that the request names
    app.state.shared = shared
    app.add_middleware(PortalGuard, shared=shared)
    return app


def _healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _said(request: Request, said: Exception) -> Response:
    assert isinstance(said, GateError)
    return page_of(request, "refused.html", status_of(said), zh=said.zh, en=str(said))


def status_of(said: GateError) -> int:
    """The HTTP status of an error."""
    if isinstance(said, TooOften):
        return 429
    if isinstance(said, NoSuchEntry):
        return 404
    for kind, status in ((RetryLater, 409), (Refused, 403), (InputRejected, 422)):
        if isinstance(said, kind):
            return status
    return 503


_FAULTS = {
    400: ("表单有误：请返回重新填写。", "The form does not fit: go back and fill it in again."),
    403: (
        "无权限，或表单已失效：请刷新后重试。",
        "Not for you, or the form is void: load it again.",
    ),
    409: ("此操作已完成或不再需要。", "This is done already, or not needed any more."),
    413: ("提交内容过大。", "What was sent is too large."),
}
