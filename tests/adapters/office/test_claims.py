"""What gates say of themselves, held against what the office has."""

import queue
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS, JournalEntry, event_hash, seal
from gate.errors import InputRejected, SignatureRefused
from gate.roster.keys import read_key
from gate.sync.heartbeat import Heartbeat, decode_heartbeat, encode_heartbeat
from gate.sync.link import LinkEvent, Message, Up
from gate.sync.wire import (
    OFFICE_STATE,
    Batch,
    Topics,
    batch_head,
    decode_note,
    decode_receipt,
    encode_note,
)
from office.audit.journal_audit import audit, is_whole, sentence
from office.audit.journal_lineage import beginnings, link, unannounced
from office.home import Home
from office.keys.enrolment import assign
from office.receiving.authorisation import Authorisation
from office.receiving.gate_status import Watch
from office.receiving.signers import signers
from office.store.database import OfficeStore
from tests.contracts.test_office_store import EPOCH, EVENTS, KEY, KEYS, add, batch, chain
from tests.journal_making import EXAM, GATE, OTHER, SITE, entry
from tests.mqtt_making import broker_at, client_of, heard, made_home, office_at
from tests.waiting import until

NOW = "2027-04-10T01:00:00.000+00:00"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return made_home(tmp_path_factory.mktemp("office"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OfficeStore]:
    with OfficeStore(tmp_path / "office.sqlite") as opened:
        yield opened


def beat(seq: int, head: str | None = None, **other: object) -> Heartbeat:
    head = head or (EVENTS[seq - 1]["hash"] if seq else GENESIS)
    return Heartbeat(GATE, EPOCH, seq, head, 0, "session", **other)


def claim(store: OfficeStore, told: Heartbeat) -> bool:
    with store.transaction():
        return store.add_claim(told, encode_heartbeat(told, KEY), NOW)


def test_a_heartbeat_is_decoded_as_it_was_and_signed() -> None:
    told = beat(7, oldest_unsent_at=NOW, vitals={"disk_free_mb": 812, "clock": "trusted"})
    raw = encode_heartbeat(told, KEY)
    found = decode_heartbeat(raw, lambda _: KEY.verify_key.encode())
    assert (found.seq, found.head, found.vitals) == (7, told.head, told.vitals)
    with pytest.raises(SignatureRefused):
        decode_heartbeat(raw.replace(b'"seq":7', b'"seq":6'), lambda _: KEY.verify_key.encode())
    with pytest.raises(SignatureRefused):
        decode_heartbeat(raw, lambda _: None)
    with pytest.raises(InputRejected):
        decode_heartbeat(raw.replace(b'"seq":7', b'"seq":-7'), lambda _: KEY.verify_key.encode())


def test_a_tail_that_never_came_is_named(store: OfficeStore) -> None:
    """A chain alone would not show it."""
    add(store, EVENTS[:5])
    assert claim(store, beat(9))
    found = audit(store, GATE, EPOCH, KEYS)
    assert (found["high"], found["claims"], found["missing"]) == (5, 9, [[6, 9]])
    assert not is_whole(found)
    assert "claims 9" in sentence(GATE, EPOCH, found)
    add(store, EVENTS[5:9])
    assert is_whole(audit(store, GATE, EPOCH, KEYS))


def test_a_journal_of_which_nothing_came_is_named(store: OfficeStore) -> None:
    claim(store, beat(3))
    assert store.journals() == [(GATE, EPOCH)]
    assert audit(store, GATE, EPOCH, KEYS)["missing"] == [[1, 3]]


def test_only_the_newest_true_claim_stays(store: OfficeStore) -> None:
    for seq in (0, 3, 9, 4, 9, 6):
        claim(store, beat(seq))
    assert max(seq for seq, _, _ in store.proofs.beats(GATE, EPOCH)) == 9
    assert len(store.proofs.beats(GATE, EPOCH)) <= 4


def test_a_claim_of_another_event_is_a_fork(store: OfficeStore) -> None:
    forked = chain(2, note="copy", first=4, prev=EVENTS[2]["hash"])
    add(store, EVENTS[:9])
    assert not claim(store, beat(5, forked[1]["hash"]))
    assert claim(store, beat(9))
    found = audit(store, GATE, EPOCH, KEYS)
    assert (found["forks"], found["conflicts"], is_whole(found)) == ([5], [], False)


def test_a_fork_that_was_claimed_before_the_event_came_is_found_too(store: OfficeStore) -> None:
    forked = chain(2, note="copy", first=4, prev=EVENTS[2]["hash"])
    assert claim(store, beat(5, forked[1]["hash"]))
    add(store, EVENTS[:9])
    assert audit(store, GATE, EPOCH, KEYS)["forks"] == [5]


def test_an_event_of_the_year_9999_is_kept_and_told(store: OfficeStore) -> None:
    """Refusing it would keep all that follows from ever being receipted."""
    odd = chain(3)
    odd[1] = chain(1, first=2, prev=odd[0]["hash"])[0] | {"at": "9999-12-31T23:59:59.000+00:00"}
    odd[1]["hash"] = event_hash(odd[0]["hash"], odd[1])
    add(store, odd[:2])
    found = audit(store, GATE, EPOCH, KEYS)
    assert (found["high"], found["odd_times"], is_whole(found)) == (2, [2], True)
    assert "odd time at 2" in sentence(GATE, EPOCH, found)


def test_a_gate_speaks_for_its_exams_only(tmp_path: Path) -> None:
    home = made_home(tmp_path / "office")
    door, here = Authorisation(home), Topics(EXAM, SITE, GATE)
    door.admit(GATE, here, "batch")  # no roster was sealed to it yet
    assign(home, GATE, "another-exam")
    with pytest.raises(SignatureRefused, match="enrolled for another-exam"):
        door.admit(GATE, here, "batch")
    assign(home, GATE, EXAM)
    door.admit(GATE, here, "batch")
    with pytest.raises(SignatureRefused, match="came under"):
        door.admit(OTHER, here, "batch")


def test_a_late_will_does_not_bury_a_gate_that_is_back() -> None:
    watch = Watch()
    for state, session in (("ready", "a"), ("ready", "b"), ("lost", "a")):
        watch.note(GATE, "state", {"state": state, "session": session}, NOW)
    assert watch.seen(GATE)["state"] == "ready"
    watch.note(GATE, "state", {"state": "lost", "session": "b"}, NOW)
    assert watch.seen(GATE)["state"] == "lost"


@pytest.mark.system
def test_heartbeats_states_and_alerts_reach_the_office(home: Home, tmp_path: Path) -> None:
    signing = SigningKey(read_key(home.gate(GATE) / "gate-signing.key", "signing key"))
    here = Topics(EXAM, SITE, GATE)
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, GATE, broker.port, news)
        link.open()
        heard(news, Up)
        link.subscribe(OFFICE_STATE)
        assert decode_note(heard(news, Message).payload)["online"]
        link.publish(here.hb, encode_heartbeat(beat(9, vitals={"disk_free_mb": 5}), signing), qos=0)
        until(lambda: office.watch.seen(GATE)["claims"] == 9)
        link.publish(here.hb, encode_heartbeat(beat(10, "a" * 64), KEY), qos=0)
        until(lambda: office.counts.rejected == 1)  # signed by a stranger
        link.publish(here.state, encode_note(state="ready", session="s"), retain=True)
        until(lambda: office.watch.seen(GATE)["state"] == "ready")
        link.publish(here.alert, encode_note(alert="receipt-refused", why="fork", detail="x"))
        until(lambda: len(office.watch.seen(GATE)["alerts"]) == 1)
        assert office.watch.seen(GATE)["vitals"] == {"disk_free_mb": 5}
        link.leave()
    with OfficeStore(home.database) as store:
        assert audit(store, GATE, EPOCH, signers(store, home, None)(GATE))["claims"] == 9


