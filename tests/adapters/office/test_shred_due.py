"""exam-office shred on both databases, and --due for a timer."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gate.errors import Refused, UsageError
from gate.roster.keys import write_key
from gate.roster.sealing import new_key
from office.__main__ import app
from office.home import Home
from office.retention import destruction
from office.store.place import ENVIRONMENT, Place
from tests.adapters.office.test_audit import CLOSED, GATE, audited, decisions, received
from tests.adapters.office.test_shred import (
    COMING,
    OVER,
    Cut,
    build,
    made,
    on_disk,
    secrets_of,
    shred,
    verified,
)
from tests.unit.gate.core.world import EXAM

OTHER = replace(EXAM, id="another")


@pytest.fixture
def office(office_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An office whose exam is over, on either database."""
    url = office_place if isinstance(office_place, str) else f"sqlite:///{office_place}"
    monkeypatch.setenv(ENVIRONMENT, url)
    return made(tmp_path / "office")


def due(home: Home, *words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["shred", "--due", "--home", str(home.root), "--json", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, json.loads(done.stdout)


def test_what_names_people_is_gone_and_the_audit_finds_the_same(office: Home) -> None:
    secret = secrets_of(office)[:-3]
    with pytest.raises(Refused, match="missing or a gate is not closed"):
        shred(office)  # nothing was received
    received(office, GATE, [*decisions(), *CLOSED])
    before = audited(office)
    done = shred(office)
    assert (done["why"], done["complete"], len(done["journals"])) == ("retention", True, 1)
    assert [one for one in secret if one in on_disk(office.root)] == []
    assert audited(office) == before
    assert before[0] == 0
    assert verified(office) == 0
    assert shred(office)["done_before"] is True


def test_a_checkpoint_of_either_database_verifies_before_and_after(
    office: Home, tmp_path: Path
) -> None:
    received(office, GATE, [*decisions(), *CLOSED])
    assert audited(office, "--out", str(tmp_path / "out"))[0] == 0
    note = tmp_path / "out" / f"checkpoint-{EXAM.id}.txt"
    words = ["checkpoint", "verify", str(note), "--keys", str(office.office), "--json"]
    before = CliRunner().invoke(app, words)
    assert (before.exit_code, json.loads(before.stdout)["verdict"]) == (0, "complete")
    shred(office)
    assert CliRunner().invoke(app, words).stdout == before.stdout


def test_a_timer_destroys_what_is_due_once(office: Home) -> None:
    received(office, GATE, [*decisions(), *CLOSED])
    code, first = due(office)
    assert (code, [one["exam"] for one in first["shredded"]]) == (0, [EXAM.id])
    assert first["shredded"][0]["why"] == "retention"
    kept = on_disk(office.office)
    assert due(office) == (0, {"shredded": [], "refused": []})
    assert on_disk(office.office) == kept, "again it changes nothing"
    words = ["shred", "--due", "--home", str(office.root)]
    assert "No exam" in CliRunner().invoke(app, words).stdout


def test_what_stands_against_one_exam_does_not_keep_another(office: Home) -> None:
    build(office, 1, OVER, OTHER)
    write_key(office.index_key(OTHER.id), new_key(), private=True)
    received(office, GATE, [*decisions(), *CLOSED])
    code, found = due(office)
    assert code == 1
    assert [one["exam"] for one in found["shredded"]] == [EXAM.id]
    ((against),) = found["refused"]
    assert against["exam"] == OTHER.id
    assert "missing or a gate is not closed" in against["en"]
    assert office.index_key(OTHER.id).exists()


def test_a_manifest_that_does_not_read_keeps_its_exam_alone(office: Home) -> None:
    path = build(office, 1, OVER, OTHER)
    received(office, GATE, [*decisions(), *CLOSED])
    (office.manifests / path.name).write_bytes(b"{")
    code, found = due(office)
    assert (code, [one["exam"] for one in found["shredded"]]) == (1, [EXAM.id])
    assert "is damaged" in found["refused"][0]["en"]


def test_nothing_is_due_before_the_end_or_where_nothing_is_kept(tmp_path: Path) -> None:
    home = made(tmp_path / "office", COMING)
    before = {p: p.read_bytes() for p in home.office.rglob("*") if p.is_file()}
    assert due(home) == (0, {"shredded": [], "refused": []})
    assert {path: path.read_bytes() for path in before} == before
    bare = tmp_path / "bare"
    assert CliRunner().invoke(app, ["keys", "--home", str(bare)]).exit_code == 0
    assert due(Home(bare))[0] == 0


def test_what_a_kill_left_is_ended_by_the_timer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = made(tmp_path / "office")
    received(home, GATE, [*decisions(), *CLOSED])
    with monkeypatch.context() as patched:
        patched.setattr(destruction, "sign_certificate", _cut)
        with pytest.raises(Cut):
            shred(home)
    assert home.destroying.exists()
    code, found = due(home)
    assert (code, [one["exam"] for one in found["shredded"]]) == (0, [EXAM.id])
    assert not home.destroying.exists()
    assert len(list(home.destructions.iterdir())) == 1


def _cut(*_: object) -> bytes:
    raise Cut


@pytest.mark.parametrize("words", [[EXAM.id], ["--now", "why"], ["--also", "x"], ["--verify", "x"]])
def test_due_is_for_all_exams(tmp_path: Path, words: list[str]) -> None:
    done = CliRunner().invoke(app, ["shred", "--due", "--home", str(tmp_path), *words])
    assert isinstance(done.exception, UsageError)
