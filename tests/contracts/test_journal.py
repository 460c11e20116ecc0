"""What every journal promises: committed before it is told, in order, never changed."""

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from gate.core.journal_entries import GENESIS, verify_chain
from gate.core.records import JournalEvent
from gate.errors import GateBug, InputRejected, Refused, StorageBroken, StorageRefused
from gate.ports import Head, Journal, Receipt
from tests.journal_making import GATE, OTHER, entered, entry, opened


def raw(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "journal.sqlite", isolation_level=None)


def unguarded(folder: Path) -> sqlite3.Connection:
    """As somebody with the card in another computer would open it."""
    db = raw(folder)
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    return db


async def filled(folder: Path, count: int) -> Head:
    async with opened(folder) as journal:
        for number in range(count):
            await journal.append(entry(number))
        return journal.head


async def begun_anew(folder: Path) -> JournalEvent:
    """The first event of the journal that follows the damaged one."""
    async with opened(folder) as journal:
        return (await journal.read(1, 1))[0]


async def append_many(journal: Journal, count: int) -> None:
    for number in range(count):
        await journal.append(entry(number, note="x" * 1000))


def receipt_at(at: Head, **other: object) -> Receipt:
    values = {
        "generation": 1,
        "gate": GATE,
        "epoch": at.epoch,
        "high": at.seq,
        "head": at.hash,
        "missing": (),
        "at": "2027-04-10T08:50:00.000+08:00",
        "top": at.seq,
    }
    return Receipt(**(values | other))


