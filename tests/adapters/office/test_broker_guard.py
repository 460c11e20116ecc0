"""The broker's guard on the real broker: one gate in wrong hands, connections without a name."""

import contextlib
import ctypes
import os
import queue
import random
import re
import socket
import ssl
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from gate.sync.envelope import MAX_BYTES
from gate.sync.link import MAX_PACKET, Acked, Address, Down, LinkEvent, Message, Up, tls_context
from gate.sync.wire import EVERY_GATES_EVENTS, Topics
from office.home import Home
from office.keys.enrolment import Enrolment
from office.receiving.broker_guard import GUARD, build_command
from office.receiving.guard_enrolments import GUARD_CONTROL, messages
from tests.checkout import ROOT
from tests.faults.worst_gate import packets
from tests.faults.worst_gate.hostile import Connection
from tests.journal_making import EXAM, GATE, OTHER, SITE
from tests.mqtt_making import Broker, broker_at, client_of, heard, made_home, office_link
from tests.waiting import until

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


@pytest.mark.parametrize("kind", ["per_s", "burst"])
def test_the_older_name_of_an_option_sets_the_same_limit(tmp_path: Path, kind: str) -> None:
    library = tmp_path / "limits.so"
    source = SHIPPED / "guard" / "limits.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    limits_set = ctypes.CDLL(str(library)).limits_set

    def limits(key: str) -> bytes:
        room = ctypes.create_string_buffer(512)
        assert limits_set(room, key.encode(), b"77") == 1
        return room.raw

    assert limits(f"knocks_{kind}") == limits(f"connections_{kind}") != limits(f"arrivals_{kind}")


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


def test_a_gate_publishes_under_its_enrolments_alone(home: Home, tmp_path: Path) -> None:
    """The acl file leaves exam and site to the guard, which has them from the office. Names that
    begin or end like an enrolment are none."""
    second = "hb-gk-2027-06"
    enrolled = Enrolment(OTHER, SITE, b"", b"", exams=(EXAM, second))
    with broker_at(home, tmp_path / "broker") as broker, ExitStack() as links:
        told: queue.Queue[LinkEvent] = queue.Queue()
        office = office_link(home, broker.port, told)
        links.callback(office.leave)
        heard(told, Up)
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = gate_at(home, broker, OTHER, news)
        links.callback(link.leave)

        def tell(enrolment: Enrolment) -> None:
            for message in messages([enrolment]):
                heard(told, Acked, mid=office.publish(GUARD_CONTROL, message))

        def is_taken(exam: str, site: str = SITE) -> bool:
            mid = link.publish(Topics(exam, site, OTHER).ev, b"x")
            return heard(news, Acked, mid=mid).refused is None

        not_enrolled = ["hb-zk-2027-10", EXAM[:-1], f"{EXAM}0", EXAM[1:], second[:-1], f"{second}0"]
        assert all(map(is_taken, not_enrolled))  # nobody has told the guard yet
        tell(enrolled)
        assert is_taken(EXAM)
        assert is_taken(second)
        assert [exam for exam in not_enrolled if is_taken(exam)] == []
        assert not is_taken(EXAM, SITE[:-1])
        assert not is_taken(EXAM, f"{SITE}0")
        tell(replace(enrolled, exams=(second,)))
        assert not is_taken(EXAM)
        assert is_taken(second)
        tell(replace(enrolled, exams=()))  # no roster was sealed to it yet: any exam of its site
        assert is_taken(EXAM)
        assert not is_taken(EXAM, "wh-hs-02")
        tell(replace(enrolled, revoked="lost"))
        heard(news, Down)


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


def test_a_gates_rates_are_bounded_and_the_other_gates_are_not_asked(
    home: Home, tmp_path: Path
) -> None:
    """More than the burst at once: what is above it is refused; another gate notices nothing."""
    with broker_at(home, tmp_path / "broker") as broker:
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = gate_at(home, broker, OTHER, news)
        began = time.monotonic()
        mids = [link.publish(MINE.ev, b"x") for _ in range(700)]
        answers = [heard(news, Acked, mid=mid).refused for mid in mids]
        took_s = time.monotonic() - began
        assert answers[:400] == [None] * 400
        assert answers.count(None) <= 400 + 40 * (took_s + 1)
        assert "Not authorized" in answers
        other: queue.Queue[LinkEvent] = queue.Queue()
        honest = gate_at(home, broker, GATE, other)
        mid = honest.publish(Topics(EXAM, SITE, GATE).ev, b"x")
        assert heard(other, Acked, mid=mid).refused is None
        honest.leave()
        link.leave()


