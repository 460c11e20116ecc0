"""A face that matches, where the paper asks for liveness too: which frames count, and when."""

from dataclasses import replace

import pytest

from gate.core.action_order import ActionStatus
from gate.core.events import FaceJudged
from gate.core.exam import LivenessRule
from gate.core.liveness import FittedLayers
from gate.core.reasons import Reason
from gate.models.face_track import Observation, TrackView, with_gap
from gate.models.match_attempt import (
    ACTION_NS,
    CONFIRM_NS,
    LIVENESS_FRAMES,
    MatchAttempt,
    MatchTables,
)
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


def test_the_newest_frame_may_not_be_scored_yet() -> None:
    """A layer takes its time with a frame. What it said of those before is enough."""
    one, view = attempt(), seen(*(0.9,) * 5, first=5)
    assert told(look(one, good(view, 10 * FRAME_NS, 1))) == (Reason.OK, "live")


def test_a_frame_that_is_not_scored_yet_is_no_frame_that_says_nothing() -> None:
    one, view = attempt(), seen(*(None,) * (LIVENESS_FRAMES - 1), first=3)
    assert look(one, good(view, 10 * FRAME_NS, 1)) is None
    assert told(look(one, scored(view, 10, None))) == (Reason.LIVENESS_FAILED, "unsure")


def test_a_slow_unit_has_judged_who_waits_with_a_card_in_hand() -> None:
    """A frame of two cameras takes it 0.6 s: there are five within 3 s, and not within two."""
    apart = 600_000_000 // FRAME_NS
    assert apart > 1
    view = TrackView()
    for n in range(5):
        view = scored(view, BEGAN + (n - 4) * apart + 100, 0.9)
    selection = ProbeSelection((BEGAN + 100) * FRAME_NS, 3, 3, (FOUND + 100) * FRAME_NS)
    reference = Reference(template(1), None, None, None)
    one = MatchAttempt(selection, reference, 1e-3, TABLES, LivenessRule("passive", "refer"))
    assert told(look(one, view)) == (Reason.OK, "live")


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


def test_a_layer_that_takes_frames_together_is_waited_for_as_long_as_the_attempt_lasts() -> None:
    geometry, one = FittedLayers(frozenset({"geometry"})), attempt()
    view = seen(*(None,) * (LIVENESS_FRAMES + 1))
    for frame in range(BEGAN + 1, BEGAN + 30, 2):
        assert look(one, view, geometry) is None
        view = scored(view, frame, None)
    view = scored(view, BEGAN + 31, None)
    assert told(look(one, view, geometry)) == (Reason.LIVENESS_FAILED, "unsure")


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


WITH_ACTION = FittedLayers(frozenset({"network", "action"}))


def shown(
    instruction: str = "look-ahead", step: int = 1, ending: str | None = None
) -> ActionStatus:
    return ActionStatus(
        instruction=instruction, zh="", en="", step=step, of=2, left_s=1.0, ending=ending
    )


def acted(view: TrackView, frame: int, action: float | None, network: float | None) -> TrackView:
    view = scored(view, frame, network)
    newest = replace(view.probes[-1], liveness={"network": network, "action": action})
    return replace(view, probes=(*view.probes[:-1], newest))


def acting(asked: str, network: float | None) -> tuple[MatchAttempt, TrackView]:
    """An attempt that waits for the action after enough frames."""
    one, view = attempt(asked), seen(network, first=BEGAN)
    for n in range(LIVENESS_FRAMES + 1):
        assert one.look(view, view.observations[-1].mono_ns + 1, WITH_ACTION) is None
        view = acted(view, BEGAN + 1 + n, None, network)
    assert one.look(view, view.observations[-1].mono_ns + 1, WITH_ACTION) is None
    assert one.wants_action is not None
    return one, view


def after(
    one: MatchAttempt, view: TrackView, action: ActionStatus, later_ns: int = 1
) -> FaceJudged | None:
    return one.look(view, view.observations[-1].mono_ns + later_ns, WITH_ACTION, action)


