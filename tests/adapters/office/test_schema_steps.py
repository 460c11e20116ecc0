"""The schema's steps, each from a database of the step before that holds data."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.events import Instant
from gate.core.journal_entries import GENESIS, JournalEntry, seal
from gate.core.records import JournalEvent
from office.doubtful.journal_cases import cases_of
from office.store import schema_steps
from office.store.database import OfficeStore
from office.store.place import Place
from office.store.take_over import take_over
from tests.contracts.test_office_store import EPOCH, GATE, NOW, SITE, batch
from tests.examples import examples
from tests.postgresql_server import PostgresqlServer

EXAM, OTHER = "hb-2027", "wh-hs-01-g2"
AT = datetime(2027, 4, 10, 0, 45, tzinfo=UTC)
BEAT = {
    **{"v": 1, "gate": GATE, "epoch": EPOCH, "seq": 9, "head": "c" * 64, "high": 4},
    **{"session": "s", "oldest_unsent_at": None, "key": "k", "sig": "s"},
    "vitals": {"clock": "trusted", "roster": "e/s/v3"},
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Without any schema."""
    if request.param == "sqlite":
        return tmp_path / "office.sqlite"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.create()


def journal(*bodies: tuple[str, dict[str, Any]]) -> list[JournalEvent]:
    made: list[JournalEvent] = []
    for seq, (kind, body) in enumerate(bodies, 1):
        before = made[-1]["hash"] if made else GENESIS
        when = Instant(AT + timedelta(seconds=seq), seq, True)
        entry = JournalEntry(kind, when, {"exam": EXAM, "paper": "am", **body})
        made.append(seal(entry, gate=GATE, epoch=EPOCH, seq=seq, boot="b", previous=before))
    return made


def case(seq: int) -> str:
    return f"{EPOCH}-{seq}"


def refer(ticket: str) -> tuple[str, dict[str, Any]]:
    body = {"outcome": "REFER", "reason": "FACE_MISMATCH", "doubtful": True}
    return "decision", body | {"ticket": ticket}


def verdict(of: int, outcome: str, *earlier: int) -> tuple[str, dict[str, Any]]:
    body = {"decision": case(of), "outcome": outcome, "by": "li", "second": "wang"}
    return "verdict", body | {"earlier": [case(n) for n in earlier]}


def correction(of: int, outcome: str, by: str = "zhao") -> tuple[str, dict[str, Any]]:
    body = {"case": case(of), "change": "correction", "outcome": outcome, "by": by, "second": None}
    return "case", body


DAY = journal(
    refer("A1"),
    refer("A1"),
    verdict(2, "ADMIT", 1),
    refer("A2"),
    correction(2, "REFUSE"),
    correction(2, "ADMIT", "chief"),
    correction(2, "REFUSE", "qian"),
)
STANDS = [
    # ticket, outcome, by, corrections, first_outcome, first_by
    ("A1", "REFUSE", "qian", 3, "ADMIT", "li"),
    ("A1", "REFUSE", "qian", 3, "ADMIT", "li"),
    ("A2", None, None, 0, None, None),
]


def at_step_1(place: Place, monkeypatch: pytest.MonkeyPatch, fill: Callable[..., None]) -> None:
    """A database as the program of that step left it."""
    with monkeypatch.context() as patch:
        patch.setattr(schema_steps, "NEWEST", "0001")
        with OfficeStore(place) as store, store.transaction():
            store.add(batch(DAY), exam=EXAM, site=SITE, now=NOW)
            fill(store)
            assert schema_steps.applied(store.database) == "0001"


def said(store: OfficeStore) -> None:
    """The heartbeat of one gate twice, as step 1 kept it; of another one its payload alone, of a
    third something that is none."""
    rows = [
        (GATE, "hb", json.dumps(BEAT)),
        (GATE, "state", "{}"),
        (OTHER, "hb", json.dumps(BEAT | {"gate": OTHER})),
        ("wh-hs-01-g3", "hb", "["),
    ]
    for gate, part, payload in rows:
        store.database.execute(
            "INSERT INTO gate_said (gate, part, exam, site, received, payload) "
            "VALUES (:gate, :part, :exam, :site, :now, :payload)",
            **{"gate": gate, "part": part, "exam": EXAM, "site": SITE},
            **{"now": NOW, "payload": payload},
        )
    store.database.execute(
        "INSERT INTO gate_state (gate, epoch, exam, site, heard, said, said_head, clock) "
        "VALUES (:gate, :epoch, :exam, :site, :now, 9, :head, 'trusted')",
        **{"gate": GATE, "epoch": EPOCH, "exam": EXAM, "site": SITE, "now": NOW, "head": "c" * 64},
    )
    store.database.execute(
        "INSERT INTO alert (kind, gate, epoch, seq, what, exam, site, first_at, last_at, times, "
        "detail, zh, taken_by) VALUES ('gate', 'g', '', 0, 'w', '', '', 't', 't', 2, 'd', 'z', 'x')"
    )


def stands(store: OfficeStore) -> list[tuple[Any, ...]]:
    found = store.database.execute(
        "SELECT ticket, outcome, by, corrections, first_outcome, first_by FROM v_case ORDER BY seq"
    )
    return [tuple(row) for row in found]


