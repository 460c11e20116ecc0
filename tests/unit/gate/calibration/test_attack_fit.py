"""The fit of the liveness pair to a site: weights, held-out levels, the bound, a refusal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.calibration.attack_fit import (
    APCER_MAX,
    BPCER_MAX,
    Presentation,
    best_bound,
    fit_site,
    level,
    rates,
)
from gate.core.liveness import FRAMES


def shown(
    seed: int, live: tuple[float, float], attack: tuple[float, float], people: int = 8
) -> list[Presentation]:
    """`people` living, each also printed and replayed; logits around the two middles."""
    rng = np.random.default_rng(seed)
    made = []
    for person in range(people):
        for kind, middle in (("live", live), ("print", attack), ("replay", attack)):
            own = rng.normal(0, 0.3, 2)
            frames = rng.normal(np.array(middle) + own, 0.5, (int(rng.integers(1, 30)), 2))
            made.append(Presentation(kind, person, frames))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_who_parts_cleanly_is_calibrated_without_error(seed: int) -> None:
    """The makers' 0.5 would let every attack in here: both kinds have logits above 0."""
    presentations = shown(seed, (7, 6), (2, 2))
    fit = fit_site(presentations)
    assert rates(fit.levels, presentations) == {"live": 0.0, "print": 0.0, "replay": 0.0}
    assert min(fit.calibration.weights) >= 0
    for p in presentations:
        scores = [fit.calibration.score((a, b)) for a, b in p.judged()]
        assert (sum(scores) / len(scores) >= 0.5) == p.is_live


@pytest.mark.parametrize("seed", range(5))
def test_who_is_alike_overlaps(seed: int) -> None:
    presentations = shown(seed, (3, 3), (3, 3))
    found = rates(fit_site(presentations).levels, presentations)
    assert found["live"] > BPCER_MAX or max(found["print"], found["replay"]) > APCER_MAX


def test_a_network_that_says_the_opposite_is_left_out() -> None:
    presentations = shown(1, (5, -3), (-1, 3))
    fit = fit_site(presentations)
    assert fit.calibration.weights[1] == 0.0
    assert rates(fit.levels, presentations)["live"] == 0.0


def test_a_level_comes_from_a_fit_without_that_person() -> None:
    """One person whom only V1SE sees as living: their own part in the fit lets them in, the fit
    of the others does not."""
    rng = np.random.default_rng(2)
    others = [
        Presentation(kind, n, rng.normal((middle, 0), 0.5, (9, 2)))
        for n in range(5)
        for kind, middle in (("live", 4), ("print", -4))
    ]
    odd = Presentation("live", 9, np.full((9, 2), (-4.0, 11.0)))
    fit = fit_site([*others, odd])
    assert fit.calibration.weights[1] > 0.1
    assert fit.levels[-1] < 0
    assert rates(fit.levels[:-1], others) == {"live": 0.0, "print": 0.0}


def test_one_side_alone_is_an_error() -> None:
    with pytest.raises(ValueError, match="only"):
        fit_site([p for p in shown(1, (5, 5), (0, 0)) if p.is_live])


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=FRAMES))
def test_at_its_level_a_recording_is_on_the_bound(values: list[float]) -> None:
    rows = np.array(values)
    found = level(rows)
    assert np.mean(1 / (1 + np.exp(found - rows))) == pytest.approx(0.5, abs=1e-6)
    assert min(values) - 1e-6 <= found <= max(values) + 1e-6


@given(st.integers(0, 1000))
def test_no_bound_is_better_than_the_one_that_is_chosen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["live", "print", "replay"], 12)
    presentations = [Presentation(str(k), n, np.zeros((1, 2))) for n, k in enumerate(kinds)]
    levels = rng.normal(0, 2, 12).round(1)
    allowed = {"live": BPCER_MAX, "print": APCER_MAX, "replay": APCER_MAX}

    def burden(bound: float) -> float:
        found = rates(levels - bound, presentations)
        return max(rate / allowed[kind] for kind, rate in found.items())

    best = burden(best_bound(levels, presentations))
    assert all(best <= burden(b) + 1e-9 for b in np.arange(-9, 9, 0.05))


@given(st.integers(1, 60))
def test_the_judged_frames_are_as_many_as_the_gate_averages(count: int) -> None:
    rows = np.arange(count * 2, dtype=float).reshape(count, 2)
    judged = Presentation("live", 0, rows).judged()
    assert len(judged) == min(FRAMES, count)
    assert judged[0].tolist() == rows[0].tolist()
    assert judged[-1].tolist() == rows[min(count, 60) - 1 if count > 1 else 0].tolist()
