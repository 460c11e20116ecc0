"""Forms that browsers send, with files or without, and the session that they belong to."""

from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from enrolment.portal.guard import is_html_form
from enrolment.portal.shared import session_of
from enrolment.store.portal_sessions import PortalSession
from enrolment.store.uploads import UPLOAD_BYTES_MAX, check_size

_FIELDS_MAX, _FILES_MAX = 100, 8


@dataclass(frozen=True, slots=True)
class Form:
    """Texts by name, those of one name in their order; files by name."""

    texts: dict[str, list[str]]
    files: dict[str, bytes]

    def text(self, name: str) -> str:
        """The one text of `name`, empty where there is none. HTTPException 400 for several."""
        found = self.texts.get(name, [""])
        if len(found) != 1:
            raise HTTPException(400)
        return found[0]


async def form_of(request: Request) -> Form:
    """The form. HTTPException 403 where it is of another session, 415 for another kind; what
    `check_size` raises for a file."""
    if not is_html_form(request.headers):
        raise HTTPException(415)
    texts: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    async with request.form(max_files=_FILES_MAX, max_fields=_FIELDS_MAX) as sent:
        for name, value in sent.multi_items():
            if isinstance(value, UploadFile):
                if value.filename:
                    content = await value.read(UPLOAD_BYTES_MAX + 1)
                    check_size(len(content))
                    files[name] = content
            else:
                texts.setdefault(name, []).append(value)
    form = Form(texts, files)
    check_csrf(session_of(request), form.text("csrf"))
    return form


def check_csrf(session: PortalSession | None, csrf: str) -> None:
    """HTTPException 403 where `csrf` is not the session's."""
    if session is None or not session.fits(csrf):
        raise HTTPException(403)
