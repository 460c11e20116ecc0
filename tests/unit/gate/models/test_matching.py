"""Scores and thresholds on generated templates; no network is needed."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InputRejected
from gate.models.matching import (
    COHORT,
    RAW,
    SNORM,
    ThresholdCurve,
    Thresholds,
    cohort_statistics,
    compare,
    fuse,
    s_norm,
)
from gate.models.network_files import load_manifest
from gate.ports import Reference
from gate.ports.values import TemplateKind
from tests.examples import examples

RNG = np.random.default_rng(7)


def templates(count: int) -> np.ndarray:
    values = RNG.normal(size=(count, 128)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


COHORT_ROWS = templates(COHORT)
TABLE = Thresholds(
    "sface",
    TemplateKind.SINGLE,
    (
        ThresholdCurve(1, RAW, 1000, ((1e-2, 0.30), (1e-3, 0.40), (1e-4, 0.45), (1e-5, 0.50))),
        ThresholdCurve(1, SNORM, 1000, ((1e-2, 2.5), (1e-4, 5.0)), ((1e-2, 0.31), (1e-4, 0.46))),
        ThresholdCurve(3, RAW, 1000, ((1e-2, 0.32), (1e-3, 0.41), (1e-4, 0.48), (1e-5, 0.49))),
        ThresholdCurve(3, SNORM, 1000, ((1e-2, 2.7), (1e-4, 5.4)), ((1e-2, 0.33), (1e-4, 0.47))),
        ThresholdCurve(5, SNORM, 1000, ((1e-2, 2.8), (1e-4, 5.2)), ((1e-2, 0.34), (1e-4, 0.49))),
    ),
)


def reference(template: np.ndarray, cohort: np.ndarray | None) -> Reference:
    if cohort is None:
        return Reference(template, None, None, None)
    return Reference(template, *cohort_statistics(template, cohort), cohort)


def test_fused_templates_are_unit_and_between() -> None:
    pair = templates(2)
    fused = fuse(list(pair))
    assert fused.dtype == np.float32
    assert np.linalg.norm(fused) == pytest.approx(1, abs=1e-6)
    assert fused @ pair[0] == pytest.approx(fused @ pair[1], abs=1e-6)
    assert np.allclose(fuse([pair[0]]), pair[0], atol=1e-6)


def test_nothing_to_fuse_is_rejected() -> None:
    with pytest.raises(InputRejected):
        fuse([])


def test_statistics_are_of_the_highest_scores_only() -> None:
    template = templates(1)[0]
    highest = np.sort(COHORT_ROWS @ template)[-100:]
    mean, deviation = cohort_statistics(template, COHORT_ROWS)
    assert mean == pytest.approx(highest.mean(), abs=1e-6)
    assert deviation == pytest.approx(highest.std(), abs=1e-6)


def test_a_cohort_row_that_is_the_template_itself_is_left_out() -> None:
    without = cohort_statistics(COHORT_ROWS[0], COHORT_ROWS[1:])
    assert cohort_statistics(COHORT_ROWS[0], COHORT_ROWS) == pytest.approx(without)


def test_the_candidates_own_row_of_the_cohort_does_not_normalise_the_probe() -> None:
    """Or it would stand far above the others and take the right person's score down."""
    one = COHORT_ROWS[7]
    probe = fuse([one, 0.3 * templates(1)[0]])
    others = np.delete(COHORT_ROWS, 7, axis=0)
    (m1, d1), (m2, d2) = cohort_statistics(one, others), cohort_statistics(probe, others)
    score = float(one @ probe)
    wanted = ((score - m1) / d1 + (score - m2) / d2) / 2
    found = s_norm(Reference(one, m1, d1, COHORT_ROWS), probe)
    assert found == pytest.approx(wanted, abs=1e-4)


def test_s_norm_is_the_mean_of_both_sides() -> None:
    one, other = templates(2)
    score = float(one @ other)
    (m1, d1), (m2, d2) = (cohort_statistics(t, COHORT_ROWS) for t in (one, other))
    wanted = ((score - m1) / d1 + (score - m2) / d2) / 2
    assert s_norm(reference(one, COHORT_ROWS), other) == pytest.approx(wanted, abs=1e-5)


@given(st.integers(0, 200))
@examples(20)
def test_s_norm_is_symmetric(seed: int) -> None:
    one, other = np.random.default_rng(seed).normal(size=(2, 128)).astype(np.float32)
    one, other = fuse([one]), fuse([other])
    there = s_norm(reference(one, COHORT_ROWS), other)
    back = s_norm(reference(other, COHORT_ROWS), one)
    assert there == pytest.approx(back, abs=1e-4)


@pytest.mark.parametrize("cohort", [None, COHORT_ROWS[:199]])
def test_a_small_cohort_gives_no_normalised_score(cohort: np.ndarray | None) -> None:
    template = templates(1)[0]
    assert s_norm(reference(template, cohort), template) is None


