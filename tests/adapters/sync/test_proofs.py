"""An insider who may write to the office's database, and what verify says of it."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from typer.testing import CliRunner

from gate.core.journal_entries import GENESIS, canonical_bytes, event_hash, key_id, seal
from gate.core.records import JournalEvent
from gate.roster.keys import read_key
from gate.sync.enrolled_key import encode_enrolled
from gate.sync.heartbeat import Heartbeat, encode_heartbeat
from gate.sync.wire import Topics, batch_head, encode_batch
from office.__main__ import app
from office.home import Home
from office.keys.enrolment import Enrolment, read_enrolment, write_enrolment
from office.receiving.authorisation import Authorisation
from office.receiving.signers import keep_words
from office.store.database import OfficeStore
from tests.journal_making import EXAM, GATE, SITE, entry
from tests.mqtt_making import made_home

EPOCH, NOW, COUNT = "00112233aabbccdd", "2027-04-10T01:00:00.000+00:00", 120


def events_of(count: int) -> list[JournalEvent]:
    made: list[JournalEvent] = []
    prev = GENESIS
    for seq in range(1, count + 1):
        outcome = "REFUSE" if seq % 3 == 0 else "ADMIT"
        one = entry(seq, outcome=outcome, reason="OK", score=0.5)
        made.append(seal(one, gate=GATE, epoch=EPOCH, seq=seq, boot="b", previous=prev))
        prev = made[-1]["hash"]
    return made


EVENTS = events_of(COUNT)


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An office that holds `EVENTS`, a heartbeat behind them and the receipt that it gave."""
    home = made_home(tmp_path_factory.mktemp("office"))
    fill(home)
    return home


def fill(home: Home) -> None:
    office = SigningKey(read_key(home.office / "office-signing.key", "key"))
    signing = SigningKey(read_key(home.gate(GATE) / "gate-signing.key", "key"))
    here = Authorisation(home)
    with OfficeStore(home.database) as store:
        keep_words(store, home, office, NOW)
        generation = store.begin_generation(1)
        rest = EVENTS
        while rest:
            payload, count = encode_batch(rest[:30], hist=False, key=signing)
            rest = rest[count:]
            with store.transaction():
                batch = here.batch(payload, Topics(EXAM, SITE, GATE))
                store.add(batch, exam=EXAM, site=SITE, now=NOW)
                store.give_receipt(GATE, EPOCH, generation=generation, now=NOW, key=office)
        beat = Heartbeat(GATE, EPOCH, COUNT, EVENTS[-1]["hash"], COUNT, "session")
        with store.transaction():
            store.add_claim(beat, encode_heartbeat(beat, signing), NOW)


@pytest.fixture
def home(received: Home, tmp_path: Path) -> Home:
    shutil.copytree(received.root, tmp_path / "office")
    return Home(tmp_path / "office")


