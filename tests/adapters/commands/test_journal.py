"""exam-gate journal show, verify, export; also beside a gate that is writing."""

import errno
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gate.commands.journal import app
from gate.core.journal_entries import event_hash, verify_chain
from gate.errors import InputDamaged, StorageDamaged, StorageRefused
from tests.adapters.store.test_journal_schema import of_the_first_release
from tests.journal_making import GATE, OTHER, entry, opened


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
async def unit(tmp_path: Path) -> Path:
    """gate.toml of a unit with seven events."""
    config = tmp_path / "gate.toml"
    config.write_text(
        f'[unit]\nid = "{GATE}"\nsite = "wh-hs-01"\n[paths]\nstate = "state"\n', encoding="utf-8"
    )
    async with opened(tmp_path / "state") as journal:
        for number in range(6):
            event = await journal.append(entry(number, reason="TOO_EARLY", outcome="REFUSE"))
            await journal.keep_timing(event["seq"], {"disk": 1.5, "total": 4.25})
        await journal.append(entry(7, kind="fault", detail="camera unplugged"))
    return config


def changed(unit: Path, sql: str) -> None:
    db = sqlite3.connect(unit.parent / "state" / "journal.sqlite")
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute(sql)
    db.commit()
    db.close()


def test_export_is_whole_and_chained(unit: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    assert run("export", "--config", unit, "--out", out).exit_code == 0
    events = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [e["seq"] for e in events] == list(range(1, 8))
    assert events[0]["ms"] == {"disk": 1.5, "total": 4.25}
    assert verify_chain(events, gate=GATE, epoch=events[0]["epoch"]) is None


def test_export_by_kind_to_the_screen(unit: Path) -> None:
    lines = run("export", "--config", unit, "--kind", "fault").stdout.splitlines()
    assert [json.loads(line)["detail"] for line in lines] == ["camera unplugged"]


def test_an_export_that_fails_leaves_the_old_one(
    unit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "events.jsonl").write_text("the old one")
    monkeypatch.setattr("os.fsync", full)
    found = run("export", "--config", unit, "--out", stick / "events.jsonl")
    assert isinstance(found.exception, StorageRefused)
    assert [f.name for f in stick.iterdir()] == ["events.jsonl"]
    assert (stick / "events.jsonl").read_text() == "the old one"


def test_an_export_into_no_folder_is_refused(unit: Path, tmp_path: Path) -> None:
    found = run("export", "--config", unit, "--out", tmp_path / "no" / "folder.jsonl")
    assert isinstance(found.exception, StorageRefused)


def test_verify_says_yes(unit: Path) -> None:
    found = run("verify", "--config", unit, "--json")
    said = json.loads(found.stdout)
    assert (found.exit_code, said["chain"], said["events"]) == (0, "verified", 7)


async def test_liveness_of_every_version_verifies_and_shows(tmp_path: Path) -> None:
    layers = {"nir": None, "network": 0.97, "geometry": None, "action": None}
    config = tmp_path / "gate.toml"
    config.write_text(
        f'[unit]\nid = "{GATE}"\nsite = "wh-hs-01"\n[paths]\nstate = "state"\n', encoding="utf-8"
    )
    shapes = (None, 0.98, 1, 0.0, {"verdict": "live", "layers": layers})
    async with opened(tmp_path / "state") as journal:
        for number, shape in enumerate(shapes):
            await journal.append(entry(number, reason="OK", outcome="ADMIT", liveness=shape))
    assert run("verify", "--config", config).exit_code == 0
    assert run("show", "--config", config).exit_code == 0
    lines = run("export", "--config", config).stdout.splitlines()
    assert tuple(json.loads(line)["liveness"] for line in lines) == shapes


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE event SET event = replace(event, 'EARLY', 'LATE') WHERE seq = 3", "event 3"),
        ("DELETE FROM event WHERE seq = 5", "event 5: gap"),
        ("UPDATE event SET prev = hash WHERE seq = 2", "event 2"),
    ],
)
def test_verify_says_no_and_where(unit: Path, sql: str, told: str) -> None:
    changed(unit, sql)
    found = run("verify", "--config", unit)
    assert found.exit_code == 1
    assert told in found.stdout


