"""Which probes count in an attempt, when it has seen enough, and what it ends in. Values only."""

from dataclasses import replace

import pytest

from gate.core.reasons import Advice, Reason
from gate.models.face_track import Observation, TrackView
from gate.models.matching import Match
from gate.models.probe_selection import AGE_NS, WELL_SEEN_NS, ProbeSelection, matched, unmatched
from gate.ports.values import TemplateKind
from tests.unit.gate.models.test_face_track import FRAME_NS, frames, good, nobody, poor


def attempt(
    began_ns: int = 0, found_ns: int = -1, tried_ns: int = -1, frames: int = 5
) -> ProbeSelection:
    """Of a card that lay there from the beginning, unless told otherwise."""
    return ProbeSelection(began_ns, frames, 3, found_ns, tried_ns)


def test_only_what_was_exposed_after_the_card_counts() -> None:
    """Whoever stood there before may be anybody: a frame of the very instant is not after it."""
    view = frames(5)
    assert [p.mono_ns for p in attempt(found_ns=2 * FRAME_NS).single(view)] == [
        3 * FRAME_NS,
        4 * FRAME_NS,
    ]
    assert attempt(found_ns=4 * FRAME_NS).single(view) == ()


def test_the_strongest_of_them_are_fused() -> None:
    view = TrackView()
    for n, feature_norm in enumerate([15.0, 10.0, 14.0, 11.0, 13.0]):
        view = good(view, n * FRAME_NS, score=1 / feature_norm, feature_norm=feature_norm)
    found = attempt(found_ns=0, frames=3).single(view)
    assert [p.quality.feature_norm for p in found] == [14, 13, 11]


def test_a_card_that_waited_long_is_judged_by_who_is_there_now() -> None:
    view = frames(5)
    assert len(attempt(AGE_NS + FRAME_NS).single(view)) == 3


def test_complete_counts_augmented_probes_since_the_card() -> None:
    one = attempt(began_ns=10 * FRAME_NS, found_ns=5 * FRAME_NS)
    assert not one.is_complete(frames(10), 10 * FRAME_NS)
    assert not one.is_complete(frames(10, kind=TemplateKind.AUGMENTED), 10 * FRAME_NS)
    assert one.is_complete(frames(11, kind=TemplateKind.AUGMENTED), 11 * FRAME_NS)
    assert not one.is_complete(crowd(frames(11, kind=TemplateKind.AUGMENTED), 11), 11 * FRAME_NS)


def seen_for(
    pattern: str, step_ns: int = FRAME_NS, kind: TemplateKind = TemplateKind.AUGMENTED
) -> tuple[TrackView, int]:
    """A frame a letter: g good, p poor, n nobody, c good but crowded; and the time after them."""
    view = TrackView()
    for n, seen in enumerate(pattern):
        at = n * step_ns
        match seen:
            case "p":
                view = poor(view, at)
            case "n":
                view = nobody(view, at)
            case _:
                view = good(view, at, crowded=seen == "c", kind=kind)
    return view, len(pattern) * step_ns


@pytest.mark.parametrize(
    ("pattern", "complete"),
    [
        ("g" * 9, True),
        ("g" * 8, False),
        ("g" * 6 + "p" * 9 + "g" * 3, False),
        ("g" * 6 + "p" * 9 + "g" * 5, True),
        ("g" * 20 + "p", False),  # whoever is there now has to be seen
        ("p" * 20 + "g", False),
        ("n" * 20 + "g", False),
        ("gp" * 20 + "g", False),  # never two good frames in a row
        ("c" * 20, False),
    ],
)
def test_a_face_that_was_well_seen_long_enough_ends_it(pattern: str, complete: bool) -> None:
    assert WELL_SEEN_NS == 9 * FRAME_NS
    assert attempt(frames=50).is_complete(*seen_for(pattern)) is complete


def test_a_slow_unit_is_not_kept_waiting_for_its_probes() -> None:
    """0.6 s an augmented frame: two of them, not five."""
    assert attempt().is_complete(*seen_for("gg", 6 * FRAME_NS))


