"""Decisions from before the floor, whose liveness is a number or null: read, verified, gone on
with. The lines are the export of a gate of that time."""

import json
import sqlite3
from pathlib import Path

import pytest

from demo.judge import face
from gate.core.daily_counts import DailyCounts
from gate.core.journal_entries import canonical_bytes, verify_chain
from gate.core.json_types import JsonObject
from gate.core.replay import replay
from gate.core.state import State
from gate.store import schema
from tests.adapters.commands.test_journal import run
from tests.journal_making import GATE, entry, opened

LINES = Path(__file__).with_name("decisions_before_the_floor.jsonl").read_text(encoding="utf-8")
OLD: list[JsonObject] = [json.loads(line) for line in LINES.splitlines()]
EPOCH = OLD[0]["epoch"]


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """gate.toml of a unit whose journal has the old decisions."""
    config = tmp_path / "gate.toml"
    unit = f'[unit]\nid = "{GATE}"\nsite = "wh-hs-01"\n[paths]\nstate = "state"\n'
    config.write_text(unit, encoding="utf-8")
    (tmp_path / "state").mkdir()
    db = sqlite3.connect(tmp_path / "state" / "journal.sqlite", isolation_level=None)
    number, text = schema.steps()[0]
    db.executescript(text)
    db.execute("INSERT INTO schema_record VALUES (?, ?)", (number, schema.digest(text)))
    db.execute("INSERT INTO journal VALUES (1, ?, ?)", (GATE, EPOCH))
    for e in OLD:
        row = (e["seq"], e["prev"], e["hash"], canonical_bytes(e).decode(), "{}")
        db.execute("INSERT INTO append VALUES (?, ?, ?, ?, ?)", row)
    db.close()
    (tmp_path / "state" / "journal.sqlite.begun").write_text(f"{GATE} {EPOCH}\n")
    return config


def test_what_is_old_in_them() -> None:
    assert [e["liveness"] for e in OLD] == [0.98, None, None]
    assert not any("floor" in e for e in OLD)
    assert verify_chain(OLD, gate=GATE, epoch=EPOCH) is None  # type: ignore[arg-type]


def test_a_plain_export_of_them_verifies(tmp_path: Path) -> None:
    export = tmp_path / "events.jsonl"
    export.write_text(LINES, encoding="utf-8")
    assert run("verify", export).exit_code == 0


async def test_their_journal_verifies_shows_and_goes_on(
    unit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    async with opened(unit.parent / "state") as journal:
        new = entry(4, floor=0.45, score=0.5, liveness={"verdict": "live", "layers": {}})
        await journal.append(new)
        stored = await journal.read(1, 10)
    assert [e.get("floor") for e in stored] == [None, None, None, 0.45]
    found = run("verify", "--config", unit, "--json")
    assert (found.exit_code, json.loads(found.stdout)["events"]) == (0, 4)
    shown = run("show", "--config", unit)
    assert shown.exit_code == 0, shown.output
    assert all(e["reason"] in shown.stdout for e in OLD)
    assert run("counts", "--config", unit).exit_code == 0


def test_they_are_remembered_counted_and_judged() -> None:
    events = [dict(e) for e in OLD]
    state = replay(State(), events)  # type: ignore[arg-type]
    assert [case.decision for case in state.unsettled] == [OLD[1]["id"]]
    counted = DailyCounts(events).groups  # type: ignore[arg-type]
    assert sum(len(c["admitted_score"]) for c in counted.values()) == 1
    assert [face(e) for e in OLD] == ["same", "other", "none"]
