"""Groups that are rare in the cohort: the floor counts as the gate decides, and only refuses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.calibration.curves import Kind, RateCurve, floored, measured, scores_of
from gate.calibration.rare_groups import by_share
from gate.calibration.template_sets import FlooredScale, Mask, Side
from gate.core.match_decision import ScoreBounds, passes
from gate.models.matching import COHORT, TOP
from gate.ports.values import TemplateKind
from tests.examples import examples
from tests.unit.gate.calibration.test_protocols import crowd

TARGET = 1e-3
RATES = (1e-2, 1e-3, 1e-4)
SCALE = FlooredScale.of(
    dict(zip(RATES, (2.5, 4.0, 5.2), strict=True)),
    dict(zip(RATES, (0.31, 0.38, 0.45), strict=True)),
)


@given(st.floats(-1, 1), st.floats(-8, 20), st.sampled_from(range(len(RATES))))
@examples(300)
def test_the_bounded_score_reaches_a_threshold_when_both_bounds_are_reached(
    cosine: float, normalised: float, rate: int
) -> None:
    threshold, floor = SCALE.thresholds[rate], SCALE.floors[rate]
    if abs(cosine - floor) < 1e-6:
        return
    one, other = (np.array([[v]], np.float32) for v in (normalised, cosine))
    bounded = SCALE.bounded(one, other)[0, 0]
    assert np.isfinite(bounded)
    wanted = passes(cosine, float(one[0, 0]), ScoreBounds(float(np.float32(threshold)), floor))
    assert (bounded >= np.float32(threshold)) == wanted


def population() -> tuple[Side, Mask]:
    """300 people unlike each other, and 40 who share a good part of a face."""
    side = crowd(340, 2, 0.6)
    member = side.people >= 300
    alike = np.random.default_rng(3).normal(size=128).astype(np.float32)
    side.templates[member] += 0.55 * alike / np.linalg.norm(alike)
    side.templates[:] /= np.linalg.norm(side.templates, axis=1, keepdims=True)
    return side, member


@pytest.fixture(scope="module")
def measured_groups() -> tuple[Side, Mask, list[RateCurve]]:
    side, member = population()
    kinds = (Kind(TemplateKind.AUGMENTED, 1), Kind(TemplateKind.AUGMENTED, 1, COHORT, TOP))
    others = side.taken(np.flatnonzero(~member))
    curves = [measured(others, k, scores_of(others, others, k, 1), 1, draws=20) for k in kinds]
    return side, member, floored(curves)


def test_a_group_that_is_rare_in_the_cohort_meets_the_floor(
    measured_groups: tuple[Side, Mask, list[RateCurve]],
) -> None:
    side, member, curves = measured_groups
    found = list(by_share({"alike": member}, side, curves, 1, target=TARGET))
    assert [f.share for f in found] == [0.0, 0.02, 0.1]  # too few people for 0.3 of 200
    for f in found:
        assert (f.people, f.pairs, f.genuine) == (40, 40 * 39 * 2, 40)
        assert f.false_matches <= f.alone_false_matches
        assert f.fmr == pytest.approx(f.false_matches / f.pairs)
        assert f.fnmr is not None
        assert f.alone_fnmr is not None
        assert f.fnmr >= f.alone_fnmr
        assert f.missed == pytest.approx(f.fnmr * f.genuine)
    none_like_them, _, some = found
    assert none_like_them.alone_fmr > some.alone_fmr
    (stricter,) = (c for c in curves if c.kind.cohort)
    raised = [replace(r, table=r.table and replace(r.table, floor=0.4)) for r in stricter.rates]
    stricter = replace(stricter, rates=tuple(raised))
    held = next(by_share({"alike": member}, side, [stricter], 1, target=TARGET))
    assert held.floor == 0.4
    assert 0 < held.false_matches < held.alone_false_matches == none_like_them.alone_false_matches


def test_everybody_is_measured_where_they_fill_the_cohort(
    measured_groups: tuple[Side, Mask, list[RateCurve]],
) -> None:
    side, _, curves = measured_groups
    everybody = np.ones(len(side.people), bool)
    (found,) = by_share({"everybody": everybody}, side, curves, 1, target=TARGET)
    assert (found.share, found.people) == (1.0, 340)
    assert found.pairs == 680 * 678 // 2


def test_the_strictest_rate_has_an_interval_and_no_say_in_the_margin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    side = crowd(300, 2, 0.6)
    kind = Kind(TemplateKind.AUGMENTED, 1)
    scores = scores_of(side, side, kind, 1)
    monkeypatch.setattr("gate.calibration.curves.INTERVAL_FMRS", (1e-3,))
    monkeypatch.setattr("gate.calibration.curves.STRICTEST", 1e-4)
    rates = {r.fmr: r for r in measured(side, kind, scores, 1, draws=50).rates}
    strictest, other = rates[1e-4], rates[1e-3]
    assert strictest.interval is not None
    assert strictest.interval.threshold.low < strictest.interval.threshold.high
    assert strictest.used - strictest.threshold == pytest.approx(other.used - other.threshold)


def test_a_group_of_few_people_and_a_rate_that_is_not_stated_are_passed_over(
    measured_groups: tuple[Side, Mask, list[RateCurve]],
) -> None:
    side, member, curves = measured_groups
    few = member & (side.people < 320)
    assert not list(by_share({"few": few}, side, curves, 1, target=TARGET))
    assert not list(by_share({"alike": member}, side, curves, 1, target=1e-9))


def test_floors_follow_the_raw_curve_and_are_never_below_its_threshold(
    measured_groups: tuple[Side, Mask, list[RateCurve]],
) -> None:
    _, _, (raw, normalised) = measured_groups
    at = {r.fmr: r.used for r in raw.rates}
    floors = {r.fmr: r.table.floor for r in normalised.rates if r.table}
    assert floors
    for fmr, floor in floors.items():
        assert floor is not None
        assert floor >= at.get(fmr, max(at.values()))


def test_a_normalised_curve_without_a_raw_one_is_left_out(
    measured_groups: tuple[Side, Mask, list[RateCurve]],
) -> None:
    _, _, (raw, normalised) = measured_groups
    assert floored([normalised]) == []
    other = replace(normalised, kind=replace(normalised.kind, frames=3))
    assert floored([raw, other]) == [raw]
