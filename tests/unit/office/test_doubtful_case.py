"""What the chief examiner's list says of a case in words."""

from datetime import UTC, datetime

import pytest

from gate.core.reasons import MEANING, Reason
from office.doubtful.case import NEAR, DoubtfulCase, score_in_words

AT = datetime(2027, 4, 10, 0, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("score", "threshold", "words"),
    [
        (None, 0.4, "no face was compared"),
        (None, None, "no face was compared"),
        (0.31, None, "similarity 0.31"),
        (0.4, 0.4, "as alike as was asked (0.40 / 0.40)"),
        (0.4 - NEAR / 2, 0.4, "a little less alike than was asked (0.35 / 0.40)"),
        (-0.1, 0.4, "clearly less alike than was asked (-0.10 / 0.40)"),
    ],
)
def test_a_score_in_words(score: float | None, threshold: float | None, words: str) -> None:
    zh, en = score_in_words(score, threshold)
    assert en == words
    assert any("\u4e00" <= c <= "\u9fff" for c in zh)


@pytest.mark.parametrize("reason", [r for r, m in MEANING.items() if m.doubtful])
def test_each_doubtful_reason_is_told_to_the_examiner_not_to_the_candidate(reason: Reason) -> None:
    case = DoubtfulCase("e-1", "g", "270410000017", "am", reason, AT)
    zh, en = case.reason_in_words
    assert (zh, en) != (MEANING[reason].zh, MEANING[reason].en)
    assert "联系监考员" not in zh


def test_neither_name_nor_picture_is_in_the_repr() -> None:
    case = DoubtfulCase("e-1", "g", "t", "am", Reason.NO_FACE, AT, name="张三丰", photo=b"jpeg")
    assert "张三丰" not in repr(case)
    assert "jpeg" not in repr(case)
