"""A gate's heartbeat stands in one place, and `v_case` follows corrections.

The signed heartbeat moves from `gate_said` to `gate_state`, beside what was read from it.
Indexes find the few events of cases among millions.
"""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from gate.core.json_types import JsonValue
from office.store.migrations.case_view import replace_case_view

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """One column, two indexes, one view."""
    op.add_column("gate_state", sa.Column("beat", _TEXT, nullable=False, server_default=""))
    op.execute("CREATE INDEX event_referred ON event (gate, epoch, seq) WHERE outcome = 'REFER'")
    op.execute(
        "CREATE INDEX event_of_case ON event (gate, epoch, seq) "
        "WHERE kind = 'verdict' OR kind = 'case' OR kind = 'signature'"
    )
    _move_heartbeats(op.get_bind())
    replace_case_view(op.get_bind())


def _move_heartbeats(connection: JsonValue) -> None:
    """Also of gates whose state was not kept: a program before had the payload alone."""
    kept = connection.execute(
        sa.text("SELECT gate, exam, site, received, payload FROM gate_said WHERE part = 'hb'")
    )
    for gate, exam, site, received, payload in kept.fetchall():
        for beat in _read(payload):
            connection.execute(
                sa.text(
                    "INSERT INTO gate_state (gate, epoch, exam, site, heard, said, said_head, beat)"
                    " VALUES (:gate, :epoch, :exam, :site, :heard, :said, :said_head, :beat)"
                    " ON CONFLICT (gate) DO UPDATE SET beat = excluded.beat"
                ),
                {"gate": gate, "exam": exam, "site": site, "heard": received, "beat": payload}
                | beat,
            )
    connection.execute(sa.text("DELETE FROM gate_said WHERE part = 'hb'"))


def _read(payload: str) -> Iterator[dict[str, object]]:
    """Nothing for what is no heartbeat: it was kept by nobody's program."""
    try:
        beat = json.loads(payload)
        yield {"epoch": str(beat["epoch"]), "said": int(beat["seq"]), "said_head": beat["head"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return
