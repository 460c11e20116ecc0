"""Gate to office and back over a real broker with real certificates."""

import asyncio
import contextlib
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.errors import StorageRefused
from gate.sync import outbox
from gate.sync.session import Session
from gate.sync.wire import Topics
from office.audit.journal_audit import audit, is_whole
from office.home import Home
from office.receiving.signers import signers
from office.store.database import OfficeStore
from tests.journal_making import GATE, entry, fill, opened
from tests.mqtt_making import (
    broker_at,
    free_port,
    journals_at_the_office,
    made_home,
    office_at,
    sending,
    uplink_of,
)
from tests.waiting import soon

pytestmark = pytest.mark.system


async def test_every_event_arrives_once_and_is_receipted(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            await fill(journal, 120)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink.status["receipted"] == 120)
                said = uplink.office_time  # the office's own, in a receipt that it signed
                assert said is not None
                assert abs(said - datetime.now(UTC)) < timedelta(minutes=10)
                await fill(journal, 3)
                await soon(lambda: uplink.status["receipted"] == 123)
                assert uplink.status["unsent"] == 0
                assert uplink.status["office"] == "online"
            head, receipt = journal.head, await journal.receipt()
    assert receipt is not None
    assert (receipt.high, receipt.head) == (123, head.hash)
    found = journals_at_the_office(home)[GATE]
    assert is_whole(found)
    assert (found["events"], found["head"]) == (123, head.hash)


async def test_an_alert_goes_out_while_the_journal_cannot_be_saved(
    home: Home, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    blocked = state / "journal.sqlite.saving"
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:

        def alerts() -> list[str]:
            return [a["detail"] for a in office.watch.seen(GATE)["alerts"] if a["why"] == "unsaved"]

        async with opened(state) as journal:
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                for times in (1, 2):  # each loss anew
                    await fill(journal, 1)
                    await soon(lambda to=times: uplink.status["receipted"] == to)
                    blocked.mkdir()  # as a disk that takes no new file
                    (state / "journal.sqlite").unlink()
                    with pytest.raises(StorageRefused):
                        await journal.look()
                    await soon(lambda to=times: len(alerts()) == to)
                    blocked.rmdir()
                    await journal.look()
            assert "was deleted or moved away, not saved yet" in alerts()[0]


async def test_the_last_event_of_a_service_leaves_with_it(home: Home, tmp_path: Path) -> None:
    """It is not kept back for company: the next start may be next week."""
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink.status["office"] == "online")
                await fill(journal, 1)
        await soon(lambda: GATE in journals_at_the_office(home))


async def test_a_connection_leaves_no_task_behind(home: Home, tmp_path: Path) -> None:
    """Also one to a broker that is not there."""
    async with opened(tmp_path) as journal:
        uplink = uplink_of(home, 1, journal)
        uplink._state.receipt = await journal.receipt()
        topics = Topics("exam", "site", GATE)
        before = asyncio.all_tasks()
        assert not await Session(uplink._state, topics, lambda: "exam").run()
        assert asyncio.all_tasks() == before


async def test_status_may_be_asked_before_the_journal_is_open_and_after(
    home: Home, tmp_path: Path
) -> None:
    """The staff socket answers from the first moment; a full disk keeps the journal shut."""
    journal = opened(tmp_path)
    uplink = uplink_of(home, 1, journal)
    assert uplink.status["unsent"] is None
    async with journal, sending(uplink):
        await soon(lambda: uplink.status["unsent"] == 0)
    assert uplink.status["unsent"] is None


