"""Every query of the board: the views of the office's database, and what is new in it."""

from collections.abc import Iterator, Mapping, Sequence
from json import JSONDecoder

from gate.core.json_types import JsonObject
from gate.platform.json_values import decode_json
from office.board.arrival_minutes import arrival_minute
from office.board.board_counts import Seen, correction_of, seated_of
from office.store.connection import Database

VIEWS = {
    "events": ("v_event", "gate, epoch, seq"),
    "gates": ("v_gate", "gate"),
    "cases": ("v_case", "at DESC, gate, epoch, seq"),
    "alerts": ("v_alert", "last_at DESC, gate, seq"),
    "completeness": ("v_completeness", "gate, epoch"),
}
"""Name at /api/1: the view and its order."""
ROWS_MAX = 1000
_PAGE = 2000
EVENTS_AT_ONCE = 20_000
"""Read in one look: half a second of a core. The rest of the board does not wait for more."""
_ROOM_KEY, _ROOM_MAX = '"room":', 200
"""Of the canonical text: within a JSON string no quotation mark stands unescaped."""
_DECODER = JSONDecoder()
_TRUTHS = ("doubtful",)
"""Columns that are true or false; SQLite has only numbers for them."""
_NEW = """
SELECT e.seq, e.kind, coalesce(e.exam, e.sitting), e.paper, e.outcome, e.at, e.admitted,
       e.received,
       CASE WHEN e.admitted IS NOT NULL AND e.kind = 'decision' AND {find}(e.event, :room) > 0
            THEN substr(e.event, {find}(e.event, :room) + 7, :room_max) END,
       CASE WHEN e.kind = 'case' OR (e.kind = 'decision' AND e.outcome = 'REFER') THEN e.event END
FROM event e WHERE e.gate = :gate AND e.epoch = :epoch AND e.seq > :above AND e.seq <= :top
ORDER BY e.seq LIMIT :page
"""
_CASES = """
SELECT count(*), sum(CASE WHEN outcome IS NULL AND office_verdict IS NULL THEN 1 ELSE 0 END)
FROM v_case WHERE doubtful
"""


def view(
    database: Database, name: str, where: Mapping[str, str], *, most: int = ROWS_MAX
) -> list[JsonObject]:
    """Rows of one of `VIEWS`. `where`: values of columns that this program names.
    StorageRefused, StorageDamaged."""
    table, order = VIEWS[name]
    wanted = " AND ".join(f"{column} = :{column}" for column in where)
    clause = f" WHERE {wanted}" if wanted else ""
    with database.in_words():
        found = database.execute(
            f"SELECT * FROM {table}{clause} ORDER BY {order} LIMIT :most", most=most, **where
        )
        return [_row(dict(row._mapping)) for row in found]


def _row(columns: JsonObject) -> JsonObject:
    """The same of both databases."""
    for name in _TRUTHS:
        if columns.get(name) is not None:
            columns[name] = bool(columns[name])
    return columns


def newest_events(database: Database, gate: str, most: int) -> list[JsonObject]:
    """The last events of one gate, the newest first. StorageRefused, StorageDamaged."""
    with database.in_words():
        found = database.execute(
            "SELECT * FROM v_event WHERE gate = :gate ORDER BY received_at DESC, seq DESC "
            "LIMIT :most",
            gate=gate,
            most=most,
        )
        return [dict(row._mapping) for row in found]


def case_counts(database: Database) -> tuple[int, int]:
    """Doubtful cases in all, and those that nobody has settled. StorageRefused, StorageDamaged."""
    total, still_open = database.rows(_CASES)[0]
    return int(total), int(still_open or 0)


def settlements(database: Database) -> int:
    """How often the office has settled a case. StorageRefused, StorageDamaged."""
    return int(database.rows("SELECT count(*) FROM settlement")[0][0])


