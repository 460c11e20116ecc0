"""A journal whose files are lost while it is in use: told, saved, and found by the restart."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from gate.core.journal_entries import verify_chain
from gate.core.records import JournalEvent
from gate.errors import StorageRefused
from gate.ports import Receipt
from gate.store import journal as journal_module
from gate.store import rewriting, rows_in_memory
from gate.store.checkpoint import place
from gate.store.journal import SqliteJournal
from gate.store.reading import reading
from tests.journal_losing import LOSSES, keep_copy
from tests.journal_making import GATE, entry, fill, opened

EVERY = pytest.mark.parametrize("loss", LOSSES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of its own, so that the folder too can be lost."""
    return tmp_path / "state"


@pytest.fixture(autouse=True)
def _frequent_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_CHECKPOINT_EVERY", 10)


async def begun(folder: Path) -> None:
    """A run before, closed: its events are in the file, not in the log."""
    async with opened(folder) as journal:
        await fill(journal, 20)


async def all_of(journal: SqliteJournal) -> list[JournalEvent]:
    return await journal.read(1, journal.head.seq)


async def found_by_a_restart(folder: Path) -> list[JournalEvent]:
    """What the journal holds for the next process; the chain must be whole."""
    async with opened(folder) as journal:
        found = await all_of(journal)
        assert verify_chain(found, gate=GATE, epoch=journal.head.epoch) is None
        assert journal.begun is None
    return found


async def lose(journal: SqliteJournal, folder: Path, loss: str) -> None:
    keep_copy(folder / "journal.sqlite")
    await fill(journal, 15)
    await journal.keep_timing(journal.head.seq, {"total": 1.5})  # a checkpoint: all but two
    await fill(journal, 2)
    LOSSES[loss](folder / "journal.sqlite")


@EVERY
async def test_a_look_saves_everything_and_tells_it(folder: Path, loss: str) -> None:
    await begun(folder)
    async with opened(folder) as journal:
        await lose(journal, folder, loss)
        head = journal.head
        await journal.look()
        assert journal.head == head
        (told,) = journal.saves
        assert told["events"] == 37
        before = await all_of(journal)
        # As a power cut leaves it: nothing is closed, a copy of the files is opened.
        shutil.copytree(folder, folder.with_name("cut"), ignore=shutil.ignore_patterns("*-shm"))
        await journal.append(entry(99))
    assert await found_by_a_restart(folder.with_name("cut")) == before
    assert [e["hash"] for e in await found_by_a_restart(folder)][:37] == [e["hash"] for e in before]


@EVERY
async def test_an_append_that_meets_the_loss_stands(folder: Path, loss: str) -> None:
    """Nobody looked in between: what was promised before and after is there for a restart."""
    await begun(folder)
    async with opened(folder) as journal:
        await lose(journal, folder, loss)
        event = await journal.append(entry(38))
        assert event["seq"] == 38
        shutil.copytree(folder, folder.with_name("cut"), ignore=shutil.ignore_patterns("*-shm"))
    assert (await found_by_a_restart(folder.with_name("cut")))[-1] == event
    assert len(await found_by_a_restart(folder)) == 38


@EVERY
async def test_it_is_saved_however_much_was_moved_into_the_file(folder: Path, loss: str) -> None:
    async with opened(folder) as journal:
        for number in range(45):
            event = await journal.append(entry(number, note="x" * 900))
            await journal.keep_timing(event["seq"], {"total": number})
        keep_copy(folder / "journal.sqlite")
        for number in range(18):
            event = await journal.append(entry(number))
            await journal.keep_timing(event["seq"], {"total": number})
        LOSSES[loss](folder / "journal.sqlite")
        await journal.look()
        assert len(journal.saves) == 1
    found = await found_by_a_restart(folder)
    assert len(found) == 63
    assert found[30]["ms"] == {"total": 30}


@EVERY
async def test_closing_saves_too(folder: Path, loss: str) -> None:
    async with opened(folder) as journal:
        await fill(journal, 20)
        await lose(journal, folder, loss)
    assert len(await found_by_a_restart(folder)) == 37


