"""What a face that the recogniser hardly sees is told to do, and how its measures are scaled."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.reasons import Advice
from gate.models.frame_analysis import MASKED, covered_or_unclear
from gate.models.quality import LIVE, advice, with_feature_norm
from gate.models.quality_components import components
from gate.ports import Occlusion, Quality

SOUND = Quality(
    eyes_px=50, yaw=0.05, sharpness=500, brightness=120, score=0.9,
    spread=50, black=30, white=220, surrounding=110,
)  # fmt: skip
WEAK = LIVE.feature_norm - 0.5


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        ({"brightness": 25, "black": 5, "white": 60}, Advice.MORE_LIGHT),
        ({"brightness": 60, "surrounding": 250}, Advice.TURN_FROM_WINDOW),
        ({"brightness": 25, "surrounding": 250, "sharpness": 20}, Advice.TURN_FROM_WINDOW),
        ({"brightness": 230, "burnt": 0.6}, Advice.LESS_LIGHT),
        ({"sharpness": 15}, Advice.HOLD_STILL),
        ({"pitch": 0.8}, Advice.LOOK_UP),
        ({"roll_deg": 35}, Advice.LOOK_STRAIGHT),
        ({}, Advice.LOOK_STRAIGHT),
        ({"eyes_px": LIVE.eyes_px - 1, "sharpness": 15}, Advice.COME_CLOSER),
        ({"occlusion": Occlusion(0.99, 0, 0, 0), "brightness": 25}, Advice.REMOVE_MASK),
    ],
)
def test_a_weak_face_is_told_what_helps(fault: dict[str, float], wanted: Advice) -> None:
    assert advice(with_feature_norm(replace(SOUND, **fault), WEAK)) is wanted


@pytest.mark.parametrize(
    "fault", [{"sharpness": 8}, {"brightness": 35}, {"burnt": 0.6}, {"pitch": 0.9}]
)
def test_what_the_recogniser_sees_well_is_never_refused_for_its_pixels(
    fault: dict[str, float],
) -> None:
    """A sound webcam gives a sharpness of 28 and a feature norm of 12.6, and matches."""
    assert advice(with_feature_norm(replace(SOUND, **fault), 12.6)) is None


@given(st.floats(0, 40), st.floats(0, 40))
def test_the_score_rises_with_the_feature_norm_and_turns_at_the_bound(
    one: float, two: float
) -> None:
    low, high = sorted((one, two))
    assert with_feature_norm(SOUND, low).score <= with_feature_norm(SOUND, high).score
    assert 0 <= with_feature_norm(SOUND, one).score <= 1
    assert (advice(with_feature_norm(SOUND, one)) is None) is (one >= LIVE.feature_norm)


@given(
    st.builds(
        Quality,
        eyes_px=st.floats(0, 1000), yaw=st.floats(0, 1), sharpness=st.floats(0, 1e5),
        brightness=st.floats(0, 255), score=st.floats(0, 1), burnt=st.floats(0, 1),
        pitch=st.floats(-5, 5), roll_deg=st.floats(-180, 180), spread=st.floats(0, 128),
        black=st.floats(0, 255), white=st.floats(0, 255), evenness=st.floats(0, 1),
        surrounding=st.none() | st.floats(0, 255),
        occlusion=st.none() | st.builds(Occlusion, *[st.floats(0, 1)] * 4),
    )
)  # fmt: skip
def test_every_component_is_0_to_100(quality: Quality) -> None:
    assert all(0 <= value <= 100 for value in asdict(components(quality)).values())


def test_a_sound_face_is_good_in_every_component() -> None:
    assert min(asdict(components(SOUND)).values()) >= 50


@pytest.mark.parametrize(
    ("told", "fault", "norm", "wanted"),
    [
        (Advice.REMOVE_HAT, {"sharpness": 10}, WEAK, Advice.HOLD_STILL),
        (Advice.REMOVE_MASK, {"burnt": 0.8}, MASKED - 1, Advice.LESS_LIGHT),
        (Advice.REMOVE_HAT, {"sharpness": 10}, LIVE.feature_norm + 1, Advice.REMOVE_HAT),
        (Advice.REMOVE_HAT, {}, WEAK, Advice.REMOVE_HAT),
        (Advice.REMOVE_MASK, {"brightness": 45}, WEAK, Advice.REMOVE_MASK),  # it is a black one
        (Advice.REMOVE_MASK, {}, MASKED - 0.1, Advice.LOOK_STRAIGHT),
    ],
)
def test_a_face_that_looks_covered_may_only_be_unclear(
    told: Advice, fault: dict[str, float], norm: float, wanted: Advice
) -> None:
    assert covered_or_unclear(told, with_feature_norm(replace(SOUND, **fault), norm)) is wanted
