"""The reports of an audit, and its checkpoint: signed here, verified with public keys alone."""

import base64
import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from typer.testing import CliRunner

from gate.errors import InputDamaged, SignatureRefused
from office.__main__ import app
from office.audit.audit_reports import report_files
from office.audit.exam_checkpoint import (
    ExamLine,
    sign_checkpoint,
    unsigned_journals,
    verify_checkpoint,
)
from office.audit.findings import ExamFound
from office.home import Home
from office.keys.enrolment import assign, revoke
from tests.adapters.office import test_audit
from tests.adapters.office.test_audit import CLOSED, GATE, OTHER, audited, decisions, received
from tests.adapters.office.test_shred import made, shred
from tests.checkout import ROOT
from tests.unit.gate.core.world import EXAM

SCRIPT = ROOT / "docs/examples/check-checkpoint.sh"
home = test_audit.home
CSV, NOTE = f"audit-{EXAM.id}.csv", f"checkpoint-{EXAM.id}.txt"


@pytest.fixture
def out(home: Home, tmp_path: Path) -> Path:
    """Reports and checkpoint of a whole morning at one gate, with the office's public key."""
    received(home, GATE, [*decisions(), *CLOSED])
    folder = tmp_path / "out"
    assert audited(home, "--out", str(folder))[0] == 0
    shutil.copy(home.office / "office.pub", folder)
    return folder


