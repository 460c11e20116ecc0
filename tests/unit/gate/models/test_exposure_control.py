"""The exposure of the face, against cameras that are modelled: slow, steep, at their end."""

import math
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from gate.models.exposure_control import (
    DEAD_STOPS,
    EV_MAX,
    EV_MIN,
    KEEP_NS,
    SEEK_EV,
    SEEK_NS,
    SETTLE_NS,
    STEP_MAX,
    TARGET_LUMA,
    Exposure,
    after_frame,
)

FRAME_NS = 100_000_000
SECOND = 10 * FRAME_NS

Plant = Callable[[float], float]
"""From the exposure value that the camera has taken up to the luma of the face."""


def luma_of(stops: float) -> float:
    light = min(1.0, 2.0**stops)
    return 255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


def stops_of(luma: float) -> float:
    value = luma / 255
    return math.log2(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


AIM = stops_of(TARGET_LUMA)


def run(plant: Plant, frames: int, delay: int = 2, begun: Exposure | None = None) -> list[Exposure]:
    """The states frame by frame. The camera takes up a value `delay` frames after it was asked."""
    states = [begun or Exposure()]
    begin_ns = max(0, states[0].seen_ns) + SECOND
    for n in range(frames):
        taken_up = states[max(0, len(states) - 1 - delay)].ev
        states.append(after_frame(states[-1], begin_ns + n * FRAME_NS, plant(taken_up), True))
    return states


def is_well_exposed(luma: float) -> bool:
    return abs(stops_of(luma) - AIM) <= DEAD_STOPS + 1e-6


@given(
    st.floats(-5.0, 1.5),
    st.floats(0.5, 1.5),
    st.integers(0, SETTLE_NS // FRAME_NS - 1),
)
def test_a_face_in_reach_is_well_exposed_within_two_seconds_and_stays_so(
    dark: float, slope: float, delay: int
) -> None:
    def plant(ev: float) -> float:
        return luma_of(AIM + dark + slope * ev)

    ends = sorted((dark + slope * EV_MIN, dark + slope * EV_MAX))
    states = run(plant, 40, delay)
    settled = states[20:]
    assert len({s.ev for s in settled}) == 1
    if ends[0] <= -DEAD_STOPS and ends[1] >= DEAD_STOPS:
        assert is_well_exposed(plant(settled[0].ev))
    else:
        assert settled[0].ev in (EV_MIN, EV_MAX) or is_well_exposed(plant(settled[0].ev))


@given(st.lists(st.one_of(st.none(), st.floats(0, 255)), max_size=60), st.data())
def test_whatever_is_seen_the_steps_are_bounded_and_take_their_time(
    lumas: list[float | None], data: st.DataObject
) -> None:
    state, changed_ns = Exposure(), -SECOND
    for n, luma in enumerate(lumas):
        at_ns = n * FRAME_NS
        after = after_frame(state, at_ns, luma, data.draw(st.booleans()))
        assert EV_MIN <= after.ev <= EV_MAX
        if after.ev != state.ev:
            if luma is not None:
                assert abs(after.ev - state.ev) <= STEP_MAX + 1e-9
                assert at_ns - changed_ns >= SETTLE_NS
            changed_ns = at_ns
        state = after


@given(st.floats(TARGET_LUMA * 0.75, TARGET_LUMA * 1.3))
def test_a_face_that_is_bright_enough_is_left_alone(luma: float) -> None:
    assert {s.ev for s in run(lambda _: luma, 30)} == {0.0}


def test_a_camera_at_its_end_is_not_asked_for_more_and_comes_back_at_once() -> None:
    """It gives one stop more at most. What was asked beyond that is taken back, so that the first
    step down in the sun is seen."""
    states = run(lambda ev: luma_of(AIM - 4 + min(ev, 1.0)), 40)
    assert states[-1].ev <= 1.5
    assert len({s.ev for s in states[25:]}) == 1
    sun = run(lambda ev: luma_of(AIM + 1.9 + min(ev, 1.0)), 12, begun=states[-1])
    assert is_well_exposed(luma_of(AIM + 1.9 + min(sun[-1].ev, 1.0)))


def test_without_a_face_the_camera_is_left_to_itself_after_a_while() -> None:
    dark = run(lambda ev: luma_of(AIM - 2 + ev), 5)[-1]
    assert dark.ev > 0
    soon = after_frame(dark, dark.seen_ns + KEEP_NS - 1, None, False)
    assert soon.ev == dark.ev  # the next in the queue has the same window behind
    late = after_frame(soon, dark.seen_ns + KEEP_NS, None, False)
    assert late.ev == 0


def test_a_person_who_is_awaited_and_not_found_is_looked_for() -> None:
    state, asked = Exposure(), []
    for n in range(40):
        state = after_frame(state, n * FRAME_NS, None, True)
        asked.append(state.ev)
    quiet = SEEK_NS // FRAME_NS
    assert set(asked[:quiet]) == {0.0}
    tried = [ev for n, ev in enumerate(asked) if n == 0 or ev != asked[n - 1]]
    assert tuple(tried[1 : 1 + len(SEEK_EV)]) == SEEK_EV
    nobody = Exposure()
    for n in range(40):
        nobody = after_frame(nobody, n * FRAME_NS, None, False)
        assert nobody.ev == 0
