"""How far the table's thresholds stand above where their rates were measured."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.calibration.curves import Kind, measured, scores_of
from gate.calibration.intervals import at_threshold
from gate.calibration.template_sets import Side
from gate.calibration.threshold_margin import SHARE, bound_of, with_margin
from gate.ports.values import TemplateKind
from tests.examples import examples

POINTS = {1e-2: 2.5, 1e-3: 3.9, 1e-4: 5.0, 1e-5: 6.2, 1e-6: 8.0}


def unknown(_rate: float) -> None:
    return None


def test_a_threshold_stands_at_the_upper_end() -> None:
    table = with_margin(unknown, POINTS, {1e-3: 4.0, 1e-4: 5.2, 1e-5: 6.5})
    assert [table[f] for f in (1e-3, 1e-4, 1e-5)] == [4.0, 5.2, 6.5]


def test_rates_without_an_interval_move_as_far_as_the_nearest() -> None:
    table = with_margin(unknown, POINTS, {1e-3: 4.0, 1e-4: 5.2, 1e-5: 6.5})
    assert math.isclose(table[1e-2], 2.6)
    assert math.isclose(table[1e-6], 8.3)
    assert with_margin(unknown, POINTS, {}) == POINTS


def test_three_quarters_of_the_name_are_the_most_that_was_measured() -> None:
    places = {0.75 * f: t + 0.3 for f, t in POINTS.items()}
    table = with_margin(lambda f: places[f], POINTS, {1e-4: 5.2, 1e-5: 6.6})
    assert table[1e-4] == POINTS[1e-4] + 0.3
    assert table[1e-5] == 6.6


@given(st.lists(st.floats(-3, 9), min_size=5, max_size=5), st.lists(st.floats(-3, 9), max_size=3))
@examples(200)
def test_nothing_moves_down_and_stricter_rates_never_get_weaker(
    values: list[float], ends: list[float]
) -> None:
    points = dict(zip(POINTS, sorted(values), strict=True))
    table = with_margin(unknown, points, dict(zip((1e-3, 1e-4, 1e-5), ends, strict=False)))
    assert all(table[f] >= points[f] for f in points)
    in_order = [table[f] for f in sorted(table, reverse=True)]
    assert in_order == sorted(in_order)


@pytest.mark.parametrize("frames", [1, 2])
def test_the_upper_end_of_the_rate_in_the_table_is_at_most_its_name(frames: int) -> None:
    """Twice the name where pictures are fused, unless three quarters of it are stricter still."""
    rng = np.random.default_rng(3)
    several = 16 if frames > 1 else 300
    people = np.concatenate([np.arange(300), np.arange(several), np.arange(several)])
    centres = rng.normal(size=(300, 24))
    faces = centres[people] + 0.7 * rng.normal(size=(len(people), 24))
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    side = Side(faces.astype(np.float32), people, np.ones(len(people), bool))
    scores = scores_of(side, side, Kind(TemplateKind.AUGMENTED, frames), seed=1)
    curve = measured(side, Kind(TemplateKind.AUGMENTED, frames), scores, seed=1, draws=400)
    rate = next(r for r in curve.rates if r.fmr == 1e-3)
    found = at_threshold(scores, people, rate.used, seed=1).fmr
    assert rate.table is not None
    assert found is not None
    assert found.high <= 1.08 * bound_of(frames) * 1e-3
    assert rate.table.fmr <= SHARE * 1e-3
    assert found.high > 0.92 * bound_of(frames) * 1e-3 or rate.table.fmr > 0.9 * SHARE * 1e-3
