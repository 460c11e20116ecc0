"""Gate to office and back over a real broker with real certificates."""

import asyncio
import contextlib
import json
import queue
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gate.store.journal import SqliteJournal
from gate.sync.link import Acked, Address, Link, LinkEvent, Message, Up, Will
from gate.sync.mqtt import MqttUplink
from gate.sync.wire import OFFICE_STATE, Topics, decode_note, encode_note
from office.commands.verify import audit, is_whole
from office.home import Home
from office.store import OfficeStore
from tests.journal_making import (
    EXAM,
    GATE,
    OTHER,
    SITE,
    broker_at,
    entry,
    free_port,
    made_home,
    office_at,
    opened,
    uplink_of,
)
from tests.journal_making import until as until_sync

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return made_home(tmp_path_factory.mktemp("office"))


@pytest.fixture
def home(keys: Home) -> Home:
    for path in keys.root.glob("office.sqlite*"):
        path.unlink()
    return keys


async def until(met: Callable[[], bool], bound_s: float = 20.0) -> None:
    async with asyncio.timeout(bound_s):
        while not met():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def sending(uplink: MqttUplink) -> AsyncIterator[None]:
    task = asyncio.create_task(uplink.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def journals_at_the_office(home: Home) -> dict[str, dict[str, object]]:
    with OfficeStore(home.database) as store:
        return {gate: audit(store, gate, epoch) for gate, epoch in store.journals()}


async def fill(journal: SqliteJournal, count: int) -> None:
    for number in range(count):
        await journal.append(entry(number))


async def test_every_event_arrives_once_and_is_receipted(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            await fill(journal, 120)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await until(lambda: uplink.status["receipted"] == 120)
                await fill(journal, 3)
                await until(lambda: uplink.status["receipted"] == 123)
                assert uplink.status["unsent"] == 0
                assert uplink.status["office"] == "online"
            head, receipt = journal.head, await journal.receipt()
    assert receipt is not None
    assert (receipt.high, receipt.head) == (123, head.hash)
    found = journals_at_the_office(home)[GATE]
    assert is_whole(found)
    assert (found["events"], found["head"]) == (123, head.hash)


async def test_status_may_be_asked_before_the_journal_is_open_and_after(
    home: Home, tmp_path: Path
) -> None:
    """The staff socket answers from the first moment; a full disk keeps the journal shut."""
    journal = opened(tmp_path)
    uplink = uplink_of(home, 1, journal)
    assert uplink.status["unsent"] is None
    async with journal, sending(uplink):
        await until(lambda: uplink.status["unsent"] == 0)
    assert uplink.status["unsent"] is None


async def test_a_broker_that_goes_and_comes_back(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await fill(journal, 2)
                await until(lambda: uplink.status["receipted"] == 2)
                broker.stop()
                await until(lambda: not uplink.status["connected"])
                await fill(journal, 60)
                await until(lambda: uplink.status["error_kind"] == "NetworkFault")
                assert uplink.status["unsent"] == 60
                (tmp_path / "broker" / "mosquitto.db").unlink(missing_ok=True)
                broker.start()
                await until(lambda: uplink.status["receipted"] == 62, 40)
                assert uplink.status["last_error"] is None
    assert is_whole(journals_at_the_office(home)[GATE])


async def test_an_office_that_comes_later_gets_it_all(home: Home, tmp_path: Path) -> None:
    """A PUBACK proves nothing: the broker took these batches and had nobody to give them to."""
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            await fill(journal, 30)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await until(lambda: uplink.status["connected"])
                await asyncio.sleep(0)
                assert uplink.status["receipted"] == 0
                with office_at(home, broker.port):
                    await until(lambda: uplink.status["receipted"] == 30)
                await until(lambda: uplink.status["office"] == "offline")


async def test_an_office_restored_from_a_backup_is_sent_again(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await fill(journal, 10)
                with office_at(home, broker.port, generation=10):
                    await until(lambda: uplink.status["receipted"] == 10)
                backup = home.database.read_bytes()
                await fill(journal, 10)
                with office_at(home, broker.port, generation=20):
                    await until(lambda: uplink.status["receipted"] == 20)
                home.database.write_bytes(backup)
                with office_at(home, broker.port, generation=30):
                    await until(lambda: journals_at_the_office(home)[GATE]["events"] == 20)
                    await until(lambda: uplink.status["receipted"] == 20)
                receipt = await journal.receipt()
    assert receipt is not None
    assert receipt.generation == 30


async def test_a_copied_card_is_noticed_at_both_ends(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path / "card") as journal:
        await fill(journal, 3)
    shutil.copytree(tmp_path / "card", tmp_path / "copy")
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        async with opened(tmp_path / "card") as journal:
            await journal.append(entry(4, note="on the card"))
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await until(lambda: uplink.status["receipted"] == 4)
        async with opened(tmp_path / "copy") as journal:
            await journal.append(entry(4, note="on the copy"))
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await until(lambda: office.counts.conflicts > 0)
                await until(lambda: "has another event 4" in caplog.text)
                assert uplink.status["receipted"] == 0
    assert "ALARM" in caplog.text
    found = journals_at_the_office(home)[GATE]
    assert (found["conflicts"], found["events"], is_whole(found)) == ([4], 4, False)


async def test_after_another_exam_the_topic_is_another(home: Home, tmp_path: Path) -> None:
    exam: list[str | None] = [None]
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            await fill(journal, 1)
            uplink = uplink_of(home, broker.port, journal, exam=lambda: exam[0])
            async with sending(uplink):
                for name in ("exam-a", "exam-b"):
                    exam[0] = name
                    await fill(journal, 1)
                    await until(lambda: uplink.status["unsent"] == 0)
                    await until(lambda name=name: exam_at_the_office(home) == name)


def exam_at_the_office(home: Home) -> str:
    with OfficeStore(home.database) as store:
        return next((exam for exam, *_ in store.gates()), "")


@pytest.mark.parametrize("whose", ["ours", "the broker's", "nobody's"])
async def test_a_wrong_certificate_is_named_once(
    home: Home, tmp_path: Path, whose: str, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = made_home(tmp_path / "stranger").gate(GATE)
    wrong, told = {
        "ours": (
            {"certificate": stranger / "gate.crt", "key": stranger / "gate.key"},
            "does not accept our certificate",
        ),
        "the broker's": ({"ca": stranger / "ca.crt"}, "is not trusted"),
        "nobody's": ({"certificate": tmp_path / "none.crt"}, "cannot be used"),
    }[whose]
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal, **wrong)
            async with sending(uplink):
                await until(lambda: uplink.status["last_error"] is not None)
                first = uplink._error
                await until(lambda: uplink._error is not first)  # tried again
                assert uplink.status["error_kind"] == "CertificateRefused"
                assert told in uplink.status["last_error"]
                assert not uplink.status["connected"]
    assert caplog.text.count(told) == 1


async def test_no_broker_is_told_and_waited_out(home: Home, tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        uplink = uplink_of(home, free_port(), journal)
        async with sending(uplink):
            await until(lambda: uplink.status["error_kind"] == "NetworkFault")
            assert (await journal.append(entry(1)))["seq"] == 1


def client_of(home: Home, gate: str, port: int, news: "queue.Queue[LinkEvent]") -> Link:
    folder = home.gate(gate)
    address = Address(
        "127.0.0.1", port, folder / "ca.crt", folder / "gate.crt", folder / "gate.key", name=gate
    )
    state = Topics(EXAM, SITE, gate).state
    return Link(address, news.put, Will(state, encode_note(state="lost")))


def heard(news: "queue.Queue[LinkEvent]", kind: type, **fields: object) -> LinkEvent:
    while True:
        event = news.get(timeout=10)
        if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items()):
            return event


def test_a_gate_speaks_and_hears_under_its_own_name_only(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker:
        news: queue.Queue[LinkEvent] = queue.Queue()
        mine, others = Topics(EXAM, SITE, OTHER), Topics(EXAM, SITE, GATE)
        link = client_of(home, OTHER, broker.port, news)
        link.open()
        heard(news, Up)
        for topic in (mine.ev, mine.hb, mine.state):
            assert heard(news, Acked, mid=link.publish(topic, b"x")).refused is None
        for topic in (others.ev, others.state, others.rcpt, mine.rcpt, OFFICE_STATE, "eg/1/x"):
            assert heard(news, Acked, mid=link.publish(topic, b"x")).refused == "Not authorized"
        office: queue.Queue[LinkEvent] = queue.Queue()
        speaker = office_link(home, broker.port, office)
        heard(office, Up)
        link.subscribe(others.rcpt, others.ev, "eg/1/#", mine.rcpt)
        for topic in (others.rcpt, others.ev, mine.rcpt):
            heard(office, Acked, mid=speaker.publish(topic, b"to " + topic.encode()))
        assert heard(news, Message).topic == mine.rcpt
        link.leave()
        speaker.leave()


def office_link(home: Home, port: int, news: "queue.Queue[LinkEvent]") -> Link:
    address = Address(
        "127.0.0.1", port, home.ca / "ca.crt", home.office / "office.crt",
        home.office / "office.key", name="office",
    )  # fmt: skip
    link = Link(address, news.put, Will(OFFICE_STATE, encode_note(online=False)))
    link.open()
    return link


def test_bad_batches_are_counted_and_the_office_goes_on(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, OTHER, broker.port, news)
        link.open()
        heard(news, Up)
        until_sync(lambda: office.connected)
        for garbage in (b"", b"{}", b"[" * 30_000, b"\xff" * 100):
            link.publish(Topics(EXAM, SITE, OTHER).ev, garbage)
        elsewhere = Topics(EXAM, "wh-hs-02", OTHER).ev
        link.publish(elsewhere, b"{}")
        until_sync(lambda: office.counts.rejected == 5)
        link.leave()
    assert journals_at_the_office(home) == {}


async def test_the_state_says_ready_closed_and_lost(home: Home, tmp_path: Path) -> None:
    states: queue.Queue[LinkEvent] = queue.Queue()
    with broker_at(home, tmp_path / "broker") as broker:
        watcher = office_link(home, broker.port, states)
        await asyncio.to_thread(heard, states, Up)
        watcher.subscribe(Topics(EXAM, SITE, GATE).state)

        async def said() -> str:
            message = await asyncio.to_thread(heard, states, Message)
            return str(decode_note(message.payload)["state"])

        async with opened(tmp_path) as journal:
            async with sending(uplink_of(home, broker.port, journal)):
                assert await said() == "ready"
            assert await said() == "closed"
        dying = started_gate(home, broker.port, tmp_path)
        assert await said() == "ready"
        dying.kill()
        assert await said() == "lost"
        dying.wait()
        watcher.leave()


def started_gate(home: Home, port: int, folder: Path) -> "subprocess.Popen[bytes]":
    script = """
import asyncio, sys
from pathlib import Path
from office.home import Home
from tests.journal_making import opened, uplink_of

async def send():
    async with opened(Path(sys.argv[3])) as journal:
        await uplink_of(Home(Path(sys.argv[1])), int(sys.argv[2]), journal).run()

asyncio.run(send())
"""
    return subprocess.Popen([sys.executable, "-c", script, home.root, str(port), folder])


def test_the_programs_as_they_are_run(home: Home, tmp_path: Path) -> None:
    """exam-office receive and verify as processes of their own."""
    office = [sys.executable, "-m", "office"]
    status = tmp_path / "status.json"
    with broker_at(home, tmp_path / "broker") as broker:
        receiving = subprocess.Popen(
            [*office, "receive", "--home", home.root, "--host", "127.0.0.1",
             "--port", str(broker.port), "--status-file", status]
        )  # fmt: skip
        gate = started_gate_with(home, broker.port, tmp_path, events=70)
        until_sync(lambda: status.exists() and json.loads(status.read_text())["events"] == 70)
        receiving.send_signal(signal.SIGTERM)
        assert receiving.wait(10) == 0
        gate.kill()
        gate.wait()
    said = subprocess.run(
        [*office, "verify", "--home", home.root, "--json"], capture_output=True, check=True
    )
    ((journal,),) = ([*g.values()] for g in json.loads(said.stdout)["gates"].values())
    assert (journal["events"], journal["high"], journal["missing"]) == (70, 70, [])
    assert journal["chain"] == "verified"


def started_gate_with(
    home: Home, port: int, folder: Path, events: int
) -> "subprocess.Popen[bytes]":
    async def write() -> None:
        async with opened(folder) as journal:
            await fill(journal, events)

    asyncio.run(write())
    return started_gate(home, port, folder)


@pytest.mark.parametrize("wrong", ["certificate", "key"])
def test_an_office_that_the_broker_refuses_ends_with_8(
    home: Home, tmp_path: Path, wrong: str
) -> None:
    stranger = made_home(tmp_path / "stranger")
    if wrong == "key":
        (stranger.office / "office.key").write_text("junk")
    with broker_at(home, tmp_path / "broker") as broker:
        found = subprocess.run(
            [sys.executable, "-m", "office", "receive", "--home", stranger.root,
             "--host", "127.0.0.1", "--port", str(broker.port)],
            capture_output=True, timeout=30, check=False,
        )  # fmt: skip
    assert found.returncode == 8
    assert b"certificate" in found.stderr