async def test_the_receipt_is_saved_with_it(folder: Path) -> None:
    async with opened(folder) as journal:
        await fill(journal, 3)
        head = journal.head
        receipt = Receipt(1, GATE, head.epoch, 3, head.hash, ((1, 1),), "2027-04-10T08:50", 3)
        await journal.keep_receipt(receipt)
        shutil.rmtree(folder)
        await journal.look()
    async with opened(folder) as journal:
        assert await journal.receipt() == receipt


async def test_what_lay_in_its_place_is_kept_aside(folder: Path) -> None:
    async with opened(folder) as journal:
        await fill(journal, 3)
        LOSSES["replaced"](folder / "journal.sqlite")
        await journal.look()
        (told,) = journal.saves
    assert (folder / told["set_aside"] / "journal.sqlite").read_bytes() == b"another file"
    assert (told["file"], told["detail"]) == ("journal.sqlite", "was replaced by another file")


async def test_it_may_be_lost_again_and_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(folder) as journal:
        for number, loss in enumerate(LOSSES, start=1):
            await journal.append(entry(number))
            keep_copy(folder / "journal.sqlite")
            event = await journal.append(entry(number))
            monkeypatch.setattr(journal, "_since_checkpoint", 10)
            await journal.keep_timing(event["seq"], {"total": 1.5})
            LOSSES[loss](folder / "journal.sqlite")
            await journal.look()
            assert len(journal.saves) == number
        assert len(await all_of(journal)) == 2 * len(LOSSES)
    assert len(await found_by_a_restart(folder)) == 2 * len(LOSSES)


@pytest.mark.parametrize("name", ["journal.sqlite", "journal.sqlite-shm"])
async def test_a_file_that_was_only_touched_is_the_same_journal(folder: Path, name: str) -> None:
    async with opened(folder) as journal:
        await fill(journal, 3)
        os.utime(folder / name, (1, 1))
        await journal.look()
        await journal.append(entry(4))
        assert journal.saves == []


async def test_other_readers_and_our_own_work_are_no_change(folder: Path) -> None:
    async with opened(folder) as journal:
        for number in range(40):
            event = await journal.append(entry(number, note="x" * 2000))
            await journal.keep_timing(event["seq"], {"total": 1.0})
            await journal.look()
            with reading(folder / "journal.sqlite") as other:
                assert other.last == number + 1
            await journal.look()
        assert journal.saves == []


async def test_a_folder_that_was_moved_is_waited_for(folder: Path) -> None:
    """It may be another file system over it: what lies below is whole, and nothing is written to
    the wrong place."""
    away = folder.with_name("away")
    async with opened(folder) as journal:
        await fill(journal, 3)
        folder.rename(away)
        for _ in range(2):
            with pytest.raises(StorageRefused, match="put it back"):
                await journal.look()
        with pytest.raises(StorageRefused, match="put it back"):
            await journal.append(entry(4))
        folder.mkdir()
        with pytest.raises(StorageRefused, match="put it back"):
            await journal.append(entry(4))
        folder.rmdir()
        away.rename(folder)
        await journal.look()
        assert (await journal.append(entry(5)))["seq"] == 4
        assert journal.saves == []
    assert len(await found_by_a_restart(folder)) == 4


async def test_where_it_cannot_be_saved_nothing_is_recorded_and_nothing_forgotten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(folder) as journal:
        await fill(journal, 5)
        (folder / "journal.sqlite").unlink()
        (folder / "journal.sqlite.saving").mkdir()  # as a disk that takes no new file
        for _ in range(2):
            with pytest.raises(StorageRefused, match="leave the gate running"):
                await journal.append(entry(6))
            with pytest.raises(StorageRefused, match="leave the gate running"):
                await journal.look()
        (folder / "journal.sqlite.saving").rmdir()
        assert (await journal.append(entry(6)))["seq"] == 6
    assert len(await found_by_a_restart(folder)) == 6


