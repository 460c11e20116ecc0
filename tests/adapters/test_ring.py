"""What may be concluded from what was seen: tables over values, no camera and no network."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.reasons import Advice, Reason
from gate.models.matching import Match
from gate.models.ring import (
    AGE_NS,
    BLIND_NS,
    GAP_NS,
    PROBES_MAX,
    RIVAL_RATIO,
    SIGHTINGS_MAX,
    Attempt,
    Sighting,
    View,
    conclude,
    is_crowded,
    nearest,
    with_probe,
    with_second_thoughts,
    with_sighting,
)
from gate.ports import Face, Probe, Quality
from tests.examples import examples

FRAME_NS = 100_000_000


def face(x: float = 200, height: float = 200, eyes: float | None = None) -> Face:
    """A face whose eyes are 0.35 of its height apart, unless told otherwise."""
    apart = 0.35 * height if eyes is None else eyes
    landmarks = np.zeros((5, 2), np.float32)
    landmarks[1, 0] = apart
    return Face(np.array([x, 100, 0.75 * height, height], np.float32), landmarks, 0.9)


def quality(score: float = 0.8, strength: float = 12.0) -> Quality:
    return Quality(70, 0.1, 100, 128, score, strength)


def template(who: int) -> np.ndarray:
    """Different people are at right angles."""
    return np.eye(1, 128, who, dtype=np.float32)[0]


def good(
    view: View,
    at: int,
    who: int = 0,
    seen: Face | None = None,
    score: float = 0.8,
    careful: bool = False,
    strength: float = 12.0,
) -> View:
    """One frame with one good face."""
    seen = seen or face()
    view = with_sighting(view, Sighting(at, True, quality=score), seen)
    shown = quality(score, strength)
    return with_probe(view, Probe(template(who), at, seen, shown, 0, careful=careful))


def frames(count: int, start: int = 0, **options: object) -> View:
    view = View()
    for n in range(count):
        view = good(view, start + n * FRAME_NS, **options)
    return view


# -- which face ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heights", "chosen", "crowded"),
    [
        ([], None, False),
        ([200], 200, False),
        ([200, 119], 200, False),
        ([200, 121], 200, True),
        ([119, 200], 200, False),
        ([150, 200, 140], 200, True),
        ([30], None, False),
        ([200, 30, 30, 30], 200, False),
    ],
)
def test_the_nearest_face_dominates_or_has_a_rival(
    heights: list[int], chosen: int | None, crowded: bool
) -> None:
    faces = [face(height=h) for h in heights]
    found = nearest(faces)
    assert (found.box[3] if found else None) == chosen
    assert is_crowded(faces) is crowded
    assert RIVAL_RATIO == 0.6


def away(view: View) -> View:
    """A frame without a face, right after the last one with it."""
    return with_sighting(view, Sighting(view.seen_ns + FRAME_NS, False), None)


# -- tracks --------------------------------------------------------------------------------------


def test_one_person_in_sight_is_one_track() -> None:
    view = frames(5)
    assert {p.track for p in view.probes} == {view.track}
    assert len(view.probes) == 5


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (lambda v: good(v, 5 * FRAME_NS, who=1), "another face in the same spot"),
        (lambda v: good(v, 5 * FRAME_NS, seen=face(x=500)), "the same face somewhere else"),
        (lambda v: good(v, 5 * FRAME_NS + BLIND_NS), "nobody looked for too long"),
        (lambda v: good(away(v), 5 * FRAME_NS + GAP_NS), "back after it was out of sight"),
    ],
)
def test_anything_else_starts_a_new_track(then, why: str) -> None:
    before = frames(5)
    after = then(before)
    assert after.track == before.track + 1, why
    assert [p.track for p in after.probes] == [after.track]


def test_a_unit_busy_with_a_careful_probe_keeps_the_track() -> None:
    """Nobody looked meanwhile, so nobody saw the face go."""
    view = good(frames(3), 3 * FRAME_NS + GAP_NS, careful=True)
    assert (view.track, len(view.probes)) == (1, 4)


def test_a_step_aside_and_a_missed_frame_keep_the_track() -> None:
    view = with_sighting(frames(3), Sighting(3 * FRAME_NS, False), None)
    view = good(view, 4 * FRAME_NS, seen=face(x=260))
    assert (view.track, len(view.probes)) == (1, 4)


def test_out_of_sight_drops_the_probes_even_if_nobody_comes() -> None:
    view = with_sighting(frames(3), Sighting(3 * FRAME_NS + GAP_NS, False), None)
    assert view.probes == ()


def test_forgetting_leaves_nothing() -> None:
    view = frames(3).forgotten()
    assert (view.probes, view.sightings, view.box, view.track) == ((), (), None, 2)


def test_the_ring_is_bounded() -> None:
    view = frames(SIGHTINGS_MAX + 50)
    assert (len(view.probes), len(view.sightings)) == (PROBES_MAX, SIGHTINGS_MAX)


steps = st.tuples(
    st.integers(1, 8), st.integers(0, 2), st.sampled_from([100, 220, 450]), st.booleans()
)


@given(st.lists(steps, max_size=40))
@examples(100)
def test_probes_in_hand_are_always_of_one_person(story: list[tuple[int, int, int, bool]]) -> None:
    """People come, go and take each other's place; what could be fused is never mixed."""
    view, at = View(), 0
    for wait, who, x, seen in story:
        at += wait * FRAME_NS
        view = (
            good(view, at, who, face(x=x))
            if seen
            else with_sighting(view, Sighting(at, False), None)
        )
        assert len({int(np.argmax(p.template)) for p in view.probes}) <= 1
        assert {p.track for p in view.probes} <= {view.track}


