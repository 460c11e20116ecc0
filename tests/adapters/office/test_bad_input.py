"""What goes wrong between gates, broker, office and database: refused or waited for, told, and
nothing lost. docs/bad-input.md has the whole list; here stand the rows that no other test holds."""

import logging
import queue
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from nacl.signing import SigningKey

from gate.core.office_commands import Command
from gate.roster.keys import read_key
from gate.sync.command_wire import encode_command
from gate.sync.link import Acked, Down, LinkEvent, Message, Up
from gate.sync.wire import OFFICE_STATE, Batch, Topics
from office.audit.journal_audit import is_whole
from office.home import Home
from office.keys.enrolment import revoke
from office.receiving import receive, wall_clock
from office.receiving.authorisation import Authorisation
from office.receiving.command_outbox import CommandOutbox
from office.store.database import OfficeStore
from office.store.place import Place
from tests.adapters.office.test_workers import EVENTS, SIZE, batches, receiving, stored
from tests.journal_making import EXAM, GATE, OTHER, SITE, fill, opened
from tests.mqtt_making import (
    Broker,
    broker_at,
    client_of,
    free_port,
    heard,
    journals_at_the_office,
    made_home,
    office_at,
    sending,
    uplink_of,
)
from tests.postgresql_server import PostgresqlServer
from tests.waiting import soon, until

pytestmark = pytest.mark.system


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


def expire(certificate: Path, home: Home) -> bytes:
    """The certificate in place ended yesterday; what stood there."""
    good = certificate.read_bytes()
    old = x509.load_pem_x509_certificate(good)
    authority = serialization.load_pem_private_key((home.ca / "ca.key").read_bytes(), None)
    builder = (
        x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), old.serial_number)
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(datetime.now(UTC) - timedelta(hours=12))
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    made = builder.sign(authority, hashes.SHA256())  # type: ignore[arg-type]
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return good


@pytest.mark.parametrize("whose", ["the gate's", "the broker's"])
async def test_an_expired_certificate_is_told_and_costs_no_event(
    home: Home, tmp_path: Path, whose: str
) -> None:
    path = {"the gate's": home.gate(GATE) / "gate.crt", "the broker's": home.broker / "server.crt"}
    good = expire(path[whose], home)
    broker = Broker(home, tmp_path / "broker")
    broker.start()
    try:
        async with opened(tmp_path) as journal:
            await fill(journal, 3)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink.status["last_error"] is not None)
                assert uplink.status["error_kind"] == "CertificateRefused"
                assert "certificate" in str(uplink.status["last_error"])
                await fill(journal, 3)  # the gate goes on
                assert (uplink.status["receipted"], uplink.status["unsent"]) == (0, 6)
            path[whose].write_bytes(good)
            broker.stop()
            broker.start()
            with office_at(home, broker.port):
                again = uplink_of(home, broker.port, journal)
                async with sending(again):
                    await soon(lambda: again.status["receipted"] == 6)
    finally:
        broker.stop()
    assert is_whole(journals_at_the_office(home)[GATE])


