"""The candidate's pages: GET of each."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from enrolment.core.data_transitions import may_change_identity
from enrolment.core.status import Status
from enrolment.portal.notice_sheets import health_report, notice_sheet, registration_sheet
from enrolment.portal.own_application import own, own_begun
from enrolment.portal.pages import leads_to, page_of
from enrolment.portal.picture_kinds import media_type
from enrolment.portal.shared import session_of, shared_of
from enrolment.store import candidate_files, check_tasks
from enrolment.store.check_tasks import CHECKED_IN, CheckKind
from enrolment.store.portal_sessions import CANDIDATE


def home(request: Request) -> Response:
    """What the portal is, and where to begin. Who is signed in goes on."""
    session = session_of(request)
    if session is not None and session.role == CANDIDATE:
        return leads_to("/application")
    return page_of(request, "home.html", address=str(request.base_url))


def offices(request: Request) -> Response:
    """Where identity is confirmed on site."""
    return page_of(request, "offices.html")


def sign_in(request: Request) -> Response:
    """The phone number."""
    return page_of(request, "sign_in.html")


def application(request: Request) -> Response:
    """Where the application stands, and the one thing to do next."""
    found = own(request)
    if found is None:
        return page_of(request, "consent.html")
    store = shared_of(request).store
    kind = next((k for k, s in CHECKED_IN.items() if s is found.status), None)
    waits = check_tasks.waiting_kind(store, found.id)
    return page_of(
        request,
        "application.html",
        application=found,
        kind=kind,
        waits=waits,
        waiting=check_tasks.waiting_count(store) if waits else 0,
        read=check_tasks.newest_outcome(store, found.id, CheckKind.CARD),
        media=_shown_media(request, found.id),
        may_change_identity=may_change_identity(found),
        documents=candidate_files.documents_of(store, found.id),
    )


def data(request: Request) -> Response:
    """The form."""
    found = own_begun(request)
    return page_of(
        request,
        "data.html",
        application=found,
        data=found.data,
        faults={},
        said=None,
        may_change_identity=may_change_identity(found),
    )


def capture(request: Request) -> Response:
    """Card, video or ticket photo. HTTPException 404."""
    found, kind = own_begun(request), _kind(request)
    store = shared_of(request).store
    if found.status is not CHECKED_IN[kind] or check_tasks.waiting_kind(store, found.id):
        return leads_to("/application")
    digits = candidate_files.challenge(store, found.id) if kind is CheckKind.VIDEO else ""
    return page_of(request, "capture.html", application=found, kind=kind, digits=digits)


def signature(request: Request) -> Response:
    """The signature pad."""
    found = own_begun(request)
    if found.status not in (Status.PHOTO_ACCEPTED, Status.SIGNED):
        return leads_to("/application")
    return page_of(request, "signature.html", application=found)


def own_media(request: Request) -> Response:
    """One of the candidate's own pictures. HTTPException 404."""
    found = own_begun(request)
    name = _shown_media(request, found.id).get(request.path_params["kind"])
    if name is None:
        raise HTTPException(404)
    store = shared_of(request).store
    content = store.media.get(store.round_id, name)
    return Response(content, media_type=media_type(content) or "application/octet-stream")


def sheet(request: Request) -> Response:
    """Registration sheet, exam notice or health report as PDF. HTTPException 404."""
    found = own_begun(request)
    if found.data is None or not found.ticket:
        raise HTTPException(404)
    store = shared_of(request).store
    photo = store.media.get(store.round_id, found.photo) if found.photo else None
    match request.path_params["sheet"]:
        case "registration":
            content = registration_sheet(found, photo)
        case "notice" if found.seats:
            content = notice_sheet(found, photo)
        case "health":
            content = health_report(found)
        case _:
            raise HTTPException(404)
    return Response(content, media_type="application/pdf")


def fee(request: Request) -> Response:
    """The simulated payment service's page for the candidate's own order. HTTPException 404."""
    found = own_begun(request)
    if not found.order or request.path_params["order"] != found.order:
        raise HTTPException(404)
    return page_of(request, "payment.html", application=found)


def _shown_media(request: Request, application: str) -> dict[str, str]:
    store = shared_of(request).store
    state = store.load(application)
    found: dict[str, str] = {}
    card = check_tasks.newest_media(store, application).get(CheckKind.CARD)
    for kind, name in (("card", card), ("photo", state.photo), ("signature", state.signature)):
        if name:
            found[kind] = name
    return found


def _kind(request: Request) -> CheckKind:
    try:
        return CheckKind(request.path_params["kind"])
    except ValueError as e:
        raise HTTPException(404) from e
