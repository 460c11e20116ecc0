"""The broker as it is shipped: who may say and hear what, and the programs around it."""

import asyncio
import json
import queue
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS, seal
from gate.roster.keys import read_key
from gate.sync.link import Acked, LinkEvent, Message, Subscribed, Up
from gate.sync.wire import OFFICE_STATE, Topics, decode_note, encode_batch
from office.home import Home
from tests.journal_making import EXAM, GATE, OTHER, SITE, entry, fill, opened
from tests.mqtt_making import (
    broker_at,
    client_of,
    heard,
    journals_at_the_office,
    made_home,
    office_at,
    office_link,
    sending,
    uplink_of,
)
from tests.waiting import until

pytestmark = pytest.mark.system


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
        link.subscribe(others.rcpt, others.ev, "eg/1/#")
        heard(news, Subscribed, mid=link.subscribe(mine.rcpt))
        for topic in (others.rcpt, others.ev, mine.rcpt):
            heard(office, Acked, mid=speaker.publish(topic, b"to " + topic.encode()))
        assert heard(news, Message).topic == mine.rcpt
        link.leave()
        speaker.leave()


def batch_of(home: Home, gate: str, signed_by: str) -> bytes:
    when = entry(1)
    event = seal(when, gate=gate, epoch="0" * 16, seq=1, boot="b", previous=GENESIS)
    key = read_key(home.gate(signed_by) / "gate-signing.key", "signing key")
    return encode_batch([event], hist=False, key=SigningKey(key))[0]


def test_bad_batches_are_counted_and_the_office_goes_on(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Unit g2 is in a stranger's hands: its certificate is good, its words are not."""
    here, elsewhere = Topics(EXAM, SITE, OTHER), Topics(EXAM, "wh-hs-02", OTHER)
    bad = [
        (here, b"", "not JSON"),
        (here, b"{}", "lacks or misuses"),
        (here, b"[" * 30_000, "not JSON"),
        (here, b"\xff" * 100, "not JSON"),
        (here, batch_of(home, GATE, GATE), f"came under {OTHER}"),
        (here, batch_of(home, GATE, OTHER), "Signed with key"),
        (here, batch_of(home, "wh-hs-01-g9", OTHER), "not enrolled"),
    ]
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, OTHER, broker.port, news)
        link.open()
        heard(news, Up)
        # Said behind the office's subscription, on the same connection: what is sent before that
        # reaches nobody, and this test does not send again.
        link.subscribe(OFFICE_STATE)
        assert decode_note(heard(news, Message).payload)["online"]
        for count, (topics, payload, told) in enumerate(bad, 1):
            link.publish(topics.ev, payload)
            until(lambda count=count: office.counts.rejected == count)
            reasons = [r for gate in office.counts.refusals.by_gate().values() for r in gate]
            assert any(told in reason for reason in reasons)
        # The office has told the broker's guard where the gate is enrolled.
        refused = heard(news, Acked, mid=link.publish(elsewhere.ev, b"x")).refused
        assert refused == "Not authorized"
        link.publish(here.ev, batch_of(home, OTHER, OTHER))
        until(lambda: office.counts.events == 1)
        link.leave()
    assert list(journals_at_the_office(home)) == [OTHER]


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
from tests.journal_making import opened
from tests.mqtt_making import uplink_of

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
            [
                *office,
                "receive",
                "--home",
                home.root,
                "--host",
                "127.0.0.1",
                "--port",
                str(broker.port),
                "--status-file",
                status,
            ]
        )
        filled(tmp_path, 70)
        gate = started_gate(home, broker.port, tmp_path)
        until(lambda: status.exists() and json.loads(status.read_text())["events"] == 70)
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


def filled(folder: Path, events: int) -> None:
    async def write() -> None:
        async with opened(folder) as journal:
            await fill(journal, events)

    asyncio.run(write())


@pytest.mark.parametrize("wrong", ["certificate", "key"])
def test_an_office_that_the_broker_refuses_ends_with_8(
    home: Home, tmp_path: Path, wrong: str
) -> None:
    stranger = made_home(tmp_path / "stranger")
    if wrong == "key":
        (stranger.office / "office.key").write_text("junk")
    with broker_at(home, tmp_path / "broker") as broker:
        found = subprocess.run(
            [
                sys.executable,
                "-m",
                "office",
                "receive",
                "--home",
                stranger.root,
                "--host",
                "127.0.0.1",
                "--port",
                str(broker.port),
            ],
            capture_output=True,
            timeout=30,
            check=False,
        )
    assert found.returncode == 8
    assert b"certificate" in found.stderr
