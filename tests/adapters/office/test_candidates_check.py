"""`exam-office candidates check`: what it says of a list, its exit code, and the same as JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from office.commands.candidates import app
from tests.roster_making import EXAM_TOML, citizen

HEADER = "ticket,id_number,name,site,paper,room,seat"


def line(n: int, name: str = "测试", paper: str = "00015-am") -> str:
    return f"A{n:03d},{citizen(n)},{name},wh-hs-01,{paper},03,{n}"


def checked(folder: Path, *lines: str, words: tuple[str, ...] = ()) -> Result:
    listed = folder / "list.csv"
    listed.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return CliRunner().invoke(app, ["check", str(listed), *words])


def with_exam(folder: Path) -> tuple[str, str]:
    exam = folder / "exam.toml"
    exam.write_text(EXAM_TOML, encoding="utf-8")
    return "--exam", str(exam)


def test_a_list_of_whole_rows_is_taken(tmp_path: Path) -> None:
    done = checked(tmp_path, line(1), line(2), words=with_exam(tmp_path))
    assert done.exit_code == 0, done.output
    assert "2 row(s) taken, 0 rejected" in done.output


def test_a_row_that_is_not_taken_is_named(tmp_path: Path) -> None:
    done = checked(tmp_path, line(1), line(2, name="测\ufffd"))
    assert done.exit_code == 1
    assert "rejected: line 3, ticket A002: " in done.output
    assert "1 row(s) taken, 1 rejected" in done.output


def test_sites_and_papers_are_judged_where_the_exam_is_given(tmp_path: Path) -> None:
    row = line(1, paper="99999-am")
    assert checked(tmp_path, row).exit_code == 0
    assert checked(tmp_path, row, words=with_exam(tmp_path)).exit_code == 1


def test_what_was_put_right_is_told(tmp_path: Path) -> None:
    done = checked(tmp_path, line(1, name="测\u200b试"))
    assert done.exit_code == 0, done.output
    assert "note: 1 row(s): " in done.output


def test_json_says_the_same(tmp_path: Path) -> None:
    whole = checked(tmp_path, line(1), words=("--json",))
    assert (whole.exit_code, json.loads(whole.output)["accepted"]) == (0, True)
    done = checked(tmp_path, line(1), line(2, name="测\ufffd"), words=("--json",))
    said = json.loads(done.output)
    assert (done.exit_code, said["accepted"], said["taken"]) == (1, False, 1)
    (rejected,) = said["rejected"]
    assert (rejected["line"], rejected["ticket"], rejected["reason"]) == (3, "A002", "name")
    assert rejected["en"]
    assert rejected["zh"]


def test_a_list_without_rows_is_not_taken(tmp_path: Path) -> None:
    assert checked(tmp_path).exit_code == 1


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_list_that_is_none_is_refused_in_one_sentence(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_bytes(bytes(range(256)))
    done = CliRunner().invoke(app, ["check", str(listed), *words])
    assert done.exit_code == 1
    assert len(done.output.strip().splitlines()) == 1
    if words:
        said = json.loads(done.output)
        assert said["accepted"] is False
        assert set(said["refused"]) == {"en", "zh"}
    else:
        assert done.output.startswith("refused: ")


def test_numbers_that_a_spreadsheet_rounded_are_refused_for_the_whole_list(tmp_path: Path) -> None:
    rows = [line(n).replace(citizen(n), citizen(n)[:15] + "000") for n in range(1, 41)]
    done = checked(tmp_path, *rows)
    assert done.exit_code == 1
    assert done.output.startswith("refused: ")
