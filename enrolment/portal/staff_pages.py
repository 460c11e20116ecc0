"""The staff's pages: GET of each."""

from collections import Counter

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from enrolment.core.application import Application
from enrolment.core.status import Status
from enrolment.portal.pages import page_of
from enrolment.portal.picture_kinds import media_type
from enrolment.portal.shared import shared_of
from enrolment.portal.staff_session import of_their_district, staff_of
from enrolment.store import candidate_files, check_tasks
from enrolment.store.check_tasks import CheckKind
from enrolment.store.opening import reading
from enrolment.store.review_cases import waiting
from enrolment.store.staff_accounts import verified_notes
from enrolment.store.tables import applications
from gate.core.card import normalise_number

_FOUND_MAX, _NOTES_MAX = 50, 200


def sign_in(request: Request) -> Response:
    """Name and password."""
    return page_of(request, "staff_sign_in.html")


def desk(request: Request) -> Response:
    """What waits, figures by district, and the search."""
    account, store = staff_of(request), shared_of(request).store
    districts = sorted(account.districts)
    counted = _counted(request, districts)
    return page_of(
        request,
        "staff_desk.html",
        account=account,
        waiting=waiting(store, districts),
        figures=counted,
        highest=max((sum(c.values()) for c in counted.values()), default=0),
        statuses=tuple(Status),
        asked=request.query_params.get("q", ""),
        found=_search(request, districts, request.query_params.get("q", "")),
    )


def case(request: Request) -> Response:
    """One application: card, video and photo side by side. HTTPException 403."""
    found = of_their_district(request, request.path_params["application"])
    store = shared_of(request).store
    return page_of(
        request,
        "staff_case.html",
        application=found,
        read=check_tasks.newest_outcome(store, found.id, CheckKind.CARD),
        media=_media(request, found),
        account=staff_of(request),
    )


def media(request: Request) -> Response:
    """A picture or the video of an application of the staff's districts. HTTPException 403, 404."""
    found = of_their_district(request, request.path_params["application"])
    store = shared_of(request).store
    names = dict(_media(request, found))
    name = names.get(request.path_params["kind"])
    if name is None:
        raise HTTPException(404)
    content = store.media.get(store.round_id, name)
    return Response(content, media_type=media_type(content) or "application/octet-stream")


def audit(request: Request) -> Response:
    """What staff did, for the chief. HTTPException 403."""
    if staff_of(request).role != "chief":
        raise HTTPException(403)
    notes = verified_notes(shared_of(request).store.engine)
    return page_of(request, "staff_audit.html", notes=notes[: -_NOTES_MAX - 1 : -1])


def _media(request: Request, of: Application) -> list[tuple[str, str]]:
    """What can be looked at: a name for the address, and the stored one."""
    store = shared_of(request).store
    found = [(str(k), name) for k, name in check_tasks.newest_media(store, of.id).items()]
    if of.photo and "photo" not in dict(found):
        found.append(("photo", of.photo))
    if of.signature:
        found.append(("signature", of.signature))
    handed_in = candidate_files.documents_of(store, of.id)
    return found + [(f"{document}-{n}", name) for n, (document, name) in enumerate(handed_in)]


def _counted(request: Request, districts: list[str]) -> dict[str, Counter[str]]:
    store = shared_of(request).store
    counted: dict[str, Counter[str]] = {district: Counter() for district in districts}
    with reading(store.engine) as connection:
        rows = connection.execute(
            select(applications.c.district, applications.c.status).where(
                applications.c.round == store.round_id, applications.c.district.in_(districts)
            )
        )
        for row in rows:
            counted[row.district][row.status] += 1
    return counted


def _search(request: Request, districts: list[str], asked: str) -> list[Application]:
    """By ID number or ticket, whole; both are kept so that no part of them can be looked for."""
    store = shared_of(request).store
    text = asked.strip()
    if not text:
        return []
    number = store.media.keyed(store.round_id, normalise_number(text))
    with reading(store.engine) as connection:
        rows = connection.execute(
            select(applications.c.application)
            .where(
                applications.c.round == store.round_id,
                applications.c.district.in_(districts),
                (applications.c.number_key == number) | (applications.c.ticket == text),
            )
            .limit(_FOUND_MAX)
        ).scalars()
        names = list(rows)
    return [store.load(name) for name in names]