def verified(home: Home, *words: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, ["verify", "--home", str(home.root), "--json", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    found = json.loads(done.stdout)["gates"]
    return done.exit_code, found.get(GATE, {}).get(EPOCH, {})


def insider(home: Home, change: Callable[[sqlite3.Connection], None]) -> None:
    with closing(sqlite3.connect(home.database)) as db:
        names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            db.execute(f"DROP TRIGGER {name}")
        change(db)
        db.commit()


def rewrite(db: sqlite3.Connection, events: list[JournalEvent]) -> None:
    """Put these in place of all, with hashes that fit, and the mark too."""
    db.execute("DELETE FROM event")
    prev = GENESIS
    for event in events:
        body = {k: v for k, v in event.items() if k not in ("prev", "hash")}
        digest = event_hash(prev, body)
        row = (GATE, EPOCH, event["seq"], prev, digest, canonical_bytes(body).decode(), NOW)
        db.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        prev = digest
    db.execute("UPDATE mark SET high = ?, head = ?", (len(events), prev))


def appended(db: sqlite3.Connection) -> None:
    invented = entry(COUNT + 1, outcome="ADMIT", reason="OK")
    made = seal(
        invented, gate=GATE, epoch=EPOCH, seq=COUNT + 1, boot="b", previous=EVENTS[-1]["hash"]
    )
    rewrite(db, [*EVENTS, made])


def admitting(db: sqlite3.Connection) -> None:
    rewrite(db, [e | {"outcome": "ADMIT"} for e in EVENTS])


def without_proofs(db: sqlite3.Connection) -> None:
    for table in ("signed_head", "claim", "receipt"):
        db.execute(f"DELETE FROM {table}")


def cut(db: sqlite3.Connection) -> None:
    rewrite(db, EVENTS[:70])


def cut_with_heads(db: sqlite3.Connection) -> None:
    cut(db)
    db.execute("DELETE FROM signed_head WHERE last > 70")
    db.execute("DELETE FROM claim")


def cut_with_heads_and_beats_but_receipts(db: sqlite3.Connection) -> None:
    rewrite(db, EVENTS[:60])
    db.execute("DELETE FROM signed_head WHERE last > 60")
    db.execute("DELETE FROM claim")


def emptied(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM event")


def heads_gone(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM signed_head")


def one_head_gone(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM signed_head WHERE last = 60")


def respelled(db: sqlite3.Connection) -> None:
    """Two outcomes in one event: which one counts depends on the reader."""
    db.execute(
        "UPDATE event SET event = replace(event, '{', '{\"outcome\":\"ADMIT\",') WHERE seq = 33"
    )


def other_signature(db: sqlite3.Connection) -> None:
    db.execute(
        "UPDATE signed_head SET sig = (SELECT sig FROM signed_head WHERE last = 30) WHERE last = 90"
    )


def beat_altered(db: sqlite3.Connection) -> None:
    db.execute("UPDATE claim SET seq = 90, head = ?", (EVENTS[89]["hash"],))


def foreign_words(db: sqlite3.Connection) -> None:
    """His own key, on his own word, with everything signed anew."""
    admitting(db)
    his = SigningKey(b"\x07" * 32)
    found = db.execute("SELECT seq, prev, hash, event FROM event ORDER BY seq").fetchall()
    events = [json.loads(e) | {"prev": p, "hash": h} for _, p, h, e in found]
    db.execute("DELETE FROM signed_head")
    db.execute("DELETE FROM claim")
    db.execute("DELETE FROM receipt")
    for at in range(0, COUNT, 30):
        h = batch_head(events[at : at + 30], hist=False, key=his)
        row = (GATE, EPOCH, h["from"], h["to"], h["prev"], h["head"], 0, h["key"], h["sig"], "{}")
        db.execute("INSERT INTO signed_head VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    word = encode_enrolled(GATE, SITE, his.verify_key.encode(), at=NOW, office=his)
    db.execute(
        "INSERT INTO gate_key VALUES (?, ?, ?)",
        (GATE, key_id(his.verify_key.encode()), word.decode()),
    )


def test_what_was_received_is_whole(home: Home) -> None:
    code, found = verified(home)
    assert code == 0, found
    assert (found["events"], found["signed"], found["receipted"]) == (COUNT, COUNT, COUNT)
    assert (found["uncovered"], found["faults"]) == ([], [])
    assert verified(home, "--office", str(home.office / "office.pub"))[0] == 0


@pytest.mark.parametrize(
    ("change", "uncovered", "missing", "faults"),
    [
        (appended, [[121, 121]], [], []),
        (admitting, [[1, 120]], [], [(1, "altered"), (31, "altered"), (61, "altered")]),
        (heads_gone, [[1, 120]], [], []),
        (without_proofs, [[1, 120]], [], []),
        (one_head_gone, [[31, 60]], [], []),
        (cut, [[61, 70]], [[71, 120]], [(71, "cut"), (91, "cut")]),
        (cut_with_heads, [[61, 70]], [[71, 120]], []),
        (cut_with_heads_and_beats_but_receipts, [], [[61, 120]], []),
        (emptied, [], [[1, 120]], [(1, "cut"), (31, "cut")]),
        (respelled, [[31, 60]], [], [(31, "altered")]),
        (other_signature, [[61, 90]], [], [(61, "signature")]),
        (beat_altered, [], [], [(90, "signature")]),
        (foreign_words, [[1, 120]], [], [(1, "signature")]),
    ],
)
def test_each_is_found_and_named(
    home: Home,
    change: Callable[[sqlite3.Connection], None],
    uncovered: list[list[int]],
    missing: list[list[int]],
    faults: list[tuple[int, str]],
) -> None:
    insider(home, change)
    code, found = verified(home)
    assert (code, found["uncovered"], found["missing"]) == (1, uncovered, missing)
    told = [(f["seq"], f["what"]) for f in found["faults"]]
    assert told[: len(faults)] == faults
    if not faults and change is not without_proofs:
        assert [w for _, w in told if w == "cut"] == []


def test_a_journal_taken_out_whole_is_missed_by_its_mark(home: Home) -> None:
    insider(home, lambda db: (without_proofs(db), emptied(db)))
    code, found = verified(home)
    assert (code, found["missing"]) == (1, [[1, COUNT]])


def test_a_unit_that_was_enrolled_anew_keeps_its_old_events_proven(home: Home) -> None:
    """The office's word for the old key lies in the database."""
    old = read_enrolment(home.enrolment(GATE))
    anew = SigningKey.generate().verify_key.encode()
    write_enrolment(home, Enrolment(GATE, old.site, anew, old.sealing))
    assert verified(home)[0] == 0
    insider(home, lambda db: db.execute("DELETE FROM gate_key"))
    code, found = verified(home)
    assert (code, found["uncovered"]) == (1, [[1, COUNT]])
    assert "nobody here vouches for the key" in found["faults"][0]["says"]


def test_a_database_of_the_version_before_opens_and_is_whole(home: Home) -> None:
    """It has kept the heads from the beginning; receipts were not kept then."""
    older(home)
    code, found = verified(home)
    assert (code, found["uncovered"], found["faults"], found["receipted"]) == (0, [], [], 0)


def older(home: Home) -> None:
    """The same content in the schema of steps 1 and 2."""
    steps = sorted(files("office.store").joinpath("schema").iterdir(), key=lambda f: f.name)[:2]
    path = home.root / "older.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for number, step in enumerate(steps, 1):
            db.executescript(step.read_text())
            db.execute("INSERT INTO schema_record VALUES (?)", (number,))
        db.execute("ATTACH ? AS new", (str(home.database),))
        for table in ("office", "event", "signed_head", "mark", "claim"):
            columns = ", ".join(r[1] for r in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO main.{table} SELECT {columns} FROM new.{table}")
    for file in home.root.glob("office.sqlite*"):
        file.unlink()
    path.rename(home.database)


def test_the_sentence_names_gate_epoch_and_seq(home: Home) -> None:
    insider(home, appended)
    said = CliRunner().invoke(app, ["verify", "--home", str(home.root)]).stdout
    assert f"{GATE} {EPOCH}: 121 events" in said
    assert "covered by no signature of the gate: 121-121" in said
    assert "不完整" in said
