"""The application of the candidate who asks. No path names one, so nobody asks for another's."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from enrolment.core.application import Application
from enrolment.core.events import Actor, Event, Role
from enrolment.portal.forms import Form
from enrolment.portal.shared import session_of, shared_of
from enrolment.store.portal_accounts import application_of
from enrolment.store.portal_sessions import CANDIDATE


def account_of(request: Request) -> str:
    """The account that is signed in. HTTPException 403."""
    session = session_of(request)
    if session is None or session.role != CANDIDATE:
        raise HTTPException(403)
    return session.who


def own(request: Request) -> Application | None:
    """What the candidate has begun; None before the rules were agreed to."""
    store = shared_of(request).store
    application = application_of(store, account_of(request))
    return None if application is None else store.load(application)


def own_begun(request: Request) -> Application:
    """The same, where one is needed. HTTPException 404."""
    found = own(request)
    if found is None:
        raise HTTPException(404)
    return found


def candidate(application: Application) -> Actor:
    """Who gives the candidate's events."""
    return Actor(Role.CANDIDATE, application.id)


def apply_form(request: Request, form: Form, event: Event, application: Application) -> None:
    """Applies the event to the version that the form has shown. HTTPException 400; what `apply`
    raises."""
    version = form.text("version")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise HTTPException(400)
    shared_of(request).store.apply(application.id, event, expected=int(version))