def test_verify_tells_what_was_expected(unit: Path) -> None:
    changed(unit, "UPDATE event SET event = replace(event, 'EARLY', 'LATE') WHERE seq = 3")
    said = json.loads(run("verify", "--config", unit, "--json").stdout)
    assert (said["first_bad"], said["what"]) == (3, "altered")
    assert said["expected"].startswith("hash ")
    assert said["expected"] != said["found"]


def lines(unit: Path, out: Path) -> list[str]:
    run("export", "--config", unit, "--out", out)
    return out.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda told: told, None),
        (lambda told: told[3:], None),
        (lambda told: [*told[:2], told[2].replace("EARLY", "LATE"), *told[3:]], (3, "altered")),
        (lambda told: [*told[:2], *told[3:]], (3, "gap")),
        (lambda told: [*told[:2], told[3], told[2], *told[4:]], (3, "order")),
        (lambda told: [*told[:3], forked(told[2]), *told[3:]], (3, "fork")),
    ],
)
def test_verify_of_a_plain_export(
    change: Callable[[list[str]], list[str]], told: object, unit: Path, tmp_path: Path
) -> None:
    out = tmp_path / "events.jsonl"
    out.write_text("\n".join(change(lines(unit, out))) + "\n", encoding="utf-8")
    found = run("verify", out, "--json")
    said = json.loads(found.stdout)
    assert found.exit_code == (0 if told is None else 1)
    assert (None if told is None else (said["first_bad"], said["what"])) == told


