"""Two gates of one site at work, with a real broker, its guard and its rules for topics."""

import contextlib
import hashlib
import queue
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from gate.core.events import CardPresented
from gate.ports import RosterEntry
from gate.roster.keys import read_key
from gate.sync.link import Down, LinkEvent, Message, Subscribed, Up
from gate.sync.site_exchange import SiteExchange
from gate.sync.wire import Topics
from office.home import Home
from office.keys.enrolment import read_enrolment
from office.keys.key_files import make_keys
from office.receiving.receive import Receiver
from tests.journal_making import SITE
from tests.mqtt_making import (
    MOSQUITTO,
    Broker,
    broker_at,
    client_of,
    heard,
    made_home,
    office_at,
    uplink_of,
)
from tests.scenarios.fakes import STRANGER as STRANGER_FACE
from tests.scenarios.fakes import FakeRoster, RefusingJournal, Rig, rig
from tests.scenarios.running import Running, running
from tests.scenarios.test_rooms import asked

GATES = ("wh-hs-01-g1", "wh-hs-01-g2")
STRANGER, AWAY, SENT = "wh-wc-02-g1", "wh-wc-02", "hb-zk-2027-04"
pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.skipif(MOSQUITTO is None, reason="apt install mosquitto"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return made_home(tmp_path_factory.mktemp("office"))


@pytest.fixture
def broker(home: Home, tmp_path: Path) -> Iterator[Broker]:
    with broker_at(home, tmp_path / "broker") as it:
        yield it


class KeyedRoster(FakeRoster):
    """With keys of the real form, which is all that goes over the wire."""

    def _entry(self, ticket: str) -> RosterEntry:
        entry = super()._entry(ticket)
        key = hashlib.sha256(ticket.encode()).hexdigest()
        return replace(entry, candidate=replace(entry.candidate, key=key))


def keys(home: Home) -> dict[str, bytes]:
    return {gate: read_enrolment(home.enrolment(gate)).signing for gate in GATES}


@contextlib.asynccontextmanager
async def gate(home: Home, broker: Broker, folder: Path, name: str) -> AsyncIterator[Running]:
    """One gate of the site: a journal, an exchange and an uplink of its own, all real."""
    folder.mkdir(exist_ok=True)
    parts: Rig = rig(folder)
    journal = RefusingJournal(folder / "journal.sqlite", gate=name, boot=parts.clock.boot)
    parts.journal = parts.signals.journal = journal
    signing = read_key(home.gate(name) / "gate-signing.key", "signing key")
    exchange = SiteExchange(name, SigningKey(signing))
    uplink = uplink_of(home, broker.port, journal, name, exam=None, site_exchange=exchange)
    parts.rosters.next = KeyedRoster()
    parts.rosters.next.gates = keys(home)
    parts.unit = replace(parts.unit, id=name, journal=journal, uplink=uplink, site_link=exchange)
    async with running(parts) as it:
        yield it


def card(it: Running) -> CardPresented:
    return it.parts.card()


async def lay(it: Running) -> Any:
    it.parts.reader.queue.put_nowait(card(it))
    return await it.decision()


async def kinds(it: Running) -> list[str]:
    return [e["kind"] for e in await it.parts.journal.read(1, 100)]


async def test_a_card_used_at_the_second_gate_says_where_and_when(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    async with (
        gate(home, broker, tmp_path / "one", GATES[0]) as one,
        gate(home, broker, tmp_path / "two", GATES[1]) as two,
    ):
        assert (await lay(one))["outcome"] == "ADMIT"
        await two.until(lambda: len(two.lane.state.entered) == 1)
        again = await lay(two)
        assert (again["reason"], again["entered_gate"]) == ("ALREADY_ADMITTED", GATES[0])
        assert GATES[0] in str(two.lane.showing["en"])
        assert "double" not in await kinds(one) + await kinds(two)


async def test_gates_that_were_apart_find_doubles_at_both(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    broker.stop()
    async with gate(home, broker, tmp_path / "one", GATES[0]) as one:
        assert (await lay(one))["outcome"] == "ADMIT"
        async with gate(home, broker, tmp_path / "two", GATES[1]) as two:
            assert (await lay(two))["outcome"] == "ADMIT"
            broker.start()
            await one.until(lambda: len(one.lane.state.doubles) == 1)
            await two.until(lambda: len(two.lane.state.doubles) == 1)
            for it, other in ((one, GATES[1]), (two, GATES[0])):
                (double,) = [
                    e for e in await it.parts.journal.read(1, 100) if e["kind"] == "double"
                ]
                assert double["other_gate"] == other
                assert any("double" in warning for warning in it.desk.status()["warnings"])
    async with gate(home, broker, tmp_path / "two", GATES[1]) as two:
        assert len(two.lane.state.doubles) == 1, "a restart knows it"


async def test_a_corrected_admission_is_taken_back_at_the_other_gate(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    async with (
        gate(home, broker, tmp_path / "one", GATES[0]) as one,
        gate(home, broker, tmp_path / "two", GATES[1]) as two,
    ):
        one.parts.matcher.verdicts = [STRANGER_FACE] * 3
        case = (await lay(one))["id"]
        said = {"decision": case, "by": "li", "second": "wang"}
        await asked(one.desk, do="settle", verdict="admit", reason="seen", **said)
        await two.until(lambda: len(two.lane.state.entered) == 1)
        await asked(
            one.desk, do="correct", decision=case, verdict="deny", by="wang", reason="another"
        )
        assert not one.lane.state.entered
        await two.until(lambda: not two.lane.state.entered)
        assert (await lay(two))["outcome"] == "ADMIT"
        await one.until(lambda: len(one.lane.state.entered) == 1)
        assert "double" not in await kinds(one) + await kinds(two)


async def test_a_double_is_alerted_once_over_restarts(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    def alerts(office: Receiver) -> list[str]:
        seen = office.watch.seen(GATES[1])["alerts"]
        return [a["why"] for a in seen if a["alert"] == "double"]

    async def sent(it: Running) -> None:
        uplink = it.parts.unit.uplink
        await it.until(lambda: uplink.status["connected"] and uplink.status["unsent"] == 0)

    broker.stop()
    async with gate(home, broker, tmp_path / "one", GATES[0]) as one:
        await lay(one)
        async with gate(home, broker, tmp_path / "two", GATES[1]) as two:
            await lay(two)
            broker.start()
            with office_at(home, broker.port) as office:
                await two.until(lambda: alerts(office) == [GATES[0]])
                await sent(two)
    with office_at(home, broker.port) as office:
        async with gate(home, broker, tmp_path / "two", GATES[1]) as two:
            await two.until(lambda: not two.parts.unit.site_link.alerts)  # type: ignore[union-attr]
            await sent(two)
            assert alerts(office) == []


async def test_a_whole_day_without_a_network_changes_nothing(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    broker.stop()
    async with gate(home, broker, tmp_path / "one", GATES[0]) as one:
        assert (await lay(one))["outcome"] == "ADMIT"
        one.parts.reader.queue.put_nowait(card(one))
        again = await one.decision()
        assert (again["reason"], again.get("entered_gate")) == ("ALREADY_ADMITTED", None)


def test_who_has_entered_is_heard_at_the_own_site_only(home: Home, broker: Broker) -> None:
    """By the broker's rules: a gate of another site may ask, and hears nothing."""
    make_keys(home, gates=(STRANGER,), not_before=datetime.now(UTC) - timedelta(days=1))
    news: dict[str, queue.Queue[LinkEvent]] = {}
    links = {}
    for name in (*GATES, STRANGER):
        news[name] = queue.Queue()
        links[name] = client_of(home, name, broker.port, news[name])
        links[name].open()
        heard(news[name], Up)
        links[name].subscribe("eg/1/+/+/+/in")
        heard(news[name], Subscribed)
    own, foreign = (Topics(SENT, site, gate) for site, gate in ((SITE, GATES[0]), (AWAY, STRANGER)))
    links[GATES[0]].publish(own.entries, b"one", retain=True)
    links[STRANGER].publish(foreign.entries, b"two")
    links[GATES[1]].publish(own.entries, b"forged")
    assert heard(news[GATES[1]], Message).payload == b"one"  # type: ignore[attr-defined]
    assert heard(news[STRANGER], Message).payload == b"two"  # type: ignore[attr-defined]
    for name, link in links.items():
        link.leave()
        heard(news[name], Down)
    left = [e.payload for q in news.values() for e in list(q.queue) if isinstance(e, Message)]
    assert b"forged" not in left
    assert left.count(b"two") == 0
