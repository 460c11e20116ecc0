"""A unit whose own clock is set to another zone than the exam's: what it writes and says is the
exam's day and time."""

from datetime import UTC, timedelta
from pathlib import Path

from gate.core.daily_counts import NO_DAY
from tests.scenarios.fakes import PAPER, rig
from tests.scenarios.running import running

OPENS = PAPER.start - timedelta(minutes=30)


async def test_a_unit_in_utc_writes_and_counts_by_the_exams_wall(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    parts.clock.at = OPENS.astimezone(UTC)
    async with running(parts) as gate:
        said = gate.desk.status()
        assert said["clock"]["at"] == "2027-04-10T08:30:00.000+08:00"
        parts.reader.queue.put_nowait(parts.card())
        decision = await gate.decision()
        assert decision["outcome"] == "ADMIT"
        assert decision["at"] == decision["found"] == "2027-04-10T08:30:00.000+08:00"
        assert gate.lane.recorder.counts.days == ["2027-04-10"]
        assert gate.desk.status()["counts"]["decisions"] == 1
        parts.clock.at -= timedelta(minutes=1)
        parts.reader.queue.put_nowait(parts.card("440524188001010014"))
        assert (await gate.decision())["reason"] == "TOO_EARLY"
        assert gate.lane.showing["en"] == "Too early: entry opens at 08:30"


async def test_what_is_decided_by_an_untrusted_clock_is_of_no_day(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    parts.clock.at = parts.clock.at.replace(year=1970)
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["reason"] == "CLOCK_UNTRUSTED"
        assert gate.lane.recorder.counts.days == [NO_DAY]
        assert gate.desk.status()["counts"]["decisions"] == 1
