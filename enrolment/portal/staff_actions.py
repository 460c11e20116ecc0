"""What staff do: take a case, decide it, lock a number, give an application another phone."""

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from enrolment.core.events import Locked, ManualDecided, ReviewDecided, ReviewOutcome
from enrolment.core.status import Status
from enrolment.portal.forms import Form
from enrolment.portal.pages import leads_to, page_of
from enrolment.portal.shared import address_of, session_of, shared_of
from enrolment.portal.staff_session import of_their_district, reviewer_of, staff_of
from enrolment.store.portal_accounts import move_to_phone
from enrolment.store.portal_sessions import STAFF
from enrolment.store.review_cases import Decision, decide, next_case
from enrolment.store.staff_accounts import note, opened_by
from gate.web.client_address import machine_of

_PHONE = re.compile(r"1[3-9][0-9]{9}")
WHY_MAX = 500


def sign_in(request: Request, form: Form) -> Response:
    """Name and password; every try is noted."""
    shared, name = shared_of(request), form.text("by")[:32]
    is_allowed = shared.sign_in_rate.allows(machine_of(address_of(request)))
    is_allowed = shared.sign_in_rate.allows(f"staff {name}") and is_allowed
    if not is_allowed:
        return page_of(request, "staff_sign_in.html", 429, is_slowed=True)
    account = opened_by(shared.store.engine, name, form.text("password"))
    if account is None:
        note(shared.store.engine, shared.now(), name, "sign-in refused")
        return page_of(request, "staff_sign_in.html", 403, is_refused=True)
    note(shared.store.engine, shared.now(), account.name, "sign-in")
    before = session_of(request)
    return leads_to("/staff", shared.sessions.begin(shared.now(), STAFF, account.name, before))


def sign_out(request: Request, form: Form) -> Response:
    """Ends the session."""
    session = session_of(request)
    if session is not None:
        shared_of(request).sessions.end(session)
    return leads_to("/staff/sign-in")


def take(request: Request, form: Form) -> Response:
    """The next case; nobody else has it."""
    shared, reviewer = shared_of(request), reviewer_of(request)
    application = next_case(shared.store, reviewer, shared.now())
    if application is None:
        return leads_to("/staff")
    note(shared.store.engine, shared.now(), reviewer.id, "take", application)
    return leads_to(f"/staff/cases/{application}")


def settle(request: Request, form: Form) -> Response:
    """The decision on a case. HTTPException 400; what `decide` raises."""
    shared, reviewer = shared_of(request), reviewer_of(request)
    found = of_their_district(request, request.path_params["application"])
    version = form.text("version")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise HTTPException(400)
    decision = _decision(request, form, found.status)
    decide(shared.store, reviewer, found.id, decision, int(version))
    note(shared.store.engine, shared.now(), reviewer.id, form.text("decision"), found.id)
    return leads_to("/staff")


def move(request: Request, form: Form) -> Response:
    """A lost phone number: staff have compared the card. HTTPException 400; TooOften."""
    shared, account = shared_of(request), staff_of(request)
    found = of_their_district(request, request.path_params["application"])
    phone = "".join(form.text("phone").split())
    if not _PHONE.fullmatch(phone) or form.text("card_seen") != "yes":
        raise HTTPException(400)
    move_to_phone(shared.store, found.id, phone)
    note(shared.store.engine, shared.now(), account.name, "phone changed", found.id)
    return leads_to(f"/staff/cases/{found.id}")


def _decision(request: Request, form: Form, status: Status) -> Decision:
    at, by = shared_of(request).now(), reviewer_of(request).actor
    why, decided = form.text("why").strip()[:WHY_MAX], form.text("decision")
    if decided == "lock":
        return Locked(at=at, by=by, why=why)
    if status is Status.MANUAL_REVIEW and decided in ("pass", "refuse"):
        return ManualDecided(
            at=at,
            by=by,
            why=why,
            approved=decided == "pass",
            face_compared=form.text("face_compared") == "yes",
        )
    try:
        outcome = ReviewOutcome(decided)
    except ValueError as e:
        raise HTTPException(400) from e
    lacking = tuple(form.texts.get("lacking", [])) if outcome is ReviewOutcome.CORRECT else ()
    return ReviewDecided(at=at, by=by, why=why, outcome=outcome, lacking=lacking)
