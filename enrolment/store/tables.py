"""The tables. Events are only ever added; the others can be made again from them."""

from sqlalchemy import (
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

rounds = Table(
    "round",
    metadata,
    Column("round", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("description", Text, nullable=False),
    Column("offices", Text),
    Column("opened_at", String(40), nullable=False),
    PrimaryKeyConstraint("round", "version"),
)

chains = Table(
    "chain",
    metadata,
    Column("round", String(32), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("shredded_at", String(40)),
)
"""The newest event of each round. Its row is locked by who adds one."""

events = Table(
    "event",
    metadata,
    Column("round", String(32), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("application", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("round_version", Integer, nullable=False),
    Column("at", String(40), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("round", "seq"),
    UniqueConstraint("application", "version"),
)

applications = Table(
    "application",
    metadata,
    Column("application", String(32), primary_key=True),
    Column("round", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("district", String(12)),
    Column("level", String(32)),
    Column("number_key", String(64)),
    Column("ticket", String(32)),
    Column("deadline", String(40)),
    UniqueConstraint("round", "number_key"),
    UniqueConstraint("round", "ticket"),
    Index("application_by_status", "round", "status"),
    Index("application_by_deadline", "round", "deadline"),
)
"""Where each stands: for lists and uniqueness."""

effects = Table(
    "effect",
    metadata,
    Column("application", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("round", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("argument", String(64), nullable=False),
    Column("leased_until", String(40)),
    Column("done_at", String(40)),
    PrimaryKeyConstraint("application", "version", "place"),
    Index("effect_open", "round", "done_at"),
)

orders = Table(
    "fee_order",
    metadata,
    Column("order", String(64), primary_key=True),
    Column("application", String(32), nullable=False),
    Column("round", String(32), nullable=False),
    Column("fen", Integer, nullable=False),
)

bookings = Table(
    "booking",
    metadata,
    Column("payment", String(64), primary_key=True),
    Column("application", String(32)),
    Column("order", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("fen", Integer, nullable=False),
    Column("at", String(40), nullable=False),
)
"""Each payment once. Without an application: nobody has that order."""

cases = Table(
    "review_case",
    metadata,
    Column("application", String(32), primary_key=True),
    Column("round", String(32), nullable=False),
    Column("district", String(12), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("since", String(40), nullable=False),
    Column("reviewer", String(64)),
    Column("leased_until", String(40)),
    Index("review_case_queue", "round", "since"),
)

checks = Table(
    "check_task",
    metadata,
    Column("task", String(32), primary_key=True),
    Column("round", String(32), nullable=False),
    Column("application", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("media", String(64), nullable=False),
    Column("digits", String(8), nullable=False),
    Column("asked_at", String(40), nullable=False),
    Column("leased_until", String(40)),
    Column("done_at", String(40)),
    Column("outcome", Text),
    Index("check_open", "round", "done_at", "asked_at"),
    Index("check_of_application", "application", "asked_at"),
)
"""What was uploaded to be judged. `digits`: those of the video. `outcome`: sealed."""