def take_alert(database: Database, key: Sequence[str], by: str, now: str) -> bool:
    """Whether the alert was nobody's before; then it is taken by `by` at `now` (RFC 3339). `key`:
    kind, gate, epoch, seq, what. StorageRefused, StorageDamaged."""
    kind, gate, epoch, seq, what = key
    with database.transaction():
        done = database.execute(
            "UPDATE alert SET taken_by = :by, taken_at = :now WHERE kind = :kind AND gate = :gate "
            "AND epoch = :epoch AND seq = :seq AND what = :what AND taken_by IS NULL",
            **{"by": by, "now": now, "kind": kind, "gate": gate, "epoch": epoch},
            **{"seq": int(seq), "what": what},
        )
        return done.rowcount == 1


def is_taken_by(database: Database, key: Sequence[str], by: str) -> bool:
    """Whether `by` has taken the alert `key`. StorageRefused, StorageDamaged."""
    kind, gate, epoch, seq, what = key
    found = database.rows(
        "SELECT 1 FROM alert WHERE kind = :kind AND gate = :gate AND epoch = :epoch "
        "AND seq = :seq AND what = :what AND taken_by = :by",
        **{"by": by, "kind": kind, "gate": gate, "epoch": epoch, "seq": int(seq), "what": what},
    )
    return bool(found)


class NewEvents:
    """What was stored since the last look: each event once, whatever order it came in.

    One look reads about `EVENTS_AT_ONCE`. `behind`: how many are stored and not yet read.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._sql = _NEW.replace("{find}", "strpos" if database.is_postgresql else "instr")
        self._high: dict[tuple[str, str], int] = {}
        self._above: dict[tuple[str, str], set[int]] = {}
        self.behind = 0

    def __iter__(self) -> Iterator[Seen]:
        """StorageRefused, StorageDamaged."""
        left, self.behind = EVENTS_AT_ONCE, 0
        marks = self._db.rows("SELECT gate, epoch, site, high, top FROM mark")
        for gate, epoch, site, high, top in marks:
            place = (gate, epoch)
            before = self._high.get(place, 0)
            above = self._above.get(place, set())
            if top <= before + len(above) and high == before:
                continue
            # Below the mark nothing is missing, so a look may end anywhere there.
            end = top if top - before <= left else min(high, before + max(left, 0))
            self.behind += high - min(high, end)
            for seq, seen in self._rows(place, site, before, end):
                if seq not in above:
                    left -= 1
                    yield seen
                    if seq > high:
                        above.add(seq)
            self._high[place] = min(high, end)
            self._above[place] = {seq for seq in above if seq > high}

    def _rows(
        self, place: tuple[str, str], site: str, above: int, top: int
    ) -> Iterator[tuple[int, Seen]]:
        gate, epoch = place
        while above < top:
            page = self._db.rows(
                self._sql,
                **{"gate": gate, "epoch": epoch, "above": above, "top": top, "page": _PAGE},
                **{"room": _ROOM_KEY, "room_max": _ROOM_MAX},
            )
            for row in page:
                yield row[0], _seen(gate, site, *row[1:])
            if len(page) < _PAGE:
                return
            above = page[-1][0]


def _seen(  # noqa: PLR0917
    gate: str,
    site: str,
    kind: str | None,
    exam: str,
    paper: str | None,
    outcome: str | None,
    at: str | None,
    admitted: str | None,
    received: str,
    room: str | None,
    text: str | None,
) -> Seen:
    """`room`: the event's own text from the room's value on. `text`: the whole of it, where more is
    needed."""
    minute = arrival_minute(at, received) if kind == "decision" else None
    seated, fixed = None, None
    if admitted is not None and room is not None:
        seated = _with_room(admitted, room)
    elif text is not None and kind == "case":
        fixed = correction_of(_body(text))
    elif text is not None:
        seated = seated_of(_body(text))
    return Seen(gate, site, kind, exam, paper, outcome, at, admitted, minute, seated, fixed)


def _with_room(who: str, begins: str) -> tuple[str, str] | None:
    """None where the value is no text, or a longer one than a room has."""
    try:
        room, _ = _DECODER.raw_decode(begins)
    except ValueError:
        return None
    return (who, room) if isinstance(room, str) else None


def _body(text: str) -> JsonObject:
    """Nothing where the text is no JSON any more: the audit says that."""
    try:
        body = decode_json(text.encode())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