def test_a_busy_machine_does_not_judge_the_first_picture_of_somebody_who_walks_up() -> None:
    """A look takes 1 s: the time of a well seen face is over before the second picture is there."""
    assert not attempt().is_complete(*seen_for("g", 10 * FRAME_NS))
    assert not attempt().is_complete(*seen_for("ggg", 10 * FRAME_NS, TemplateKind.SINGLE))
    assert attempt().is_complete(*seen_for("gg", 10 * FRAME_NS))


def test_single_and_augmented_probes_are_never_mixed() -> None:
    view = good(frames(3), 3 * FRAME_NS, kind=TemplateKind.AUGMENTED)
    assert [p.kind for p in attempt().single(view)] == [TemplateKind.SINGLE] * 3
    assert [p.kind for p in attempt().augmented(view)] == [TemplateKind.AUGMENTED]


def test_what_the_last_attempt_judged_is_not_judged_again() -> None:
    view = frames(5)
    assert attempt(5 * FRAME_NS).single(view)
    again = attempt(5 * FRAME_NS, tried_ns=4 * FRAME_NS)
    assert again.single(view) == ()
    assert len(again.single(good(view, 5 * FRAME_NS))) == 1


def crowd(view: TrackView, count: int) -> TrackView:
    """The newest `count` observations had two faces."""
    first = len(view.observations) - count
    return replace(
        view,
        observations=tuple(replace(s, crowded=n >= first) for n, s in enumerate(view.observations)),
    )


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
    marked = zip(view.observations, crowded, strict=True)
    view = replace(view, observations=tuple(replace(s, crowded=c == "#") for s, c in marked))
    assert bool(attempt().single(view)) is not several
    assert (unmatched(attempt(), view).reason is Reason.SEVERAL_FACES) is several


def test_a_rival_that_left_is_forgiven() -> None:
    view = crowd(frames(10), 10)
    for n in range(10, 40):
        view = good(view, n * FRAME_NS)
    assert attempt().single(view)


PASSED = Match(0.7, 9.1, "snorm-200/100", 5.2, 1e-4, True)
FAILED = replace(PASSED, score=0.1, normalised=0.3, passed=False)


def seen(*advices: Advice | None, face: bool = True, at: int = 0) -> tuple[Observation, ...]:
    return tuple(Observation(at + n * FRAME_NS, face, advice=a) for n, a in enumerate(advices))


@pytest.mark.parametrize(
    ("observations", "reason", "advice"),
    [
        ((), Reason.NO_FACE, None),
        (seen(None, None, face=False), Reason.NO_FACE, None),
        (seen(Advice.COME_CLOSER), Reason.FACE_POOR, Advice.COME_CLOSER),
        (
            seen(Advice.MORE_LIGHT, Advice.HOLD_STILL, Advice.HOLD_STILL),
            Reason.FACE_POOR,
            Advice.HOLD_STILL,
        ),
        (seen(None, None), Reason.FACE_POOR, Advice.HOLD_STILL),
    ],
)
def test_the_end_of_an_attempt_without_a_match(
    observations: tuple[Observation, ...], reason: Reason, advice: Advice | None
) -> None:
    ended = unmatched(attempt(), TrackView(observations=observations))
    assert (ended.reason, ended.advice, ended.frames) == (reason, advice, 0)


def test_sightings_from_before_the_attempt_do_not_make_a_face() -> None:
    view = TrackView(observations=seen(Advice.COME_CLOSER))
    assert unmatched(attempt(FRAME_NS), view).reason is Reason.NO_FACE


def test_a_verdict_carries_what_the_decision_records() -> None:
    view = frames(7, score=0.7)
    ended = matched(attempt(found_ns=4 * FRAME_NS), view.probes[:6], FAILED)
    assert (ended.score, ended.normalised, ended.normalisation) == (0.1, 0.3, "snorm-200/100")
    assert (ended.threshold, ended.frames, ended.fresh, ended.quality) == (5.2, 6, 1, 0.7)
    assert ended.reason is Reason.FACE_MISMATCH
    assert matched(attempt(), view.probes, PASSED).reason is Reason.OK


def test_nobody_is_ok_on_what_was_seen_before_the_card() -> None:
    with pytest.raises(ValueError, match="0 of them fresh"):
        matched(attempt(found_ns=9 * FRAME_NS), frames(5).probes, PASSED)