@pytest.mark.parametrize(("asked", "network"), [("action", 0.9), ("passive", None)])
def test_an_action_is_waited_for_and_then_scored(asked: str, network: float | None) -> None:
    """Where the paper asks for it, and where the passive layers cannot tell."""
    one, view = acting(asked, network)
    for so_far in (shown(), shown("turn-left"), shown("look-ahead", 2), shown("turn-right", 2)):
        assert after(one, view, so_far) is None
    done = shown(step=2, ending="done")
    for n in range(5):
        assert after(one, view, done) is None
        view = acted(view, 30 + n, 1.0, network)
    judged = after(one, view, done)
    assert told(judged) == (Reason.OK, "live")
    assert judged is not None
    assert judged.liveness is not None
    assert judged.liveness.means["action"] == 1.0


@pytest.mark.parametrize("ending", ["too-late", "too-early", "other-action", "face-lost"])
def test_an_action_that_was_not_done_is_unsure_at_once(ending: str) -> None:
    one, view = acting("action", 0.9)
    judged = after(one, view, shown(step=1, ending=ending))
    assert told(judged) == (Reason.LIVENESS_FAILED, "unsure")


def test_a_picture_that_turned_flat_is_an_attack() -> None:
    one, view = acting("action", 0.9)
    flat = shown(step=1, ending="flat")
    for n in range(5):
        assert after(one, view, flat) is None
        view = acted(view, 30 + n, 0.0, 0.9)
    assert told(after(one, view, flat)) == (Reason.LIVENESS_FAILED, "attack")


def test_a_layer_that_asks_nothing_is_not_made_up_for_by_the_action() -> None:
    """The paper asks for the action, and the network never says anything."""
    one, view = acting("action", None)
    done = shown(step=2, ending="done")
    for n in range(8):
        assert after(one, view, done) is None
        view = acted(view, 30 + n, 1.0, None)
    judged = after(one, view, done, CONFIRM_NS + 1)
    assert told(judged) == (Reason.LIVENESS_FAILED, "unsure")


@pytest.mark.parametrize(
    ("so_far", "reason"),
    [(shown("turn-left"), Reason.LIVENESS_FAILED), (shown(), None)],
    ids=["told", "not yet told"],
)
def test_another_face_ends_an_action_that_was_told(
    so_far: ActionStatus, reason: Reason | None
) -> None:
    """Before anything is told the attempt goes on with the person who is there."""
    one, view = acting("action", 0.9)
    judged = after(one, good(view, (BEGAN + 12) * FRAME_NS, who=2), so_far)
    assert (judged and judged.reason) == reason
    assert reason or one.wants_action is None


def test_nobody_is_let_in_while_the_newest_frame_does_not_show_the_face() -> None:
    one, view = acting("action", 0.9)
    for n in range(5):
        view = acted(view, 30 + n, 1.0, 0.9)
    done = shown(step=2, ending="done")
    assert told(after(one, view, done)) == (Reason.OK, "live")
    away = with_gap(view, Observation(35 * FRAME_NS, face=False))
    assert away.probes
    assert after(one, away, done) is None


def test_who_is_excused_need_do_no_more_of_it() -> None:
    one, view = acting("action", 0.9)
    one.excuse()
    assert one.wants_action is None
    assert told(after(one, view, shown("turn-left"))) == (Reason.LIVENESS_FAILED, "unsure")


def test_an_action_without_an_end_is_not_waited_for() -> None:
    one, view = acting("action", 0.9)
    assert after(one, view, shown("turn-left"), ACTION_NS // 2) is None
    judged = after(one, view, shown("turn-left"), ACTION_NS + 1)
    assert told(judged) == (Reason.LIVENESS_FAILED, "unsure")


@pytest.mark.parametrize(
    ("fitted", "rule"),
    [
        (NETWORK, LivenessRule("passive")),
        (WITH_ACTION, LivenessRule("passive", excused=True)),
        (FittedLayers(WITH_ACTION.working, frozenset({"nir"})), LivenessRule("passive")),
        (FittedLayers(frozenset({"action"})), LivenessRule("passive")),
    ],
    ids=["no screen", "excused", "a lost layer", "no passive layer"],
)
def test_no_action_is_ordered_where_it_may_not_be(fitted: FittedLayers, rule: LivenessRule) -> None:
    """What a missing layer leaves open is for the paper's fallback."""
    selection = ProbeSelection(BEGAN * FRAME_NS, 3, 3, FOUND * FRAME_NS, 0)
    one = MatchAttempt(selection, Reference(template(1), None, None, None), 1e-3, TABLES, rule)
    view = seen(*(None,) * (LIVENESS_FRAMES + 1))
    assert told(look(one, view, fitted)) == (Reason.LIVENESS_FAILED, "unsure")
    assert one.wants_action is None
