"""What the gates have sent, as they signed it, on SQLite and on PostgreSQL.

On PostgreSQL `event` is partitioned by sitting: the exam under which a journal was first received.
A journal stays in one sitting, so (gate, epoch, seq) stays unique. The paper cannot be the key:
a start of the unit or a step of its clock belongs to none.
"""

import sqlalchemy as sa
from alembic import op

from office.store.migrations.views import create_views

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, optional: bool = False) -> "sa.Column[str]":
    return sa.Column(name, _TEXT, nullable=optional)


def _number(name: str, *, optional: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _NUMBER, nullable=optional, autoincrement=False)


def _table(
    name: str,
    *columns: "sa.Column[str] | sa.Column[int]",
    key: str,
    partition_by: str | None = None,
) -> None:
    op.create_table(
        name,
        *columns,
        sa.PrimaryKeyConstraint(*key.split()),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        postgresql_partition_by=partition_by,
    )


def upgrade() -> None:
    """Every table, trigger and view."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    _what_was_received(on_postgresql)
    _what_proves_it()
    _what_is_known_of_gates(on_postgresql)
    (_guards_postgresql if on_postgresql else _guards_sqlite)()
    create_views(op.get_bind())


def _what_was_received(on_postgresql: bool) -> None:
    _table(
        "event",
        *(_text("gate"), _text("epoch"), _number("seq")),
        *(_text("prev"), _text("hash"), _text("event"), _text("received"), _text("sitting")),
        # Read from the event once, for views and alarms. The event's own text decides.
        *(_text("at", optional=True), _text("kind", optional=True), _text("exam", optional=True)),
        *(_text("paper", optional=True), _text("ticket", optional=True)),
        *(_text("outcome", optional=True), _text("reason", optional=True)),
        # The keyed ID number of who was let in by this event, else null.
        _text("admitted", optional=True),
        key="gate epoch seq sitting" if on_postgresql else "gate epoch seq",
        partition_by="LIST (sitting)" if on_postgresql else None,
    )
    op.execute("CREATE INDEX event_admitted ON event (admitted, paper) WHERE admitted IS NOT NULL")
    # The same place, another content: a copied card, or a lie. Never overwritten, always kept.
    _table(
        "conflict",
        *(_text("gate"), _text("epoch"), _number("seq"), _text("prev"), _text("hash")),
        *(_text("event"), _text("received")),
        key="gate epoch seq hash",
    )
    # How far each journal is stored without a gap; `top` is the highest that is stored at all.
    _table(
        "mark",
        *(_text("gate"), _text("epoch"), _text("sitting"), _text("exam"), _text("site")),
        *(_number("high"), _text("head"), _number("top"), _text("heard")),
        key="gate epoch",
    )


def _what_proves_it() -> None:
    # The gate's signature over each head that it sent. `beside`: signed fields that are not known.
    _table(
        "signed_head",
        *(_text("gate"), _text("epoch"), _number("first"), _number("last"), _text("prev")),
        *(_text("head"), _number("hist"), _text("key"), _text("sig"), _text("beside")),
        key="gate epoch last head first",
    )
    # The newest signed heartbeat of each, and any whose head is not the event that is stored.
    _table(
        "claim",
        *(_text("gate"), _text("epoch"), _number("seq"), _text("head"), _number("forked")),
        *(_text("beat"), _text("received")),
        key="gate epoch seq head",
    )
    # The office's signed word for each gate's key: a key outlives a unit that was enrolled anew.
    _table("gate_key", _text("gate"), _text("key"), _text("word"), key="gate key")
    # Receipts as they were given: what the office itself has vouched for.
    _table(
        "receipt",
        *(_text("gate"), _text("epoch"), _number("generation"), _number("high"), _text("head")),
        _text("receipt"),
        key="gate epoch high head generation",
    )
    # The office's own word on a case of a gate: signed, numbered, and never changed.
    _table(
        "settlement",
        *(_text("exam"), _text("decision"), _number("number"), _text("record"), _text("sig")),
        key="exam decision number",
    )
    _table("office", _number("one"), _number("generation"), key="one")


def _what_is_known_of_gates(on_postgresql: bool) -> None:
    # What each gate last said of itself in a signed heartbeat.
    _table(
        "gate_state",
        *(_text("gate"), _text("epoch"), _text("exam"), _text("site"), _text("heard")),
        *(_number("said"), _text("said_head"), _text("oldest_unsent_at", optional=True)),
        *(_text("clock", optional=True), _number("disk_free_mb", optional=True)),
        *(_text("roster_version", optional=True), _text("version", optional=True)),
        key="gate",
    )
    # Commands to gates as they were signed, to which gates each goes, and what those answered.
    _table("command", _text("id"), _text("verb"), _text("expires"), _text("record"), key="id")
    _table("command_target", _text("id"), _text("gate"), key="id gate")
    _table(
        "command_result",
        *(_text("id"), _text("gate"), _number("number"), _text("result"), _text("detail")),
        *(_text("received"), _text("record")),
        key="id gate number",
    )
    # The last word of each gate on each topic: `hb`, `state`, `cfg/rep`. It proves nothing.
    _table(
        "gate_said",
        *(_text("gate"), _text("part"), _text("exam"), _text("site"), _text("received")),
        _text("payload"),
        key="gate part",
    )
    # One row for each thing that is wrong, however often it is seen.
    _table(
        "alert",
        *(_text("kind"), _text("gate"), _text("epoch"), _number("seq"), _text("what")),
        *(_text("exam"), _text("site"), _text("first_at"), _text("last_at"), _number("times")),
        *(_text("detail"), _text("zh")),
        *(_text("taken_by", optional=True), _text("taken_at", optional=True)),
        key="kind gate epoch seq what",
    )
    if on_postgresql:  # rows that change often stay on their page
        op.execute("ALTER TABLE mark SET (fillfactor = 50)")
        op.execute("ALTER TABLE gate_state SET (fillfactor = 50)")


def _guards_sqlite() -> None:
    for table, done in (("event", "received"), ("settlement", "settled")):
        for verb, past in (("UPDATE", "changed"), ("DELETE", "deleted")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'what was {done} is never {past}'); END"
            )


def _guards_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION exam_office_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'what was % is never changed or deleted', TG_ARGV[0]; END $$"
    )
    for table, done in (("event", "received"), ("settlement", "settled")):
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION exam_office_refuse('{done}')"
        )
