"""`exam-office exam check`: every fault at once, the days as a table, the same as JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from office.commands.exam import LINES_MAX, app
from tests.roster_making import EXAM_TOML, citizen

HEADER = "ticket,id_number,name,site,paper,room,seat"


def checked(folder: Path, text: str = EXAM_TOML, *words: str, rows: tuple[str, ...] = ()) -> Result:
    exam = folder / "exam.toml"
    exam.write_text(text, encoding="utf-8")
    if rows:
        listed = folder / "list.csv"
        listed.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
        words = (*words, "--candidates", str(listed))
    return CliRunner().invoke(app, ["check", str(exam), *words])


def line(n: int, paper: str = "00015-am", room: str = "03") -> str:
    return f"A{n:03d},{citizen(n)},测试,wh-hs-01,{paper},{room},{n}"


def test_a_sound_exam_is_printed_by_day(tmp_path: Path) -> None:
    done = checked(tmp_path)
    assert done.exit_code == 0, done.output
    assert "2027-04-10" in done.output
    for shown in ("00015-am", "英语（二）", "09:00 – 11:30", "08:30 – 09:10", "14:00 – 14:15"):
        assert shown in done.output


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    wrong = EXAM_TOML.replace("Asia/Shanghai", "Mars/Shanghai").replace("T11:30", "T08:30")
    done = checked(tmp_path, wrong + 'colour = "red"\n')
    assert done.exit_code == 1
    for key in ("timezone", "00015-am.end", "00023-pm.colour"):
        assert key in done.output
    said = json.loads(checked(tmp_path, wrong, "--json").output)
    assert said["accepted"] is False
    assert len(said["faults"]) == 2


@pytest.mark.parametrize(
    "text",
    ["", "exam = ", "\x00", "[[paper]]\n", f"a = {'[' * 3000}", f"a = {'9' * 5000}"],
    ids=["empty", "cut off", "no text", "nothing said", "nested", "a long number"],
)
def test_what_is_no_exam_is_refused_in_words(tmp_path: Path, text: str) -> None:
    done = checked(tmp_path, text)
    assert done.exit_code == 1
    assert "refused: " in done.output
    assert json.loads(checked(tmp_path, text, "--json").output)["accepted"] is False


def test_rooms_and_candidates_come_from_the_list(tmp_path: Path) -> None:
    rows = (line(1), line(2, room="04"), line(1, "00023-pm"))
    done = checked(tmp_path, EXAM_TOML, "--json", rows=rows)
    assert done.exit_code == 0, done.output
    morning, afternoon = json.loads(done.output)["days"][0]["papers"]
    assert (morning["candidates"], afternoon["candidates"]) == (2, 1)
    assert [r["room"] for r in morning["rooms"]] == ["03", "04"]
    assert morning["closes"] == "2027-04-10T09:10:00+08:00"


def test_a_candidate_with_two_papers_at_one_time_is_a_fault(tmp_path: Path) -> None:
    together = EXAM_TOML.replace("T14:30", "T09:00").replace("T17:00", "T11:30")
    done = checked(tmp_path, together, rows=(line(1), line(1, "00023-pm")))
    assert done.exit_code == 1
    assert "1 candidate(s) are listed for 00015-am and 00023-pm" in done.output
    assert checked(tmp_path, together, rows=(line(1), line(2, "00023-pm"))).exit_code == 0


def test_rows_that_are_not_taken_are_counted(tmp_path: Path) -> None:
    done = checked(tmp_path, rows=(line(1), line(2, "99999")))
    assert done.exit_code == 1
    assert "1 row(s) of the list are not taken" in done.output


def test_an_extension_for_a_room_of_nobody_is_told(tmp_path: Path) -> None:
    granted = '[[extension]]\npaper = "00015-am"\nroom = "44"\ncloses_after_min = 30\n'
    done = checked(tmp_path, EXAM_TOML + granted + 'by = "c"\nreason = "r"\n', rows=(line(1),))
    assert done.exit_code == 0, done.output
    assert "'44' does nothing" in done.output


def test_a_day_of_many_rooms_is_counted_and_not_listed(tmp_path: Path) -> None:
    rooms = range(1, LINES_MAX + 31)
    granted = "".join(
        f'[[extension]]\npaper = "00015-am"\nroom = "{room}"\ncloses_after_min = 30\nby = "c"\n'
        'reason = "r"\n'
        for room in rooms
    )
    rows = tuple(line(room, room=f"{room:03d}") for room in rooms)
    done = checked(tmp_path, EXAM_TOML + granted, rows=rows)
    assert done.output.count("by extension") == LINES_MAX
    assert "30 more room(s)" in done.output


def test_markup_in_a_subject_is_shown_as_it_is(tmp_path: Path) -> None:
    done = checked(tmp_path, EXAM_TOML.replace("高等数学", "[bold]数学[/bold]"))
    assert "[bold]数学[/bold]" in done.output


def test_what_a_paper_requires_is_shown(tmp_path: Path) -> None:
    text = EXAM_TOML.replace("[defaults]", '[defaults]\nrequires = ["health-report", "notice"]')
    text = text.replace("closes_after_min = -15", 'signatures = 1\nstandby_room = "备用01"')
    text += '[[question]]\nid = "symptoms"\nzh = "近14天有无症状？"\nen = "Any symptoms?"\n'
    said = checked(tmp_path, text).output
    assert "00015-am: requires health-report, notice" in said
    assert "standby room 备用考场 备用01; signatures of a doubtful case 存疑签字 1" in said
    assert "question 问题 symptoms: 近14天有无症状？" in said
    found = json.loads(checked(tmp_path, text, "--json").output)
    morning, afternoon = found["days"][0]["papers"]
    assert (morning["requires"], afternoon["signatures"]) == (["health-report", "notice"], 1)
    assert found["questions"][0]["standby"] is True


FLAGGED = HEADER + ",flags"


@pytest.mark.parametrize(("minutes", "told"), [(0, True), (30, False)])
def test_extra_time_that_no_paper_gives_is_told(
    tmp_path: Path, minutes: int, *, told: bool
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"{FLAGGED}\n{line(1)},extra-time\n{line(2)},\n", encoding="utf-8")
    text = EXAM_TOML.replace("[defaults]", f"[defaults]\nextra_time_min = {minutes}")
    done = checked(tmp_path, text, "--candidates", str(listed))
    assert done.exit_code == 0, done.output
    words = " ".join(done.output.split())
    assert ("1 candidate(s) have the flag extra-time" in words) is told
    assert ("extra time 延长 30 min" in words) is not told
