"""Commands over the real broker with real certificates: given, heard, answered, kept."""

import asyncio
import json
import queue
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.office_commands import Command, CommandAnswer, Result
from gate.roster.keys import read_key
from gate.sync.command_wire import encode_command, encode_result
from gate.sync.link import Acked, LinkEvent, Message, Subscribed, Up
from gate.sync.uplink import MqttUplink
from gate.sync.wire import Topics
from office.distribution.published import publish
from office.home import Home
from office.receiving.receive import Receiver
from office.store.database import OfficeStore
from office.store.kept_commands import RESULTS_MAX
from tests.journal_making import EXAM, GATE, OTHER, SITE, fill, opened
from tests.mqtt_making import (
    broker_at,
    client_of,
    heard,
    made_home,
    office_at,
    office_link,
    sending,
    uplink_of,
)
from tests.roster_making import NOW, Office
from tests.waiting import soon

pytestmark = pytest.mark.system


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


async def exam_office(home: Home, *words: str) -> tuple[int, str]:
    """Exit code and what it printed."""
    program = [sys.executable, "-m", "office", "command", *words, "--home", str(home.root)]
    ran = await asyncio.to_thread(
        subprocess.run, program, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def obedient(uplink: MqttUplink, result: Result = Result.DONE) -> list[Command]:
    """Answers everything; what came."""
    came: list[Command] = []

    def take(command: Command) -> None:
        came.append(command)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        uplink.answer(CommandAnswer(command.id, result, "As asked."), at)

    uplink.deliver_commands_to(take)
    return came


async def test_a_command_arrives_and_its_answer_comes_back(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            await fill(journal, 3)
            uplink = uplink_of(home, broker.port, journal)
            came = obedient(uplink)
            async with sending(uplink):
                await soon(lambda: uplink.status["receipted"] == 3)
                words = (GATE, "message", "请看时钟", "--en", "Look", "--wait", "20", "--json")
                code, said = await exam_office(home, *words)
                assert code == 0, said
                (command,) = came
                assert (command.verb, command.to) == ("message", GATE)
                assert command.args == {"zh": "请看时钟", "en": "Look"}
                told = json.loads(said)
                assert told["results"] == {GATE: {"result": "done", "detail": "As asked."}}
    with OfficeStore(home.database) as store:
        assert [r.result for r in store.commands.results(command.id)] == ["done"]


async def test_a_gate_that_was_away_gets_what_it_missed(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            await fill(journal, 1)
            first = uplink_of(home, broker.port, journal)
            async with sending(first):
                await soon(lambda: first.status["receipted"] == 1)
            code, said = await exam_office(home, "--all", "restart", "--wait", "0.1")
            assert code == 1
            assert "no answer yet" in said
            second = uplink_of(home, broker.port, journal)
            came = obedient(second, Result.REFUSED)
            async with sending(second):
                await soon(lambda: came)
                with OfficeStore(home.database) as store:
                    await soon(
                        lambda: [
                            r for r in store.commands.results(came[0].id) if r.result == "refused"
                        ]
                    )


async def test_what_is_asked_for_once_more_is_sent_once_more(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        async with opened(tmp_path) as journal:
            await fill(journal, 60)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink.status["receipted"] == 60)
                before = office.counts.batches
                uplink.send_again([(5, 6), (50, 60)])
                await soon(lambda: office.counts.batches == before + 2)
                assert office.counts.conflicts == 0


async def test_only_what_the_office_signed_reaches_the_gate(home: Home, tmp_path: Path) -> None:
    """Whoever writes to the topic: here with the office's certificate, so that the broker lets it
    pass, and another key."""
    news: queue.Queue[LinkEvent] = queue.Queue()
    now = datetime.now(UTC)
    command = Command("c-1", "message", {"zh": "x"}, GATE, now, now + timedelta(hours=1))
    true = SigningKey(read_key(home.office / "office-signing.key", "signing key"))
    good, forged = (encode_command(command, key) for key in (true, SigningKey.generate()))
    altered = good.replace(b'"verb":"message"', b'"verb":"restart"')
    topic = Topics(EXAM, SITE, GATE).cmd
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal)
            came = obedient(uplink)
            async with sending(uplink):
                await soon(lambda: uplink.status["connected"])
                office = office_link(home, broker.port, news)
                await asyncio.to_thread(heard, news, Up)
                for payload in (forged, altered, b"{}", b"[" * 900, good):
                    office.publish(topic, payload)
                await soon(lambda: came)
                assert uplink.status["refused"] == {"command": 4}
                assert [c.verb for c in came] == ["message"]
                office.leave()


async def test_one_gate_can_neither_command_nor_overhear_nor_answer_for_another(
    home: Home, tmp_path: Path
) -> None:
    mine, theirs = Topics(EXAM, SITE, OTHER), Topics(EXAM, SITE, GATE)
    news: queue.Queue[LinkEvent] = queue.Queue()
    told: queue.Queue[LinkEvent] = queue.Queue()
    with broker_at(home, tmp_path / "broker") as broker:
        gate = client_of(home, OTHER, broker.port, news)
        gate.open()
        heard(news, Up)
        for topic in (theirs.cmd, mine.cmd, theirs.cmd_res, theirs.cfg_rep):
            mid = gate.publish(topic, b"{}")
            assert heard(news, Acked, mid=mid).code >= 128, topic
        for topic in (mine.cmd_res, mine.cfg_rep):
            mid = gate.publish(topic, b"{}")
            assert heard(news, Acked, mid=mid).code < 128, topic
        gate.subscribe(theirs.cmd)
        mid = gate.subscribe(mine.cmd)
        heard(news, Subscribed, mid=mid)
        office = office_link(home, broker.port, told)
        heard(told, Up)
        office.publish(theirs.cmd, b"theirs")
        office.publish(mine.cmd, b"mine")
        message = heard(news, Message)
        assert message.payload == b"mine"
        office.leave()
        gate.leave()


def answered(receiver: Receiver, gate: str, answer: CommandAnswer, key: SigningKey) -> None:
    payload = encode_result(answer, gate, "2027-04-10T09:00:00+08:00", key)
    message = Message(Topics(EXAM, SITE, gate).cmd_res, payload, 0, False)
    for tell in receiver.intake.take([message])[1]:
        tell()


def test_an_answer_counts_only_from_the_gate_that_was_asked(home: Home) -> None:
    keys = {
        g: SigningKey(read_key(home.gate(g) / "gate-signing.key", "key")) for g in (GATE, OTHER)
    }
    signing = SigningKey(read_key(home.office / "office-signing.key", "key"))
    done = CommandAnswer("c-1", Result.DONE, "Yes.")
    with OfficeStore(home.database) as store:
        receiver = Receiver(home, store, None, store.begin_generation(1), signing)  # type: ignore[arg-type]
        with store.transaction():
            store.commands.keep("c-1", "restart", "2099-01-01", b"{}", [GATE])
        answered(receiver, OTHER, done, keys[OTHER])  # was not asked
        answered(receiver, GATE, done, keys[OTHER])  # signed by another
        answered(receiver, GATE, CommandAnswer("c-2", Result.DONE, "Yes."), keys[GATE])
        assert receiver.counts.rejected == 3
        assert [r.result for r in store.commands.results("c-1")] == [None]
        assert store.commands.unanswered("2027-01-01") == [("c-1", GATE, b"{}")]
        answered(receiver, GATE, done, keys[GATE])
        for _ in range(2 * RESULTS_MAX):
            answered(receiver, GATE, CommandAnswer("c-1", Result.REPLAYED, "Yes."), keys[GATE])
        assert [(r.result, r.detail) for r in store.commands.results("c-1")] == [("done", "Yes.")]
        assert store.commands.unanswered("2027-01-01") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody-g1", "restart"), "No unit nobody-g1"),
        ((GATE,), "Say what is to be done"),
        ((GATE, "explode"), "is no command"),
        (("--all", "--site", SITE, "restart"), "not both"),
        ((GATE, "resend", "5-1"), "A range is two numbers"),
    ],
)
async def test_a_slip_is_told_and_nothing_is_kept(
    home: Home, words: tuple[str, ...], said: str
) -> None:
    code, told = await exam_office(home, *words)
    assert (code, said in told) == (2, True), told
    assert not home.database.exists()


async def test_a_published_roster_is_announced_to_its_own_site_alone(
    home: Home, tmp_path: Path
) -> None:
    signing = SigningKey(read_key(home.office / "office-signing.key", "key"))
    made = Office(signing=signing)
    here = publish(home, made.written(tmp_path / "a"), signing, NOW)
    publish(home, made.written(tmp_path / "b", site="wh-wc-02"), signing, NOW)
    news: queue.Queue[LinkEvent] = queue.Queue()
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        gate = client_of(home, GATE, broker.port, news)
        gate.open()
        await asyncio.to_thread(heard, news, Up)
        gate.subscribe("eg/1/+/+/roster")
        message = await asyncio.to_thread(heard, news, Message)
        assert message.topic == f"eg/1/{EXAM}/{SITE}/roster"
        assert message.payload == here.payload
        newer = publish(home, made.written(tmp_path / "a", 2), signing, NOW)
        message = await asyncio.to_thread(heard, news, Message)
        assert (message.topic, message.payload) == (f"eg/1/{EXAM}/{SITE}/roster", newer.payload)
        gate.leave()
