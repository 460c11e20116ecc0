"""Who has signed in at the pages, in the database: any web process knows them."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, select

from enrolment.store.instants import text_of
from enrolment.store.opening import reading, writing
from enrolment.store.portal_tables import sessions

LASTS = timedelta(hours=2)
NOBODY, CANDIDATE, STAFF = "nobody", "candidate", "staff"


@dataclass(frozen=True, slots=True)
class PortalSession:
    """One browser. `who`: an account, or a member of staff. `csrf` stands in each form."""

    cookie: str
    csrf: str
    role: str = NOBODY
    who: str = ""

    def fits(self, csrf: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())


class PortalSessions:
    """Kept by the hash of the cookie: who reads the database signs in nowhere."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, cookie: str | None, at: datetime) -> PortalSession | None:
        """The session of a browser; None for a cookie that is unknown or too old."""
        if not cookie:
            return None
        query = select(sessions).where(
            sessions.c.cookie_hash == _hash(cookie), sessions.c.until > text_of(at)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else PortalSession(cookie, row.csrf, row.role, row.who)

    def begin(
        self, at: datetime, role: str, who: str, before: PortalSession | None
    ) -> PortalSession:
        """A new session; the one `before` ends, so that no known cookie becomes theirs."""
        made = PortalSession(secrets.token_hex(32), secrets.token_hex(32), role, who)
        row = {
            "cookie_hash": _hash(made.cookie),
            "csrf": made.csrf,
            "role": role,
            "who": who,
            "until": text_of(at + LASTS),
        }
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.until <= text_of(at)))
            if before is not None:
                connection.execute(
                    delete(sessions).where(sessions.c.cookie_hash == _hash(before.cookie))
                )
            connection.execute(insert(sessions).values(row))
        return made

    def end(self, session: PortalSession) -> None:
        """Signs out."""
        with writing(self._engine) as connection:
            connection.execute(
                delete(sessions).where(sessions.c.cookie_hash == _hash(session.cookie))
            )

    def end_all_of(self, who: str) -> None:
        """Signs `who` out everywhere."""
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.who == who))


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
