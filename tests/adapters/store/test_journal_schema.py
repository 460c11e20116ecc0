"""Steps of the journal's schema: all or nothing, and never beyond what this program knows."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.core.journal_entries import GENESIS, canonical_bytes, seal
from gate.errors import Refused
from gate.store import schema
from tests.journal_making import GATE, entered, entry, opened

EPOCH = "0123456789abcdef"


def of_the_first_release(folder: Path, events: int) -> Path:
    """A journal as exam-gate wrote it before there was a second step."""
    path = folder / "journal.sqlite"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    number, text = schema.steps()[0]
    db.executescript(text)
    db.execute("INSERT INTO schema_record VALUES (?, ?)", (number, schema.digest(text)))
    db.execute("INSERT INTO journal VALUES (1, ?, ?)", (GATE, EPOCH))
    previous = GENESIS
    for seq in range(1, events + 1):
        event = seal(entry(seq), gate=GATE, epoch=EPOCH, seq=seq, boot="b", previous=previous)
        timings = "{}" if seq == 1 else f'{{"{seq - 1}": {{"total": {seq}.5}}}}'
        body = canonical_bytes(event).decode()
        db.execute(
            "INSERT INTO append VALUES (?, ?, ?, ?, ?)",
            (seq, previous, event["hash"], body, timings),
        )
        previous = event["hash"]
    db.close()
    (folder / "journal.sqlite.begun").write_text(f"{GATE} {EPOCH}\n")
    return path


async def test_a_journal_of_the_first_release_goes_on(tmp_path: Path) -> None:
    of_the_first_release(tmp_path, 5)
    async with opened(tmp_path) as journal:
        assert (journal.head.epoch, journal.head.seq) == (EPOCH, 5)
        await journal.keep_timing(5, {"total": 9.0})
        await journal.append(entry(6))
        stored = await journal.read(1, 10)
    assert [e.get("ms", {}).get("total") for e in stored] == [2.5, 3.5, 4.5, 5.5, 9.0, None]
    assert not (tmp_path / "journal.sqlite.begun").exists()


async def test_the_mark_of_the_first_release_still_counts(tmp_path: Path) -> None:
    of_the_first_release(tmp_path, 5).unlink()
    async with opened(tmp_path) as journal:
        (first,) = await journal.read(1, 1)
    assert (first["kind"], first["previous_epoch"]) == ("journal_begun", EPOCH)


async def test_each_step_has_its_record(tmp_path: Path) -> None:
    await entered(opened(tmp_path))
    db = sqlite3.connect(tmp_path / "journal.sqlite")
    found = db.execute("SELECT version, sha256, at FROM schema_record ORDER BY version").fetchall()
    assert [(n, d) for n, d, _ in found] == [(n, schema.digest(t)) for n, t in schema.steps()]
    assert all(at for _, _, at in found)


def newer(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO schema_record VALUES (99, '', '')")


def other_step(db: sqlite3.Connection) -> None:
    db.execute("UPDATE schema_record SET sha256 = 'abc' WHERE version = 2")


@pytest.mark.parametrize(
    ("change", "told"), [(newer, "newer exam-gate"), (other_step, "another step")]
)
async def test_a_schema_of_another_program_is_refused(
    change: Callable[[sqlite3.Connection], None], told: str, tmp_path: Path
) -> None:
    await entered(opened(tmp_path))
    db = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    change(db)
    with pytest.raises(Refused, match=told):
        await entered(opened(tmp_path))
    assert not list(tmp_path.glob("journal-damaged-*"))


@pytest.mark.parametrize(
    "broken",
    [
        "CREATE TABLE added (x);\nINSERT INTO nowhere VALUES (1);",
        "CREATE TABLE added (x);\nDELETE FROM event;",
        "CREATE TABLE added (x);\nDROP TABLE",
    ],
)
async def test_a_step_that_fails_leaves_the_file_as_it_was_byte_for_byte(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps before it too: the program that this file came from must be able to go on."""
    path = of_the_first_release(tmp_path, 5)
    before = path.read_bytes()
    steps = [*schema.steps(), (3, broken)]
    monkeypatch.setattr(schema, "steps", lambda: steps)
    with pytest.raises(Refused, match="step 3"):
        await entered(opened(tmp_path))
    assert path.read_bytes() == before
    monkeypatch.undo()
    async with opened(tmp_path) as journal:
        assert journal.head.seq == 5
