"""A unit that was stolen: shut out by the broker and by the office, the others go on."""

import json
import queue
import subprocess
import sys
from pathlib import Path

import pytest

from gate.errors import CertificateRefused
from gate.sync.link import Down, LinkEvent, Up
from gate.sync.wire import Topics, encode_note
from office.home import Home
from office.keys.enrolment import enrolments
from tests.adapters.sync.test_broker import batch_of
from tests.journal_making import EXAM, GATE, OTHER, SITE
from tests.mqtt_making import broker_at, client_of, heard, made_home, office_at
from tests.waiting import until

pytestmark = pytest.mark.system


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


def gates(home: Home, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "office", "gates", *words, "--home", str(home.root)],
        capture_output=True,
        text=True,
        check=False,
    )


def connected(home: Home, gate: str, port: int) -> bool:
    news: queue.Queue[LinkEvent] = queue.Queue()
    link = client_of(home, gate, port, news)
    link.open()
    event = news.get(timeout=10)
    link.leave()
    assert isinstance(event, Up | Down)
    if isinstance(event, Down):
        assert isinstance(event.error, CertificateRefused)
    return isinstance(event, Up)


def test_a_revoked_unit_is_let_in_nowhere_and_the_others_go_on(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker:
        assert connected(home, OTHER, broker.port)
        said = gates(home, "revoke", OTHER, "--why", "stolen")
        assert said.returncode == 0, said.stderr
        broker.stop()
        broker.start()
        assert not connected(home, OTHER, broker.port)
        assert connected(home, GATE, broker.port)
    assert list(enrolments(home)) == [GATE]  # no roster is sealed to it any more
    listed = json.loads(gates(home, "list", "--json").stdout)["gates"]
    assert listed[GATE]["revoked"] is None
    assert listed[OTHER]["revoked"].startswith("stolen (")


def test_the_office_refuses_it_at_once_whatever_the_broker_does(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The guard would refuse the batch as soon as the office has told it: this broker has none."""
    plain = broker_at(home, tmp_path / "broker", guarded=False)
    with plain as broker, office_at(home, broker.port) as office:
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, OTHER, broker.port, news)
        link.open()
        heard(news, Up)
        until(lambda: office.connected)
        gates(home, "revoke", OTHER, "--why", "stolen")
        link.publish(Topics(EXAM, SITE, OTHER).ev, batch_of(home, OTHER, OTHER))
        until(lambda: office.counts.rejected == 1)
        assert "was struck off" in caplog.text
        assert office.counts.events == 0
        link.leave()


def test_alerts_of_a_unit_that_was_struck_off_or_are_nested_deeply_do_not_count(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deep = b'{"detail": ' + b"[" * 974 + b"]" * 974 + b"}"
    alert = Topics(EXAM, SITE, OTHER).alert
    plain = broker_at(home, tmp_path / "broker", guarded=False)
    with plain as broker, office_at(home, broker.port) as office:
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, OTHER, broker.port, news)
        link.open()
        heard(news, Up)
        until(lambda: office.connected)
        link.publish(alert, deep)
        until(lambda: office.counts.rejected == 1)
        link.publish(alert, encode_note(gate=OTHER, detail="a\nALARM: gate x\x1b[2J"))
        until(lambda: office.watch.seen(OTHER)["alerts"])
        gates(home, "revoke", OTHER, "--why", "stolen")
        link.publish(alert, encode_note(gate=OTHER, detail="late"))
        until(lambda: office.counts.rejected == 2)
        link.leave()
        (kept,) = office.watch.seen(OTHER)["alerts"]
    assert "\n" not in kept["detail"]
    assert "\x1b" not in kept["detail"]
    assert not any("\n" in line for line in caplog.messages)
    assert len(json.dumps(office.status())) < 4000


def test_an_unknown_unit_cannot_be_struck_off(home: Home) -> None:
    assert gates(home, "revoke", "wh-hs-01-g9", "--why", "x").returncode == 2


def test_without_the_authoritys_key_the_office_refuses_and_says_what_is_left(home: Home) -> None:
    (home.ca / "ca.key").unlink()
    said = gates(home, "revoke", OTHER, "--why", "stolen")
    assert (said.returncode, "ca/ca.key" in said.stdout) == (1, True)
    assert list(enrolments(home)) == [GATE]
