"""The broker's guard on the real broker: one gate in wrong hands, connections without a name."""

import queue
import re
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from gate.sync.envelope import MAX_BYTES
from gate.sync.link import MAX_PACKET, Acked, LinkEvent, Message, Up
from gate.sync.wire import EVERY_GATES_EVENTS, Topics
from office.home import Home
from office.receiving.broker_guard import build_command
from tests.checkout import ROOT
from tests.journal_making import EXAM, GATE, OTHER, SITE
from tests.mqtt_making import Broker, broker_at, client_of, heard, made_home, office_link

pytestmark = pytest.mark.system

SHIPPED = ROOT / "firmware_config" / "mosquitto"
MINE = Topics(EXAM, SITE, OTHER)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


def test_the_broker_takes_less_than_its_readers() -> None:
    conf = (SHIPPED / "exam-gate.conf").read_text(encoding="utf-8")
    limits = dict(re.findall(r"^(max_packet_size|message_size_limit) (\d+)$", conf, re.M))
    assert int(limits["message_size_limit"]) == MAX_BYTES
    assert MAX_BYTES + 1024 <= int(limits["max_packet_size"]) <= MAX_PACKET - 1024


def test_it_compiles_without_a_warning(tmp_path: Path) -> None:
    subprocess.run(build_command(SHIPPED / "guard", tmp_path / "g.so", "-Werror"), check=True)


def gate_at(home: Home, broker: Broker, gate: str, news: "queue.Queue[LinkEvent]"):
    link = client_of(home, gate, broker.port, news)
    link.open()
    heard(news, Up)
    return link


def test_what_a_gate_may_publish(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker:
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = gate_at(home, broker, OTHER, news)

        def is_taken(topic: str, payload: bytes = b"x", **how: bool) -> bool:
            return heard(news, Acked, mid=link.publish(topic, payload, **how)).refused is None

        assert is_taken(MINE.ev)
        assert not is_taken(MINE.ev, retain=True)
        assert not is_taken(MINE.alert, retain=True)
        assert not is_taken(MINE.alert, b"x" * 5000)
        invented = [Topics(f"exam-{n}", SITE, OTHER).state for n in range(20)]
        assert sum(is_taken(topic, retain=True) for topic in invented) <= 8
        link.leave()


def test_batches_past_the_flow_control_and_large_ones_reach_nobody(
    home: Home, tmp_path: Path
) -> None:
    """A receive quota lost 60 times over would leave the office deaf."""
    with broker_at(home, tmp_path / "broker") as broker:
        news: queue.Queue[LinkEvent] = queue.Queue()
        office: queue.Queue[LinkEvent] = queue.Queue()
        reader = office_link(home, broker.port, office)
        heard(office, Up)
        reader.subscribe(EVERY_GATES_EVENTS)
        link = gate_at(home, broker, OTHER, news)
        for size in range(33_000, 34_200, 20):
            link.publish(MINE.ev, b"x" * size)  # its answer, 149, is none that paho expects
        third: queue.Queue[LinkEvent] = queue.Queue()
        past = gate_at(home, broker, OTHER, third)
        past.publish(MINE.ev, b"past the flow control", qos=0)
        heard(third, Acked, mid=past.publish(MINE.state, b"x"))
        other: queue.Queue[LinkEvent] = queue.Queue()
        honest = gate_at(home, broker, GATE, other)
        heard(other, Acked, mid=honest.publish(Topics(EXAM, SITE, GATE).ev, b"honest"))
        assert heard(office, Message).payload == b"honest"
        for each in (past, link, honest, reader):
            each.leave()


def test_silent_connections_are_ended_and_lock_nobody_out(home: Home, tmp_path: Path) -> None:
    """800 of one address: twice what may wait; the oldest are ended for the newest."""
    with broker_at(home, tmp_path / "broker") as broker, ExitStack() as held:
        silent = [
            held.enter_context(socket.create_connection(("127.0.0.1", broker.port)))
            for _ in range(800)
        ]
        news: queue.Queue[LinkEvent] = queue.Queue()
        gate_at(home, broker, GATE, news).leave()
        for one in silent:
            one.settimeout(20)
            assert one.recv(1) == b""
