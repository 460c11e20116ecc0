"""Receiving in processes under a real broker: a gate keeps its order, a killed worker loses
nothing."""

import contextlib
import logging
import os
import queue
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS, seal
from gate.core.records import JournalEvent
from gate.errors import GateBug
from gate.roster.keys import read_key
from gate.sync.link import Address, LinkEvent, Up
from gate.sync.wire import Topics, encode_batch
from office.home import Home
from office.receiving import worker_pool
from office.receiving.receive import Receiver
from office.receiving.worker_events import Died
from office.receiving.worker_pool import WorkerPool
from office.store.database import OfficeStore
from office.store.place import Place
from tests.journal_making import EXAM, GATE, OTHER, SITE, entry
from tests.mqtt_making import broker_at, client_of, heard, made_home
from tests.waiting import until

pytestmark = pytest.mark.system
EPOCH = "00112233aabbccdd"
EVENTS, SIZE = 150, 3


def journal(gate: str) -> list[JournalEvent]:
    made: list[JournalEvent] = []
    prev = GENESIS
    for seq in range(1, EVENTS + 1):
        one = entry(seq, outcome="ADMIT", reason="OK", paper="p", exam=EXAM, key=f"{gate}{seq}")
        made.append(seal(one, gate=gate, epoch=EPOCH, seq=seq, boot="b", previous=prev))
        prev = made[-1]["hash"]
    return made


def batches(home: Home, gate: str) -> list[bytes]:
    key = SigningKey(read_key(home.gate(gate) / "gate-signing.key", "signing key"))
    events = journal(gate)
    parts = [events[at : at + SIZE] for at in range(0, EVENTS, SIZE)]
    return [encode_batch(part, hist=False, key=key)[0] for part in parts]


@contextlib.contextmanager
def receiving(home: Home, port: int, place: Place, workers: int) -> Iterator[Receiver]:
    """The receiver in a thread, its workers in processes."""
    stop, ready = threading.Event(), threading.Event()
    made: list[Receiver] = []
    ca, own = home.ca / "ca.crt", home.office
    address = Address("127.0.0.1", port, ca, own / "office.crt", own / "office.key", name="office")
    signing = SigningKey(read_key(own / "office-signing.key", "signing key"))

    def run() -> None:
        with (
            OfficeStore(place) as store,
            WorkerPool(workers, home.root, place, signing.encode()) as pool,
        ):
            begun = store.begin_generation(1)
            made.append(Receiver(home, store, address, begun, signing, pool=pool))
            ready.set()
            made[0].run(stop)

    thread = threading.Thread(target=run, name="office")
    thread.start()
    assert ready.wait(30)
    try:
        yield made[0]
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def stored(place: Place) -> dict[str, tuple[int, int]]:
    """By gate: how far without a gap, and how many events."""
    with OfficeStore(place) as store:
        found = store.database.rows(
            "SELECT m.gate, m.high, (SELECT count(*) FROM event e WHERE e.gate = m.gate) "
            "FROM mark m"
        )
        return {gate: (high, count) for gate, high, count in found}


def test_a_killed_worker_loses_nothing(
    tmp_path: Path, office_place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    home = made_home(tmp_path / "office")
    payloads = {gate: batches(home, gate) for gate in (GATE, OTHER)}
    with (
        caplog.at_level(logging.ERROR),
        broker_at(home, tmp_path / "broker", guarded=False) as broker,
        receiving(home, broker.port, office_place, 2) as office,
    ):
        until(lambda: office.connected, 60)
        assert office.pool is not None
        links = {}
        for gate in payloads:
            news: queue.Queue[LinkEvent] = queue.Queue()
            links[gate] = client_of(home, gate, broker.port, news)
            links[gate].open()
            heard(news, Up)
        killed, receipts = set(), office._receipts

        def has_answered(gate: str, high: int) -> bool:
            return high <= 0 or (gate in receipts and receipts[gate].high >= high)

        for number, pair in enumerate(zip(*payloads.values(), strict=True)):
            for gate, payload in zip(payloads, pair, strict=True):
                until(lambda g=gate, n=number: has_answered(g, (n - 8) * SIZE), 90)
                links[gate].publish(Topics(EXAM, SITE, gate).ev, payload)
            if number in (10, 25, 40):
                victim = office.pool.processes[number % 2]
                os.kill(victim, signal.SIGKILL)
                killed.add(victim)
        until(lambda: [r.high for r in receipts.values()] == [EVENTS, EVENTS], 90)
        assert killed.isdisjoint(office.pool.processes)
        assert office.counts.rejected == 0
        for link in links.values():
            link.leave()
    assert stored(office_place) == {GATE: (EVENTS, EVENTS), OTHER: (EVENTS, EVENTS)}
    assert [r.message for r in caplog.records if "died" in r.message]


def test_what_a_worker_does_not_believe_is_counted(tmp_path: Path, office_place: Place) -> None:
    home = made_home(tmp_path / "office")
    good = batches(home, GATE)[0]
    with (
        broker_at(home, tmp_path / "broker", guarded=False) as broker,
        receiving(home, broker.port, office_place, 2) as office,
    ):
        until(lambda: office.connected, 60)
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, GATE, broker.port, news)
        link.open()
        heard(news, Up)
        for payload in (b"{}", good.replace(b"ADMIT", b"XDMIT"), good):
            link.publish(Topics(EXAM, SITE, GATE).ev, payload)
        until(lambda: (office.counts.batches, office.counts.rejected) == (1, 2), 60)
        assert office.counts.events == SIZE
        assert list(office.counts.refusals.by_gate()) == [GATE]
        link.leave()


def test_messages_that_end_every_worker_end_the_receiver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or they would be given to one new worker after the other for ever."""
    monkeypatch.setattr(worker_pool, "work", os._exit)
    pool = WorkerPool.__new__(WorkerPool)
    pool._about, pool._jobs, pool._first = (), 0, 0
    pool._lock = threading.Lock()
    pool._workers = [worker_pool._Worker(0)]
    events: queue.Queue[Died] = queue.Queue()
    pool._post = events.put

    def replacing() -> None:
        for _ in range(10):
            pool.replace(events.get(timeout=60))

    with pool, pytest.raises(GateBug, match="died"):
        replacing()