def verified(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """As an outsider: no office's folder is near."""
    asked = ["checkpoint", "verify", str(folder / NOTE), "--keys", str(folder), "--json", *words]
    done = CliRunner().invoke(app, asked)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, json.loads(done.stdout)


def by_openssl(folder: Path) -> subprocess.CompletedProcess[str]:
    words = ["sh", str(SCRIPT), str(folder / NOTE), str(folder / "office.pub")]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_the_reports_say_the_same(out: Path) -> None:
    found = json.loads((out / f"audit-{EXAM.id}.json").read_text(encoding="utf-8"))
    with (out / CSV).open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    (gate,) = found["gates"]
    assert {k: row[k] for k in ("gate", "epoch", "head")} == {
        k: gate[k] for k in ("gate", "epoch", "head")
    }
    assert (gate["first"], gate["high"], gate["events"]) == (1, 7, 7)
    outcomes = [body["outcome"] for _, body in decisions()]
    counted = [outcomes.count(outcome) for outcome in ("ADMIT", "REFER", "REFUSE")]
    assert [gate["admitted"], gate["referred"], gate["refused"]] == counted
    assert all(counted)
    assert gate["closed_at"] == row["closed_at"]
    assert gate["closed_at"] is not None
    book = openpyxl.load_workbook(out / f"audit-{EXAM.id}.xlsx")
    assert book.sheetnames == ["exam", "gates", "doubles", "differences"]
    head, line = book["gates"].values
    assert dict(zip(head, line, strict=True)) == gate | {"missing": None, "conflicts": None}


def test_text_in_a_workbook_is_no_formula_and_no_control_character() -> None:
    found: ExamFound = {
        "exam": EXAM.id,
        "complete": False,
        "verdict": "incomplete",
        "gates": [],
        "absent": [],
        "unused": [],
        "doubles": [
            {"paper": "=1+1", "ticket": "0042\x07", "gates": [{"gate": "+g", "at": "-1"}]},
        ],
        "replay": {"decisions": 0, "differing": 0, "without_description": 0, "differences": []},
    }
    book = openpyxl.load_workbook(io.BytesIO(report_files(found)[f"audit-{EXAM.id}.xlsx"]))
    cells = list(book["doubles"].iter_rows())[1]
    assert [cell.data_type for cell in cells] == ["s"] * 4
    assert cells[0].value == "=1+1"
    assert str(cells[1].value).startswith("0042")


def test_an_outsider_verifies_it_with_the_public_key_alone(out: Path) -> None:
    code, found = verified(out)
    assert (code, found["valid"], found["verdict"]) == (0, True, "complete")
    assert set(found["reports"].values()) == {"same"}
    assert found["not_signed_by_gate"] == []
    (journal,) = found["journals"]
    assert (journal["gate"], journal["first"], journal["high"]) == (GATE, 1, 7)
    assert journal["closed"] is True
    assert journal["signed"]["head"] == journal["head"]
    done = by_openssl(out)
    assert done.returncode == 0, done.stderr
    assert f"{CSV}: OK" in done.stdout


def test_each_changed_line_is_told_by_both(out: Path) -> None:
    note = (out / NOTE).read_bytes()
    for old, new in (
        (b'"high":7', b'"high":6'),
        (b'"complete"', b'"unproven"'),
        (b"/1\n", b"/2\n"),
    ):
        assert old in note
        (out / NOTE).write_bytes(note.replace(old, new, 1))
        with pytest.raises((SignatureRefused, InputDamaged)):
            verified(out)
        assert by_openssl(out).returncode == 1


def test_another_office_and_a_changed_report(out: Path, tmp_path: Path) -> None:
    (out / CSV).write_bytes((out / CSV).read_bytes().replace(b"True", b"False"))
    code, found = verified(out)
    assert (code, found["valid"], found["reports"][CSV]) == (1, False, "changed")
    assert by_openssl(out).returncode == 1
    (out / CSV).unlink()
    code, found = verified(out)
    assert (code, found["reports"][CSV]) == (0, "absent")
    stranger = tmp_path / "stranger"
    assert CliRunner().invoke(app, ["keys", "--home", str(stranger)]).exit_code == 0
    shutil.copy(stranger / "office" / "office.pub", out)
    with pytest.raises(SignatureRefused, match="not signed with this office's key"):
        verified(out)
    assert by_openssl(out).returncode == 1


def test_it_stands_after_the_exams_personal_data_is_destroyed(tmp_path: Path) -> None:
    home = made(tmp_path / "office")
    received(home, GATE, [*decisions(), *CLOSED])
    for folder in ("before", "after"):
        audited(home, "--out", str(tmp_path / folder))
        shutil.copy(home.office / "office.pub", tmp_path / folder)
        if folder == "before":
            shred(home)
    (code, before), (other, after) = verified(tmp_path / "before"), verified(tmp_path / "after")
    assert (code, other) == (0, 0)
    assert before["journals"] == after["journals"]
    assert by_openssl(tmp_path / "before").returncode == 0


def test_what_is_not_whole_is_signed_as_such(home: Home, tmp_path: Path) -> None:
    received(home, GATE, decisions())
    received(home, OTHER, [*decisions(key="z", ticket="Z"), *CLOSED], leave_out=1)
    assert audited(home, "--out", str(tmp_path / "out"))[0] == 1
    shutil.copy(home.office / "office.pub", tmp_path / "out")
    code, found = verified(tmp_path / "out")
    assert (code, found["verdict"]) == (0, "incomplete"), "the word of the office holds"
    first, second = found["journals"]
    assert (first["closed"], second["missing"], second["whole"]) == (False, [[7, 7]], False)


def test_a_gate_of_which_nothing_was_received_is_named_and_signed(
    home: Home, tmp_path: Path
) -> None:
    """It has a roster, so it may have let people in."""
    received(home, GATE, [*decisions(), *CLOSED])
    for gate in (GATE, OTHER):
        assign(home, gate, EXAM.id)
    code, found = audited(home, "--out", str(tmp_path / "out"))
    assert (code, found["verdict"], found["absent"]) == (1, "incomplete", [OTHER])
    said = CliRunner().invoke(app, ["audit", EXAM.id, "--home", str(home.root)]).stdout
    assert f"say --unused {OTHER}" in said
    code, found = audited(home, "--out", str(tmp_path / "out"), "--unused", OTHER)
    assert (code, found["verdict"], found["unused"]) == (0, "complete", [OTHER])
    shutil.copy(home.office / "office.pub", tmp_path / "out")
    assert verified(tmp_path / "out")[1]["unused"] == [OTHER]
    revoke(home, OTHER, "never left the store")
    assert audited(home)[1]["absent"] == []


def test_a_head_that_the_gate_did_not_sign_is_named(out: Path, home: Home) -> None:
    """The office alone cannot say what a gate wrote."""
    key = SigningKey.generate()
    public = bytes(key.verify_key)
    own = verify_checkpoint((out / NOTE).read_bytes(), _public(home), "note")
    forged = sign_checkpoint(own.exam, own.journals, key)
    assert unsigned_journals(verify_checkpoint(forged, public, "note"), public) == list(
        own.journals
    ), "another office vouches for nobody's key"
    altered = [own.journals[0].model_copy(update={"head": "0" * 64})]
    assert unsigned_journals(own.model_copy(update={"journals": altered}), _public(home))


def test_without_the_signing_key_no_checkpoint_is_signed_and_it_is_said(
    home: Home, tmp_path: Path
) -> None:
    received(home, GATE, [*decisions(), *CLOSED])
    (home.office / "office-signing.key").unlink()
    words = ["audit", EXAM.id, "--home", str(home.root), "--out", str(tmp_path / "out")]
    said = CliRunner().invoke(app, words).stdout
    assert "No checkpoint was signed" in said
    assert (tmp_path / "out" / CSV).exists()
    assert not (tmp_path / "out" / NOTE).exists()


@given(
    st.binary(max_size=200)
    | st.builds(
        lambda a, b: b"exam-gate/checkpoint/1\n" + a + "\n\n— exam-office ".encode() + b,
        st.binary(max_size=80),
        st.binary(max_size=80),
    )
)
def test_whatever_it_is_given_it_answers_in_words(raw: bytes) -> None:
    with pytest.raises((InputDamaged, SignatureRefused)):
        verify_checkpoint(raw, b"\1" * 32, "note")


def test_a_signed_note_whose_lines_are_none_is_refused() -> None:
    key = SigningKey.generate()
    exam = ExamLine.model_validate(
        {
            "exam": "e",
            "at": "2027-04-10T09:00:00Z",
            "verdict": "complete",
            "gates": 1,
            "events": 0,
            "decisions": 0,
            "doubles": 0,
            "absent": [],
            "unused": [],
            "differing": 0,
            "without_description": 0,
            "files": {},
        }
    )
    with pytest.raises(InputDamaged):
        verify_checkpoint(sign_checkpoint(exam, [], key), bytes(key.verify_key), "note")


def _public(home: Home) -> bytes:
    return base64.b64decode((home.office / "office.pub").read_bytes())
