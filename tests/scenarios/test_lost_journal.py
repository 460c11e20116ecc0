"""A gate whose journal is lost while it is at work: told and saved, or out of service."""

from pathlib import Path

import pytest

from gate.core.journal_entries import verify_chain
from tests.journal_losing import LOSSES, keep_copy
from tests.scenarios.fakes import rig
from tests.scenarios.running import running


@pytest.mark.parametrize("loss", ["deleted", "emptied", "replaced", "folder deleted"])
async def test_it_is_told_saved_and_everybody_is_still_known(tmp_path: Path, loss: str) -> None:
    state = tmp_path / "state"
    parts = rig(state)
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["reason"] == "OK"
        await gate.phase("idle")
        keep_copy(state / "journal.sqlite")
        LOSSES[loss](state / "journal.sqlite")
        await gate.until(lambda: gate.desk.status()["journal"]["saved"])
        status = gate.desk.status()
        told = f"journal.sqlite {status['journal']['saved'][0]['detail']}, saved"
        assert [w for w in status["warnings"] if "journal" in w] == [told]
        assert status["faults"] == []
    again = rig(state)
    async with running(again) as gate:
        again.reader.queue.put_nowait(again.card())
        assert (await gate.decision())["reason"] == "ALREADY_ADMITTED"
        stored = await again.journal.read(1, 100)
    assert [e["kind"] for e in stored].count("journal_saved") == 1
    assert verify_chain(stored, gate=again.unit.id, epoch=stored[0]["epoch"]) is None


async def test_nobody_is_admitted_while_a_restart_would_find_nothing(tmp_path: Path) -> None:
    state, blocked = tmp_path / "state", tmp_path / "state" / "journal.sqlite.saving"
    parts = rig(state)
    async with running(parts) as gate:
        blocked.mkdir()  # as a disk that takes no new file
        (state / "journal.sqlite").unlink()
        await gate.phase("out-of-service")
        status = gate.desk.status()
        assert status["faults"] == ["journal"]
        assert [w for w in status["warnings"] if "not saved yet: nobody is admitted" in w]
        parts.reader.queue.put_nowait(parts.card())
        blocked.rmdir()
        await gate.phase("idle")
        assert [w for w in gate.desk.status()["warnings"] if "not saved" in w] == []
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["reason"] == "OK"
    assert [said for said, _ in parts.signals.history].count("barrier") == 1