@pytest.mark.system
def test_a_gate_that_trusts_an_older_receipt_is_told_at_its_next_heartbeat(
    home: Home, tmp_path: Path
) -> None:
    """Its office was set back to a backup, and what was said of that then never came. Found by the
    fault matrix: the gate would have waited for a reconnect, if ever one came."""
    signing = SigningKey(read_key(home.gate(GATE) / "gate-signing.key", "signing key"))
    here = Topics(EXAM, SITE, GATE)
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, GATE, broker.port, news)
        link.open()
        heard(news, Up)
        link.subscribe(OFFICE_STATE, here.rcpt)
        assert decode_note(heard(news, Message).payload)["online"]
        trusting = replace(beat(9), high=9)
        link.publish(here.hb, encode_heartbeat(trusting, signing), qos=0)
        told = decode_receipt(heard(news, Message).payload, _office_public(home))
        link.leave()
    assert (told.epoch, told.high) == (EPOCH, 0)


def _office_public(home: Home) -> bytes:
    return read_key(home.gate(GATE) / "office.pub", "office key")


NEXT = "ffeeddccbbaa9988"


def begun_after(store: OfficeStore, **told: object) -> dict[str, dict[str, object]]:
    """The journals of the gate, once a new one has begun that says this of the one before."""
    first = seal(
        JournalEntry("begun", entry(1).when, {"previous_epoch": EPOCH, **told}),
        gate=GATE,
        epoch=NEXT,
        seq=1,
        boot="b",
        previous=GENESIS,
    )
    head = batch_head([first], hist=False, key=KEY)
    begun = Batch(
        GATE, NEXT, 1, 1, GENESIS, first["hash"], False, (first,), head["key"], head["sig"]
    )
    with store.transaction():
        store.add(begun, exam=EXAM, site=SITE, now=NOW)
    found = {e: audit(store, GATE, e, KEYS) for _, e in store.journals()}
    link(store, GATE, found)
    return found


