"""The chief examiner's cases: from the gates' events, with evidence, settled by a signed word."""

import json
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey
from nacl.signing import SigningKey
from PIL import Image
from typer.testing import CliRunner, Result

from gate.core.events import Instant
from gate.core.journal_entries import GENESIS, JournalEntry, seal
from gate.core.records import JournalEvent
from gate.errors import UsageError
from gate.roster.keys import write_key
from gate.store.evidence import SealedEvidence
from office.__main__ import app
from office.home import Home
from office.store.opening import open_receiving
from tests.contracts.test_office_store import EPOCH, GATE, NOW, SITE, batch
from tests.roster_making import citizen

EXAM = "hb-2027"
JPEG = b"\xff\xd8\xff a face \xff\xd9"
AT = datetime(2027, 4, 10, 0, 45, tzinfo=UTC)
OFFICE = SigningKey(b"\x02" * 32)


def events(*entries: tuple[str, dict[str, Any]]) -> list[JournalEvent]:
    made: list[JournalEvent] = []
    for seq, (kind, body) in enumerate(entries, 1):
        when = Instant(AT + timedelta(seconds=seq), seq * 1_000_000_000, True)
        before = made[-1]["hash"] if made else GENESIS
        entry = JournalEntry(kind, when, {"exam": EXAM, **body})
        made.append(seal(entry, gate=GATE, epoch=EPOCH, seq=seq, boot="b", previous=before))
    return made


def case(seq: int) -> str:
    return f"{EPOCH}-{seq}"


def refer(ticket: str, reason: str = "FACE_MISMATCH", **facts: Any) -> tuple[str, dict[str, Any]]:
    body = {
        "ticket": ticket,
        "paper": "am",
        "room": "03",
        "seat": "07",
        "outcome": "REFER",
        "reason": reason,
        "doubtful": reason == "FACE_MISMATCH",
        "score": 0.21,
        "threshold": 0.4,
        "evidence": None,
    }
    return "decision", body | facts


def signature(of: int, by: str, verdict: str = "admit") -> tuple[str, dict[str, Any]]:
    return "signature", {"case": case(of), "verdict": verdict, "by": by, "role": "invigilator"}


