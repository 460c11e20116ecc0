"""What a candidate's pages keep beside the events: digits to be said, pictures of documents."""

import secrets
from datetime import datetime

from sqlalchemy import delete, insert, select

from enrolment.errors import UploadRefused
from enrolment.store.applications import Applications
from enrolment.store.instants import text_of
from enrolment.store.opening import reading, writing
from enrolment.store.portal_tables import challenges, documents

DIGITS = "023456789"
"""Without 1, which is said in two ways."""
DIGITS_SAID = 4


def challenge(store: Applications, application: str) -> str:
    """The digits that the next video says. They stay until one was uploaded: every window shows
    the same."""
    with writing(store.engine) as connection:
        known = connection.execute(
            select(challenges.c.digits).where(challenges.c.application == application)
        ).scalar_one_or_none()
        if known is not None:
            return str(known)
        digits = "".join(secrets.SystemRandom().sample(DIGITS, DIGITS_SAID))
        connection.execute(insert(challenges).values(application=application, digits=digits))
    return digits


def use_challenge(store: Applications, application: str) -> str:
    """The digits of the video that was uploaded now; they are used up. UploadRefused where none
    are shown."""
    with writing(store.engine) as connection:
        known = connection.execute(
            select(challenges.c.digits).where(challenges.c.application == application)
        ).scalar_one_or_none()
        connection.execute(delete(challenges).where(challenges.c.application == application))
    if known is None:
        raise UploadRefused(
            "The digits are used: load the page again and say the new ones.",
            "数字已失效：请刷新页面，朗读新的数字。",
        )
    return str(known)


def keep_document(
    store: Applications, application: str, document: str, content: bytes, at: datetime
) -> str:
    """Stores a picture of a document; the name that it is stored under. StorageRefused."""
    media = store.media.put(store.round_id, content)
    row = {"application": application, "document": document, "media": media}
    with writing(store.engine) as connection:
        connection.execute(
            delete(documents).where(*(documents.c[name] == value for name, value in row.items()))
        )
        connection.execute(insert(documents).values(**row, at=text_of(at)))
    return media


def documents_of(store: Applications, application: str) -> list[tuple[str, str]]:
    """Document and the name that its picture is stored under, the oldest first."""
    query = (
        select(documents)
        .where(documents.c.application == application)
        .order_by(documents.c.at, documents.c.media)
    )
    with reading(store.engine) as connection:
        return [(row.document, row.media) for row in connection.execute(query)]
