"""Batches stored: what waits together is looked up, written and answered by few statements.

Any batch, any number of times, in any order. The row of a journal in `mark` is locked first, so two
programs never store into one journal at a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from gate.core.journal_entries import GENESIS
from gate.core.records import JournalEvent
from gate.ports import Receipt
from gate.sync.wire import MAX_RANGES, Batch
from office.store.connection import Database
from office.store.event_rows import COLUMNS, EventRow, copy_block, event_row
from office.store.ingest import Range, Watermark, advance, plan, receipt_of
from office.store.partitions import make_partitions

_GAPS = """
SELECT before + 1, seq - 1 FROM (
    SELECT seq, lag(seq, 1, CAST(:high AS {number})) OVER (ORDER BY seq) AS before
    FROM event WHERE gate = :gate AND epoch = :epoch AND seq > :high AND sitting = :sitting
) AS placed WHERE seq > before + 1 ORDER BY seq LIMIT :most
"""
_MARKS = """
SELECT m.gate, m.epoch, m.sitting, m.high, m.head, m.top FROM {keys}
JOIN mark m ON m.gate = k.value ->> 0 AND m.epoch = k.value ->> 1
"""
_LOCKED = " ORDER BY m.gate, m.epoch FOR UPDATE OF m"
_BEGIN_MARK = """
INSERT INTO mark (gate, epoch, sitting, exam, site, high, head, top, heard)
SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, k.value ->> 2, k.value ->> 3, 0,
       k.value ->> 4, 0, k.value ->> 5
FROM {keys} WHERE TRUE ON CONFLICT DO NOTHING
"""
_MOVE_MARK = """
UPDATE mark SET exam = k.value ->> 2, site = k.value ->> 3, high = CAST(k.value ->> 4 AS {number}),
       head = k.value ->> 5, top = CAST(k.value ->> 6 AS {number}), heard = k.value ->> 7
FROM {keys} WHERE mark.gate = k.value ->> 0 AND mark.epoch = k.value ->> 1
"""
_THERE = """
SELECT e.gate, e.epoch, e.seq, e.hash FROM {keys} JOIN event e
ON e.gate = k.value ->> 0 AND e.epoch = k.value ->> 1 AND e.sitting = k.value ->> 4
AND e.seq BETWEEN CAST(k.value ->> 2 AS {number}) AND CAST(k.value ->> 3 AS {number})
"""
_CONFLICT = """
INSERT INTO conflict (gate, epoch, seq, prev, hash, event, received)
SELECT k.value ->> 0, k.value ->> 1, CAST(k.value ->> 2 AS {number}), k.value ->> 3,
       k.value ->> 4, k.value ->> 5, k.value ->> 6
