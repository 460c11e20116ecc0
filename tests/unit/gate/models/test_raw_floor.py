"""The floor beside a normalised score, chosen by rate from the raw curve."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.models.raw_floor import FLOOR_SHARES, between_rates, floor_share, floors
from tests.examples import examples

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
CURVES = st.lists(st.floats(-1, 1), min_size=len(RATES), max_size=len(RATES)).map(
    lambda thresholds: tuple(zip(RATES, sorted(thresholds), strict=True))
)


@given(CURVES, st.integers(1, 30))
@examples(200)
def test_a_floor_is_at_least_the_raw_threshold_of_its_rate(
    raw: tuple[tuple[float, float], ...], frames: int
) -> None:
    found = floors(raw, RATES, frames)
    for fmr, threshold in raw:
        assert threshold - 1e-12 <= found[fmr] <= raw[-1][1] + 1e-12
    assert list(found.values()) == sorted(found.values())


@pytest.mark.parametrize(("frames", "share"), [(1, 0.4), (2, 0.5), (3, 0.7), (5, 0.7), (20, 0.7)])
def test_the_share_of_each_number_of_frames(frames: int, share: float) -> None:
    assert floor_share(frames) == share
    raw = ((1e-3, 0.4), (1e-4, 0.5), (1e-5, 0.6))
    assert floors(raw, [1e-4], frames)[1e-4] == between_rates(raw, share * 1e-4)


def test_nothing_stricter_than_was_measured() -> None:
    assert floors(((1e-4, 0.5), (1e-5, 0.6)), [1e-5], 1) == {1e-5: 0.6}


def test_every_share_is_of_the_rate_or_less() -> None:
    assert all(0 < share <= 1 for share in FLOOR_SHARES.values())