# -- one attempt ---------------------------------------------------------------------------------


def test_only_fresh_probes_count_and_the_strongest_of_them() -> None:
    view = View()
    for n, strength in enumerate([15.0, 10.0, 14.0, 11.0, 13.0]):
        view = good(view, n * FRAME_NS, score=1 / strength, strength=strength)
    attempt = Attempt(began_ns=AGE_NS + FRAME_NS, frames=3, seconds=3)
    assert [p.quality.strength for p in attempt.quick(view)] == [14, 13, 11]


def test_complete_counts_careful_probes_taken_since_it_began() -> None:
    attempt = Attempt(began_ns=5 * FRAME_NS, frames=5, seconds=3)
    assert not attempt.complete(frames(10))
    assert not attempt.complete(frames(9, careful=True))
    assert attempt.complete(frames(10, careful=True))
    assert not attempt.complete(crowd(frames(10, careful=True), 10))


def test_quick_and_careful_probes_are_never_mixed() -> None:
    view = good(frames(3), 3 * FRAME_NS, careful=True)
    attempt = Attempt(began_ns=0, frames=5, seconds=3)
    assert [p.careful for p in attempt.quick(view)] == [False] * 3
    assert [p.careful for p in attempt.careful(view)] == [True]


def test_what_the_last_attempt_judged_is_not_judged_again() -> None:
    view = frames(5)
    assert Attempt(5 * FRAME_NS, 5, 3).quick(view)
    again = Attempt(5 * FRAME_NS, 5, 3, tried_ns=5 * FRAME_NS)
    assert again.quick(view) == ()
    assert len(again.quick(good(view, 5 * FRAME_NS))) == 1


def crowd(view: View, count: int) -> View:
    """The newest `count` sightings had two faces."""
    first = len(view.sightings) - count
    return replace(
        view,
        sightings=tuple(
            replace(s, crowded=n >= first) for n, s in enumerate(view.sightings)
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("crowded", "several"),
    [
        ("..........", False),
        ("#####.....", False),
        ("######....", True),
        (".........#", True),  # who steps up at this moment counts at once
        ("##########", True),
    ],
)
def test_a_rival_now_or_most_of_the_time_is_several_faces(crowded: str, several: bool) -> None:
    view = frames(len(crowded))
    marked = zip(view.sightings, crowded, strict=True)
    view = replace(view, sightings=tuple(replace(s, crowded=c == "#") for s, c in marked))
    attempt = Attempt(0, 5, 3)
    assert bool(attempt.quick(view)) is not several
    assert conclude(attempt, view, view.probes, PASSED).reason is (
        Reason.SEVERAL_FACES if several else Reason.OK
    )


def test_a_rival_that_left_is_forgiven() -> None:
    view = crowd(frames(10), 10)
    for n in range(10, 40):
        view = good(view, n * FRAME_NS)
    assert Attempt(0, 5, 3).quick(view)


PASSED = Match(0.7, 9.1, "snorm-200/100", 5.2, 1e-4, True)
FAILED = replace(PASSED, score=0.1, normalised=0.3, passed=False)


def seen(*advices: Advice | None, face: bool = True, at: int = 0) -> tuple[Sighting, ...]:
    return tuple(Sighting(at + n * FRAME_NS, face, advice=a) for n, a in enumerate(advices))


@pytest.mark.parametrize(
    ("sightings", "match", "reason", "advice"),
    [
        ((), None, Reason.NO_FACE, None),
        (seen(None, None, face=False), None, Reason.NO_FACE, None),
        (seen(Advice.COME_CLOSER), None, Reason.FACE_POOR, Advice.COME_CLOSER),
        (
            seen(Advice.MORE_LIGHT, Advice.HOLD_STILL, Advice.HOLD_STILL),
            None,
            Reason.FACE_POOR,
            Advice.HOLD_STILL,
        ),
        (seen(None, None), None, Reason.FACE_POOR, Advice.HOLD_STILL),
        (seen(None, Advice.MORE_LIGHT), PASSED, Reason.OK, None),
        (seen(None, Advice.MORE_LIGHT), FAILED, Reason.FACE_MISMATCH, None),
    ],
)
def test_the_end_of_an_attempt(
    sightings: tuple[Sighting, ...], match: Match | None, reason: Reason, advice: Advice | None
) -> None:
    view = replace(frames(1), sightings=sightings) if match else View(sightings=sightings)
    ended = conclude(Attempt(0, 5, 3), view, view.probes, match)
    assert (ended.reason, ended.advice) == (reason, advice)


def test_sightings_from_before_the_attempt_do_not_make_a_face() -> None:
    view = View(sightings=seen(Advice.COME_CLOSER))
    assert conclude(Attempt(FRAME_NS, 5, 3), view, (), None).reason is Reason.NO_FACE


def test_a_face_that_the_recogniser_hardly_sees_is_poor_not_a_mismatch() -> None:
    view = with_sighting(View(), Sighting(0, True, quality=0.8), face())
    view = with_second_thoughts(view, Advice.LOOK_STRAIGHT, 0.3)
    ended = conclude(Attempt(0, 5, 3), view, (), None)
    assert (ended.reason, ended.advice) == (Reason.FACE_POOR, Advice.LOOK_STRAIGHT)
    assert ended.quality == 0.3


def test_a_verdict_carries_what_the_decision_records() -> None:
    view = frames(7, score=0.7)
    ended = conclude(Attempt(0, 5, 3), view, view.probes[:5], FAILED)
    assert (ended.score, ended.normalised, ended.normalisation) == (0.1, 0.3, "snorm-200/100")
    assert (ended.threshold, ended.frames, ended.quality) == (5.2, 5, 0.7)
