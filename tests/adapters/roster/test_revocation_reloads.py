"""A new list of revoked certificates counts without a restart: roster server and broker."""

import queue
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.errors import CertificateRefused
from gate.sync.link import Down, LinkEvent, Up
from office.home import Home
from office.keys.certificates import BACKDATED, load_authority, write_revocations
from tests.adapters.roster.test_fetching import client_of, server_at
from tests.journal_making import GATE, OTHER, SITE
from tests.mqtt_making import broker_at, made_home
from tests.mqtt_making import client_of as mqtt_client_of
from tests.waiting import until


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


def strike(home: Home, gate: str) -> None:
    """Its certificate alone: the enrolment stays, so only TLS can refuse."""
    since = datetime.now(UTC) - BACKDATED
    authority = load_authority(home.ca / "ca.crt", home.ca / "ca.key", since)
    write_revocations(authority, [home.gate(gate) / "gate.crt"], home.revocations)


def test_the_roster_server_reads_a_new_list_at_the_next_connection(home: Home) -> None:
    with server_at(home) as server:
        assert b"rosters" in client_of(home, server.port, OTHER).index(SITE)
        strike(home, OTHER)
        with pytest.raises((CertificateRefused, ConnectionError)):
            client_of(home, server.port, OTHER).index(SITE)
        assert b"rosters" in client_of(home, server.port).index(SITE)


def test_a_list_that_is_half_copied_leaves_the_earlier_one(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    strike(home, OTHER)
    with server_at(home) as server:
        whole = home.revocations.read_bytes()
        home.revocations.write_bytes(whole[: len(whole) // 2])
        assert b"rosters" in client_of(home, server.port).index(SITE)
        assert "the earlier ones stay in force" in caplog.text
        with pytest.raises((CertificateRefused, ConnectionError)):
            client_of(home, server.port, OTHER).index(SITE)
        home.revocations.write_bytes(whole)
        assert b"rosters" in client_of(home, server.port).index(SITE)


@pytest.mark.system
def test_the_broker_reads_it_on_sighup(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker:
        assert connects(home, OTHER, broker.port)
        strike(home, OTHER)
        broker.signal(signal.SIGHUP)
        until(lambda: not connects(home, OTHER, broker.port))
        assert connects(home, GATE, broker.port)


def connects(home: Home, gate: str, port: int) -> bool:
    news: queue.Queue[LinkEvent] = queue.Queue()
    link = mqtt_client_of(home, gate, port, news)
    link.open()
    event = news.get(timeout=10)
    link.leave()
    assert isinstance(event, Up | Down)
    return isinstance(event, Up)
