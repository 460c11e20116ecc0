"""PostgreSQL ends under an office that receives: nothing is lost, it is told, receipts are late."""

import logging
import queue
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.sync.link import LinkEvent, Up
from gate.sync.wire import Topics
from office.receiving import receive
from office.store.database import OfficeStore
from tests.adapters.office.test_workers import EVENTS, SIZE, batches, receiving, stored
from tests.journal_making import EXAM, GATE, SITE
from tests.mqtt_making import broker_at, client_of, heard, made_home
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.waiting import until

pytestmark = pytest.mark.system


@pytest.fixture
def own_server() -> Iterator[PostgresqlServer]:
    """One that may be stopped."""
    with postgresql_server(durable=True) as server:
        yield server


def test_a_server_that_crashes_costs_time_and_no_event(
    own_server: PostgresqlServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receive, "_RETRY_MAX_S", 1.0)
    home, place = made_home(tmp_path / "office"), own_server.create()
    payloads = batches(home, GATE)
    with (
        caplog.at_level(logging.WARNING),
        broker_at(home, tmp_path / "broker", guarded=False) as broker,
        receiving(home, broker.port, place, 2) as office,
    ):
        until(lambda: office.connected, 60)
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, GATE, broker.port, news)
        link.open()
        heard(news, Up)
        ev, receipts = Topics(EXAM, SITE, GATE).ev, office._receipts
        for payload in payloads[:10]:
            link.publish(ev, payload)
        until(lambda: GATE in receipts and receipts[GATE].high == 10 * SIZE, 60)
        own_server.stop(signal.SIGQUIT)
        for payload in payloads[10:20]:
            link.publish(ev, payload)
        until(lambda: office.status()["database_away_since"], 60)
        assert receipts[GATE].high == 10 * SIZE
        own_server.start()
        until(lambda: receipts[GATE].high == 20 * SIZE, 90)
        assert office.status()["database_away_since"] is None
        for at in range(20, EVENTS // SIZE, 10):
            for payload in payloads[at : at + 10]:
                link.publish(ev, payload)
            until(lambda n=at: receipts[GATE].high == (n + 10) * SIZE, 90)
        link.leave()
    assert stored(place) == {GATE: (EVENTS, EVENTS)}
    with OfficeStore(place) as store:
        (alert,) = store.alerts.all()
    assert alert["kind"] == "database"
    assert "receipts were late" in alert["detail"]
    assert any("ALARM" in r.message and "PostgreSQL" in r.message for r in caplog.records)
