"""What the board reads of the office's database, on SQLite and on PostgreSQL."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from gate.core.journal_entries import GENESIS, seal
from gate.core.records import JournalEvent
from gate.errors import StorageRefused
from gate.platform.durable_files import write_file
from gate.sync.heartbeat import Heartbeat
from office.board import readings
from office.board.board_feed import BoardFeed
from office.home import Home
from office.store.connection import Database
from office.store.database import Arrival, OfficeStore
from office.store.kept_alerts import Alert
from office.store.place import ENVIRONMENT, Place
from tests.contracts.test_office_store import EPOCH, NOW, batch
from tests.journal_making import EXAM, GATE, SITE, entry

PAPER, CASE = "00015-am", f"{EPOCH}-3"
ALERT = Alert("gate", NOW, "en", "zh", gate=GATE, epoch=EPOCH, seq=3, what="w")
_T = TypeVar("_T")


def journal(*bodies: tuple[str, dict[str, object]]) -> list[JournalEvent]:
    made: list[JournalEvent] = []
    prev = GENESIS
    for seq, (kind, body) in enumerate(bodies, 1):
        one = entry(seq, kind, exam=EXAM, paper=PAPER, **body)
        made.append(seal(one, gate=GATE, epoch=EPOCH, seq=seq, boot="b", previous=prev))
        prev = made[-1]["hash"]
    return made


BODIES: tuple[tuple[str, dict[str, object]], ...] = (
    ("decision", {"outcome": "ADMIT", "reason": "OK", "key": "a"}),
    ("decision", {"outcome": "ADMIT", "reason": "OK", "key": "b"}),
    ("decision", {"outcome": "REFER", "reason": "FACE", "doubtful": True, "key": "c"}),
    ("decision", {"outcome": "REFER", "reason": "FACE", "doubtful": False}),
    ("verdict", {"outcome": "ADMIT", "decision": CASE, "by": "i-1", "key": "c"}),
)
EVENTS = journal(*BODIES)


class Office:
    """The board's feed beside a store that receives."""

    def __init__(self, home: Home, place: Place) -> None:
        self.place, self.feed = place, BoardFeed(home)
        with OfficeStore(place) as store:
            store.begin_generation(1)

    def receive(self, events: list[JournalEvent]) -> None:
        with OfficeStore(self.place) as store, store.transaction():
            store.add_all([Arrival(batch(events), EXAM, SITE)], NOW)

    def ask(self, question: Callable[[Database], _T]) -> _T:
        return asyncio.run(self.feed.ask(question))


