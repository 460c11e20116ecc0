"""Tables of the portal's pages: accounts, codes, sessions, uploads in parts, documents, staff."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from enrolment.store.tables import metadata

__all__ = ("metadata",)

accounts = Table(
    "account",
    metadata,
    Column("account", String(32), primary_key=True),
    Column("round", String(32), nullable=False),
    Column("phone_key", String(64), nullable=False),
    Column("application", String(32), unique=True),
    Index("account_by_phone", "round", "phone_key", unique=True),
)
"""One phone is one account of a round, and has one application."""

codes = Table(
    "sign_in_code",
    metadata,
    Column("round", String(32), nullable=False),
    Column("phone_key", String(64), nullable=False),
    Column("code_key", String(64), nullable=False),
    Column("sent_at", String(40), nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("day", String(10), nullable=False),
    Column("sent_today", Integer, nullable=False),
    PrimaryKeyConstraint("round", "phone_key"),
)
"""The newest code of a phone. `wrong`: how often another one was given."""

sessions = Table(
    "web_session",
    metadata,
    Column("cookie_hash", String(64), primary_key=True),
    Column("csrf", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("who", String(64), nullable=False),
    Column("until", String(40), nullable=False),
    Index("web_session_by_end", "until"),
)

challenges = Table(
    "digits_challenge",
    metadata,
    Column("application", String(32), primary_key=True),
    Column("digits", String(8), nullable=False),
)
"""The digits that the next video of an application has to say."""

uploads = Table(
    "upload",
    metadata,
    Column("upload", String(32), primary_key=True),
    Column("application", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("began_at", String(40), nullable=False),
    Index("upload_of_application", "application", "kind"),
)

upload_parts = Table(
    "upload_part",
    metadata,
    Column("upload", String(32), nullable=False),
    Column("offset", Integer, nullable=False),
    Column("sealed", Text, nullable=False),
    PrimaryKeyConstraint("upload", "offset"),
)

documents = Table(
    "document",
    metadata,
    Column("application", String(32), nullable=False),
    Column("document", String(64), nullable=False),
    Column("media", String(64), nullable=False),
    Column("at", String(40), nullable=False),
    PrimaryKeyConstraint("application", "document", "media"),
)
"""The pictures of what was handed in, by the document's id."""

staff = Table(
    "staff",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("districts", Text, nullable=False),
    Column("password_hash", String(128), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", String(40), nullable=False),
    Column("who", String(64), nullable=False),
    Column("did", String(32), nullable=False),
    Column("about", String(64), nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""What staff did at the pages; each line has the hash of the one before."""
