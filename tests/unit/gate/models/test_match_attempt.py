"""One attempt from view to view: which probes are looked at, how strictly, and how often."""

from dataclasses import replace

import numpy as np
import pytest

from gate.core.reasons import Advice, Reason
from gate.models import match_attempt as module
from gate.models.face_track import TrackView
from gate.models.match_attempt import CONFIRM_NS, UNSEEN_NS, MatchAttempt, MatchTables
from gate.models.matching import Match, ThresholdCurve, Thresholds
from gate.models.probe_selection import RECENT_NS, ProbeSelection
from gate.ports import Reference
from gate.ports.values import TemplateKind
from tests.unit.gate.models.test_face_track import FRAME_NS, face, good, nobody, poor, template

SINGLE, AUGMENTED = TemplateKind
FMR = 1e-4
POINTS = tuple((10.0**-n, 0.1 * n) for n in range(2, 8))
CURVES = tuple(ThresholdCurve(n, "raw", 10**9, POINTS) for n in (1, 3))
TABLE = Thresholds("any", SINGLE, CURVES)
TABLES = MatchTables(TABLE, Thresholds("any", AUGMENTED, CURVES))


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[TemplateKind, int, float]]:
    """Every comparison made: kind of the probes, frames, and the rate in units of the target."""
    found: list[tuple[TemplateKind, int, float]] = []
    real = module.compare

    def compare(
        reference: Reference, probe: np.ndarray, frames: int, fmr: float, table: Thresholds
    ) -> Match:
        found.append((table.kind, frames, round(fmr / FMR, 6)))
        return real(reference, probe, frames, fmr, table)

    monkeypatch.setattr(module, "compare", compare)
    return found


def match_attempt(
    frames: int = 3, who: int = 1, began: int = 10, found: int = 6, seconds: float = 3
) -> MatchAttempt:
    """Began 10 frames after the clock's beginning, the card found 4 before that."""
    selection = ProbeSelection(began * FRAME_NS, frames, seconds, found * FRAME_NS)
    return MatchAttempt(selection, Reference(template(who), None, None, None), FMR, TABLES)


def waiting(who: int, count: int = 3) -> TrackView:
    """Somebody who stands there while the card is read; the newest frame is of now."""
    view = TrackView()
    for n in range(count):
        view = good(view, (8 + n) * FRAME_NS, who)
    return view


def now(view: TrackView) -> int:
    """A moment after the newest frame."""
    return view.observations[-1].mono_ns + FRAME_NS // 10


def test_a_known_face_is_let_through_at_the_first_look(looked: list) -> None:
    view = waiting(1)
    judged = match_attempt().look(view, now(view))
    assert judged is not None
    assert (judged.reason, judged.frames, judged.fresh) == (Reason.OK, 3, 3)
    assert looked == [(SINGLE, 3, 0.4)]


def test_who_was_seen_before_the_card_is_not_let_in_on_that(looked: list) -> None:
    """The owner looked, the card came, no frame since: the next one decides."""
    view, one = waiting(1), match_attempt(found=10)
    assert one.look(view, now(view)) is None
    assert looked == []
    view = good(view, 11 * FRAME_NS, 1)
    judged = one.look(view, now(view))
    assert judged is not None
    assert (judged.reason, judged.frames, judged.fresh) == (Reason.OK, 1, 1)


def test_a_stranger_is_looked_at_once_for_each_augmented_frame(looked: list) -> None:
    one, view = match_attempt(), waiting(2)
    assert one.look(view, now(view)) is None
    assert one.wants_augmented
    assert one.look(view, now(view)) is None  # nothing new: no further chance
    for n in range(3):
        view = good(view, (11 + n) * FRAME_NS, 2, kind=AUGMENTED)
        judged = one.look(view, now(view))
        assert (judged is None) is (n < 2)
    assert judged is not None
    assert judged.reason is Reason.FACE_MISMATCH
    assert looked == [
        (SINGLE, 3, 0.4),
        (AUGMENTED, 1, 0.1),
        (AUGMENTED, 2, 0.1),
        (AUGMENTED, 3, 0.4),
    ]


