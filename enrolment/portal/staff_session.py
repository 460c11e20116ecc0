"""The member of staff who asks: role and districts as they are now, not as they signed in."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from enrolment.core.application import Application
from enrolment.portal.shared import session_of, shared_of
from enrolment.store.portal_sessions import STAFF
from enrolment.store.review_cases import Reviewer
from enrolment.store.staff_accounts import StaffAccount, account_named, note


def staff_of(request: Request) -> StaffAccount:
    """HTTPException 403 where the account is gone."""
    session = session_of(request)
    found = None
    if session is not None and session.role == STAFF:
        found = account_named(shared_of(request).store.engine, session.who)
    if found is None:
        raise HTTPException(403)
    return found


def reviewer_of(request: Request) -> Reviewer:
    """The same, as who decides cases. HTTPException 403."""
    account = staff_of(request)
    return Reviewer(account.name, account.districts)


def of_their_district(request: Request, application: str) -> Application:
    """An application of the staff's own districts; the look is noted. NoSuchEntry,
    HTTPException 403."""
    account, shared = staff_of(request), shared_of(request)
    found = shared.store.load(application)
    if found.data is None or found.data.district not in account.districts:
        raise HTTPException(403)
    note(shared.store.engine, shared.now(), account.name, "look", application)
    return found