def is_ended(link: ssl.SSLSocket) -> bool:
    try:
        return link.recv(1) == b""
    except ssl.SSLWantReadError:
        return False
    except OSError:
        return True


def test_a_storm_of_connections_of_one_gate_is_shut_out(home: Home, tmp_path: Path) -> None:
    """60 connections with one certificate stay open. The burst is 3 and the rate 1 in a second: a
    machine that needs 50 s for them makes a storm too. Another gate comes in."""
    broker = Broker(home, tmp_path / "broker")
    conf = tmp_path / "broker" / "conf.d" / "exam-gate.conf"
    text = conf.read_text(encoding="utf-8")
    small = "plugin_opt_arrivals_burst 3\nplugin_opt_arrivals_per_s 1\n"
    conf.write_text(re.sub(r"(?m)^plugin .*\n", lambda m: m[0] + small, text), encoding="utf-8")
    folder = home.gate(OTHER)
    files = (folder / "ca.crt", folder / "gate.crt", folder / "gate.key")
    context = tls_context(Address("127.0.0.1", broker.port, *files, name=OTHER))
    broker.start()
    try:
        with ExitStack() as held:
            stay: list[ssl.SSLSocket] = []
            for _ in range(60):
                raw = held.enter_context(socket.create_connection(("127.0.0.1", broker.port)))
                with contextlib.suppress(OSError):  # ended in the middle of the handshake
                    link = context.wrap_socket(raw, server_hostname="127.0.0.1")
                    link.setblocking(False)
                    stay.append(held.enter_context(link))
            until(lambda: len(stay) < 60 or any(map(is_ended, stay)))
            other: queue.Queue[LinkEvent] = queue.Queue()
            gate_at(home, broker, GATE, other).leave()
    finally:
        broker.stop()


@pytest.mark.slow
def test_the_guard_under_sanitizers_bears_any_packets(home: Home, tmp_path: Path) -> None:
    """Built with ASAN and UBSAN, in a broker that a hostile gate sends broken packets to; what they
    find ends the broker."""
    runtime = subprocess.run(
        ["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    broker = Broker(home, tmp_path / "broker")
    target = tmp_path / "broker" / GUARD
    flags = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
    subprocess.run(build_command(SHIPPED / "guard", target, *flags), check=True)
    os.environ |= {"LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"}
    try:
        broker.start()
    finally:
        del os.environ["LD_PRELOAD"], os.environ["ASAN_OPTIONS"]
    rng, seen = random.Random(1), Counter[str]()
    folder = home.gate(OTHER)
    files = (folder / "ca.crt", folder / "gate.crt", folder / "gate.key")
    address = Address("127.0.0.1", broker.port, *files, name=OTHER)
    context = tls_context(address)
    topics = (MINE.ev, MINE.state, MINE.hb, "eg/1/")
    try:
        for _ in range(50):  # within the burst of arrivals
            with contextlib.suppress(OSError):
                link = Connection(address, context, seen)
                for _ in range(30):
                    topic = mutated(rng.choice(topics).encode(), rng).decode("utf-8", "replace")
                    packet = packets.publish(topic, rng.randbytes(50), qos=rng.randrange(2), mid=1)
                    link.raw(mutated(packet, rng) if rng.random() < 0.1 else packet)
                link.settle()
                link.close()
        news: queue.Queue[LinkEvent] = queue.Queue()
        gate_at(home, broker, GATE, news).leave()
    finally:
        broker.stop()
    log = (tmp_path / "broker" / "log").read_text(encoding="utf-8", errors="replace")
    assert "runtime error" not in log
    assert "AddressSanitizer" not in log


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, lost or doubled."""
    made = bytearray(data)
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(made) + 1)
        made[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return bytes(made)
