"""The guide to lamps and buzzer: it says what the gate shows, all of it and nothing else."""

import re

import pytest

from gate.core.reasons import ASK_AGAIN, MEANING, Reason
from gate.core.signal_guide import STAFF_TEXT, GuideRow, signal_guide

ROWS = signal_guide()


def test_every_reason_stands_in_one_row_with_its_own_pattern() -> None:
    listed = [(reason, row.pattern) for row in ROWS for reason in row.reasons]
    assert sorted(listed, key=str) == sorted(
        ((reason, meaning.pattern) for reason, meaning in MEANING.items()), key=str
    )
    assert [row for row in ROWS if not row.reasons] == [GuideRow(ASK_AGAIN, ())]


def test_every_pattern_has_an_action_and_no_action_is_of_another() -> None:
    assert {(row.pattern.lamps, row.pattern.rhythm) for row in ROWS} == set(STAFF_TEXT)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.pattern))
def test_a_row_is_said_in_both_languages_and_holds_nobodys_facts(row: GuideRow) -> None:
    for zh, en in (row.seen, row.staff_do, *row.said):
        assert re.search("[\u4e00-\u9fff]", zh)
        assert re.search("[a-z]", en)
        assert not re.search("[\u4e00-\u9fff]", en)
        assert "{" not in zh + en


def test_a_doubtful_face_says_that_nobody_passes() -> None:
    row = next(r for r in ROWS if Reason.FACE_MISMATCH in r.reasons)
    assert row.seen == ("黄灯快闪，两长声", "yellow: fast flashes; two long beeps")
    assert "nobody passes" in row.staff_do[1]
