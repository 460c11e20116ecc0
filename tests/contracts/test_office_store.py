"""What every store of an office promises: any batches, any order, any number of times, each event
once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from sqlalchemy.exc import DBAPIError

from gate.core.journal_entries import GENESIS, key_id, seal
from gate.core.records import JournalEvent
from gate.errors import StorageDamaged
from gate.ports import Receipt
from gate.sync.heartbeat import Heartbeat
from gate.sync.wire import MAX_RANGES, Batch, batch_head
from office.audit.journal_audit import audit, is_whole
from office.store.database import Arrival, OfficeStore, SecondAdmission, Stored
from office.store.kept_alerts import Alert
from office.store.place import Place
from tests.checkout import ROOT
from tests.examples import examples
from tests.journal_making import EXAM, GATE, SITE, entry

KEY = SigningKey(b"\x01" * 32)
KEYS = {key_id(KEY.verify_key.encode()): KEY.verify_key.encode()}
EPOCH, NOW = "00112233aabbccdd", "2027-04-10T00:45:00.000+00:00"


def chain(count: int, note: str = "", first: int = 1, prev: str = GENESIS) -> list[JournalEvent]:
    events: list[JournalEvent] = []
    for seq in range(first, first + count):
        made = entry(seq, note=note)
        events.append(seal(made, gate=GATE, epoch=EPOCH, seq=seq, boot="b", previous=prev))
        prev = events[-1]["hash"]
    return events


EVENTS = chain(300)


def batch(events: list[JournalEvent]) -> Batch:
    first, last = events[0], events[-1]
    head = batch_head(events, hist=False, key=KEY)
    return Batch(
        GATE,
        EPOCH,
        first["seq"],
        last["seq"],
        first["prev"],
        last["hash"],
        False,
        tuple(events),
        head["key"],
        head["sig"],
    )


@pytest.fixture
def store(office_place: Place) -> Iterator[OfficeStore]:
    with OfficeStore(office_place) as opened:
        yield opened


def add(store: OfficeStore, events: list[JournalEvent]) -> Stored:
    with store.transaction():
        return store.add(batch(events), exam=EXAM, site=SITE, now=NOW)


def told(store: OfficeStore) -> Receipt:
    return store.receipt(GATE, EPOCH, generation=1, now=NOW)


def test_the_mark_moves_only_without_a_gap(store: OfficeStore) -> None:
    add(store, EVENTS[5:9])
    assert (told(store).high, told(store).missing, told(store).top) == (0, ((1, 5),), 9)
    assert told(store).head == GENESIS
    add(store, EVENTS[0:3])
    assert (told(store).high, told(store).missing) == (3, ((4, 5),))
    add(store, EVENTS[3:6])
    assert told(store) == Receipt(1, GATE, EPOCH, 9, EVENTS[8]["hash"], (), NOW, 9)


@examples(40)
@given(st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20)), min_size=1, max_size=12))
def test_a_receipt_says_exactly_what_is_stored(slices: list[tuple[int, int]]) -> None:
    with OfficeStore(Path(":memory:")) as store:
        stored: set[int] = set()
        for first, count in slices:
            part = EVENTS[first : min(first + count, 60)]
            assert add(store, part).new == len({e["seq"] for e in part} - stored)
            stored |= {e["seq"] for e in part}
        receipt = told(store)
        missing = {n for a, b in receipt.missing for n in range(a, b + 1)}
        assert stored == set(range(1, receipt.top + 1)) - missing
        assert missing == {n for n in range(1, receipt.top) if n not in stored}
        assert receipt.head == (EVENTS[receipt.high - 1]["hash"] if receipt.high else GENESIS)
        found = audit(store, GATE, EPOCH, KEYS)
        assert found["missing"] == [list(r) for r in receipt.missing]
        assert (found["high"], found["chain"]) == (receipt.high, "verified")


def test_a_receipt_names_no_more_ranges_than_fit(store: OfficeStore) -> None:
    for at in range(1, 2 * MAX_RANGES + 20, 2):
        add(store, EVENTS[at : at + 1])
    receipt = told(store)
    assert len(receipt.missing) == MAX_RANGES
    assert receipt.missing[0] == (1, 1)
    assert receipt.top == 2 * MAX_RANGES  # stored; what is above is left unsaid


def test_another_content_at_the_same_place_is_kept_apart(store: OfficeStore) -> None:
    """With all that follows from it: the journal that was here first goes on being receipted."""
    forked = chain(3, note="forged", first=4, prev=EVENTS[2]["hash"])
    assert add(store, EVENTS[:5]) == Stored(5, ())
    assert add(store, forked) == Stored(0, (4, 5, 6))
    assert add(store, forked) == Stored(0, (4, 5, 6))
    assert add(store, chain(2, first=7, prev=forked[-1]["hash"])) == Stored(2, ())  # a gap before
    assert (told(store).high, told(store).head) == (5, EVENTS[4]["hash"])
    assert add(store, EVENTS[5:6]) == Stored(1, (), 7)
    assert add(store, EVENTS[6:9]) == Stored(0, (7, 8, 9), 7)
    found = audit(store, GATE, EPOCH, KEYS)
    assert found["conflicts"] == [4, 5, 6, 7, 8, 9]
    assert found["chain"] == "event 7: altered"  # it follows the forged 6, not the stored one
    assert (found["uncovered"], found["faults"]) == ([], [])  # signed, all of it
    assert not is_whole(found)


def test_a_mark_that_is_behind_its_events_loses_and_ends_nothing(store: OfficeStore) -> None:
    """What is new goes by COPY without a second look, as the mark says. A mark may be wrong."""
    add(store, EVENTS[:5])
    with store.transaction():
        store.database.execute("UPDATE mark SET high = 2, top = 2, head = :h", h=EVENTS[1]["hash"])
    add(store, EVENTS[2:8])
    assert (told(store).high, told(store).head) == (8, EVENTS[7]["hash"])
    assert [e["seq"] for e in store.events(GATE, EPOCH)] == list(range(1, 9))


def test_nothing_is_vouched_for_behind_a_break(store: OfficeStore) -> None:
    """Or the gate whose events are not there would never send them."""
    add(store, EVENTS[:3])
    add(store, chain(3, note="forged", first=6, prev="a" * 64))
    assert (told(store).missing, told(store).top) == (((4, 5),), 8)
    assert add(store, EVENTS[3:5]).broken == 6
    assert (told(store).high, told(store).missing, told(store).top) == (5, (), 5)


def test_a_batch_that_does_not_follow_moves_no_mark(store: OfficeStore) -> None:
    add(store, EVENTS[:5])
    assert add(store, chain(3, first=6, prev="a" * 64)) == Stored(0, (6, 7, 8))
    assert told(store).high == 5
    assert add(store, EVENTS[5:8]).new == 3


def test_a_first_event_follows_nothing(store: OfficeStore) -> None:
    assert add(store, chain(2, prev="a" * 64)) == Stored(0, (1, 2))
    assert told(store).high == 0


def test_nothing_stands_after_an_error_in_the_middle(store: OfficeStore) -> None:
    def fails() -> None:
        with store.transaction():
            store.add(batch(EVENTS[:5]), exam=EXAM, site=SITE, now=NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert store.journals() == []


def test_the_generation_rises_also_in_a_restored_backup(tmp_path: Path) -> None:
    path, kept = tmp_path / "office.sqlite", tmp_path / "backup"
    with OfficeStore(path) as store:
        assert store.begin_generation(1000) == 1000
    kept.write_bytes(path.read_bytes())
    with OfficeStore(path) as store:
        assert store.begin_generation(1000) == 1001
        assert store.begin_generation(900) == 1002
    path.write_bytes(kept.read_bytes())
    with OfficeStore(path) as store:
        assert store.begin_generation(2000) == 2000


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "office.sqlite").write_bytes(b"junk " * 1000)
    with pytest.raises(StorageDamaged):
        OfficeStore(tmp_path / "office.sqlite")


def admission(gate: str, epoch: str, who: str, **body: object) -> Batch:
    about = {"outcome": "ADMIT", "reason": "OK", "paper": "00015-am", "exam": EXAM, "key": who}
    one = entry(1, **(about | body))
    event = seal(one, gate=gate, epoch=epoch, seq=1, boot="b", previous=GENESIS)
    return replace(batch([event]), gate=gate, epoch=epoch)


def twice(store: OfficeStore, *batches: Batch) -> list[SecondAdmission]:
    with store.transaction():
        arrivals = [Arrival(b, EXAM, SITE) for b in batches]
        return store.second_admissions(store.add_all(arrivals, NOW))


def test_who_is_let_in_at_two_gates_is_found(store: OfficeStore) -> None:
    assert twice(store, admission("g-1", EPOCH, "ab")) == []
    assert twice(store, admission("g-2", EPOCH, "cd")) == []
    assert twice(store, admission("g-3", EPOCH, "ab")) == [
        SecondAdmission(EXAM, "00015-am", "000000000001", ("g-1", EPOCH, 1), ("g-3", EPOCH, 1))
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"paper": "00015-pm"},
        {"outcome": "REFER"},
        {"entered": "2027-04-10T08:40:00+08:00"},  # the gate knew: a way back in
        {"exam": "another"},
    ],
)
def test_a_second_paper_or_a_known_way_back_in_is_no_alarm(
    store: OfficeStore, body: dict[str, object]
) -> None:
    twice(store, admission("g-1", EPOCH, "ab"))
    assert twice(store, admission("g-2", EPOCH, "ab", **body)) == []


def test_both_of_one_transaction_are_seen(store: OfficeStore) -> None:
    assert len(twice(store, admission("g-1", EPOCH, "ab"), admission("g-2", EPOCH, "ab"))) == 1


def test_a_journal_of_two_exams_stays_in_one_sitting(store: OfficeStore) -> None:
    """Or one event could be stored twice, in two partitions."""
    add(store, EVENTS[:3])
    with store.transaction():
        again = store.add(batch(EVENTS[:6]), exam="hb-zk-2027-10", site=SITE, now=NOW)
    assert (again.new, again.conflicts, told(store).high) == (3, (), 6)
    found = store.database.execute("SELECT DISTINCT sitting FROM event").fetchall()
    assert [tuple(row) for row in found] == [(EXAM,)]


def test_what_was_received_is_never_changed_or_deleted(store: OfficeStore) -> None:
    add(store, EVENTS[:3])
    for change in ("UPDATE event SET event = ''", "DELETE FROM event"):
        with pytest.raises(DBAPIError, match="never"):
            store.database.execute(change)


def test_the_columns_of_the_views_are_those_of_the_contract(store: OfficeStore) -> None:
    views = {
        "v_event": "gate epoch seq at kind exam site paper ticket outcome reason hash received_at",
        "v_gate": (
            "gate site last_seen high head unsent clock disk_free_mb roster_version version"
        ),
        "v_completeness": "gate epoch high head said_head missing verdict",
        "v_case": (
            "gate epoch seq decision at exam paper ticket reason doubtful signatures outcome by "
            "second settled_at office_verdict office_by settlements corrections first_outcome "
            "first_by first_second first_at"
        ),
        "v_alert": (
            "kind gate epoch seq what exam site first_at last_at times detail zh taken_by taken_at"
        ),
    }
    page = (ROOT / "docs/office-database.md").read_text(encoding="utf-8")
    for name, columns in views.items():
        found = store.database.execute(f"SELECT * FROM {name}")
        assert list(found.keys()) == columns.split()
        assert f"| `{name}` | {', '.join(columns.split())} |" in page


def test_the_views_say_what_is_stored(store: OfficeStore) -> None:
    add(store, EVENTS[:5])
    add(store, EVENTS[7:9])
    beat = Heartbeat(
        GATE, EPOCH, 12, "c" * 64, 5, "s", None, {"clock": "trusted", "disk_free_mb": 900}
    )
    with store.transaction():
        assert store.add_claim(beat, b"{}", NOW)
        store.gates_said.keep(beat, b"{}", EXAM, SITE, NOW)
    assert store.gates_said.all() == [
        {
            "gate": GATE,
            "site": SITE,
            "last_seen": NOW,
            "high": 5,
            "head": EVENTS[4]["hash"],
            "unsent": 7,
            "clock": "trusted",
            "disk_free_mb": 900,
            "roster_version": None,
            "version": None,
        }
    ]
    found = store.database.execute("SELECT * FROM v_completeness").fetchone()
    assert found is not None
    assert tuple(found) == (GATE, EPOCH, 5, EVENTS[4]["hash"], "c" * 64, 5, "missing")
    events = store.database.execute("SELECT seq, exam, site, ticket FROM v_event ORDER BY seq")
    assert tuple(events.fetchall()[0]) == (1, EXAM, SITE, f"{1:012d}")


def test_an_alert_is_one_row_however_often_it_is_seen(store: OfficeStore) -> None:
    for at in ("t1", "t2"):
        with store.transaction():
            store.alerts.raise_all([Alert("conflict", at, "en", "zh", GATE, EPOCH, 3)])
    (row,) = store.alerts.all()
    assert (row["first_at"], row["last_at"], row["times"]) == ("t1", "t2", 2)


def test_text_that_postgresql_would_not_take_is_stored(store: OfficeStore) -> None:
    """Or one gate could stop the transaction of two hundred."""
    odd = seal(
        entry(1, ticket="a\0b", reason="x\ty\\z\n", note="\ufffd\u2028"),
        gate=GATE,
        epoch=EPOCH,
        seq=1,
        boot="b",
        previous=GENESIS,
    )
    assert add(store, [odd]).new == 1
    assert next(store.events(GATE, EPOCH)) == odd