async def test_a_broker_that_goes_and_comes_back(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await fill(journal, 2)
                await soon(lambda: uplink.status["receipted"] == 2)
                broker.stop()
                await soon(lambda: not uplink.status["connected"])
                await fill(journal, 60)
                await soon(lambda: uplink.status["error_kind"] == "NetworkFault")
                assert uplink.status["unsent"] == 60
                (tmp_path / "broker" / "mosquitto.db").unlink(missing_ok=True)
                broker.start()
                await soon(lambda: uplink.status["receipted"] == 62, 40)
                assert uplink.status["last_error"] is None
    assert is_whole(journals_at_the_office(home)[GATE])


async def test_an_office_that_comes_later_gets_it_all(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PUBACK proves nothing: the broker took these batches and had nobody to give them to."""
    monkeypatch.setattr(outbox, "RESEND_S", 1000.0)  # it is the office's coming that helps
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            await fill(journal, 30)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink.status["connected"])
                await asyncio.sleep(0)
                assert uplink.status["receipted"] == 0
                with office_at(home, broker.port):
                    await soon(lambda: uplink.status["receipted"] == 30)
                await soon(lambda: uplink.status["office"] == "offline")


async def test_an_office_restored_from_a_backup_is_sent_again(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await fill(journal, 10)
                with office_at(home, broker.port, generation=10):
                    await soon(lambda: uplink.status["receipted"] == 10)
                backup = home.database.read_bytes()
                await fill(journal, 10)
                with office_at(home, broker.port, generation=20):
                    await soon(lambda: uplink.status["receipted"] == 20)
                home.database.write_bytes(backup)
                with office_at(home, broker.port, generation=30):
                    await soon(lambda: journals_at_the_office(home)[GATE]["events"] == 20)
                    await soon(lambda: uplink.status["receipted"] == 20)
                receipt = await journal.receipt()
    assert receipt is not None
    assert receipt.generation == 30


async def test_an_office_that_lost_everything_is_sent_everything_though_nothing_new_happens(
    home: Home, tmp_path: Path
) -> None:
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await fill(journal, 10)
                with office_at(home, broker.port, generation=10):
                    await soon(lambda: uplink.status["receipted"] == 10)
                for file in home.root.glob(f"{home.database.name}*"):
                    file.unlink()
                with office_at(home, broker.port, generation=20):
                    await soon(lambda: uplink._state.receipt.generation == 20)
                    await soon(lambda: uplink.status["receipted"] == 10)
                    await soon(lambda: uplink.status["unsent"] == 0)
                assert journals_at_the_office(home)[GATE]["events"] == 10
                assert is_whole(journals_at_the_office(home)[GATE])


async def test_a_copied_card_is_noticed_at_both_ends(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path / "card") as journal:
        await fill(journal, 3)
    shutil.copytree(tmp_path / "card", tmp_path / "copy")
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        async with opened(tmp_path / "card") as journal:
            await journal.append(entry(4, note="on the card"))
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink.status["receipted"] == 4)
        async with opened(tmp_path / "copy") as journal:
            await journal.append(entry(4, note="on the copy"))
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: office.counts.conflicts > 0)
                await soon(lambda: "has another event 4" in caplog.text)
                assert uplink.status["receipted"] == 0
    assert "ALARM" in caplog.text
    found = journals_at_the_office(home)[GATE]
    assert (found["conflicts"], found["events"], is_whole(found)) == ([4], 4, False)


async def test_after_another_exam_the_topic_is_another(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            await fill(journal, 1)
            uplink = uplink_of(home, broker.port, journal, exam=None)
            async with sending(uplink):
                for name in ("exam-a", "exam-b"):
                    uplink.use_exam(name)
                    await fill(journal, 1)
                    await soon(lambda: uplink.status["unsent"] == 0)
                    await soon(lambda name=name: exam_at_the_office(home) == name)


def exam_at_the_office(home: Home) -> str:
    with OfficeStore(home.database) as store:
        return next((exam for exam, *_ in store.gates()), "")


@pytest.mark.parametrize("whose", ["ours", "the broker's", "nobody's"])
async def test_a_wrong_certificate_is_named_once(
    home: Home, tmp_path: Path, whose: str, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = made_home(tmp_path / "stranger").gate(GATE)
    wrong, told = {
        "ours": (
            {"certificate": stranger / "gate.crt", "key": stranger / "gate.key"},
            "does not accept our certificate",
        ),
        "the broker's": ({"ca": stranger / "ca.crt"}, "is not trusted"),
        "nobody's": ({"certificate": tmp_path / "none.crt"}, "cannot be used"),
    }[whose]
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal, **wrong)
            async with sending(uplink):
                await soon(lambda: uplink.status["last_error"] is not None)
                first = uplink._state.error
                await soon(lambda: uplink._state.error is not first)  # tried again
                assert uplink.status["error_kind"] == "CertificateRefused"
                assert told in uplink.status["last_error"]
                assert not uplink.status["connected"]
    assert caplog.text.count(told) == 1


async def test_no_broker_is_told_and_waited_out(home: Home, tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        uplink = uplink_of(home, free_port(), journal)
        async with sending(uplink):
            await soon(lambda: uplink.status["error_kind"] == "NetworkFault")
            assert (await journal.append(entry(1)))["seq"] == 1


def receiving(home: Home, port: int, status: Path) -> "subprocess.Popen[bytes]":
    """exam-office receive, as it is run."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "office",
            "receive",
            "--home",
            home.root,
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--status-file",
            status,
        ],
        stderr=subprocess.DEVNULL,
    )