def test_without_a_cohort_the_raw_score_meets_a_rate_ten_times_lower() -> None:
    template = templates(1)[0]
    match = compare(reference(template, None), template, 1, 1e-4, TABLE)
    assert (match.normalisation, match.normalised) == ("raw-strict", None)
    assert match.threshold == 0.50  # the raw threshold of 1e-5
    assert match.fmr == 1e-4
    assert match.passed


def test_with_a_cohort_the_normalised_score_decides() -> None:
    one, other = templates(2)
    ref = reference(one, COHORT_ROWS)
    genuine, impostor = (compare(ref, t, 3, 1e-4, TABLE) for t in (one, other))
    assert genuine.normalisation == impostor.normalisation == SNORM
    assert genuine.threshold == 5.4
    assert genuine.passed
    assert not impostor.passed


def with_cosine(cosine: float) -> tuple[Reference, np.ndarray]:
    """A reference whose like are not in the cohort, and a probe at that cosine to it."""
    one, other = templates(2)
    other = fuse([other - (one @ other) * one])
    return reference(one, COHORT_ROWS), fuse([cosine * one + math.sqrt(1 - cosine**2) * other])


@pytest.mark.parametrize(("cosine", "passed"), [(0.44, False), (0.48, True)])
def test_who_has_nobody_alike_in_the_cohort_reaches_the_floor_too(
    cosine: float, passed: bool
) -> None:
    """Normalised alone both would pass."""
    ref, probe = with_cosine(cosine)
    match = compare(ref, probe, 1, 1e-4, TABLE)
    assert match.normalised is not None
    assert match.normalised >= match.threshold
    assert match.floor == 0.46
    assert match.passed is passed


@pytest.mark.parametrize(
    ("fmr", "wanted"),
    [(1e-2, 0.30), (1e-3, 0.40), (1e-5, 0.50), (10**-2.5, 0.35), (10**-3.2, 0.41)],
)
def test_thresholds_are_linear_in_the_logarithm_of_the_rate(fmr: float, wanted: float) -> None:
    assert TABLE.threshold(fmr, 1, RAW) == pytest.approx(wanted)


@pytest.mark.parametrize("fmr", [2e-2, 9e-6, 0.5, 1e-9])
def test_a_rate_that_was_not_measured_is_rejected(fmr: float) -> None:
    with pytest.raises(InputRejected, match="was not measured"):
        TABLE.threshold(fmr, 1, RAW)


@pytest.mark.parametrize(
    ("frames", "normalisation", "wanted"),
    [(2, RAW, 0.48), (2, SNORM, 5.4), (4, SNORM, 5.4), (5, SNORM, 5.2), (9, SNORM, 5.2)],
)
def test_frames_between_two_measured_counts_take_the_stricter(
    frames: int, normalisation: str, wanted: float
) -> None:
    assert TABLE.threshold(1e-4, frames, normalisation) == wanted


@given(st.floats(-5, -2), st.floats(-5, -2))
@examples(50)
def test_a_lower_rate_never_has_a_lower_threshold(a: float, b: float) -> None:
    low, high = sorted((10**a, 10**b))
    for normalisation in (RAW, SNORM):
        for frames in (1, 2, 3, 4, 5):
            shipped = Thresholds.load()
            assert shipped.threshold(low, frames, normalisation) >= shipped.threshold(
                high, frames, normalisation
            )


def test_the_shipped_table_covers_what_an_exam_may_ask() -> None:
    """Default rate 1e-4, five frames at most, with the fallback ten times stricter."""
    for kind in TemplateKind:
        table = Thresholds.load(kind=kind)
        for frames in range(1, 6):
            for fmr in (1e-2, 1e-3, 1e-4, 1e-5):
                assert table.threshold(fmr, frames, SNORM) > 0
                assert table.threshold(fmr / 10, frames, RAW) > 0


def test_an_unknown_model_is_rejected() -> None:
    with pytest.raises(InputRejected, match="run exam-gate calibrate"):
        Thresholds.load(model="other")


def test_a_table_that_is_named_is_read(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    pinned = "".join(
        f'[[network]]\nname = "{o.name}"\nsha256 = "{o.sha256}"\n' for o in load_manifest().outputs
    )
    file.write_text(
        f"{pinned}"
        '[[curve]]\nmodel = "sface"\nmirror = false\nframes = 1\nnormalisation = "raw"\n'
        'pairs = 9\ngenuine = 3\nthresholds = { "1e-02" = 0.3, "1e-03" = 0.4 }\n'
        'tar = { "1e-02" = 1.0, "1e-03" = 0.9 }\n'
    )
    assert Thresholds.load(file).threshold(1e-3, 1, RAW) == 0.4
