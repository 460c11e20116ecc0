"""A disk that fills is told in status and journal before it is full."""

from pathlib import Path

from gate.ports import DiskSpace
from tests.scenarios.fakes import NINE, rig
from tests.scenarios.running import Running, running

GIB = 2**30


class Disks:
    """What the disk says, as long as it says so."""

    def __init__(self) -> None:
        self.now = DiskSpace(8 * GIB, 1000, 0)

    async def disk(self) -> DiskSpace:
        return self.now

    def seen(self, gate: Running) -> bool:
        return gate.desk.status()["journal"]["disk"].get("free_bytes") == self.now.free_bytes


async def test_a_disk_that_fills_is_journaled_once_a_level(tmp_path: Path) -> None:
    parts, disks = rig(tmp_path), Disks()
    parts.journal.disk = disks.disk  # type: ignore[method-assign]
    async with running(parts) as gate:
        for free in (8 * GIB, GIB // 8, 1000, GIB // 8, 8 * GIB):
            disks.now = DiskSpace(free, 1000, 0)
            await gate.until(lambda: disks.seen(gate))
    async with rig(tmp_path).journal as journal:
        stored = await journal.read(1, 100)
    told = [(e["room"], e["free_bytes"]) for e in stored if e["kind"] == "disk"]
    assert told == [("low", GIB // 8), ("short", 1000), ("low", GIB // 8), ("enough", 8 * GIB)]


async def test_the_real_disk_is_seen(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    async with running(parts) as gate:
        await gate.until(lambda: gate.desk.status()["journal"]["disk"])
        seen = gate.desk.status()["journal"]["disk"]
    assert seen["free_bytes"] > 0
    assert seen["journal_bytes"] >= seen["log_bytes"] > 0


async def test_a_clock_that_is_not_trusted_gives_no_forecast(tmp_path: Path) -> None:
    """At 1970 the rest of the exam would be 57 years long, and a good disk short."""
    parts, disks = rig(tmp_path), Disks()
    parts.journal.disk = disks.disk  # type: ignore[method-assign]
    parts.clock.at = parts.clock.at.replace(year=1970)
    async with running(parts) as gate:
        await gate.until(lambda: disks.seen(gate))
        status = gate.desk.status()
        seen = status["journal"]["disk"]
        assert (seen["room"], seen["needed_bytes"]) == ("enough", None)
        assert "not trusted" in seen["forecast"]
        assert status["papers"] is None
        disks.now = DiskSpace(1000, 1000, 0)
        await gate.until(lambda: disks.seen(gate))
        parts.clock.at = NINE
        await gate.until(lambda: gate.desk.status()["journal"]["disk"]["needed_bytes"])
        assert "forecast" not in gate.desk.status()["journal"]["disk"]
    async with rig(tmp_path).journal as journal:
        stored = await journal.read(1, 100)
    told = [(e["room"], e["needed_bytes"], e["clock"]) for e in stored if e["kind"] == "disk"]
    assert told == [("short", None, "untrusted")]