def test_whoever_steps_in_late_passes_but_buys_no_extra_looks(looked: list) -> None:
    """A swap starts the fusion anew; looks that were taken stay taken."""
    one, view = match_attempt(), waiting(2)
    one.look(view, now(view))
    view = good(view, 11 * FRAME_NS, 2, kind=AUGMENTED)
    one.look(view, now(view))
    view = good(view, 13 * FRAME_NS, 1, face(), kind=AUGMENTED)
    assert one.look(view, now(view)) is None  # a first augmented look was taken already
    view = good(view, 14 * FRAME_NS, 1, kind=AUGMENTED)
    judged = one.look(view, now(view))
    assert judged is not None
    assert (judged.reason, judged.frames) == (Reason.OK, 2)
    assert looked == [(SINGLE, 3, 0.4), (AUGMENTED, 1, 0.1), (AUGMENTED, 2, 0.1)]


def test_out_of_time_with_single_views_only_they_get_the_last_look(looked: list) -> None:
    one, view = match_attempt(seconds=0.5), waiting(2)
    one.look(view, now(view))
    judged = one.look(view, 15 * FRAME_NS)
    assert judged is not None
    assert judged.reason is Reason.FACE_MISMATCH
    assert looked == [(SINGLE, 3, 0.4), (SINGLE, 3, 0.4)]


def test_no_face_is_not_said_before_a_frame_since_the_card_was_looked_at(looked: list) -> None:
    """Beside busy loops three attempts ended with NO_FACE while the first look was still going on,
    and an owner who stood there was referred."""
    one, before = match_attempt(), nobody(TrackView(), 5 * FRAME_NS)
    assert one.look(before, 40 * FRAME_NS) is None
    seen = good(before, 35 * FRAME_NS, 1)
    assert one.look(seen, 45 * FRAME_NS) is None, (
        "a match of a frame that is old now waits for its confirmation"
    )
    judged = one.look(good(seen, 46 * FRAME_NS, 1), 46 * FRAME_NS)
    assert judged is not None
    assert judged.reason is Reason.OK


def test_a_frame_that_never_comes_is_not_waited_for_without_end(looked: list) -> None:
    judged = match_attempt().look(TrackView(), 40 * FRAME_NS + UNSEEN_NS)
    assert judged is not None
    assert judged.reason is Reason.NO_FACE


def test_nobody_at_all(looked: list) -> None:
    one = match_attempt()
    assert one.look(TrackView(), 11 * FRAME_NS) is None
    assert not one.wants_augmented
    judged = one.look(nobody(TrackView(), 12 * FRAME_NS), 40 * FRAME_NS)
    assert judged is not None
    assert judged.reason is Reason.NO_FACE
    assert looked == []


# -- a match is given out only while the newest frame shows the face -------------------------------


def stale(view: TrackView) -> int:
    """The newest frame is older than a person needs to leave."""
    return view.observations[-1].mono_ns + RECENT_NS + 1


def held(one: MatchAttempt) -> TrackView:
    """The owner matched, by a frame too old to admit on."""
    view = waiting(1)
    assert one.look(view, stale(view)) is None
    assert not one.wants_augmented, "the frame that confirms is of a single view"
    return view


def test_a_match_on_an_old_frame_waits_for_the_next(looked: list) -> None:
    one = match_attempt()
    view = good(held(one), 14 * FRAME_NS, 1)
    judged = one.look(view, stale(view))
    assert judged is not None
    assert (judged.reason, judged.frames) == (Reason.OK, 3)
    assert len(looked) == 1


@pytest.mark.parametrize(
    "then",
    [
        lambda v, at: good(v, at, 2),
        poor,
        nobody,
        lambda v, at: good(v, at, 1, face(x=600)),
        lambda v, at: good(v, at, 1, crowded=True),
        lambda v, at: good(nobody(v, at - 1), at, 1),
    ],
    ids=["another", "poor", "nobody", "elsewhere", "two", "gone and back"],
)
def test_whoever_took_the_place_meanwhile_is_not_let_in(looked: list, then) -> None:
    one = match_attempt()
    view = then(held(one), 14 * FRAME_NS)
    assert one.look(view, now(view)) is None
    ends = 40 * FRAME_NS + CONFIRM_NS
    judged = one.look(view, 40 * FRAME_NS) or one.look(view, ends)
    assert judged is not None
    assert judged.reason is not Reason.OK


