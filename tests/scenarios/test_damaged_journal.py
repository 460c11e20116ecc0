"""A gate whose journal was damaged over night: it opens, it knows who is inside, and it says so."""

from pathlib import Path

from gate.core.journal_entries import verify_chain
from tests.scenarios.fakes import rig
from tests.scenarios.running import running


def damage(folder: Path) -> None:
    """The first pages, as a card that dies loses them: SQLite can read nothing any more."""
    path = folder / "journal.sqlite"
    path.write_bytes(b"\xff" * 8192 + path.read_bytes()[8192:])


async def admitted(folder: Path) -> None:
    parts = rig(folder)
    async with running(parts) as gate:
        for number in range(20):  # the events spread over more pages than those that die
            await gate.lane.note("fault", {"fault": "none", "detail": f"{number}" * 300})
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["reason"] == "OK"


async def test_who_is_inside_survives_a_damaged_journal(tmp_path: Path) -> None:
    await admitted(tmp_path)
    damage(tmp_path)
    again = rig(tmp_path)
    async with running(again) as gate:
        again.reader.queue.put_nowait(again.card())
        assert (await gate.decision())["reason"] == "ALREADY_ADMITTED"
        stored = await again.journal.read(1, 100)
        told = gate.desk.status()["journal"]
    assert stored[0]["kind"] == "journal_begun"
    assert told["follows"]["previous_epoch"] == stored[0]["previous_epoch"]
    assert told["follows"]["missing"] == stored[0]["missing"]
    assert verify_chain(stored, gate=again.unit.id, epoch=stored[0]["epoch"]) is None


async def test_the_third_journal_still_knows_what_the_first_one_held(tmp_path: Path) -> None:
    await admitted(tmp_path)
    damage(tmp_path)
    async with running(rig(tmp_path)):
        pass
    (tmp_path / "journal.sqlite").write_bytes(b"gone" * 100)
    again = rig(tmp_path)
    async with running(again) as gate:
        again.reader.queue.put_nowait(again.card())
        assert (await gate.decision())["reason"] == "ALREADY_ADMITTED"


async def test_a_whole_journal_follows_none(tmp_path: Path) -> None:
    async with running(rig(tmp_path)) as gate:
        assert gate.desk.status()["journal"]["follows"] is None
