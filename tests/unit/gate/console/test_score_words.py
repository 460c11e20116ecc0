"""Scores in words."""

import pytest

from gate.console.score_words import MATCHES, NEAR, NOT_COMPARED, UNLIKE, score_words


@pytest.mark.parametrize(
    ("score", "normalised", "threshold", "floor", "words"),
    [
        (None, None, None, None, NOT_COMPARED),
        (0.6, 8.0, 5.0, 0.45, MATCHES),
        (0.6, 5.0, 5.0, 0.45, MATCHES),
        (0.6, 4.2, 5.0, 0.45, NEAR),
        (0.6, 3.9, 5.0, 0.45, UNLIKE),
        (0.43, 6.0, 5.0, 0.45, NEAR),
        (0.30, 6.0, 5.0, 0.45, UNLIKE),
        (0.50, None, 0.52, None, NEAR),
        (0.40, None, 0.52, None, UNLIKE),
        (0.52, None, 0.52, None, MATCHES),
    ],
)
def test_score_in_words(
    score: float | None,
    normalised: float | None,
    threshold: float | None,
    floor: float | None,
    words: tuple[str, str],
) -> None:
    case = {"score": score, "normalised": normalised, "threshold": threshold, "floor": floor}
    assert score_words(case) == words
