"""Who has signed in at a program's pages. In memory alone: a restart signs everybody out."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

COOKIE = "__Host-session"
"""Browsers take a cookie of this prefix from HTTPS alone, for this host and its root."""
LASTS_S = 12 * 3600.0
KEPT = 256
"""Sessions at once; those of nobody go first, the longest unused of them."""


@dataclass(slots=True)
class Session:
    """One browser. `by`: the staff id, None before somebody signed in. `token`: the gate's word
    that this person has shown a PIN. `csrf`: stands in each form. `link`: which connection to the
    gate is this browser's."""

    id: str = field(default_factory=lambda: secrets.token_hex(32))
    csrf: str = field(default_factory=lambda: secrets.token_hex(32))
    link: str = field(default_factory=lambda: secrets.token_hex(32))
    by: str | None = None
    name: str = ""
    role: str = ""
    token: str | None = None
    since_s: float = 0.0
    used_s: float = 0.0

    def fits(self, csrf: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())


class Sessions:
    """By the value of the cookie. `now_s`: monotonic seconds."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._sessions: dict[str, Session] = {}

    def of(self, cookie: str | None) -> Session | None:
        """The session of a browser; None for a cookie that is unknown or too old."""
        session = self._sessions.get(cookie or "")
        if session is None:
            return None
        if self._now_s() - session.since_s > LASTS_S:
            del self._sessions[session.id]
            return None
        session.used_s = self._now_s()
        return session

    def begin(self) -> Session:
        """A new session of nobody."""
        self._make_room()
        session = Session(since_s=self._now_s(), used_s=self._now_s())
        self._sessions[session.id] = session
        return session

    def sign_in(
        self, before: Session, *, by: str, name: str, role: str, token: str | None
    ) -> Session:
        """A new session of `by`; the one `before` ends, so that no known cookie becomes theirs. The
        browser keeps its connection to the gate."""
        self.end(before)
        session = self.begin()
        session.link = before.link
        session.by, session.name, session.role, session.token = by, name, role, token
        return session

    def end(self, session: Session) -> None:
        """Signs out."""
        self._sessions.pop(session.id, None)

    def _make_room(self) -> None:
        while len(self._sessions) >= KEPT:
            by_age = sorted(self._sessions.values(), key=lambda s: (s.by is not None, s.used_s))
            self.end(by_age[0])
