"""Whose signature counts for the events of a gate that the office's database holds."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.journal_entries import (
    key_id,
    seal,
    unchained,
)
from gate.roster.keys import read_key
from gate.sync.enrolled_key import encode_enrolled
from gate.sync.envelope import signed
from gate.sync.heartbeat import Heartbeat, encode_heartbeat
from gate.sync.wire import Topics, batch_head, batch_payload
from office.home import Home
from office.keys.enrolment import Enrolment, read_enrolment, write_enrolment
from office.receiving.authorisation import Authorisation
from office.store.database import OfficeStore
from tests.journal_making import EXAM, GATE, OTHER, SITE, entry
from tests.office_proofs import (
    COUNT,
    EPOCH,
    EVENTS,
    NOW,
    insider,
    signed_by,
    verified,
)


@pytest.fixture
def home(received: Home, tmp_path: Path) -> Home:
    shutil.copytree(received.root, tmp_path / "office")
    return Home(tmp_path / "office")


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


@pytest.mark.parametrize("where", ["word", "enrolment"])
def test_another_gates_key_does_not_count_for_this_one(home: Home, where: str) -> None:
    """One stolen unit: the office's word for its key is genuine, of that unit."""
    stolen = SigningKey(read_key(home.gate(OTHER) / "gate-signing.key", "key"))
    public = stolen.verify_key.encode()
    office = SigningKey(read_key(home.office / "office-signing.key", "key"))
    word = encode_enrolled(OTHER, SITE, public, at=NOW, office=office).decode()

    def change(db: sqlite3.Connection) -> None:
        signed_by(db, stolen)
        if where == "word":
            db.execute("INSERT INTO gate_key VALUES (?, ?, ?)", (GATE, key_id(public), word))

    insider(home, change)
    if where == "enrolment":
        home.enrolment(GATE).write_bytes(home.enrolment(OTHER).read_bytes())
    code, found = verified(home)
    assert (code, found["uncovered"]) == (1, [[1, COUNT]])


def test_with_the_offices_key_an_enrolment_here_counts_for_nothing(home: Home) -> None:
    """Who may also write to `gates/` can vouch for a key of his own, but not with that word."""
    his, old = SigningKey(b"\x07" * 32), read_enrolment(home.enrolment(GATE))
    insider(home, lambda db: signed_by(db, his))
    write_enrolment(home, Enrolment(GATE, old.site, his.verify_key.encode(), old.sealing))
    assert verified(home)[0] == 0
    code, found = verified(home, "--office", str(home.office / "office.pub"))
    assert (code, found["uncovered"]) == (1, [[1, COUNT]])


def test_heartbeats_of_a_unit_that_was_enrolled_anew_hold_by_either_key(home: Home) -> None:
    old, anew = read_enrolment(home.enrolment(GATE)), SigningKey.generate()
    write_enrolment(home, Enrolment(GATE, old.site, anew.verify_key.encode(), old.sealing))
    beat = Heartbeat(GATE, EPOCH, COUNT + 1, "b" * 64, COUNT, "session")
    with OfficeStore(home.database) as store, store.transaction():
        store.add_claim(beat, encode_heartbeat(beat, anew), NOW)
    code, found = verified(home)
    assert (code, found["claims"], found["faults"]) == (1, COUNT + 1, [])
    assert found["missing"] == [[COUNT + 1, COUNT + 1]]


def test_a_signed_field_that_this_version_does_not_know_is_kept(home: Home) -> None:
    """Without it the signature of a newer gate's batch would not hold."""
    signing = SigningKey(read_key(home.gate(GATE) / "gate-signing.key", "key"))
    prev = EVENTS[-1]["hash"]
    event = seal(entry(1), gate=GATE, epoch=EPOCH, seq=COUNT + 1, boot="b", previous=prev)
    head = batch_head([event], hist=False, key=signing)
    newer = {k: v for k, v in head.items() if k not in ("key", "sig")} | {"later": {"a": [1, "é"]}}
    payload = batch_payload(signed("batch", newer, signing), [unchained(event)])
    with OfficeStore(home.database) as store, store.transaction():
        batch = Authorisation(home).batch(payload, Topics(EXAM, SITE, GATE))
        store.add(batch, exam=EXAM, site=SITE, now=NOW)
    code, found = verified(home)
    assert (code, found["events"], found["uncovered"]) == (0, COUNT + 1, [])
