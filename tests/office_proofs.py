"""An office that holds a gate's events with every proof of them, and an insider who may write to
its database, for the tests."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

from nacl.signing import SigningKey
from typer.testing import CliRunner

from gate.core.journal_entries import (
    GENESIS,
    canonical_bytes,
    event_hash,
    seal,
)
from gate.core.records import JournalEvent
from gate.roster.keys import read_key
from gate.sync.heartbeat import Heartbeat, encode_heartbeat
from gate.sync.wire import Topics, batch_head, encode_batch
from office.__main__ import app
from office.home import Home
from office.receiving.authorisation import Authorisation
from office.receiving.signers import keep_words
from office.store.database import OfficeStore
from tests.journal_making import EXAM, GATE, SITE, entry

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
        db.execute(
            "INSERT INTO event (gate, epoch, seq, prev, hash, event, received, sitting) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, EXAM),
        )
        prev = digest
    db.execute("UPDATE mark SET high = ?, head = ?, top = ?", (len(events), prev, len(events)))


def admitting(db: sqlite3.Connection) -> None:
    rewrite(db, [e | {"outcome": "ADMIT"} for e in EVENTS])


def without_proofs(db: sqlite3.Connection) -> None:
    for table in ("signed_head", "claim", "receipt"):
        db.execute(f"DELETE FROM {table}")


def signed_by(db: sqlite3.Connection, key: SigningKey) -> None:
    """Every event an ADMIT, and all heads signed anew."""
    admitting(db)
    found = db.execute("SELECT seq, prev, hash, event FROM event ORDER BY seq").fetchall()
    events = [json.loads(e) | {"prev": p, "hash": h} for _, p, h, e in found]
    without_proofs(db)
    for at in range(0, COUNT, 30):
        h = batch_head(events[at : at + 30], hist=False, key=key)
        row = (GATE, EPOCH, h["from"], h["to"], h["prev"], h["head"], 0, h["key"], h["sig"], "{}")
        db.execute("INSERT INTO signed_head VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
