"""What the scores of the liveness layers come to, as laws over any scores."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.exam import LIVENESS
from gate.core.liveness import (
    FRAMES,
    LAYERS,
    THRESHOLDS,
    FittedLayers,
    FrameScores,
    Liveness,
    LivenessVerdict,
    assess,
    mean_score,
)
from tests.examples import examples

LIVE, ATTACK, UNSURE = LivenessVerdict.LIVE, LivenessVerdict.ATTACK, LivenessVerdict.UNSURE
HOW_LIVING = (ATTACK, UNSURE, LIVE)

scores = st.none() | st.floats(0.0, 1.0)
one_frame = st.fixed_dictionaries({}, optional=dict.fromkeys(LAYERS, scores))
some_frames = st.lists(one_frame, max_size=9)
names = st.frozensets(st.sampled_from(LAYERS))
units = st.builds(FittedLayers, names, names)
asked_for = st.sampled_from(LIVENESS[1:])


def shown(score: float | None, layer: str = "network", frames: int = FRAMES) -> list[FrameScores]:
    return [{layer: score}] * frames


def judged(
    asked: str,
    frames: list[FrameScores],
    fitted: FittedLayers,
    thresholds: dict[str, float] | None = None,
) -> Liveness:
    found = assess(asked, frames, fitted, THRESHOLDS if thresholds is None else thresholds)
    assert found is not None
    return found


NETWORK = FittedLayers(frozenset({"network"}))


@pytest.mark.parametrize(
    ("frames", "verdict"),
    [
        (shown(0.9), LIVE),
        (shown(0.5), LIVE),
        (shown(0.4999), ATTACK),
        (shown(0.0), ATTACK),
        (shown(0.9, frames=4), UNSURE),
        (shown(0.0, frames=4), UNSURE),
        (shown(None), UNSURE),
        ([], UNSURE),
        ([{"network": 0.0}, *shown(0.9)], LIVE),
        ([*shown(0.9, frames=4), {"network": None}, {"network": 0.9}], LIVE),
    ],
)
def test_the_mean_of_the_newest_five_decides(
    frames: list[FrameScores], verdict: LivenessVerdict
) -> None:
    assert judged("passive", frames, NETWORK).verdict is verdict


@given(some_frames, units)
def test_nothing_is_said_where_nothing_is_asked(
    frames: list[FrameScores], fitted: FittedLayers
) -> None:
    assert assess("off", frames, fitted) is None


@given(asked_for, some_frames, units, st.sampled_from(LAYERS))
@examples(300)
def test_never_live_when_a_deciding_layer_says_attack(
    asked: str, frames: list[FrameScores], fitted: FittedLayers, attacked: str
) -> None:
    frames = [*frames, *shown(0.0, attacked)]
    found = judged(asked, frames, fitted)
    assert found.verdict is ATTACK
    assert not found.passes("refer")
    assert not found.passes("admit")


@given(asked_for, some_frames, units, st.data())
@examples(300)
def test_lower_scores_never_make_a_face_more_living(
    asked: str, frames: list[FrameScores], fitted: FittedLayers, data: st.DataObject
) -> None:
    lower = [
        {n: None if s is None else s * data.draw(st.floats(0.0, 1.0)) for n, s in f.items()}
        for f in frames
    ]
    before, after = judged(asked, frames, fitted), judged(asked, lower, fitted)
    assert HOW_LIVING.index(after.verdict) <= HOW_LIVING.index(before.verdict)
    for fallback in ("refer", "admit"):
        assert after.passes(fallback) <= before.passes(fallback)


@given(asked_for, some_frames, units)
@examples(200)
def test_one_more_frame_of_an_attack_never_turns_an_attack_to_live(
    asked: str, frames: list[FrameScores], fitted: FittedLayers
) -> None:
    if judged(asked, frames, fitted).verdict is ATTACK:
        worst = {n: min((s for f in frames if (s := f.get(n)) is not None), default=0.0)
                 for n in LAYERS}  # fmt: skip
        assert judged(asked, [*frames, worst], fitted).verdict is ATTACK


@given(asked_for, some_frames, units)
@examples(300)
def test_live_means_that_every_layer_that_is_asked_for_said_so(
    asked: str, frames: list[FrameScores], fitted: FittedLayers
) -> None:
    found = judged(asked, frames, fitted)
    if found.verdict is LIVE:
        assert fitted.needed(asked)
        assert all(found.means[n] >= THRESHOLDS[n] for n in fitted.needed(asked))
        assert not fitted.lost & {"nir", "network", "geometry"}
        assert asked != "action" or "action" in found.means


@given(asked_for, some_frames, units)
@examples(300)
def test_the_fallback_speaks_of_missing_layers_alone(
    asked: str, frames: list[FrameScores], fitted: FittedLayers
) -> None:
    found = judged(asked, frames, fitted)
    assert found.passes("refer") is (found.verdict is LIVE)
    if found.passes("admit"):
        assert found.verdict is LIVE or fitted.lacks(asked)
        assert all(found.means[n] >= THRESHOLDS[n] for n in fitted.needed(asked))


@given(asked_for, some_frames, units, some_frames)
@examples(100)
def test_a_layer_without_a_threshold_is_a_hint_and_decides_nothing(
    asked: str, frames: list[FrameScores], fitted: FittedLayers, hints: list[FrameScores]
) -> None:
    deciding = {n: t for n, t in THRESHOLDS.items() if n != "geometry"}
    without = [{n: s for n, s in f.items() if n != "geometry"} for f in frames]
    hinted = [{**f, "geometry": h.get("geometry")} for f, h in zip(without, hints, strict=False)]
    hinted += without[len(hinted) :]
    one, other = (judged(asked, f, fitted, deciding) for f in (without, hinted))
    assert (one.verdict, one.is_open, one.is_lacking) == (
        other.verdict,
        other.is_open,
        other.is_lacking,
    )


@pytest.mark.parametrize("asked", ["passive", "action"])
def test_a_unit_without_any_layer_leaves_it_to_the_exam(asked: str) -> None:
    found = judged(asked, [], FittedLayers())
    assert (found.verdict, found.passes("refer"), found.passes("admit")) == (UNSURE, False, True)


def test_a_lost_camera_is_missing_although_another_layer_judges() -> None:
    unplugged = FittedLayers(frozenset({"network"}), lost=frozenset({"nir"}))
    found = judged("passive", shown(0.9), unplugged)
    assert (found.verdict, found.passes("refer"), found.passes("admit")) == (UNSURE, False, True)
    assert not judged("passive", shown(0.9, frames=4), unplugged).passes("admit")
    assert judged("passive", shown(0.1), unplugged).verdict is ATTACK


def test_every_layer_stands_in_a_decision() -> None:
    found = judged("passive", shown(2 / 3), NETWORK).fields
    assert found == {
        "verdict": "live",
        "layers": {"nir": None, "network": 0.666667, "geometry": None, "action": None},
    }


@pytest.mark.parametrize("mean", [math.nan, math.inf, -0.01, 1.01])
def test_a_mean_that_no_record_could_hold_is_refused(mean: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        Liveness(LIVE, {"network": mean})


@given(some_frames, st.sampled_from(LAYERS))
def test_a_mean_is_between_the_scores(frames: list[FrameScores], layer: str) -> None:
    mean = mean_score(layer, frames)
    own = [s for f in frames if (s := f.get(layer)) is not None]
    assert (mean is None) is (len(own) < FRAMES)
    if mean is not None:
        assert min(own) - 1e-12 <= mean <= max(own) + 1e-12


GEOMETRY = FittedLayers(frozenset({"geometry"}))


@pytest.mark.parametrize(
    ("score", "verdict", "is_open"),
    [(0.5, LIVE, False), (0.49, UNSURE, True), (0.45, UNSURE, True), (0.44, ATTACK, False)],
)
def test_what_is_too_close_to_call_is_unsure_and_no_attack(
    score: float, verdict: LivenessVerdict, is_open: bool
) -> None:
    found = judged("passive", shown(score, "geometry"), GEOMETRY)
    assert (found.verdict, found.is_open) == (verdict, is_open)
    assert found.passes("admit") is found.passes("refer") is (verdict is LIVE)


def test_what_is_too_close_to_call_is_let_in_by_no_fallback() -> None:
    fitted = FittedLayers(frozenset({"geometry"}), frozenset({"nir"}))
    assert not judged("passive", shown(0.47, "geometry"), fitted).passes("admit")
    lost = FittedLayers(lost=frozenset({"geometry"}))
    assert not judged("passive", shown(0.47, "geometry"), lost).passes("admit")


def test_what_is_too_close_to_call_is_settled_by_the_action() -> None:
    fitted = FittedLayers(frozenset({"geometry", "action"}))
    acted: list[FrameScores] = [{"geometry": 0.47, "action": 1.0}] * FRAMES
    found = assess("passive", acted, fitted, escalated=True)
    assert found is not None
    assert found.verdict is LIVE
    asked = assess("action", acted, fitted)
    assert asked is not None
    assert (asked.verdict, asked.is_open) == (UNSURE, True)