async def test_the_office_program_killed_and_its_database_restored_from_an_older_backup(
    home: Home, tmp_path: Path
) -> None:
    """Nobody tells it that the backup is older: its own start makes the generation rise."""
    home.database.unlink(missing_ok=True)
    for file in home.root.glob(f"{home.database.name}-*"):
        file.unlink()
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            await fill(journal, 40)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                office = receiving(home, broker.port, tmp_path / "status")
                await soon(lambda: uplink.status["receipted"] == 40)
                await asyncio.to_thread(backed_up, home, tmp_path / "backup")
                await fill(journal, 30)
                await soon(lambda: uplink.status["receipted"] == 70)
                before = uplink._state.receipt
                office.kill()
                office.wait()
                restored(home, tmp_path / "backup")
                office = receiving(home, broker.port, tmp_path / "status")
                await soon(lambda: uplink._state.receipt.generation > before.generation)
                await soon(lambda: uplink.status["receipted"] == 70)
                await soon(lambda: uplink.status["unsent"] == 0)
                office.terminate()
                assert office.wait(10) == 0
    found = journals_at_the_office(home)[GATE]
    assert (found["events"], found["high"], is_whole(found)) == (70, 70, True)


def backed_up(home: Home, to: Path) -> None:
    """As an office does it, while the program runs."""
    with (
        contextlib.closing(sqlite3.connect(home.database)) as source,
        contextlib.closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)


def restored(home: Home, backup: Path) -> None:
    for file in home.root.glob(f"{home.database.name}*"):
        file.unlink()
    shutil.copy(backup, home.database)


async def test_two_copies_of_a_card_at_once_never_merge(home: Home, tmp_path: Path) -> None:
    """The broker lets only one of them in at a time: each throws the other out."""
    async with opened(tmp_path / "card") as journal:
        await fill(journal, 5)
    shutil.copytree(tmp_path / "card", tmp_path / "copy")
    for file in home.root.glob(f"{home.database.name}*"):
        file.unlink()
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port) as office:
        async with opened(tmp_path / "card") as card, opened(tmp_path / "copy") as copy:
            for number in range(6, 70):
                await card.append(entry(number, note="on the card"))
                await copy.append(entry(number, note="on the copy"))
            one, other = (uplink_of(home, broker.port, j) for j in (card, copy))
            async with sending(one), sending(other):
                await soon(lambda: 69 in (one.status["receipted"], other.status["receipted"]), 60)
                await soon(lambda: office.counts.conflicts >= 64, 60)
                await soon(lambda: one.status["alarm"] or other.status["alarm"], 60)
            heads = (card.head.hash, copy.head.hash)
    with OfficeStore(home.database) as store:
        ((gate, epoch),) = store.journals()
        found = audit(store, gate, epoch, signers(store, home, None)(gate))
        assert (found["events"], found["chain"], found["head"] in heads) == (69, "verified", True)
        assert found["conflicts"] == list(range(6, 70))
        kept = [e["note"] for e in store.events(gate, epoch) if "note" in e]
    assert len(set(kept)) == 1  # one of the two, whole; the other kept apart, whole