async def test_warnings_say_what_is_wrong_while_it_is(folder: Path) -> None:
    async with opened(folder) as journal:
        await fill(journal, 5)
        assert journal.warnings == {}
        (folder / "journal.sqlite").unlink()
        (folder / "journal.sqlite.saving").mkdir()
        with pytest.raises(StorageRefused):
            await journal.look()
        assert list(journal.warnings) == ["unsaved"]
        assert "was deleted or moved away" in journal.warnings["unsaved"]
        (folder / "journal.sqlite.saving").rmdir()
        await journal.look()
        assert journal.warnings == {}
        away = folder.with_name("away")
        folder.rename(away)
        with pytest.raises(StorageRefused):
            await journal.look()
        assert list(journal.warnings) == ["unsaved"]
        away.rename(folder)
        assert journal.warnings == {}  # nothing had to be saved


async def test_one_too_long_for_memory_goes_on_until_it_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of it is never put in place of the whole, and nothing is admitted without a record."""
    monkeypatch.setattr(rows_in_memory, "MOST_BYTES", 500)
    async with opened(folder) as journal:
        await fill(journal, 20)
    assert len(await found_by_a_restart(folder)) == 20
    journal = opened(folder)
    await journal.__aenter__()
    await fill(journal, 15)
    assert journal.warnings == {}
    await journal.keep_timing(journal.head.seq, {"total": 1.5})  # a checkpoint packs them
    assert list(journal.warnings) == ["not-held"]
    assert (await journal.append(entry(36)))["seq"] == 36
    (folder / "journal.sqlite").unlink()
    for _ in range(2):
        with pytest.raises(StorageRefused, match="too long to be written anew"):
            await journal.append(entry(37))
        with pytest.raises(StorageRefused, match="too long to be written anew"):
            await journal.look()
    assert journal.head.seq == 36
    assert list(journal.warnings) == ["unsaved", "not-held"]
    with pytest.raises(StorageRefused, match="too long to be written anew"):
        await journal.__aexit__()
    async with opened(folder) as again:
        assert again.begun is not None
        before = again.begun["previous_epoch"], again.begun["last_known"]
    assert before == (journal.head.epoch, 36)


@pytest.mark.parametrize("step", ["move_aside", "put_in_place"])
async def test_a_start_ends_what_a_power_cut_left_of_a_saving(
    folder: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        shutil.copytree(folder, folder.with_name("cut"), ignore=shutil.ignore_patterns("*-shm"))
        raise OSError("the power is gone")

    async with opened(folder) as journal:
        await fill(journal, 5)
        LOSSES["replaced"](folder / "journal.sqlite")
        with monkeypatch.context() as patched:
            patched.setattr(rewriting, step, cut)
            with pytest.raises(StorageRefused):
                await journal.look()
        assert len(await found_by_a_restart(folder.with_name("cut"))) == 5
        assert (await journal.append(entry(6)))["seq"] == 6


async def test_a_mark_that_is_lost_is_made_anew(folder: Path) -> None:
    async with opened(folder) as journal:
        await fill(journal, 5)
        place(folder / "journal.sqlite").unlink()
        await journal.look()
        assert place(folder / "journal.sqlite").exists()
        assert journal.saves == []
        await journal.append(entry(6))
        await asyncio.sleep(0)
        (folder / "journal.sqlite").unlink()
        (folder / "journal.sqlite-wal").unlink()


async def test_many_at_once_while_the_file_goes_lose_nothing(folder: Path) -> None:
    async with opened(folder) as journal:
        promised: list[JournalEvent] = []

        async def append(number: int) -> None:
            promised.append(await journal.append(entry(number)))

        for loss in ("deleted", "emptied", "log emptied", "folder deleted"):
            tasks = [asyncio.create_task(append(n)) for n in range(10)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            LOSSES[loss](folder / "journal.sqlite")
            await asyncio.gather(*tasks)
    found = {e["id"]: e["hash"] for e in await found_by_a_restart(folder)}
    assert all(found.get(e["id"]) == e["hash"] for e in promised)
    assert len(found) == len(promised) == 40
