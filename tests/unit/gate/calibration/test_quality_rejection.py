"""What rejecting by a measure leaves of the misses, on samples that are made up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.calibration.quality_rejection import REJECTED, figures, remaining, share_of_ideal
from gate.calibration.quality_samples import LiveSample
from gate.core.reasons import Advice
from gate.models.quality import with_feature_norm
from gate.ports import Quality

SOUND = Quality(eyes_px=50, yaw=0, sharpness=500, brightness=120, score=0.9)


def test_the_worst_are_turned_away_first() -> None:
    values, missed = np.arange(100.0), np.arange(100) < 12
    assert [remaining(values, missed, share) for share in REJECTED] == [
        pytest.approx(7 / 95), pytest.approx(2 / 90), 0,
    ]  # fmt: skip
    assert remaining(-values, missed, 0.10) == pytest.approx(12 / 90)


def test_frames_that_are_equally_good_share_the_rejection() -> None:
    """Else the order of the samples would decide."""
    missed = np.arange(100) < 20
    assert remaining(np.zeros(100), missed, 0.10) == pytest.approx(0.2)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=20), st.sampled_from(REJECTED)
)
def test_no_measure_beats_the_one_that_knows(rows: list[tuple[int, bool]], share: float) -> None:
    values = np.array([v for v, _ in rows], float)
    missed = np.array([m for _, m in rows], bool)
    ideal = remaining(-missed.astype(float), missed, share)
    assert 0 <= ideal <= remaining(values, missed, share) + 1e-9 <= 1 + 1e-9


def sample(person: int, norm: float, cosine: float, **more: object) -> LiveSample:
    quality = with_feature_norm(SOUND, norm)
    return LiveSample(person, "dark", True, quality=quality, cosine=cosine, others=0.1, **more)


def test_a_score_that_knows_is_ideal_in_both_halves_and_advice_is_counted() -> None:
    rows = [sample(n, 12, 0.6) for n in range(90)]
    rows += [sample(n, 6, 0.1, advice=Advice.MORE_LIGHT) for n in range(10)]
    found = figures([*rows, LiveSample(3, "dark", found=False)], 0.4)
    assert found["missed"] == 0.1
    assert found["without_a_face"] == 1
    assert found["misses"]["unified_quality_score"] == found["misses"]["ideal"]
    assert share_of_ideal(found) == 1
    assert found["halves"][1] == {"asked": 0.1, "rejected": 0.1, "missed": 0.0}
    dark = found["conditions"]["dark"]
    assert dark["advice"] == {"more-light": 10}
    assert (dark["compared"], dark["missed"], dark["false_matches"]) == (90, 0, 0)


def test_a_score_that_knows_nothing_gains_nothing_of_the_ideal() -> None:
    rows = [sample(n, 10, 0.1 if n % 5 == 0 else 0.6) for n in range(100)]
    assert share_of_ideal(figures(rows, 0.4)) == pytest.approx(0, abs=1e-4)
