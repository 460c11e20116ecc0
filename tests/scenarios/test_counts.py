"""Counts in service: kept as decisions are made, in status, journaled when the exam is over.

They are the same after a restart, by the journal's command and at the office.
"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gate.__main__ import app as gate_app
from gate.core.count_figures import summary
from gate.core.daily_counts import DailyCounts, merged
from gate.ports import Typed
from gate.sync.wire import Batch
from office.__main__ import app as office_app
from office.home import Home
from office.store.database import OfficeStore
from tests.scenarios.fakes import EXAM, MATCH, PAPER, STRANGER, Rig, rig
from tests.scenarios.running import Running, running

DAY = "2027-04-10"


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


async def a_morning(gate: Running, parts: Rig) -> None:
    """One admitted at the second attempt, one typed and referred."""
    parts.matcher.verdicts = [STRANGER, MATCH, STRANGER]
    parts.reader.queue.put_nowait(parts.card())
    await gate.decision()
    await gate.desk.type(Typed("ticket", "A2", "temporary", "2027-05-01", "li"))
    await gate.decision()


async def events_of(parts: Rig) -> list[dict[str, Any]]:
    return [dict(e) for e in await parts.journal.read(1, 100)]


async def test_status_says_how_the_day_goes(parts: Rig) -> None:
    async with running(parts) as gate:
        assert gate.desk.status()["counts"]["decisions"] == 0
        await a_morning(gate, parts)
        said = gate.desk.status()["counts"]
        assert (said["decisions"], said["referred"], said["typed_share"]) == (2, 1, 0.5)
        assert said["attempts_mean"] == 2.5


async def test_reactions_of_staff_are_counted_and_outlive_a_restart(
    parts: Rig, tmp_path: Path
) -> None:
    parts.matcher.verdicts = [STRANGER]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        parts.clock.mono_ns += 7_400_000_000
        await gate.desk.acknowledge("li")
        said = gate.desk.status()["counts"]
        assert (said["reactions"], said["reaction_median_s"]) == (1, 8.0)
        report = await gate.desk.report(PAPER.id)
        assert (report["reactions"], report["reaction_longest_s"]) == (1, 8.0)
        live = gate.lane.recorder.counts.groups
    async with running(rig(tmp_path)) as gate:
        assert gate.lane.recorder.counts.groups == live
        assert gate.desk.status()["counts"] == said


async def test_counts_are_journaled_once_when_the_exam_is_over(parts: Rig, tmp_path: Path) -> None:
    async with running(parts) as gate:
        await a_morning(gate, parts)
        before = gate.lane.recorder.counts.groups
        parts.clock.at = PAPER.end
        await gate.until(lambda: parts.journal.head.seq >= 6)
        written = [e for e in await events_of(parts) if e["kind"] == "counts"]
        assert [(e["day"], e["closed"], e["paper"]) for e in written] == [(DAY, "exam", PAPER.id)]
        assert written[0]["decisions"] == {"ADMIT/OK": 1, "REFER/FACE_MISMATCH": 1}
        head = parts.journal.head.seq
    again = rig(tmp_path)
    again.clock.at = PAPER.end + timedelta(minutes=5)
    async with running(again) as gate:
        assert gate.lane.recorder.counts.groups == before
        again.clock.at += timedelta(days=1)
        await gate.until(lambda: again.journal.head.seq > head + 3)  # stop, start, roster, clock
        kinds = [e["kind"] for e in await again.journal.read(head + 1, 10)]
        assert "counts" not in kinds


async def test_an_untrusted_clock_ends_no_day(parts: Rig) -> None:
    async with running(parts) as gate:
        await a_morning(gate, parts)
        parts.clock.trusted = False
        parts.clock.at += timedelta(days=2)
        await gate.until(lambda: parts.journal.head.seq >= 5)
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        assert "counts" not in [e["kind"] for e in await events_of(parts)]


async def test_gate_command_and_office_count_the_same(parts: Rig, tmp_path: Path) -> None:
    async with running(parts) as gate:
        await a_morning(gate, parts)
        parts.clock.mono_ns += 12_000_000_000
        await gate.desk.acknowledge("li")
        at_gate = gate.lane.recorder.counts
    async with rig(tmp_path).journal as journal:
        events = [dict(e) for e in await journal.read(1, 100)]

    config = tmp_path / "gate.toml"
    unit = '[unit]\nid = "wh-hs-01-g1"\nsite = "wh-hs-01"\n'
    config.write_text(f'{unit}[paths]\nstate = "{tmp_path}"\n', encoding="utf-8")
    done = await command(gate_app, "journal", "counts", "--config", config, "--day", DAY)
    whole = at_gate.of_day(DAY)
    lines = [json.loads(line) for line in done.splitlines()]
    assert merged({k: line[k] for k in whole} for line in lines) == whole

    home = Home(tmp_path / "office")
    first, last = events[0], events[-1]
    batch = Batch(
        "wh-hs-01-g1",
        first["epoch"],
        1,
        last["seq"],
        first["prev"],
        last["hash"],
        False,
        tuple({k: v for k, v in e.items() if k != "ms"} for e in events),
        "key",
        "sig",
    )
    with OfficeStore(home.database) as store:
        with store.transaction():
            store.add(batch, exam=EXAM.id, site="wh-hs-01", now=last["at"])
        at_office = DailyCounts(store.events("wh-hs-01-g1", first["epoch"]))
    assert at_office.groups == at_gate.groups
    done = await command(office_app, "drift", "--home", home.root, "--json")
    (row,) = json.loads(done)["gates"]
    assert (row["gate"], row["day"], row["figures"]) == ("wh-hs-01-g1", DAY, summary(whole))
    assert "wh-hs-01-g1" in await command(office_app, "drift", "--home", home.root)


async def command(app: Any, *words: object) -> str:
    done = await asyncio.to_thread(CliRunner().invoke, app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    return done.output