def receive_words(home: Home, port: int, *words: str) -> list[str]:
    place = ["--home", str(home.root), "--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, "-m", "office", *words, "receive", *place]


def test_an_office_whose_certificate_has_expired_ends_with_8(home: Home, tmp_path: Path) -> None:
    expire(home.office / "office.crt", home)
    with broker_at(home, tmp_path / "broker") as broker:
        words = receive_words(home, broker.port)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 8
    assert "certificate" in done.stderr
    assert "Traceback" not in done.stderr


def test_ten_megabytes_reach_nobody_and_cost_the_others_nothing(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        hostile: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, OTHER, broker.port, hostile)
        link.open()
        heard(hostile, Up)
        link.publish(Topics(EXAM, SITE, OTHER).ev, b"[" * 10_000_000)
        heard(hostile, Down)
        honest: queue.Queue[LinkEvent] = queue.Queue()
        gate = client_of(home, GATE, broker.port, honest)
        gate.open()
        heard(honest, Up)
        gate.subscribe(OFFICE_STATE)
        heard(honest, Message)  # the office is there
        for payload in batches(home, GATE)[:3]:
            gate.publish(Topics(EXAM, SITE, GATE).ev, payload)
        until(lambda: office.counts.events == 3 * SIZE)
        assert office.counts.rejected == 0, "the broker keeps it from us"
        gate.leave()
        link.leave()
    assert list(journals_at_the_office(home)) == [GATE]


async def test_a_full_queue_of_the_broker_loses_batches_and_no_event(
    home: Home, tmp_path: Path
) -> None:
    """Its PUBACK says success also for what it throws away."""
    broker = Broker(home, tmp_path / "broker", guarded=False)
    conf = tmp_path / "broker" / "conf.d" / "exam-gate.conf"
    text = conf.read_text().replace("max_queued_messages 20000", "max_queued_messages 2")
    conf.write_text(text.replace("max_inflight_messages 100", "max_inflight_messages 1"))
    broker.start()
    try:
        with office_at(home, broker.port) as office:
            until(lambda: office.connected)
        async with opened(tmp_path) as journal:
            await fill(journal, 400)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: b"being dropped" in (tmp_path / "broker/log").read_bytes())
                assert uplink.status["broker_refused"] == {}
                assert (uplink.status["receipted"], uplink.status["unsent"]) == (0, 400)
                with office_at(home, broker.port):
                    await soon(lambda: uplink.status["receipted"] == 400, 60)
    finally:
        broker.stop()
    found = journals_at_the_office(home)[GATE]
    assert (found["events"], found["missing"]) == (400, [])


OFFICE_MAY = "topic readwrite eg/1/#\n"
OFFICE_IS_DENIED = "topic write eg/1/#\ntopic read eg/1/office/#\ntopic read eg/1/+/+/+/hb\n"


async def test_a_denial_that_looks_like_success_counts_as_nothing(
    home: Home, tmp_path: Path
) -> None:
    """The broker's rules keep batches from the office. It answers subscription and batches with
    success; the gate's heartbeat tells what the office lacks."""
    broker = Broker(home, tmp_path / "broker", guarded=False)
    acl = tmp_path / "broker" / "acl"
    good = acl.read_text()
    assert OFFICE_MAY in good
    acl.write_text(good.replace(OFFICE_MAY, OFFICE_IS_DENIED))
    broker.start()
    try:
        with office_at(home, broker.port) as office:
            news: queue.Queue[LinkEvent] = queue.Queue()
            link = client_of(home, OTHER, broker.port, news)
            link.open()
            heard(news, Up)
            mid = link.publish(Topics(EXAM, SITE, OTHER).ev, batches(home, OTHER)[0])
            assert heard(news, Acked, mid=mid).refused is None
            link.leave()
            async with opened(tmp_path) as journal:
                await fill(journal, 40)
                uplink = uplink_of(home, broker.port, journal)
                async with sending(uplink):
                    await soon(lambda: office.watch.of(GATE).claims == 40)
                    assert uplink.status["broker_refused"] == {}
                    assert (uplink.status["receipted"], uplink.status["unsent"]) == (0, 40)
                    assert office.counts.events == 0
                    lacking = journals_at_the_office(home)[GATE]
                    assert lacking["missing"] == [[1, 40]], "told by audit and board"
                    acl.write_text(good)
                    broker.stop()
                    broker.start()
                    await soon(lambda: uplink.status["receipted"] == 40, 60)
    finally:
        broker.stop()
    assert is_whole(journals_at_the_office(home)[GATE])


