"""A journal that is damaged, gone, cut short or not ours: told, kept, and gone on from."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from gate.core.events import Instant
from gate.core.journal_entries import JournalEntry, verify_chain
from gate.core.records import JournalEvent
from gate.errors import Refused
from gate.ports import Head, Receipt
from gate.store import checkpoint, set_aside
from gate.store.journal import SqliteJournal
from tests.journal_making import GATE, OTHER, entered, entry, fill, opened

DATABASE = "journal.sqlite"


async def filled(folder: Path, count: int, receipted: int = 0) -> Head:
    async with opened(folder) as journal:
        await fill(journal, count)
        if receipted:
            await journal.keep_receipt(await receipt_for(journal, receipted))
        return journal.head


async def receipt_for(journal: SqliteJournal, seq: int) -> Receipt:
    (event,) = await journal.read(seq, 1)
    at = "2027-04-10T08:50:00.000+08:00"
    return Receipt(3, GATE, journal.head.epoch, seq, event["hash"], (), at, seq)


async def anew(folder: Path) -> JournalEvent:
    """What the journal that follows says of the one before; and that it can be written."""
    async with opened(folder) as journal:
        (first,) = await journal.read(1, 1)
        await journal.append(entry(1))
    assert (first["kind"], first["seq"]) == ("journal_begun", 1)
    return first


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10 // 4096 * 4096])


def root_page_gone(path: Path) -> None:
    path.write_bytes(b"\0" * 8192 + path.read_bytes()[8192:])


def something_else(path: Path) -> None:
    path.write_bytes(b"not a database " * 400)


def another_database(path: Path) -> None:
    path.unlink()
    sqlite3.connect(path).executescript("CREATE TABLE shopping (list); PRAGMA user_version = 1;")


@pytest.mark.parametrize("harm", [cut, root_page_gone, something_else, another_database])
async def test_a_damaged_journal_is_put_aside_whole_and_a_new_one_begins(
    harm: Callable[[Path], None], tmp_path: Path
) -> None:
    before = await filled(tmp_path, 200, receipted=150)
    harm(tmp_path / DATABASE)
    content = (tmp_path / DATABASE).read_bytes()
    told = await anew(tmp_path)
    folder = tmp_path / told["set_aside"]
    assert (folder / DATABASE).read_bytes() == content
    assert sha256((folder / "damage.json").read_bytes()).hexdigest() == told["set_aside_sha256"]
    report = json.loads((folder / "damage.json").read_text())
    assert report["files"][DATABASE]["sha256"] == sha256(content).hexdigest()
    assert (told["previous_epoch"], told["receipted"]) == (before.epoch, 150)
    assert told["last_known"] == 200
    salvaged = {e["seq"] for e in set_aside.salvaged_events(folder)}
    missing = {seq for a, b in told["missing"] for seq in range(a, b + 1)}
    assert salvaged | missing == set(range(1, 201))
    assert not salvaged & missing
    assert len(salvaged) == told["salvaged"]
    if harm in (cut, root_page_gone):
        assert len(salvaged) > 150


async def test_a_journal_that_is_gone_is_told_and_begun_anew(tmp_path: Path) -> None:
    before = await filled(tmp_path, 9, receipted=6)
    (tmp_path / DATABASE).unlink()
    told = await anew(tmp_path)
    assert told["detail"] == "the journal was emptied or removed"
    assert (told["previous_epoch"], told["receipted"], told["last_known"]) == (before.epoch, 6, 9)
    assert (told["salvaged"], told["missing"], told["set_aside"]) == (0, [[1, 9]], None)


async def test_the_log_of_a_journal_that_is_gone_is_kept_and_read(tmp_path: Path) -> None:
    async with opened(tmp_path / "unit") as journal:
        await fill(journal, 5)
        shutil.copytree(tmp_path / "unit", tmp_path / "killed")
    (tmp_path / "killed" / DATABASE).unlink()
    told = await anew(tmp_path / "killed")
    assert (told["salvaged"], told["missing"]) == (5, [])
    assert (tmp_path / "killed" / told["set_aside"] / f"{DATABASE}-wal").stat().st_size > 0


@pytest.mark.parametrize("events", [1, 3])
async def test_a_log_cut_short_is_noticed(events: int, tmp_path: Path) -> None:
    """SQLite takes a shorter log for a transaction that never was. The mark knows better."""
    async with opened(tmp_path / "unit") as journal:
        await fill(journal, 12)
        await asyncio.sleep(0)  # the mark is noted when the caller has had its turn
        shutil.copytree(tmp_path / "unit", tmp_path / "killed")
        head = journal.head
    wal = tmp_path / "killed" / f"{DATABASE}-wal"
    wal.write_bytes(wal.read_bytes()[: -4120 * events])
    left = {name: (wal.parent / name).read_bytes() for name in (DATABASE, wal.name)}
    told = await anew(tmp_path / "killed")
    folder = wal.parent / told["set_aside"]
    assert {name: (folder / name).read_bytes() for name in left} == left
    assert f"to {head.seq} are gone: they were committed" in told["detail"]
    assert (told["previous_epoch"], told["last_known"]) == (head.epoch, 12)
    assert told["salvaged"] + sum(b - a + 1 for a, b in told["missing"]) == 12


async def test_an_older_copy_of_the_journal_is_noticed(tmp_path: Path) -> None:
    await filled(tmp_path, 4)
    older = (tmp_path / DATABASE).read_bytes()
    async with opened(tmp_path) as journal:
        await fill(journal, 3)
    (tmp_path / DATABASE).write_bytes(older)
    assert "events 5 to 7 are gone" in (await anew(tmp_path))["detail"]


async def test_a_tail_written_anew_is_noticed(tmp_path: Path) -> None:
    """With a chain that fits, by somebody who knows how: the mark has the old hash."""
    await filled(tmp_path, 3)
    noted = checkpoint.place(tmp_path / DATABASE).read_bytes()
    before = (tmp_path / DATABASE).read_bytes()
    async with opened(tmp_path) as journal:
        await journal.append(entry(4))
    kept = checkpoint.place(tmp_path / DATABASE).read_bytes()
    assert kept != noted
    (tmp_path / DATABASE).write_bytes(before)
    checkpoint.place(tmp_path / DATABASE).write_bytes(noted)
    async with opened(tmp_path) as journal:
        await journal.append(entry(5))
    checkpoint.place(tmp_path / DATABASE).write_bytes(kept)
    assert "event 4 is not the one that was committed here" in (await anew(tmp_path))["detail"]


@pytest.mark.parametrize("torn", [0, 1, 2])
async def test_a_mark_with_a_torn_slot_is_still_a_mark(torn: int, tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await fill(journal, 8)
        for seq in (2, 5):
            await journal.keep_receipt(await receipt_for(journal, seq))
    path = checkpoint.place(tmp_path / DATABASE)
    content = bytearray(path.read_bytes())
    content[4096 * torn + 40] ^= 1
    path.write_bytes(content)
    known = checkpoint.read(tmp_path / DATABASE)
    assert known is not None
    assert known.receipt is not None
    assert known.receipt.high == (2 if torn == 0 else 5)
    assert (known.head is None) == (torn == 2)
    async with opened(tmp_path) as journal:
        assert journal.head.seq == 8


async def test_the_receipt_survives_the_loss_of_either_copy(tmp_path: Path) -> None:
    await filled(tmp_path, 8, receipted=5)
    checkpoint.place(tmp_path / DATABASE).unlink()
    async with opened(tmp_path) as journal:
        assert (await journal.receipt()).high == 5
    db = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
    db.execute("DELETE FROM receipt")
    async with opened(tmp_path) as journal:
        assert (await journal.receipt()).high == 5


async def test_another_journal_of_this_unit_is_refused_and_nothing_is_touched(
    tmp_path: Path,
) -> None:
    await filled(tmp_path / "a", 3)
    await filled(tmp_path / "b", 4)
    other = (tmp_path / "b" / DATABASE).read_bytes()
    shutil.copy(tmp_path / "b" / DATABASE, tmp_path / "a" / DATABASE)
    with pytest.raises(Refused, match="but this unit's is"):
        await entered(opened(tmp_path / "a"))
    assert (tmp_path / "a" / DATABASE).read_bytes() == other
    assert not list((tmp_path / "a").glob("journal-damaged-*"))


async def test_another_units_mark_is_refused_without_its_journal_too(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    (tmp_path / DATABASE).unlink()
    with pytest.raises(Refused, match=f"belongs to gate {GATE}, not {OTHER}"):
        await entered(opened(tmp_path, OTHER))


def moved_only(folder: Path, away: Path) -> None:
    """Cut short behind the first rename."""
    away.mkdir()
    (folder / DATABASE).rename(away / DATABASE)


def all_but_the_report(folder: Path, away: Path) -> None:
    moved_only(folder, away)
    (folder / f"{DATABASE}-wal").rename(away / f"{DATABASE}-wal")
    (away / "salvaged.jsonl.part").write_text("half a li")


@pytest.mark.parametrize("cut_short", [moved_only, all_but_the_report])
async def test_a_start_cut_short_while_putting_aside_is_ended(
    cut_short: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    async with opened(tmp_path / "unit") as journal:
        await fill(journal, 5)
        shutil.copytree(tmp_path / "unit", tmp_path / "killed")
        epoch = journal.head.epoch
    away = tmp_path / "killed" / f"journal-damaged-20270410T084500Z-{epoch}"
    cut_short(tmp_path / "killed", away)
    told = await anew(tmp_path / "killed")
    assert (told["set_aside"], told["previous_epoch"]) == (away.name, epoch)
    assert (told["salvaged"], told["last_known"]) == (5, 5)
    assert (away / f"{DATABASE}-wal").exists()


async def test_a_start_cut_short_before_the_mark_goes_on_with_the_new_journal(
    tmp_path: Path,
) -> None:
    await filled(tmp_path, 5)
    old_mark = checkpoint.place(tmp_path / DATABASE).read_bytes()
    cut(tmp_path / DATABASE)
    first = await anew(tmp_path)
    checkpoint.place(tmp_path / DATABASE).write_bytes(old_mark)
    async with opened(tmp_path) as journal:
        assert journal.head.epoch == first["epoch"]
    assert len(list(tmp_path.glob("journal-damaged-*"))) == 1


async def test_damage_upon_damage_keeps_every_journal_apart(tmp_path: Path) -> None:
    epochs = [(await filled(tmp_path, 40)).epoch]
    for _ in range(3):
        something_else(tmp_path / DATABASE)
        first = await anew(tmp_path)
        assert first["previous_epoch"] == epochs[-1]
        epochs.append(first["epoch"])
    folders = list(tmp_path.glob("journal-damaged-*"))
    assert len(folders) == 3
    assert all((f / DATABASE).exists() and (f / "damage.json").exists() for f in folders)


async def test_an_event_of_the_year_9999_is_kept_and_told(tmp_path: Path) -> None:
    """Refusing it would lose a decision; it says of itself that its clock is not to be trusted."""
    async with opened(tmp_path) as journal:
        far = Instant(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), 1, True)
        await journal.append(JournalEntry("decision", far, {"ticket": "1"}))
        await fill(journal, 2)
    async with opened(tmp_path) as journal:
        stored = await journal.read(1, 10)
    assert stored[0]["at"].startswith("9999-12-31")
    assert [e["clock"] for e in stored] == ["untrusted", "trusted", "trusted"]
    assert verify_chain(stored, gate=GATE, epoch=journal.head.epoch) is None
