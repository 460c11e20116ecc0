"""What may be concluded from what was seen: tables over values, no camera and no network."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.reasons import Advice
from gate.models.face_track import (
    GAP_NS,
    NEAR_EYES_PX,
    OBSERVATIONS_MAX,
    PROBES_MAX,
    RIVAL_RATIO,
    SAME_FACE_MIN,
    Observation,
    TrackView,
    is_crowded,
    nearest,
    with_gap,
    with_observation,
    with_probe,
    with_turned_face,
)
from gate.ports import Face, Probe, Quality
from gate.ports.values import TemplateKind
from tests.examples import examples

FRAME_NS = 100_000_000


def face(x: float = 200, height: float = 200, eyes: float | None = None) -> Face:
    """A face whose eyes are 0.35 of its height apart, unless told otherwise."""
    apart = 0.35 * height if eyes is None else eyes
    landmarks = np.zeros((5, 2), np.float32)
    landmarks[1, 0] = apart
    return Face(np.array([x, 100, 0.75 * height, height], np.float32), landmarks, 0.9)


def quality(score: float = 0.8, feature_norm: float = 12.0) -> Quality:
    return Quality(70, 0.1, 100, 128, score, feature_norm)


def template(who: int) -> np.ndarray:
    """Different people are at right angles."""
    return np.eye(1, 128, who, dtype=np.float32)[0]


def good(
    view: TrackView,
    at: int,
    who: int = 0,
    seen: Face | None = None,
    score: float = 0.8,
    kind: TemplateKind = TemplateKind.SINGLE,
    feature_norm: float = 12.0,
    crowded: bool = False,
) -> TrackView:
    """One frame with one good face."""
    seen = seen or face()
    shown = quality(score, feature_norm)
    probe = Probe(template(who), at, seen, shown, 0, kind=kind)
    return with_probe(view, Observation(at, True, crowded, quality=score), probe)


def poor(view: TrackView, at: int, advice: Advice = Advice.LOOK_STRAIGHT) -> TrackView:
    """One frame with a face that cannot be compared."""
    return with_observation(view, Observation(at, True, advice=advice, quality=0.3))


def nobody(view: TrackView, at: int) -> TrackView:
    return with_observation(view, Observation(at, False))


def frames(count: int, start: int = 0, **options: object) -> TrackView:
    view = TrackView()
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


@pytest.mark.parametrize("height", [60, 200])
def test_a_face_from_the_side_is_as_near_as_it_is_high(height: int) -> None:
    """Its eyes fall together; it must not hide behind somebody who looks over its shoulder."""
    behind, beside = face(height=50), face(height=height, eyes=2)
    assert nearest([behind, beside]) is beside
    assert nearest([face(height=40, eyes=NEAR_EYES_PX - 2)]) is None


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
        (lambda v: good(v, 5 * FRAME_NS + GAP_NS), "nobody looked for too long"),
        (lambda v: good(v, 4 * FRAME_NS), "a frame that is not newer"),
        (lambda v: good(nobody(v, 5 * FRAME_NS), 6 * FRAME_NS), "out of sight in between"),
        (lambda v: good(poor(v, 5 * FRAME_NS), 6 * FRAME_NS), "not compared in between"),
    ],
)
def test_anything_else_starts_a_new_track(then, why: str) -> None:
    before = frames(5)
    after = then(before)
    assert after.track == before.track + 1, why
    assert [p.track for p in after.probes] == [after.track]


def test_a_unit_busy_with_an_augmented_probe_keeps_the_track() -> None:
    """Nobody looked meanwhile, so nobody saw the face go."""
    view = good(frames(3), 2 * FRAME_NS + GAP_NS, kind=TemplateKind.AUGMENTED)
    assert (view.track, len(view.probes)) == (1, 4)


def test_a_step_aside_keeps_the_track() -> None:
    view = good(frames(3), 3 * FRAME_NS, seen=face(x=260))
    assert (view.track, len(view.probes)) == (1, 4)


@pytest.mark.parametrize("then", [poor, nobody])
def test_whoever_cannot_be_compared_ends_the_track(then) -> None:
    """One frame is enough: the face that was matched is not the one that is there."""
    view = then(frames(5), 5 * FRAME_NS)
    assert (view.track, view.probes) == (2, ())


@pytest.mark.parametrize(("alike", "kept"), [(SAME_FACE_MIN + 0.01, 4), (SAME_FACE_MIN - 0.01, 1)])
def test_a_look_alike_is_somebody_else(alike: float, kept: int) -> None:
    """Resemblance is held stricter than a match: who passes it would pass the reference too."""
    other = alike * template(0) + np.sqrt(1 - alike**2) * template(1)
    at = 3 * FRAME_NS
    probe = Probe(other.astype(np.float32), at, face(), quality(), 0)
    assert len(with_probe(frames(3), Observation(at, True), probe).probes) == kept


def test_forgetting_leaves_nothing() -> None:
    view = frames(3).forgotten()
    assert (view.probes, view.observations, view.track) == ((), (), 2)


def test_the_ring_is_bounded() -> None:
    view = frames(OBSERVATIONS_MAX + 50)
    assert (len(view.probes), len(view.observations)) == (PROBES_MAX, OBSERVATIONS_MAX)


SEEN = ("good", "poor", "nobody")
steps = st.tuples(
    st.integers(1, 20), st.integers(0, 2), st.sampled_from([100, 220, 450]), st.sampled_from(SEEN)
)


@given(st.lists(steps, max_size=40))
@examples(200)
def test_probes_in_hand_are_of_everybody_seen_since(
    story: list[tuple[int, int, int, str]],
) -> None:
    """People come, go and take each other's place.

    The probes in hand are of one person, of every frame since the first of them, and of the newest.
    """
    view, at = TrackView(), 0
    shown: list[tuple[int, int | None]] = []
    for wait, who, x, kind in story:
        at += wait * FRAME_NS
        if kind == "good":
            view = good(view, at, who, face(x=x))
        else:
            view = (poor if kind == "poor" else nobody)(view, at)
        shown.append((at, who if kind == "good" else None))
        probes = [(p.mono_ns, int(np.argmax(p.template))) for p in view.probes]
        assert probes == shown[len(shown) - len(probes) :]
        assert len({who for _, who in probes}) <= 1
        assert {p.track for p in view.probes} <= {view.track}
        assert bool(probes) == (kind == "good")


def turned_face(
    view: TrackView, at: int, alike: float | None, seen: Face | None = None
) -> TrackView:
    """A turned face while an action is ordered, so alike to the track's; None: not compared."""
    given = None if alike is None else np.zeros(128, np.float32)
    if given is not None:
        given[0], given[1] = alike, np.sqrt(1 - alike**2)
    return with_turned_face(view, Observation(at, True), seen or face(), given)