@pytest.fixture
def office(
    office_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    url = office_place if isinstance(office_place, str) else f"sqlite:///{office_place}"
    monkeypatch.setenv(ENVIRONMENT, url)
    made = Office(Home(tmp_path / "home"), office_place)
    yield made
    made.feed.close()


def test_what_is_stored_is_counted_once_whatever_order_it_comes_in(office: Office) -> None:
    office.receive(EVENTS[3:])
    assert office.feed.look_once()["events"] == 2
    office.receive(EVENTS[:2])
    seen = office.feed.look_once()
    assert (seen["events"], seen["completeness"]["missing"]) == (4, 1)
    office.receive(EVENTS)
    for _ in range(2):
        seen = office.feed.look_once()
        assert (seen["events"], seen["completeness"]["missing"]) == (5, 0)
        assert [(p["paper"], p["admitted"]) for p in seen["papers"]] == [(PAPER, 3)]
        assert seen["refer_rate"] == 0.5
        assert [s["site"] for s in seen["sites"]] == [SITE]


def test_an_overview_is_json_and_the_same_on_both(office: Office) -> None:
    office.receive(EVENTS)
    with OfficeStore(office.place) as store, store.transaction():
        beat = Heartbeat(GATE, EPOCH, 5, EVENTS[-1]["hash"], 5, "s", None, {"clock": "trusted"})
        store.add_claim(beat, b"{}", NOW)
        store.gates_said.keep(beat, b"{}", EXAM, SITE, NOW)
    seen = json.loads(json.dumps(office.feed.look_once()))
    assert seen["completeness"]["light"] == "green"
    assert seen["cases"] == {"all": 1, "open": 0}
    assert (seen["sites"][0]["unsent"], seen["sites"][0]["clock_wrong"]) == (0, 0)


def test_every_view_gives_the_same_json_on_both(office: Office) -> None:
    office.receive(EVENTS)
    with OfficeStore(office.place) as store, store.transaction():
        store.alerts.raise_all([ALERT])
    for name in readings.VIEWS:
        row, *_ = office.ask(lambda d, n=name: readings.view(d, n, {"gate": GATE}, most=1))
        types = {column: type(value) for column, value in json.loads(json.dumps(row)).items()}
        assert types == TYPES[name], name
        assert office.ask(lambda d, n=name: readings.view(d, n, {"gate": "nobody"})) == []


def test_rooms_are_read_of_decisions_and_of_cases(office: Office) -> None:
    odd = 'a "room": \\"x\\" 考场'
    office.receive(
        journal(
            ("decision", {"outcome": "ADMIT", "key": "a", "room": "01", "seat": "3"}),
            ("decision", {"outcome": "ADMIT", "key": "b", "room": odd, "model": '"room":"9"'}),
            ("decision", {"outcome": "REFER", "reason": "FACE", "key": "c", "room": "02"}),
            ("verdict", {"outcome": "ADMIT", "decision": CASE, "by": "i-1", "key": "c"}),
            ("decision", {"outcome": "ADMIT", "key": "d", "room": None}),
        )
    )
    office.feed.look_once()
    found = office.feed.counts.admitted_by_room(EXAM, PAPER, SITE)
    assert found == {"01": 1, odd: 1, "02": 1, "": 1}


def test_many_events_are_counted_in_parts(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "EVENTS_AT_ONCE", 2)
    office.receive(EVENTS)
    new = office.ask(readings.NewEvents)
    parts = [(office.ask(lambda _: len(list(new))), new.behind) for _ in range(4)]
    assert parts == [(2, 3), (2, 1), (1, 0), (0, 0)]
    assert office.feed.look_once()["events"] == len(EVENTS)


def test_what_is_built_later_is_seen(office: Office, tmp_path: Path) -> None:
    office.receive(EVENTS)
    home = Home(tmp_path / "home")
    home.office.mkdir(parents=True)
    home.expected(EXAM).write_text(json.dumps({PAPER: {SITE: 7}}))  # of an earlier version
    assert office.feed.look_once()["papers"][0]["expected"] == 7
    write_file(home.expected(EXAM), json.dumps({PAPER: {SITE: {"01": 5, "02": 4}}}).encode(), 0o600)
    assert office.feed.look_once()["papers"][0]["expected"] == 9


def test_the_newest_events_of_a_gate_stand_first(office: Office) -> None:
    office.receive(EVENTS)
    rows = office.ask(lambda d: readings.newest_events(d, GATE, 3))
    assert [row["seq"] for row in rows] == [5, 4, 3]


def test_an_alert_is_taken_by_who_is_first(office: Office) -> None:
    with OfficeStore(office.place) as store, store.transaction():
        store.alerts.raise_all([ALERT])
    key = ("gate", GATE, EPOCH, "3", "w")
    assert office.ask(lambda d: readings.take_alert(d, key, "one", NOW))
    assert not office.ask(lambda d: readings.take_alert(d, key, "two", NOW))
    assert office.ask(lambda d: readings.is_taken_by(d, key, "one"))
    assert not office.ask(lambda d: readings.is_taken_by(d, key, "two"))
    assert office.feed.look_once()["alerts"] == {"all": 1, "untaken": 0}


def test_a_correction_takes_an_admission_back(office: Office) -> None:
    was = {"change": "correction", "case": CASE, "key": "c", "was": "ADMIT"}
    about = was | {"was_at": EVENTS[4]["at"], "outcome": "REFUSE"}
    corrected = journal(*BODIES, ("case", about))
    office.receive(corrected[5:])  # the verdict itself comes later
    office.receive(corrected[:5])
    assert office.feed.look_once()["papers"][0]["admitted"] == 2


def test_a_case_that_the_office_settles_is_open_no_more(office: Office) -> None:
    office.receive(EVENTS[:3])
    assert office.feed.look_once()["cases"] == {"all": 1, "open": 1}
    with OfficeStore(office.place) as store, store.transaction():
        store.database.execute(
            "INSERT INTO settlement (exam, decision, number, record, sig) "
            "VALUES (:exam, :decision, 1, :record, '')",
            exam=EXAM,
            decision=CASE,
            record=json.dumps({"verdict": "admit", "by": "chief"}),
        )
    assert office.feed.look_once()["cases"] == {"all": 1, "open": 0}


def test_a_connection_that_ends_costs_one_look_and_no_count(office: Office) -> None:
    if not isinstance(office.place, str):
        pytest.skip("a file of SQLite has no connection that ends")
    office.receive(EVENTS[:2])
    assert office.feed.look_once()["events"] == 2
    pid = office.ask(lambda d: d.rows("SELECT pg_backend_pid()"))[0][0]
    with OfficeStore(office.place) as store:
        store.database.execute("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
    with pytest.raises(StorageRefused):
        office.ask(lambda d: d.rows("SELECT 1"))
    office.receive(EVENTS[2:])
    assert office.feed.look_once()["events"] == 5


def _types(text: list[str], number: list[str], nothing: list[str]) -> dict[str, type]:
    return (
        dict.fromkeys(text, str) | dict.fromkeys(number, int) | dict.fromkeys(nothing, type(None))
    )


TYPES = {
    "events": _types(
        [
            *("gate", "epoch", "at", "kind", "exam", "site", "paper", "ticket", "outcome"),
            *("reason", "hash", "received_at"),
        ],
        ["seq"],
        [],
    ),
    "gates": _types(
        ["gate", "site", "last_seen", "head"],
        ["high", "unsent"],
        ["clock", "disk_free_mb", "roster_version", "version"],
    ),
    "cases": _types(
        ["gate", "epoch", "decision", "at", "exam", "paper", "ticket", "reason"],
        ["seq", "signatures", "settlements", "corrections"],
        [
            *("outcome", "by", "second", "settled_at", "office_verdict", "office_by"),
            *("first_outcome", "first_by", "first_second", "first_at"),
        ],
    )
    | {"doubtful": bool},
    "alerts": _types(
        [*("kind", "gate", "epoch", "what", "exam", "site", "first_at", "last_at", "detail"), "zh"],
        ["seq", "times"],
        ["taken_by", "taken_at"],
    ),
    "completeness": _types(
        ["gate", "epoch", "head", "verdict"], ["high", "missing"], ["said_head"]
    ),
}
