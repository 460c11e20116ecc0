"""A face that matches, where the paper asks for liveness too: which frames count, and when."""

from dataclasses import replace

import pytest

from gate.core.events import FaceJudged
from gate.core.exam import LivenessRule
from gate.core.liveness import FittedLayers
from gate.core.reasons import Reason
from gate.models.face_track import TrackView
from gate.models.match_attempt import CONFIRM_NS, LIVENESS_FRAMES, MatchAttempt, MatchTables
from gate.models.probe_selection import ProbeSelection
from gate.ports import Reference
from tests.unit.gate.models.test_face_track import FRAME_NS, good, nobody, poor, template

TABLES = MatchTables.load()
NETWORK = FittedLayers(frozenset({"network"}))
BEGAN, FOUND = 10, 9
"""Frames: when the attempt begins, and when the card was found."""


def scored(view: TrackView, frame: int, score: float | None, who: int = 1) -> TrackView:
    """One more frame of `who`, with what the network says of it."""
    view = good(view, frame * FRAME_NS, who)
    newest = replace(view.probes[-1], liveness={"network": score})
    return replace(view, probes=(*view.probes[:-1], newest))


def seen(*scores: float | None, first: int | None = None) -> TrackView:
    """One face; the newest frame is the first of the attempt, unless told otherwise."""
    view, first = TrackView(), BEGAN + 1 - len(scores) if first is None else first
    for n, score in enumerate(scores):
        view = scored(view, first + n, score)
    return view


def attempt(asked: str = "passive", fallback: str = "refer", tried: int = 0) -> MatchAttempt:
    selection = ProbeSelection(BEGAN * FRAME_NS, 3, 3, FOUND * FRAME_NS, tried * FRAME_NS)
    reference = Reference(template(1), None, None, None)
    return MatchAttempt(selection, reference, 1e-3, TABLES, LivenessRule(asked, fallback))


def look(
    one: MatchAttempt, view: TrackView, fitted: FittedLayers = NETWORK, at_ns: int | None = None
) -> FaceJudged | None:
    return one.look(view, at_ns or view.observations[-1].mono_ns + FRAME_NS // 10, fitted)


def told(judged: FaceJudged | None) -> tuple[Reason, str | None] | None:
    if judged is None:
        return None
    return judged.reason, None if judged.liveness is None else judged.liveness.verdict.value


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ((0.9,) * 5, (Reason.OK, "live")),
        ((0.9,) * 4 + (0.1,), (Reason.OK, "live")),
        ((0.1,) * 5, (Reason.LIVENESS_FAILED, "attack")),
        ((None,) * 8, (Reason.LIVENESS_FAILED, "unsure")),
    ],
)
def test_a_face_seen_before_its_card_is_judged_at_once(
    scores: tuple[float | None, ...], said: tuple[Reason, str]
) -> None:
    """The frames from before the card count for liveness: they are of the same face."""
    assert told(look(attempt(), seen(*scores))) == said


def test_nothing_is_said_where_nothing_is_asked() -> None:
    judged = look(attempt("off"), seen(*(0.0,) * 5))
    assert told(judged) == (Reason.OK, None)


def test_too_few_frames_are_waited_for() -> None:
    one, view = attempt(), seen(0.9, 0.9, first=9)
    for frame in (11, 12):
        assert look(one, view) is None
        view = scored(view, frame, 0.9)
    assert look(one, view) is None
    assert not one.wants_augmented  # five single views are five frames sooner
    assert told(look(one, scored(view, 13, 0.9))) == (Reason.OK, "live")


@pytest.mark.parametrize("swap", [nobody, poor])
def test_the_scores_of_another_face_count_for_nothing(swap: object) -> None:
    """A living person stands there, then a picture of the ticket's owner is held up."""
    view = TrackView()
    for n in range(6):
        view = scored(view, 3 + n, 1.0, who=2)
    for n in range(4):
        view = scored(view, 9 + n, 0.0)
    one = attempt()
    assert look(one, view) is None
    assert told(look(one, scored(view, 13, 0.0))) == (Reason.LIVENESS_FAILED, "attack")
    view = swap(seen(*(1.0,) * 6, first=3), 9 * FRAME_NS)  # type: ignore[operator]
    view = scored(view, 10, 0.0)
    assert look(attempt(), view) is None


def test_a_layer_that_sees_nothing_is_not_waited_for_without_end() -> None:
    one, view = attempt(), seen(None, first=10)
    for n in range(LIVENESS_FRAMES - 2):
        assert look(one, view) is None
        view = scored(view, 11 + n, None)
    view = scored(view, 11 + LIVENESS_FRAMES, None)
    assert told(look(one, view)) == (Reason.LIVENESS_FAILED, "unsure")


def test_an_attempt_without_enough_frames_ends() -> None:
    one, view = attempt(), seen(0.9, first=10)
    assert look(one, view) is None
    ends_ns = BEGAN * FRAME_NS + 3_000_000_000 + CONFIRM_NS
    view = scored(view, ends_ns // FRAME_NS + 1, 0.9)
    assert look(one, view) is not None


def test_another_attempt_asks_for_frames_of_its_own() -> None:
    """The five that failed are not judged again."""
    view = seen(*(0.1,) * 5)
    assert told(look(attempt(), view)) == (Reason.LIVENESS_FAILED, "attack")
    one = attempt(tried=10)
    for n in range(4):
        view = scored(view, 11 + n, 0.9)
        assert look(one, view) is None
    assert told(look(one, scored(view, 15, 0.9))) == (Reason.OK, "live")


@pytest.mark.parametrize(
    ("fallback", "scores", "fitted", "reason"),
    [
        ("refer", (0.9,) * 5, FittedLayers(), Reason.LIVENESS_FAILED),
        ("admit", (0.9,) * 5, FittedLayers(), Reason.OK),
        ("admit", (None,) * 9, NETWORK, Reason.LIVENESS_FAILED),
        ("admit", (0.1,) * 5, NETWORK, Reason.LIVENESS_FAILED),
        ("refer", (0.9,) * 5, FittedLayers(frozenset({"network"}), frozenset({"nir"})),
         Reason.LIVENESS_FAILED),
        ("admit", (0.9,) * 5, FittedLayers(frozenset({"network"}), frozenset({"nir"})), Reason.OK),
        ("admit", (0.1,) * 5, FittedLayers(frozenset({"network"}), frozenset({"nir"})),
         Reason.LIVENESS_FAILED),
    ],
)  # fmt: skip
def test_the_fallback_is_for_layers_that_are_missing(
    fallback: str, scores: tuple[float | None, ...], fitted: FittedLayers, reason: Reason
) -> None:
    judged = look(attempt(fallback=fallback), seen(*scores), fitted)
    assert judged is not None
    assert judged.reason is reason
    assert judged.liveness is not None


def test_a_stranger_is_a_mismatch_and_his_liveness_stands_beside_it() -> None:
    view = TrackView()
    for n in range(8):
        view = scored(view, 3 + n, 0.0, who=2)
    one = attempt()
    ends_ns = BEGAN * FRAME_NS + 4_000_000_000
    judged = look(one, view) or look(one, view, at_ns=ends_ns)
    assert told(judged) == (Reason.FACE_MISMATCH, "attack")


def test_nobody_is_unsure() -> None:
    view = nobody(TrackView(), 11 * FRAME_NS)
    judged = look(attempt(), view, at_ns=BEGAN * FRAME_NS + 4_000_000_000)
    assert told(judged) == (Reason.NO_FACE, "unsure")