def test_a_face_that_turns_as_it_was_told_is_still_the_tracks() -> None:
    view = good(good(TrackView(), 100), FRAME_NS)
    for n in range(2, 30):
        view = turned_face(view, n * FRAME_NS, 0.5)
    assert (view.track, len(view.probes)) == (1, 2)
    view = good(view, 30 * FRAME_NS)
    assert (view.track, len(view.probes)) == (1, 3)


@pytest.mark.parametrize(
    ("alike", "where"),
    [(0.3, face()), (None, face()), (0.9, face(x=900))],
    ids=["unlike", "not compared", "elsewhere"],
)
def test_another_face_or_none_at_its_place_soon_ends_the_track(
    alike: float | None, where: Face
) -> None:
    view = good(TrackView(), FRAME_NS)
    for n in range(2, 8):
        view = turned_face(view, n * FRAME_NS, alike, where)
        assert view.observations[-1].same_face is None
        assert view.track == 1
    assert turned_face(view, 8 * FRAME_NS, alike, where).track == 2
    view = good(TrackView(), FRAME_NS)
    assert with_gap(view, Observation(7 * FRAME_NS, face=False)).track == 1
    assert with_gap(view, Observation(8 * FRAME_NS, face=False)).track == 2


def test_another_person_who_looks_ahead_ends_it_at_once() -> None:
    view = turned_face(good(TrackView(), FRAME_NS), 2 * FRAME_NS, 0.5)
    assert good(view, 3 * FRAME_NS, who=2).track == 2


def test_a_turned_face_makes_no_track() -> None:
    assert not turned_face(TrackView(), FRAME_NS, 0.9).probes
    assert turned_face(TrackView(), FRAME_NS, 0.9).observations[-1].same_face is None