FROM {keys} WHERE TRUE ON CONFLICT DO NOTHING
"""
_ADMITTED = """
SELECT e.gate, e.epoch, e.seq, coalesce(e.exam, e.sitting), e.admitted, e.paper, k.value ->> 2
FROM {keys} JOIN event e ON e.admitted = k.value ->> 0 AND e.paper = k.value ->> 1
AND e.gate <> k.value ->> 2
"""
_INSERT = (
    f"INSERT INTO event ({', '.join(COLUMNS)}) VALUES "
    f"({', '.join('?' for _ in COLUMNS)}) ON CONFLICT DO NOTHING"
)
_COPY = f"COPY {{table}} ({', '.join(COLUMNS)}) FROM STDIN"
_ARRIVING = "CREATE TEMPORARY TABLE IF NOT EXISTS arriving (LIKE event) ON COMMIT DELETE ROWS"
_ARRIVED = (
    f"INSERT INTO event ({', '.join(COLUMNS)}) SELECT {', '.join(COLUMNS)} FROM arriving "
    "ON CONFLICT DO NOTHING"
)
_PAGE = 500

JournalPlace = tuple[str, str]
"""(gate, epoch)."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch that was believed, and where it came."""

    batch: Batch
    exam: str
    site: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What one batch changed. `conflicts`: seqs that were already there with another content.
    `broken`: the event behind the mark, where it does not follow the one before it. `rows`: what
    is new."""

    new: int
    conflicts: tuple[int, ...]
    broken: int | None = None
    rows: tuple[EventRow, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SecondAdmission:
    """Somebody who was let in to one paper at two gates. `first`, `second`: (gate, epoch, seq)."""

    exam: str
    paper: str | None
    ticket: str | None
    first: tuple[str, str, int]
    second: tuple[str, str, int]


@dataclass(slots=True)
class _Journal:
    """One journal while batches are stored into it. `top`: the highest seq stored."""

    sitting: str
    mark: Watermark
    top: int
    there: dict[int, str] = field(default_factory=dict)
    broken: int | None = None


class Arrivals:
    """Of one open database. All but the reading ones are called within a transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database
        number = "bigint" if database.is_postgresql else "integer"
        self._number = number
        self._moved: dict[JournalPlace, _Journal] = {}
        """Of this transaction: what it has locked and written need not be read again."""

    def begin(self) -> None:
        """A transaction has begun."""
        self._moved.clear()

    def _sql(self, sql: str) -> str:
        return sql.replace("{number}", self._number)

    def add(self, arrivals: Sequence[Arrival], now: str) -> list[Stored]:
        """What each of `arrivals` changed, in their order."""
        journals = self._journals(arrivals, now)
        self._look_up(arrivals, journals)
        rows: list[EventRow] = []
        found: list[tuple[tuple[EventRow, ...], tuple[int, ...]]] = []
        conflicts: list[list[object]] = []
        for arrival in arrivals:
            batch = arrival.batch
            journal = journals[batch.gate, batch.epoch]
            planned = plan(batch, journal.there)
            new = tuple(_rows(batch, planned.new, now, journal.sitting))
            rows += new
            journal.there |= {e["seq"]: e["hash"] for e in planned.new}
            conflicts += [_conflict(batch, e, now) for e in planned.conflicts]
            self._advance(journal, planned.new)
            found.append((new, tuple(int(e["seq"]) for e in planned.conflicts)))
        self._write_new(rows)
        self._db.write_keyed(self._sql(_CONFLICT), conflicts)
        for place, journal in journals.items():
            if journal.top > journal.mark.high:
                following = self.following(place, journal.sitting, journal.mark.high)
                journal.mark, journal.broken = advance(journal.mark, following)
        self._move(arrivals, journals, now)
        self._moved |= journals
        return [
            Stored(len(new), seqs, journals[a.batch.gate, a.batch.epoch].broken, new)
            for a, (new, seqs) in zip(arrivals, found, strict=True)
        ]

    def _journals(self, arrivals: Sequence[Arrival], now: str) -> dict[JournalPlace, _Journal]:
        """Their rows in `mark`, locked, begun where there is none."""
        about = {(a.batch.gate, a.batch.epoch): a for a in arrivals}
        found = self._marks(about, locked=True)
        new = [(*p, a.exam, a.site, GENESIS, now) for p, a in about.items() if p not in found]
        if new:
            self._db.write_keyed(_BEGIN_MARK, sorted(new))
            found |= self._marks([(n[0], n[1]) for n in new], locked=True)
        return found

    def _marks(
        self, places: Iterable[JournalPlace], *, locked: bool = False
    ) -> dict[JournalPlace, _Journal]:
        sql = _MARKS + (_LOCKED if locked and self._db.is_postgresql else "")
        return {
            (gate, epoch): _Journal(sitting, Watermark(high, head), top, {high: head})
            for gate, epoch, sitting, high, head, top in self._db.keyed(sql, sorted(places))
        }

    def _look_up(self, arrivals: Sequence[Arrival], journals: dict[JournalPlace, _Journal]) -> None:
        """What is stored at the places of `arrivals`. Nothing needs a look where all events go
        behind the highest one that is stored."""
        wanted = []
        for arrival in arrivals:
            batch = arrival.batch
            journal = journals[batch.gate, batch.epoch]
            is_next = batch.first == journal.mark.high + 1 and journal.top == journal.mark.high
            if not is_next and batch.first - 1 <= journal.top:
                last = min(batch.last, journal.top)
                wanted.append((batch.gate, batch.epoch, batch.first - 1, last, journal.sitting))
        for gate, epoch, seq, digest in self._db.keyed(self._sql(_THERE), wanted):
            journals[gate, epoch].there[seq] = digest

    def _advance(self, journal: _Journal, new: Sequence[JournalEvent]) -> None:
        """Over `new` as far as they follow; `top` over all of them."""
        if not new:
            return
        journal.top = max(journal.top, new[-1]["seq"])
        if new[0]["seq"] == journal.mark.high + 1:
            steps = ((e["seq"], e["prev"], e["hash"]) for e in new)
            journal.mark, _ = advance(journal.mark, steps)

    def write(self, rows: list[EventRow]) -> None:
        """Rows of `event`; those that are there stay as they are."""
        if not rows:
            return
        if not self._db.is_postgresql:
            self._db.execute_tuples(_INSERT, rows)
            return
        block = self._before_copy(rows)
        if "arriving" not in self._db.made:
            self._db.execute(_ARRIVING)
            self._db.made.add("arriving")
        self._db.copy_in(_COPY.format(table="arriving"), block)
        self._db.execute(_ARRIVED)

    def _write_new(self, rows: list[EventRow]) -> None:
        """The same for rows of locked journals that were looked for and are not there: PostgreSQL
        need not look again. Where a mark is wrong about that, it looks all the same."""
        if not rows or not self._db.is_postgresql:
            self.write(rows)
            return
        block = self._before_copy(rows)
        self._db.execute("SAVEPOINT rows")
        try:
            self._db.copy_in(_COPY.format(table="event"), block)
        except IntegrityError:
            self._db.execute("ROLLBACK TO SAVEPOINT rows")
            self.write(rows)

    def _before_copy(self, rows: list[EventRow]) -> bytes:
        make_partitions(self._db, {row.sitting for row in rows})
        return copy_block(rows)

    def _move(
        self, arrivals: Sequence[Arrival], journals: dict[JournalPlace, _Journal], now: str
    ) -> None:
        about = {(a.batch.gate, a.batch.epoch): a for a in arrivals}
        moved = [
            (*place, about[place].exam, about[place].site, j.mark.high, j.mark.head, j.top, now)
            for place, j in journals.items()
        ]
        self._db.write_keyed(self._sql(_MOVE_MARK), sorted(moved))

    def mark(self, place: JournalPlace) -> Watermark:
        """How far one journal is stored. SQLAlchemy's errors."""
        found = self._marks([place]).get(place)
        return found.mark if found else Watermark()

    def following(
        self, place: JournalPlace, sitting: str, high: int
    ) -> Iterator[tuple[int, str, str]]:
        """(seq, prev, hash) of the stored events above `high`, in order."""
        while True:
            page = self._db.execute(
                "SELECT seq, prev, hash FROM event WHERE gate = :gate AND epoch = :epoch "
                "AND seq > :high AND sitting = :sitting ORDER BY seq LIMIT :page",
                gate=place[0],
                epoch=place[1],
                high=high,
                sitting=sitting,
                page=_PAGE,
            ).fetchall()
            yield from ((seq, prev, digest) for seq, prev, digest in page)
            if len(page) < _PAGE:
                return
            high = page[-1][0]

    def receipts(
        self, places: Sequence[JournalPlace], *, generation: int, now: str
    ) -> dict[JournalPlace, Receipt]:
        """What is committed of each journal, in the form that its gate is told. Within a
        transaction."""
        found = self._moved | self._marks(p for p in places if p not in self._moved)
        return {place: self._receipt(place, found.get(place), generation, now) for place in places}

    def _receipt(
        self, place: JournalPlace, journal: _Journal | None, generation: int, now: str
    ) -> Receipt:
        mark = journal.mark if journal else Watermark()
        missing: list[Range] = []
        top = mark.high
        if journal is not None and journal.top > mark.high:
            following = self.following(place, journal.sitting, mark.high)
            _, broken = advance(mark, following)
            if not broken:
                missing, top = self._above(place, journal)
        gate, epoch = place
        return receipt_of(mark, missing, top, gate=gate, epoch=epoch, generation=generation, at=now)

    def _above(self, place: JournalPlace, journal: _Journal) -> tuple[list[Range], int]:
        """The gaps above the mark, as many as a receipt may need, and the highest seq stored."""
        missing = self._db.execute(
            self._sql(_GAPS),
            gate=place[0],
            epoch=place[1],
            high=journal.mark.high,
            sitting=journal.sitting,
            most=MAX_RANGES + 1,
        ).fetchall()
        return [(row[0], row[1]) for row in missing], journal.top

    def second_admissions(self, stored: Iterable[Stored]) -> list[SecondAdmission]:
        """Who of those let in by what is new in `stored` was let in to the same paper at another
        gate."""
        let_in = {
            (row.admitted, row.paper, row.gate): row
            for one in stored
            for row in one.rows
            if row.admitted is not None and row.paper
        }
        found: dict[frozenset[str], SecondAdmission] = {}
        for gate, epoch, seq, exam, who, paper, other in self._db.keyed(_ADMITTED, let_in):
            row = let_in[who, paper, other]
            if exam != (row.exam or row.sitting):
                continue
            first, second = sorted([(gate, epoch, int(seq)), (row.gate, row.epoch, row.seq)])
            key = frozenset([exam, paper, str(row.ticket), gate, row.gate])
            found.setdefault(key, SecondAdmission(exam, paper, row.ticket, first, second))
        return list(found.values())


def _rows(batch: Batch, new: Sequence[JournalEvent], now: str, sitting: str) -> Iterator[EventRow]:
    """Of the `new` events of `batch`, whose texts are known where they were hashed."""
    for event in new:
        text = batch.texts[event["seq"] - batch.first] if batch.texts else ""
        yield event_row(event, received=now, sitting=sitting, text=text)


def _conflict(batch: Batch, event: JournalEvent, now: str) -> list[object]:
    row = event_row(event, received=now, sitting="")
    return [batch.gate, batch.epoch, row.seq, row.prev, row.hash, row.event, now]