@pytest.mark.parametrize("gone", ["struck off", "removed", "damaged"])
def test_a_command_for_a_unit_that_is_gone_is_kept_and_said_to_nobody(
    home: Home, gone: str, caplog: pytest.LogCaptureFixture
) -> None:
    signing = SigningKey(read_key(home.office / "office-signing.key", "key"))
    now = datetime.now(UTC)
    with OfficeStore(home.database) as store:
        for name, to in (("c-1", GATE), ("c-2", OTHER)):
            command = Command(name, "restart", {}, to, now, now + timedelta(hours=1))
            record = encode_command(command, signing)
            expires = command.expires.isoformat(timespec="milliseconds")
            with store.transaction():
                store.commands.keep(name, "restart", expires, record, [to])
                topics = Topics(EXAM, SITE, to)
                (batch,) = batches(home, to)[:1]
                store.add(_believed(home, batch, topics), exam=EXAM, site=SITE, now=_now())
        if gone == "struck off":
            revoke(home, GATE, "stolen")
        elif gone == "removed":
            home.enrolment(GATE).unlink()
        else:
            home.enrolment(GATE).write_text("{")
        outbox = CommandOutbox(home, store)
        assert [topic for topic, _ in outbox.due(0.0)] == [Topics(EXAM, SITE, OTHER).cmd]
        assert [(r.gate, r.result) for r in store.commands.results("c-1")] == [(GATE, None)]
        assert {name for name, _, _ in store.commands.unanswered(_now())} == {"c-1", "c-2"}
        later = (now + timedelta(hours=2)).isoformat(timespec="milliseconds")
        assert store.commands.unanswered(later) == []
    if gone != "struck off":
        assert f"the command for {GATE} waits" in caplog.text


def _believed(home: Home, payload: bytes, topics: Topics) -> Batch:
    return Authorisation(home).batch(payload, topics)


def _now() -> str:
    return wall_clock.now()


def test_two_offices_at_one_postgresql(
    postgresql: PostgresqlServer, empty_office: str, tmp_path: Path
) -> None:
    """Two machines, two folders, one database: the second ends at once, exit 7."""
    place = postgresql.create(empty_office)
    one, other = made_home(tmp_path / "one"), made_home(tmp_path / "other")
    first = subprocess.Popen(
        receive_words(one, free_port(), "--database", place), stderr=subprocess.DEVNULL
    )
    try:
        until(one.record.exists, 60)
        words = receive_words(other, free_port(), "--database", place)
        second = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert second.returncode == 7
        assert "Another exam-office receive stores into" in second.stderr
        assert "Traceback" not in second.stderr
        assert not other.record.exists(), "no generation was begun"
    finally:
        first.kill()
        first.wait()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_of_postgresql_is_waited_for(
    postgresql: PostgresqlServer,
    empty_office: str,
    tmp_path: Path,
    workers: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server answers as it does when its disk is full, SQLSTATE 53100, to each new event."""
    monkeypatch.setattr(receive, "_RETRY_MAX_S", 1.0)
    home, place = made_home(tmp_path / "office"), postgresql.create(empty_office)
    payloads = batches(home, GATE)
    with (
        caplog.at_level(logging.WARNING),
        broker_at(home, tmp_path / "broker", guarded=False) as broker,
        receiving(home, broker.port, place, workers) as office,
    ):
        until(lambda: office.connected, 60)
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, GATE, broker.port, news)
        link.open()
        heard(news, Up)
        ev, receipts = Topics(EXAM, SITE, GATE).ev, office._receipts
        link.publish(ev, payloads[0])
        until(lambda: GATE in receipts and receipts[GATE].high == SIZE, 60)
        _disk(
            place,
            "CREATE TRIGGER full_disk BEFORE INSERT ON event FOR EACH ROW "
            "EXECUTE FUNCTION full_disk()",
        )
        for payload in payloads[1:10]:
            link.publish(ev, payload)
        until(lambda: office.status()["database_away_since"], 60)
        assert receipts[GATE].high == SIZE
        _disk(place, "DROP TRIGGER full_disk ON event")
        until(lambda: receipts[GATE].high == 10 * SIZE, 90)
        assert office.status()["database_away_since"] is None
        link.leave()
    assert stored(place) == {GATE: (10 * SIZE, 10 * SIZE)}
    assert EVENTS > 10 * SIZE
    told = [r.message for r in caplog.records if "ALARM" in r.message]
    assert any("free space" in message or "空间" in message for message in told), told
    with OfficeStore(place) as store:
        assert [row["kind"] for row in store.alerts.all()] == ["database"]


def _disk(place: Place, statement: str) -> None:
    with OfficeStore(place) as store:
        store.database.execute(
            "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file: No space left on device' "
            "USING ERRCODE = '53100'; END $$"
        )
        store.database.execute(statement)