def test_what_a_given_up_journal_lost_is_named(store: OfficeStore) -> None:
    add(store, EVENTS[:7])
    at = EVENTS[4]["hash"]
    found = begun_after(store, receipted=5, receipted_head=at, last_known=12)
    assert found[NEXT]["previous"] == {
        "epoch": EPOCH,
        "receipted": 5,
        "last_known": 12,
        "agrees": True,
        "lost": [[8, 12]],
    }
    assert (found[EPOCH]["missing"], found[EPOCH]["succeeded_by"]) == ([[8, 12]], NEXT)
    assert is_whole(found[NEXT])
    assert not is_whole(found[EPOCH])
    assert "given up" in sentence(GATE, EPOCH, found[EPOCH])


def test_a_given_up_journal_of_which_the_office_has_all_lost_nothing(store: OfficeStore) -> None:
    add(store, EVENTS[:7])
    found = begun_after(store, receipted=7, receipted_head=EVENTS[6]["hash"], last_known=7)
    assert all(map(is_whole, found.values()))


def test_one_that_never_sent_anything_is_lost_whole(store: OfficeStore) -> None:
    found = begun_after(store, receipted=0, receipted_head=None, last_known=3)
    assert found[EPOCH]["missing"] == [[1, 3]]


def test_a_remembered_receipt_that_is_not_ours_is_told(store: OfficeStore) -> None:
    add(store, EVENTS[:7])
    found = begun_after(store, receipted=5, receipted_head="a" * 64, last_known=7)
    assert not is_whole(found[NEXT])
    assert "another receipt than ours" in sentence(GATE, NEXT, found[NEXT])


def plain_beginning(store: OfficeStore, epoch: str, key: SigningKey, now: str) -> None:
    """A journal whose first event names none before it."""
    first = seal(
        JournalEntry("start", entry(1).when, {}),
        gate=GATE,
        epoch=epoch,
        seq=1,
        boot="b",
        previous=GENESIS,
    )
    head = batch_head([first], hist=False, key=key)
    begun = Batch(
        GATE, epoch, 1, 1, GENESIS, first["hash"], False, (first,), head["key"], head["sig"]
    )
    with store.transaction():
        store.add(begun, exam=EXAM, site=SITE, now=now)


def test_a_wiped_card_that_names_no_journal_before_is_an_alarm(store: OfficeStore) -> None:
    add(store, EVENTS[:7])
    assert unannounced(store, GATE) == []
    plain_beginning(store, NEXT, KEY, "2027-04-10T02:00:00.000+00:00")
    assert beginnings(store, GATE) == {EPOCH: "first", NEXT: "unannounced"}
    found = {e: audit(store, GATE, e, KEYS) for _, e in store.journals()}
    link(store, GATE, found)
    assert is_whole(found[EPOCH])
    assert not is_whole(found[NEXT])
    assert "ALARM" in sentence(GATE, NEXT, found[NEXT])


def test_a_unit_enrolled_anew_is_told_and_no_alarm(store: OfficeStore) -> None:
    add(store, EVENTS[:7])
    plain_beginning(store, NEXT, SigningKey(b"\x02" * 32), "2027-04-10T02:00:00.000+00:00")
    assert beginnings(store, GATE) == {EPOCH: "first", NEXT: "enrolled-anew"}


def test_an_older_journal_that_comes_later_is_no_alarm(store: OfficeStore) -> None:
    """Its successor, which names it, was here first."""
    begun_after(store, receipted=0, receipted_head=None, last_known=3)
    with store.transaction():
        part = batch(EVENTS[:3])
        store.add(part, exam=EXAM, site=SITE, now="2027-04-11T00:00:00.000+00:00")
    assert beginnings(store, GATE) == {NEXT: "follows", EPOCH: "first"}