def test_a_database_of_step_1_goes_on_with_all_that_it_holds(
    empty_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_step_1(empty_place, monkeypatch, said)
    with OfficeStore(empty_place) as store:
        assert schema_steps.applied(store.database) == schema_steps.NEWEST
        assert list(store.events(GATE, EPOCH)) == DAY
        beats = {b.gate: b for b in store.gates_said.beats()}
        assert beats.keys() == {GATE, OTHER}
        assert json.loads(beats[GATE].payload) == BEAT
        assert [(r["gate"], r["clock"], r["last_seen"]) for r in store.gates_said.all()] == [
            (GATE, "trusted", NOW),
            (OTHER, None, NOW),
        ]
        assert store.commands.words("hb") == {}
        assert store.commands.words("state").keys() == {GATE}
        assert len(store.alerts.all()) == 1
        assert stands(store) == STANDS
    with OfficeStore(empty_place) as store:  # and nothing is taken twice
        assert stands(store) == STANDS


def test_a_step_that_fails_changes_nothing(
    empty_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_step_1(empty_place, monkeypatch, lambda store: store.database.execute("DROP VIEW v_case"))
    with pytest.raises(Exception, match="v_case"):
        OfficeStore(empty_place)
    with monkeypatch.context() as patch:
        patch.setattr(schema_steps, "NEWEST", "0001")
        with OfficeStore(empty_place) as store:
            assert list(store.events(GATE, EPOCH)) == DAY
            assert schema_steps.applied(store.database) == "0001"


def test_heartbeats_and_alerts_move_with_a_file(
    tmp_path: Path, office_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From SQLite to PostgreSQL, from step 1 and from today: what stands is the same."""
    old = tmp_path / "old.sqlite"
    at_step_1(old, monkeypatch, said)
    done = take_over(old, office_place)
    assert (done.tables["gate_state"][0], done.tables["alert"][0]) == (2, 1)
    with OfficeStore(office_place) as store:
        assert [(r["gate"], r["clock"]) for r in store.gates_said.all()] == [
            (GATE, "trusted"),
            (OTHER, "trusted"),
        ]
        assert store.alerts.all()[0]["taken_by"] == "x"
        assert stands(store) == STANDS
    with OfficeStore(old):
        pass
    again = tmp_path / "again.sqlite"
    assert take_over(old, again).tables["gate_state"][0] == 2


def test_the_cases_are_found_without_reading_every_event(tmp_path: Path) -> None:
    with OfficeStore(tmp_path / "o.sqlite"):
        pass
    with closing(sqlite3.connect(tmp_path / "o.sqlite")) as db:
        plan = db.execute("EXPLAIN QUERY PLAN SELECT * FROM v_case").fetchall()
    read = [row[3] for row in plan if re.match(r"SCAN (event|e|d|c)( |$)", row[3])]
    assert read
    assert [scan for scan in read if "USING INDEX event_" not in scan] == [], plan


def test_the_list_of_doubtful_cases_follows_the_same_corrections() -> None:
    assert [(c.ticket, c.verdict) for c in cases_of(DAY, EXAM)] == [
        ("A1", "deny"),
        ("A1", "deny"),
        ("A2", None),
    ]


@st.composite
def days(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """REFERs, verdicts that may settle earlier ones too, and corrections, in any possible order."""
    bodies: list[tuple[str, dict[str, Any]]] = []
    waiting: list[int] = []
    settled: list[int] = []
    for _ in range(draw(st.integers(0, 12))):
        possible = ["refer", *(["verdict"] if waiting else []), *(["correct"] if settled else [])]
        match draw(st.sampled_from(possible)):
            case "refer":
                bodies.append(refer("A"))
                waiting.append(len(bodies))
            case "verdict":
                of = draw(st.sampled_from(waiting))
                earlier = [n for n in waiting if n < of and draw(st.booleans())]
                waiting = [n for n in waiting if n not in (of, *earlier)]
                settled.append(of)
                bodies.append(verdict(of, draw(st.sampled_from(("ADMIT", "REFUSE"))), *earlier))
            case "correct":
                of = draw(st.sampled_from(settled))
                bodies.append(correction(of, draw(st.sampled_from(("ADMIT", "REFUSE")))))
    return bodies


@given(days())
@examples(240)
def test_the_view_says_what_the_list_of_doubtful_cases_says(
    bodies: list[tuple[str, dict[str, Any]]],
) -> None:
    """One truth: the SQL of the view, and the fold of the chief examiner's list."""
    events = journal(*bodies)
    with OfficeStore(Path(":memory:")) as store:
        if events:
            with store.transaction():
                store.add(batch(events), exam=EXAM, site=SITE, now=NOW)
        found = store.database.execute("SELECT decision, outcome FROM v_case ORDER BY seq")
        said = {"ADMIT": "admit", "REFUSE": "deny", None: None}
        assert [(decision, said[outcome]) for decision, outcome in found] == [
            (c.id, c.verdict) for c in cases_of(events, EXAM)
        ]
