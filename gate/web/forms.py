"""The fields of a posted form, and whose session it is of."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gate.web.sessions import Session

FORM = "application/x-www-form-urlencoded"
"""The one kind that pages send; multipart would name a character set of its own."""
FIELDS_MAX = 100
"""A health report may have 64 questions."""


async def form_of(request: Request) -> tuple[Session, dict[str, str]]:
    """The session and the form's texts. HTTPException 403 where the form is of another session,
    400 for a field that is there twice, 415 for another kind of form."""
    session: Session | None = request.state.session
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415)
    async with request.form(max_files=0, max_fields=FIELDS_MAX) as sent:
        pairs = [(name, value) for name, value in sent.multi_items() if isinstance(value, str)]
    form = dict(pairs)
    if len(form) != len(pairs):
        raise HTTPException(400)
    if session is None or not session.fits(form.get("csrf", "")):
        raise HTTPException(403)
    return session, form