async def test_an_empty_journal_stands_at_genesis(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        assert (journal.head.seq, journal.head.hash) == (0, GENESIS)
        assert len(journal.head.epoch) == 16
        assert await journal.read(1, 10) == []
        assert await journal.receipt() is None


async def test_what_is_appended_is_read_back_and_chained(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        told = [await journal.append(entry(n, score=0.1 * n, name="张")) for n in range(5)]
        assert await journal.read(1, 10) == told
        assert await journal.read(2, 2) == told[1:3]
        head = journal.head
    assert (head.seq, head.hash) == (5, told[-1]["hash"])
    assert verify_chain(told, gate=GATE, epoch=head.epoch) is None


async def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    before = await filled(tmp_path, 3)
    async with opened(tmp_path) as journal:
        assert journal.head == before
        after = await journal.append(entry(4))
    assert (after["seq"], after["prev"]) == (4, before.hash)


async def test_each_journal_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    first, second = await filled(tmp_path / "a", 0), await filled(tmp_path / "b", 0)
    assert first.epoch != second.epoch


async def test_many_at_once_leave_no_gap(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        told = await asyncio.gather(*(journal.append(entry(n)) for n in range(30)))
        stored = await journal.read(1, 100)
    assert sorted(e["seq"] for e in told) == list(range(1, 31))
    assert verify_chain(stored, gate=GATE, epoch=journal.head.epoch) is None


async def test_a_cancelled_append_stands_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for number in range(20):
            task = asyncio.create_task(journal.append(entry(number)))
            for _ in range(number % 4 + 1):  # cancelled at different steps of its way
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        last = await journal.append(entry(99))
        stored = await journal.read(1, 100)
    assert [e["seq"] for e in stored] == list(range(1, last["seq"] + 1))
    assert len({e["ticket"] for e in stored}) == len(stored)
    assert verify_chain(stored, gate=GATE, epoch=journal.head.epoch) is None


async def test_a_cancelled_append_that_failed_ends_the_journal(tmp_path: Path) -> None:
    """Nobody heard why: it may have been a write that failed."""
    async with opened(tmp_path) as journal:
        await journal.append(entry(1))
        assert journal._files.db is not None
        refuse = (
            "CREATE TEMP TRIGGER no BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        await journal._files.db.execute(refuse)
        task = asyncio.create_task(journal.append(entry(2)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await journal._files.db.execute("DROP TRIGGER no")
        with pytest.raises(StorageBroken):
            await journal.append(entry(3))
        assert journal.head.seq == 1


async def test_cancelled_while_entering_it_can_be_entered_again(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    task = asyncio.create_task(entered(journal))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with journal:
        assert (await journal.append(entry()))["seq"] == 1


async def test_beyond_waits_for_the_next_event(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        waiting = asyncio.create_task(journal.beyond(0))
        await asyncio.sleep(0)
        assert not waiting.done()
        await journal.append(entry())
        await waiting
        await journal.beyond(0)


async def test_a_timing_is_written_with_the_next_append_not_by_itself(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append(entry(1))
        wal = (tmp_path / "journal.sqlite-wal").read_bytes()
        await journal.keep_timing(1, {"total": 17.5})
        assert (tmp_path / "journal.sqlite-wal").read_bytes() == wal
        assert (await journal.read(1, 1))[0]["ms"] == {"total": 17.5}
        await journal.append(entry(2))
        kept = raw(tmp_path).execute("SELECT seq, timings FROM event").fetchall()
        assert kept == [(1, "{}"), (2, '{"1":{"total":17.5}}')]
        await journal.keep_timing(2, {"total": 18.0})
    async with opened(tmp_path) as journal:
        assert [e["ms"]["total"] for e in await journal.read(1, 2)] == [17.5, 18.0]


async def test_a_receipt_is_kept(tmp_path: Path) -> None:
    head = await filled(tmp_path, 9)
    async with opened(tmp_path) as journal:
        fifth = (await journal.read(5, 1))[0]["hash"]
        told = receipt_at(head, high=5, head=fifth, missing=((6, 7),), top=8)
        await journal.keep_receipt(told)
    async with opened(tmp_path) as journal:
        assert await journal.receipt() == told


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE event SET event = '{}' WHERE seq = 1",
        "UPDATE event SET hash = prev",
        "DELETE FROM event WHERE seq = 2",
        "INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 1",
        "INSERT INTO event SELECT seq + 2, prev, hash, event, '{}' FROM event WHERE seq = 2",
        "INSERT INTO event SELECT seq + 1, prev, hash, event, '{}' FROM event WHERE seq = 2",
        "INSERT INTO event SELECT seq + 5, hash, hash, event, '{}' FROM event WHERE seq = 2",
        "UPDATE journal SET gate = 'wh-hs-01-g9'",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal VALUES (1, 'x', '0123456789abcdef')",
    ],
)
async def test_the_file_itself_refuses_changes(tmp_path: Path, attack: str) -> None:
    head = await filled(tmp_path, 2)
    with pytest.raises(sqlite3.IntegrityError):
        raw(tmp_path).execute(attack)
    async with opened(tmp_path) as journal:
        assert journal.head == head


@pytest.mark.parametrize("marked", [True, False])
async def test_another_units_journal_is_refused(marked: bool, tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    if not marked:
        (tmp_path / "journal.sqlite.mark").unlink()
    with pytest.raises(Refused, match=f"belongs to gate {GATE}, not {OTHER}"):
        await entered(opened(tmp_path, OTHER))
    assert await filled(tmp_path, 0)


async def test_a_second_writer_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    second = opened(tmp_path)
    async with opened(tmp_path) as first:
        with pytest.raises(StorageRefused, match="Another exam-gate"):
            await entered(second)
        await first.append(entry(1))
    async with second:
        assert second.head.seq == 1


_SECOND = """
import asyncio, pathlib, sys
from tests.journal_making import entered, opened
asyncio.run(entered(opened(pathlib.Path(sys.argv[1]))))
"""


@pytest.mark.system
async def test_a_database_opened_by_two_processes_has_one_writer(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.append(entry(1))
        command = [sys.executable, "-c", _SECOND, str(tmp_path)]
        second = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, told = await second.communicate()
        assert second.returncode == 1
        assert b"StorageRefused: Another exam-gate is using the journal" in told
        assert (await journal.append(entry(2)))["seq"] == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE event SET event = replace(event, '000000000002', '000000000009')", "event 3: alt"),
        ("UPDATE event SET event = '{' WHERE seq = 4", "event 4: altered"),
        ("UPDATE event SET hash = printf('%064d', 0) WHERE seq = 4", "event 4: altered"),
        ("DROP TABLE event", "no such table"),
        ("DELETE FROM event WHERE seq = 3", "event 3: gap"),
        ("DELETE FROM event WHERE seq = 1", "event 1: gap"),
    ],
)
async def test_a_changed_journal_is_named_by_seq(tmp_path: Path, change: str, told: str) -> None:
    await filled(tmp_path, 5)
    unguarded(tmp_path).execute(change)
    assert told in (await begun_anew(tmp_path))["detail"]


async def test_events_that_the_office_has_and_the_card_lost_are_named(tmp_path: Path) -> None:
    head = await filled(tmp_path, 5)
    async with opened(tmp_path) as journal:
        await journal.keep_receipt(receipt_at(head))
    unguarded(tmp_path).execute("DELETE FROM event WHERE seq > 3")
    told = await begun_anew(tmp_path)
    assert "events 4 to 5 are gone: the office has them" in told["detail"]
    assert (told["previous_epoch"], told["receipted"]) == (head.epoch, 5)
    assert told["receipted_head"] == head.hash


async def test_a_receipt_for_another_event_is_noticed(tmp_path: Path) -> None:
    head = await filled(tmp_path, 2)
    async with opened(tmp_path) as journal:
        await journal.keep_receipt(receipt_at(head, head="f" * 64))
    assert "event 2 is not the one that the office has" in (await begun_anew(tmp_path))["detail"]


@pytest.mark.parametrize("note", ["x" * 20_000, "\ud800", {1, 2}, float("nan")])
async def test_an_entry_that_cannot_be_journaled_changes_nothing(
    tmp_path: Path, note: object
) -> None:
    async with opened(tmp_path) as journal:
        with pytest.raises(InputRejected):
            await journal.append(entry(1, note=note))
        assert (await journal.append(entry(2)))["seq"] == 1


async def test_a_full_journal_refuses_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """`max_page_count` gives SQLITE_FULL as a full disk does; the real one: test_full_disk."""
    async with opened(tmp_path) as journal:
        await journal.append(entry(1))
        assert journal._files.db is not None
        await journal._files.db.execute("PRAGMA max_page_count = 12")
        with pytest.raises(StorageRefused):
            await append_many(journal, 200)
        refused_at = journal.head
        with pytest.raises(StorageRefused):
            await append_many(journal, 1)
        assert journal.head == refused_at
        assert len(await journal.read(1, 1000)) == refused_at.seq
        await journal._files.db.execute("PRAGMA max_page_count = 100000")
        assert (await journal.append(entry(3)))["seq"] == refused_at.seq + 1
    assert (await filled(tmp_path, 0)).seq == refused_at.seq + 1


async def test_no_folder_can_be_made_now_but_later(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    journal = opened(tmp_path / "state")
    with pytest.raises(StorageRefused):
        await entered(journal)
    (tmp_path / "state").unlink()
    async with journal:
        assert (await journal.append(entry()))["seq"] == 1


async def test_used_before_it_was_opened_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(GateBug):
        await opened(tmp_path).append(entry())


async def test_closing_twice_is_closing(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    async with journal:
        pass
    await journal.__aexit__()
