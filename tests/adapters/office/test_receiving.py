"""The office at the real broker: deaf, its database busy, and what the guard tells it."""

import queue
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gate.errors import StorageRefused
from gate.sync.link import LinkEvent, Up
from gate.sync.wire import Topics
from office.home import Home
from office.receiving import own_heartbeat
from office.receiving.takeovers import GIVES_WAY_AFTER
from tests.journal_making import EXAM, GATE, OTHER, SITE
from tests.mqtt_making import Broker, broker_at, client_of, heard, made_home, office_at
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


def test_an_office_that_hears_nothing_connects_anew_and_says_so(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A broker that takes everything and hands the office nothing."""
    monkeypatch.setattr(own_heartbeat, "EVERY_S", 0.2)
    monkeypatch.setattr(own_heartbeat, "DEAF_S", 0.6)
    broker = Broker(home, tmp_path / "broker")
    acl = tmp_path / "broker" / "acl"
    acl.write_text(acl.read_text().replace("topic readwrite eg/1/#", "topic write eg/1/#"))
    broker.start()
    try:
        with office_at(home, broker.port) as office:
            until(lambda: office.deaf >= 2)
            assert office.status()["deaf"] >= 2
    finally:
        broker.stop()
    assert "carries nothing to us" in caplog.text


def test_an_office_that_hears_itself_stays(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_heartbeat, "EVERY_S", 0.2)
    monkeypatch.setattr(own_heartbeat, "DEAF_S", 5.0)
    heard_own: list[float] = []
    hear = own_heartbeat.OwnHeartbeat.hear

    def hearing(own: own_heartbeat.OwnHeartbeat, said: dict[str, object], now_s: float) -> None:
        hear(own, said, now_s)
        heard_own.append(now_s)

    monkeypatch.setattr(own_heartbeat.OwnHeartbeat, "hear", hearing)
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        until(lambda: len(heard_own) >= 5)
        assert office.deaf == 0


def test_what_the_guard_refused_is_in_the_offices_status(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        until(lambda: office.connected)
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, OTHER, broker.port, news)
        link.open()
        heard(news, Up)
        link.publish(Topics(EXAM, SITE, OTHER).ev, b"x", retain=True)
        link.publish(Topics(EXAM, SITE, GATE).ev, b"x")
        until(lambda: office.status()["broker_refused"].get(OTHER) == {"retain": 1, "topic": 1})
        link.leave()


def test_what_is_not_committed_is_neither_counted_nor_told(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk is full as the first transaction ends: the batch comes again, and counts once."""
    from tests.adapters.sync.test_broker import batch_of

    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        until(lambda: office.connected)
        give, failed = office.store.give_receipts, []

        def failing(*args: object, **more: object) -> object:
            if not failed:
                failed.append(True)
                raise StorageRefused("database or disk is full", "磁盘已满")
            return give(*args, **more)

        office.store.give_receipts = failing  # type: ignore[method-assign]
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, OTHER, broker.port, news)
        link.open()
        heard(news, Up)
        link.publish(Topics(EXAM, SITE, OTHER).ev, batch_of(home, OTHER, OTHER))
        until(lambda: office.counts.batches == 1)
        link.leave()
    assert failed
    assert (office.counts.events, office.counts.rejected) == (1, 0)
    with sqlite3.connect(home.database) as db:
        assert db.execute("SELECT COUNT(*) FROM event").fetchone() == (1,)


def test_an_office_begun_from_a_copy_gives_way_and_says_what_to_do(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Both have the name `office` and a certificate for it: each connection ends the other's."""
    copy = tmp_path / "copy"
    shutil.copytree(home.root, copy)
    monkeypatch.setattr(random, "uniform", lambda low, _: low)
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        office.takeovers.settled = True
        until(lambda: office.connected)
        words = ["receive", "--home", str(copy), "--host", "127.0.0.1", "--port", str(broker.port)]
        done = subprocess.run(
            [sys.executable, "-m", "office", *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        until(lambda: office.connected)
        assert (done.returncode, office.takeovers.settled) == (8, True), done.stderr
        assert office.status()["taken_over"] >= GIVES_WAY_AFTER
    assert "Another program has connected" in done.stderr
    assert "另一程序以 office 的名义" in done.stderr
    assert "End the other one" in caplog.text
