"""The columns `notice` and `health`: taken, told, and never repeated in a fault."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.health_report import HandedIn
from gate.roster.exam_data import exam_from_toml
from office.rosters.candidate_references import people_of
from office.rosters.candidates import Candidates, parse_candidates, read_candidates
from office.rosters.health_cells import faults, handed_in, merged
from tests.adapters.roster.test_exam_data import PEOPLE
from tests.roster_making import EXAM_TOML, citizen

EXAM = exam_from_toml(EXAM_TOML + PEOPLE, "exam.toml")
HEADER = "ticket,id_number,name,site,paper,room,seat,notice,health"


def listed(notice: str, health: str, header: str = HEADER) -> Candidates:
    row = f"A001,{citizen(1)},测试,wh-hs-01,00015-am,03,1,{notice},{health}"
    return parse_candidates(f"{header}\n{row}\n", "c.csv", EXAM)


@pytest.mark.parametrize(
    ("notice", "health", "found"),
    [
        ("", "", HandedIn()),
        ("yes", "", HandedIn(True)),
        ("是", "", HandedIn(True)),
        ("no", "contact=no", HandedIn(False, {"contact": "no"})),
        ("", "contact=yes;symptoms=no", HandedIn(False, {"contact": "yes", "symptoms": "no"})),
        ("", " Contact = 是；symptoms：否 ", HandedIn(False, {"contact": "yes", "symptoms": "no"})),
    ],
)
def test_what_was_handed_in_is_taken(notice: str, health: str, found: HandedIn) -> None:
    taken = listed(notice, health)
    assert taken.rejected == ()
    assert taken.rows[0].handed_in == found
    assert people_of(taken.rows)[0].handed_in == found


def test_the_columns_have_chinese_names() -> None:
    header = HEADER.replace("notice,health", "准考通知单,健康申报表")
    assert listed("是", "contact=no", header).rows[0].handed_in == HandedIn(True, {"contact": "no"})


@pytest.mark.parametrize(
    ("notice", "health", "reason"),
    [
        ("maybe", "", "notice"),
        ("", "fever", "health"),
        ("", "contact=perhaps", "health"),
        ("", "contact=no;contact=yes", "health"),
        ("", "fever=yes", "health"),
        ("x", "fever", "notice health"),
    ],
)
def test_a_cell_that_does_not_fit_rejects_its_row(notice: str, health: str, reason: str) -> None:
    (rejected,) = listed(notice, health).rejected
    assert rejected.reason == reason
    assert "fever" not in rejected.en + rejected.zh
    assert "perhaps" not in rejected.en + rejected.zh


def test_a_list_without_the_columns_is_as_before(tmp_path: Path) -> None:
    row = f"A001,{citizen(1)},测试,wh-hs-01,00015-am,03,1"
    (tmp_path / "c.csv").write_text(f"{HEADER.removesuffix(',notice,health')}\n{row}\n")
    assert read_candidates(tmp_path / "c.csv", EXAM).rows[0].handed_in == HandedIn()


def test_rows_of_one_candidate_are_put_together() -> None:
    one, two = (
        HandedIn(True, {"contact": "no", "green": "yes"}),
        HandedIn(False, {"contact": "yes"}),
    )
    assert merged([one, two]) == HandedIn(True, {"green": "yes"})
    assert merged([HandedIn(), HandedIn()]) == HandedIn()


@given(st.text(max_size=40), st.text("contasymp=;：;yesno是否 ", max_size=40))
def test_whatever_stands_in_the_cells(notice: str, health: str) -> None:
    values = {"notice": notice, "health": health}
    said = list(faults(values, EXAM))
    if not said:
        answers = handed_in(values).health or {}
        assert set(answers) <= {"contact", "symptoms", "green"}
        assert set(answers.values()) <= {"yes", "no"}
