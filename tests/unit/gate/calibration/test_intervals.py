"""The bootstrap over people, against doing it the long way."""

import numpy as np
import pytest

from gate.calibration import intervals
from gate.calibration.intervals import at_rates, at_threshold
from gate.calibration.scores import all_against_all, pooled
from gate.calibration.template_sets import ComparisonCounts, Side
from tests.unit.gate.calibration.test_protocols import crowd

SIDE = crowd(40, 3, 1.1)
SCORES = all_against_all(SIDE)


def drawn_again(seed: int, draws: int) -> list[np.ndarray]:
    """How often each person was drawn: the same lots as the module's."""
    rng = np.random.default_rng(seed)
    return list(rng.multinomial(40, np.full(40, 1 / 40), size=draws))


def by_hand(weights: np.ndarray, threshold: float) -> tuple[float, float]:
    """FMR and FNMR of one draw, pair by pair."""
    passing = pairs = missed = genuine = 0
    for i in range(len(SIDE.people)):
        for j in range(i + 1, len(SIDE.people)):
            score = np.float32(SIDE.templates[i] @ SIDE.templates[j])
            one, other = SIDE.people[i], SIDE.people[j]
            if one == other:
                genuine += weights[one]
                missed += weights[one] * bool(score < np.float32(threshold))
            else:
                pairs += weights[one] * weights[other]
                passing += weights[one] * weights[other] * bool(score >= np.float32(threshold))
    return passing / pairs, missed / genuine


def test_a_fixed_threshold_in_every_draw() -> None:
    threshold = 0.25
    found = at_threshold(SCORES, SIDE.people, threshold, seed=5, draws=8)
    rates = np.array([by_hand(w, threshold) for w in drawn_again(5, 8)])
    assert found.fmr is not None
    assert found.fnmr is not None
    assert (found.fmr.low, found.fmr.high) == pytest.approx(np.percentile(rates[:, 0], (2.5, 97.5)))
    assert (found.fnmr.low, found.fnmr.high) == pytest.approx(
        np.percentile(rates[:, 1], (2.5, 97.5))
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_threshold_chosen_anew_in_every_draw_lets_the_rate_pass(seed: int) -> None:
    found = at_rates(SCORES, SIDE.people, (1e-3,), seed=seed, draws=1)[1e-3]
    threshold = found.threshold.low  # of the one draw
    weights = drawn_again(seed, 1)[0]
    hair = 1e-6  # a dot product here is rounded otherwise than one in a matrix
    fmr, fnmr = by_hand(weights, threshold + hair)
    assert fmr <= 1e-3
    assert by_hand(weights, threshold - hair)[0] > 1e-3
    assert found.fnmr.low == pytest.approx(fnmr)


def test_the_draws_do_not_depend_on_how_many_fit_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = at_rates(SCORES, SIDE.people, (1e-2,), seed=3, draws=20)
    monkeypatch.setattr(intervals, "CELLS", 500)  # one draw at a time
    assert at_rates(SCORES, SIDE.people, (1e-2,), seed=3, draws=20) == whole


def test_the_interval_holds_the_figure_and_narrows_with_people() -> None:
    widths = []
    for people in (40, 400):
        side = crowd(people, 3, 1.1)
        scores = all_against_all(side)
        threshold = scores.threshold(1e-2)
        assert threshold is not None
        found = at_rates(scores, side.people, (1e-2,), seed=1, draws=200)[1e-2].threshold
        assert found.low < threshold < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2


def test_nothing_passing_has_no_interval_of_the_match_rate() -> None:
    assert at_threshold(SCORES, SIDE.people, 2.0, seed=1, draws=5).fmr is None


def test_pairs_are_counted_by_formula_and_by_hand() -> None:
    weights = np.random.default_rng(1).integers(0, 4, 40)
    count = np.bincount(SIDE.people)
    wanted = sum(weights[a] * weights[b] * count[a] * count[b] for a in range(40) for b in range(a))
    assert ComparisonCounts.of(SIDE).impostor_pairs(weights) == wanted
    part = SIDE.taken(np.arange(0, 100, 2))
    both = sum(int(weights[a] * weights[b]) for a in part.people for b in SIDE.people if a != b)
    assert ComparisonCounts.of(part, SIDE).impostor_pairs(weights) == both


def test_pooled_cohorts_weigh_each_draws_pairs() -> None:
    twice = pooled([SCORES, SCORES])
    one = at_threshold(SCORES, SIDE.people, 0.25, seed=2, draws=10)
    assert at_threshold(twice, SIDE.people, 0.25, seed=2, draws=10) == one


def test_a_side_of_one_person_has_no_impostors() -> None:
    alone = Side(SIDE.templates[:3], SIDE.people[:3], SIDE.usable[:3])
    assert all_against_all(alone).impostor_pairs == 0