def test_a_plain_export_with_a_byte_that_is_no_text(unit: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    whole = lines(unit, out)
    spoilt = "\n".join(whole).encode().replace(b"EARLY", b"E\xffRLY")
    out.write_bytes(spoilt.replace(b"E\xffRLY", b"EARLY", 2) + b"\n")
    said = json.loads(run("verify", out, "--json").stdout)
    assert (said["first_bad"], said["what"]) == (3, "altered")


@pytest.mark.parametrize("seq", [None, "1", 1.5, True, []])
def test_a_plain_export_without_a_number(seq: object, unit: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    first, *rest = lines(unit, out)
    first = json.dumps(json.loads(first) | {"seq": seq})
    out.write_text("\n".join([first, *rest]) + "\n", encoding="utf-8")
    assert isinstance(run("verify", out).exception, InputDamaged)


def forked(line: str) -> str:
    """Another content for the same place, with a hash that fits."""
    event = json.loads(line) | {"ticket": "another"}
    return json.dumps(event | {"hash": event_hash(event["prev"], event)}, ensure_ascii=False)


async def test_verify_of_a_folder_that_was_put_aside(unit: Path) -> None:
    state = unit.parent / "state"
    changed(unit, "UPDATE event SET event = replace(event, 'EARLY', 'LATE') WHERE seq = 3")
    async with opened(state):
        pass
    (folder,) = state.glob("journal-damaged-*")
    before = {f.name: f.read_bytes() for f in folder.iterdir()}
    found = run("verify", folder, "--json")
    said = json.loads(found.stdout)
    assert (found.exit_code, said["first_bad"], said["what"]) == (1, 3, "gap")
    assert (said["salvaged"], said["missing"], said["changed_since"]) == (6, [[3, 3]], [])
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == before
    (folder / "salvaged.jsonl").write_text("")
    assert "changed since: salvaged.jsonl" in run("verify", folder).stdout


def test_a_card_of_the_first_release_is_read_as_it_is(tmp_path: Path) -> None:
    path = of_the_first_release(tmp_path, 5)
    before = path.read_bytes()
    said = json.loads(run("verify", path, "--json").stdout)
    assert (said["events"], said["chain"]) == (5, "verified")
    first = json.loads(run("export", "--journal", path).stdout.splitlines()[0])
    assert first["ms"] == {"total": 2.5}
    assert path.read_bytes() == before


def test_verify_refuses_another_units_journal(unit: Path) -> None:
    unit.write_text(unit.read_text().replace(GATE, OTHER), encoding="utf-8")
    found = run("verify", "--config", unit)
    assert found.exit_code == 1
    assert f"belongs to gate {GATE}" in found.stdout


async def test_verify_and_export_beside_a_writing_gate(unit: Path) -> None:
    async with opened(unit.parent / "state") as journal:
        await journal.append(entry(8))
        assert json.loads(run("verify", "--config", unit, "--json").stdout)["events"] == 8
        await journal.append(entry(9))
        assert len(run("export", "--config", unit).stdout.splitlines()) == 9


def test_show_tells_the_newest(unit: Path) -> None:
    found = run("show", "--config", unit, "--last", "2").stdout
    assert "TOO_EARLY" in found
    assert "camera" in found
    assert found.count("decision") == 1


def test_no_journal_and_no_database(unit: Path, tmp_path: Path) -> None:
    assert isinstance(run("verify", "--journal", tmp_path / "none").exception, InputDamaged)
    (tmp_path / "junk").write_bytes(b"junk " * 1000)
    assert isinstance(run("verify", "--journal", tmp_path / "junk").exception, StorageDamaged)
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE t (x)")
    assert isinstance(run("verify", "--journal", tmp_path / "other").exception, StorageDamaged)


def test_a_tail_that_was_cut_off_is_named_though_the_chain_holds(unit: Path) -> None:
    changed(unit, "DELETE FROM event WHERE seq > 5")
    done = run("verify", "--config", unit, "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["first_bad"], said["what"]) == (1, 6, "gap")
    assert said["chain"] == "events 6 to 7 are gone"


def test_a_journal_written_anew_with_hashes_that_fit_is_named(unit: Path) -> None:
    db = sqlite3.connect(unit.parent / "state" / "journal.sqlite")
    prev, text = db.execute("SELECT prev, event FROM event WHERE seq = 7").fetchone()
    forged = text.replace("unplugged", "in place")
    digest = event_hash(prev, json.loads(forged))
    db.close()
    changed(unit, f"UPDATE event SET event = '{forged}', hash = '{digest}' WHERE seq = 7")
    done = run("verify", "--config", unit)
    assert done.exit_code == 1
    assert "event 7 is not the one that was committed here" in done.stdout


def test_a_journal_alone_without_its_mark_is_still_verified(unit: Path) -> None:
    (unit.parent / "state" / "journal.sqlite.mark").unlink()
    assert run("verify", "--config", unit).exit_code == 0


async def test_show_says_who_typed_and_what_a_damaged_journal_lost(tmp_path: Path) -> None:
    config = tmp_path / "gate.toml"
    config.write_text(f'[unit]\nid = "{GATE}"\nsite = "wh-hs-01"\n[paths]\nstate = "state"\n')
    async with opened(tmp_path / "state") as journal:
        await journal.append(entry(1, source="typed", by="李", scanner=None, reason="OK"))
        await journal.append(entry(2, source="scan", by=None, scanner="notices", reason="OK"))
    with (tmp_path / "state" / "journal.sqlite-wal").open("wb"):
        pass  # everything was in the log
    file = tmp_path / "state" / "journal.sqlite"
    file.write_bytes(b"x" * 5000)
    async with opened(tmp_path / "state") as journal:
        await journal.append(entry(3, source="typed", by="李", reason="OK"))
        await journal.append(entry(4, source="scan", scanner="notices", reason="OK"))
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["show", "--config", str(config)]).stdout
    assert "typed 李" in shown
    assert "scan notices" in shown
    assert "1 to 2 缺失" in shown