def test_a_slow_look_may_still_confirm(looked: list) -> None:
    """A look takes 1.2 s beside busy loops.

    The frame that confirms was exposed when the match was known, and is looked at well after the
    end of the attempt.
    """
    one = match_attempt()
    seen = good(TrackView(), 35 * FRAME_NS, 1)
    assert one.look(seen, 45 * FRAME_NS) is None
    assert one.look(seen, 56 * FRAME_NS) is None, "still being looked at"
    judged = one.look(good(seen, 46 * FRAME_NS, 1), 58 * FRAME_NS)
    assert judged is not None
    assert judged.reason is Reason.OK


def test_a_frame_that_never_comes_admits_nobody(looked: list) -> None:
    one = match_attempt()
    view = held(one)
    ends = 40 * FRAME_NS + CONFIRM_NS
    assert one.look(view, ends - 1) is None
    judged = one.look(view, ends)
    assert judged is not None
    assert judged.reason is Reason.FACE_POOR


def test_every_rate_the_exam_may_ask_for_can_be_judged() -> None:
    """With the shipped table, with and without a cohort: no rate is outside the measured ones."""
    rng = np.random.default_rng(1)
    cohort = rng.normal(size=(200, 128)).astype(np.float32)
    cohort /= np.linalg.norm(cohort, axis=1, keepdims=True)
    rates = (1e-5, 1e-4, 1e-3, 1e-2)
    for reference, asked in (
        (Reference(template(1), None, None, None), rates),
        (Reference(template(1), 0.0, 0.1, cohort), (1e-6, *rates)),
    ):
        for fmr in asked:
            for frames in (1, 3, 20):
                selection = ProbeSelection(10 * FRAME_NS, frames, 3, 6 * FRAME_NS)
                one = MatchAttempt(selection, reference, fmr, MatchTables.load())
                view = waiting(2)
                judged = one.look(view, now(view))
                for n in range(frames):
                    assert judged is None
                    view = good(view, (11 + n) * FRAME_NS, 2, kind=AUGMENTED)
                    judged = one.look(view, now(view))
                    if judged is not None:  # 20 frames are more than it takes
                        break
                assert judged is not None
                assert judged.reason is Reason.FACE_MISMATCH


# -- probes that are worse than those that the thresholds were measured on -------------------------

MEASURED_ABOVE = MatchTables(
    replace(TABLES.single, feature_norm_least=11.0),
    replace(TABLES.augmented, feature_norm_least=11.0),
)


def above(found: int = 6) -> MatchAttempt:
    selection = ProbeSelection(10 * FRAME_NS, 3, 0.5, found * FRAME_NS)
    return MatchAttempt(selection, Reference(template(1), None, None, None), FMR, MEASURED_ABOVE)


@pytest.mark.parametrize("kind", TemplateKind)
def test_no_threshold_is_used_on_probes_that_are_worse(looked: list, kind: TemplateKind) -> None:
    """The owner's own template: it would pass any threshold."""
    view = TrackView()
    for n in range(3):
        view = good(view, (11 + n) * FRAME_NS, 1, feature_norm=10.9, kind=kind)
    judged = above().look(view, 20 * FRAME_NS)
    assert judged is not None
    assert (judged.reason, judged.advice) == (Reason.FACE_POOR, Advice.LOOK_STRAIGHT)
    assert looked == []


def test_worse_probes_are_not_fused_with_the_one_that_counts(looked: list) -> None:
    view = TrackView()
    for n, norm in enumerate((10.9, 11.0, 10.0)):
        view = good(view, (11 + n) * FRAME_NS, 1, feature_norm=norm)
    judged = above().look(view, now(view))
    assert judged is not None
    assert (judged.reason, judged.frames) == (Reason.OK, 1)
    assert looked == [(SINGLE, 1, 0.4)]