def verdict(of: int, outcome: str, by: str, second: str | None = None, **facts: Any) -> Any:
    body = {"decision": case(of), "outcome": outcome, "by": by, "second": second, "note": "seen"}
    return "verdict", {**body, **facts}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A day: one signed by two, one open, one of a gate without staff, one declined."""
    private = PrivateKey.generate()
    for folder in ("examiner", "office"):
        (tmp_path / folder).mkdir()
    write_key(tmp_path / "examiner" / "examiner.key", bytes(private), private=True)
    write_key(tmp_path / "office" / "office-signing.key", bytes(OFFICE), private=True)
    write_key(tmp_path / "office" / "office.pub", bytes(OFFICE.verify_key), private=False)
    digest = SealedEvidence(tmp_path / "sealed", bytes(private.public_key)).keep(JPEG, case(1))
    day = events(
        refer("A1", evidence=digest),
        signature(1, "li"),
        signature(1, "wang"),
        verdict(1, "ADMIT", "li", "wang"),
        refer("A2", evidence="0" * 64),
        refer("A3"),
        verdict(6, "REFUSE", "Zhao", "Qian"),
        refer("A4", "FACE_DECLINED"),
        refer("A5", "NO_FACE"),
        ("case", {"case": case(6), "change": "correction", "outcome": "ADMIT", "by": "Zhao"}),
        refer("A6", exam="another-2026"),
    )
    with open_receiving(Home(tmp_path)) as store, store.transaction():
        store.add(batch(day), exam=EXAM, site=SITE, now=NOW)
    return tmp_path


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["doubtful", *words, "--home", str(home)])


def listed(home: Path, *words: str) -> list[Any]:
    done = run(home, "list", EXAM, "--json", *words)
    assert done.exit_code == 0, done.output
    return list(json.loads(done.stdout)["cases"])


def settle(home: Path, of: int, **changed: str) -> Result:
    said = {"by": "主考 王", "verdict": "deny", "note": "another person"} | changed
    options = [w for k, v in said.items() for w in (f"--{k}", v)]
    return run(home, "settle", EXAM, case(of), *options)


def test_the_list_has_every_doubtful_case_and_who_signed(home: Path) -> None:
    cases = listed(home)
    assert [(c["ticket"], c["verdict"], [s["by"] for s in c["signatures"]]) for c in cases] == [
        ("A1", "admit", ["li", "wang"]),
        ("A2", None, []),
        ("A3", "admit", ["Zhao", "Qian"]),
        ("A4", None, []),
    ]
    assert {c["site"] for c in cases} == {SITE}


def test_evidence_is_opened_and_what_is_missing_is_said(home: Path) -> None:
    cases = listed(home, "--evidence", str(home / "sealed"))
    assert [(c["evidence"], c["evidence_missing"]) for c in cases[:3]] == [
        (True, None),
        (False, "the sealed file is not in the folder"),
        (False, None),
    ]


def test_one_odd_file_does_not_stop_the_list(home: Path) -> None:
    (home / "sealed" / f"{case(5)}.sealed").mkdir()
    sealed = home / "sealed" / f"{case(1)}.sealed"
    sealed.write_bytes(sealed.read_bytes()[:-1])
    cases = listed(home, "--evidence", str(home / "sealed"))
    assert [c["evidence_missing"] for c in cases[:3]] == [
        "is not the file that the decision names",
        "the sealed file cannot be read",
        None,
    ]


def test_the_pdf_is_for_its_owner(home: Path) -> None:
    out = home / "list.pdf"
    done = run(home, "list", EXAM, "--evidence", str(home / "sealed"), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert out.read_bytes().startswith(b"%PDF")
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_settlement_stands_beside_the_gates_word(home: Path) -> None:
    assert settle(home, 1).exit_code == 0
    assert settle(home, 1, verdict="admit", note="looked again").exit_code == 0
    first = listed(home)[0]
    assert first["verdict"] == "admit"
    assert [(s["verdict"], s["note"]) for s in first["settlements"]] == [
        ("deny", "another person"),
        ("admit", "looked again"),
    ]


def test_a_settlement_that_was_altered_is_told(home: Path) -> None:
    assert settle(home, 1).exit_code == 0
    with sqlite3.connect(home / "office.sqlite") as db:
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            db.execute("UPDATE settlement SET record = replace(record, 'deny', 'admit')")
        db.execute("DROP TRIGGER settlement_no_update")
        db.execute("UPDATE settlement SET record = replace(record, 'deny', 'admit')")
    refused = run(home, "list", EXAM)
    assert "not as the office signed it" in str(refused.exception)


@pytest.mark.parametrize(
    ("of", "changed", "said"),
    [
        (9, {}, "No doubtful case"),
        (99, {}, "No doubtful case"),
        (1, {"by": " "}, "--by"),
        (1, {"by": "\u202ew"}, "--by"),
        (1, {"note": ""}, "--note"),
        (1, {"note": "x" * 1001}, "--note"),
    ],
)
def test_what_cannot_be_settled_is_one_sentence(
    home: Path, of: int, changed: dict[str, str], said: str
) -> None:
    assert said in str(settle(home, of, **changed).exception)
    assert all(c["settlements"] == [] for c in listed(home))


def test_the_view_for_outside_tools(home: Path) -> None:
    settle(home, 1)
    with sqlite3.connect(home / "office.sqlite") as db:
        rows = db.execute(
            "SELECT ticket, signatures, outcome, by, second, office_verdict, corrections, "
            "first_outcome, first_by FROM v_case WHERE exam = ? ORDER BY seq",
            (EXAM,),
        ).fetchall()
    assert rows == [
        ("A1", 2, "ADMIT", "li", "wang", "deny", 0, "ADMIT", "li"),
        ("A2", 0, None, None, None, None, 0, None, None),
        ("A3", 0, "ADMIT", "Zhao", None, None, 1, "REFUSE", "Zhao"),
        ("A4", 0, None, None, None, None, 0, None, None),
        ("A5", 0, None, None, None, None, 0, None, None),
    ]


PEOPLE = """exam = "hb-2027"
name = "自学考试"
timezone = "Asia/Shanghai"
retention_days = 30
[[site]]
id = "wh-hs-01"
name = "一考点"
[[paper]]
id = "am"
subject = "英语（二）"
start = 2027-04-10T09:00:00+08:00
end = 2027-04-10T11:30:00+08:00
"""


@pytest.fixture
def people(tmp_path: Path) -> list[str]:
    """Options that name exam, candidates and photos: one good photo, one damaged, one missing."""
    (tmp_path / "exam.toml").write_text(PEOPLE, encoding="utf-8")
    rows = ["ticket,id_number,name,site,paper,room,seat"]
    names = ("张三丰", "李四光", "<b>王五</b>")
    rows += [f"A{n},{citizen(n)},{name},wh-hs-01,am,03,0{n}" for n, name in enumerate(names, 1)]
    (tmp_path / "c.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (180, 240), (20, 90, 160)).save(photos / "A1.jpg")
    (photos / "A2.jpg").write_bytes(b"damaged")
    files = {"exam-file": "exam.toml", "candidates": "c.csv", "photos": "photos"}
    return [w for option, name in files.items() for w in (f"--{option}", str(tmp_path / name))]


def drawn(pdf: Path) -> tuple[str, int]:
    """The text of a PDF, and how many pictures it has."""
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    images = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, check=True)
    return text.stdout.decode(), len(images.stdout.splitlines()) - 2


def test_the_pdf_has_names_subjects_and_photos(
    home: Path, people: list[str], tmp_path: Path
) -> None:
    done = run(home, "list", EXAM, "--out", str(tmp_path / "list.pdf"), *people)
    assert done.exit_code == 0, done.output
    assert "张三丰" not in done.output, "a name stands on the paper alone"
    text, pictures = drawn(tmp_path / "list.pdf")
    for word in (
        "张三丰",
        "李四光",
        "<b>王五</b>",
        "英语（二）",
        "03 考场 07 号",
        "人脸比对未通过",
    ):
        assert word in text, word
    assert pictures == 1, "a damaged photo leaves its place empty"


def test_the_last_settlement_stands_on_the_paper_in_the_exams_zone(
    home: Path, tmp_path: Path
) -> None:
    for number in range(7):
        assert settle(home, 1, note=f"看法{number}").exit_code == 0
    run(home, "list", EXAM, "--out", str(tmp_path / "list.pdf"))
    text, _ = drawn(tmp_path / "list.pdf")
    assert "看法6" in text
    assert "看法0" not in text
    assert "li（invigilator）" in text


@pytest.mark.parametrize("left_out", ["--exam-file", "--candidates"])
def test_options_that_need_each_other_are_told(
    home: Path, people: list[str], left_out: str
) -> None:
    place = people.index(left_out)
    done = run(home, "list", EXAM, *people[:place], *people[place + 2 :])
    assert isinstance(done.exception, UsageError)
    assert "together" in str(done.exception)
