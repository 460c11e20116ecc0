"""Error rates against counting by hand, on generated templates."""

import numpy as np
import pytest

from gate.calibration import scores as scoring
from gate.calibration.curves import Kind, kinds, measured, scores_of
from gate.calibration.own_cohort import with_own_cohort
from gate.calibration.protocols import draw_cohort, fold_accuracy
from gate.calibration.scores import (
    NO_FACE,
    Scores,
    all_against_all,
    pair_scores,
    pooled,
    probes_against_references,
)
from gate.calibration.template_sets import Norms, Side
from gate.errors import InputRejected
from gate.models.matching import COHORT, RAW, SNORM, TOP, cohort_statistics
from gate.ports.values import TemplateKind


def crowd(people: int, each: int, noise: float, seed: int = 1) -> Side:
    """`each` noisy templates of each of `people` directions."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.normal(size=(people, 128)), each, axis=0)
    values = centres + noise * rng.normal(size=centres.shape)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    names = np.repeat(np.arange(people), each)
    return Side(values.astype(np.float32), names, np.ones(len(names), bool))


def by_hand(side: Side) -> tuple[list[float], list[float]]:
    genuine, impostors = [], []
    for i in range(len(side.people)):
        for j in range(i + 1, len(side.people)):
            usable = side.usable[i] and side.usable[j]
            score = float(side.templates[i] @ side.templates[j]) if usable else float(NO_FACE)
            (genuine if side.people[i] == side.people[j] else impostors).append(score)
    return sorted(genuine), sorted(impostors, reverse=True)


def test_every_pair_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "BLOCK_ROWS", 7)  # several blocks, the last one short
    side = crowd(20, 2, 1.0)
    side.usable[3] = False
    genuine, impostors = by_hand(side)
    scores = all_against_all(side)
    assert scores.impostor_pairs == len(impostors) == 760
    assert np.allclose(scores.genuine, genuine, atol=1e-6)
    assert np.allclose(scores.impostors, impostors[: len(scores.impostors)], atol=1e-6)


def of(genuine: list[float], impostors: np.ndarray) -> Scores:
    """Scores by hand; where they come from does not matter."""
    places = np.zeros((len(impostors), 2), np.int32)
    down = -np.sort(-impostors.astype(np.float32))
    up = np.array(genuine, np.float32)
    return Scores(up, down, len(down), places[: len(up)], places)


@pytest.mark.parametrize("fmr", [1e-2, 1e-3])
def test_at_the_threshold_no_more_than_the_rate_pass(fmr: float) -> None:
    impostors = np.random.default_rng(2).normal(size=10_000).astype(np.float32)
    scores = of([], impostors)
    threshold = scores.threshold(fmr)
    assert threshold is not None
    passing = int((impostors >= np.float32(threshold)).sum())
    assert passing == int(fmr * len(impostors)) == scores.passing(threshold)
    just_below = np.nextafter(np.float32(threshold), np.float32(-1))
    assert int((impostors >= just_below).sum()) == passing + 1 == scores.passing(just_below)


def test_a_rate_with_too_few_false_matches_behind_it_is_not_stated() -> None:
    scores = of([], np.arange(1000))
    assert scores.threshold(5e-3) is not None
    assert scores.threshold(4.9e-3) is None


def test_the_tail_is_whole_when_one_block_holds_nearly_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the tail keeps follows from all pairs, not from those seen so far.

    Forty look-alikes in the first block once pushed each other out of it.
    """
    monkeypatch.setattr(scoring, "BLOCK_ROWS", 40)
    monkeypatch.setattr(scoring, "BUFFER", 1)
    alike, others = crowd(1, 40, 0.5), crowd(360, 1, 1.0, seed=3)
    people = np.arange(400)
    templates = np.concatenate([alike.templates, others.templates])
    side = Side(templates, people, np.ones(400, bool))
    scores = all_against_all(side)
    _, impostors = by_hand(side)
    assert np.allclose(scores.impostors, impostors[: len(scores.impostors)], atol=1e-6)
    assert len(scores.impostors) > 780  # all pairs of the look-alikes


def test_every_score_says_which_pictures_it_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "BLOCK_ROWS", 7)
    side = crowd(20, 3, 1.0)
    part = side.taken(np.arange(5, 60))
    for scores in (all_against_all(side), all_against_all(part)):
        for values, at in (
            (scores.genuine, scores.genuine_at),
            (scores.impostors, scores.impostors_at),
        ):
            one, other = side.templates[at[:, 0]], side.templates[at[:, 1]]
            assert np.allclose(values, (one * other).sum(axis=1), atol=1e-6)
        assert (side.people[scores.genuine_at[:, 0]] == side.people[scores.genuine_at[:, 1]]).all()


def test_pooled_scores_are_those_of_all_parts_in_order() -> None:
    parts = [all_against_all(crowd(20, 2, 1.0, seed=n)) for n in (1, 2)]
    whole = pooled(parts)
    assert whole.impostor_pairs == 2 * parts[0].impostor_pairs
    assert (np.diff(whole.genuine) >= 0).all()
    assert (np.diff(whole.impostors) <= 0).all()
    assert sorted(whole.genuine) == sorted([*parts[0].genuine, *parts[1].genuine])


def test_a_pair_without_a_face_is_never_a_match() -> None:
    side = crowd(4, 2, 0.1)
    side.usable[0] = False
    assert pair_scores(side.taken(np.array([0])), side.taken(np.array([1])))[0] == NO_FACE
    assert all_against_all(side).tar(-1.0) == pytest.approx(3 / 4)


def test_tar_counts_scores_at_the_threshold() -> None:
    scores = of([0.1, 0.2, 0.3, 0.4], np.zeros(4))
    assert scores.tar(float(np.float32(0.3))) == 0.5


@pytest.mark.parametrize("folds", [3, 7, 10])
def test_fold_accuracy_takes_the_threshold_from_the_other_folds(folds: int) -> None:
    """Fold 0 is shifted: its own best threshold would judge all right, the others' does not."""
    fold = np.repeat(np.arange(folds), 20)
    same = np.tile(np.repeat([True, False], 10), folds)
    scores = np.where(same, 0.8, 0.2).astype(np.float32)
    scores[fold == 0] -= 0.7
    assert fold_accuracy(scores, same, fold) == pytest.approx((0.5 + folds - 1) / folds)


def test_a_single_fold_is_its_own_judge() -> None:
    same = np.array([True, True, False, False])
    scores = np.array([0.9, 0.4, 0.5, 0.1], np.float32)
    assert fold_accuracy(scores, same, np.zeros(4, np.int64)) == 0.75


def test_a_probe_is_not_compared_with_the_pictures_it_was_made_of() -> None:
    side = crowd(3, 3, 0.5)
    probe = side.taken(np.array([0]))
    scores = probes_against_references(probe, side, np.array([[0, 1]]))
    assert len(scores.genuine) == 1
    assert scores.impostor_pairs == 6
    assert scores.genuine[0] == pytest.approx(float(side.templates[0] @ side.templates[2]))


def test_the_cohort_is_one_picture_each_of_those_with_the_fewest() -> None:
    people = np.concatenate([np.arange(220), np.arange(50), np.arange(50)])
    usable = np.ones(len(people), bool)
    usable[219] = False
    rows = draw_cohort(people, usable, seed=4)
    names = people[rows]
    assert len(rows) == len(set(names)) == 200
    assert set(range(50, 219)) <= set(names)
    assert 219 not in names


def test_too_few_people_give_no_cohort() -> None:
    with pytest.raises(InputRejected, match="199 people"):
        draw_cohort(np.arange(199), np.ones(199, bool), seed=1)


def test_norms_of_many_rows_are_those_of_each() -> None:
    cohort = crowd(200, 1, 1.0, seed=9).templates
    rows = np.concatenate([crowd(5, 1, 1.0).templates, cohort[:3]])  # three are in the cohort
    norms = Norms.of(rows, cohort)
    for n, row in enumerate(rows):
        wanted = cohort_statistics(row, cohort)
        assert (norms.mean[n], norms.deviation[n]) == pytest.approx(wanted, abs=1e-5)


def test_normalised_scores_follow_the_formula() -> None:
    side, cohort = crowd(5, 2, 1.0), crowd(200, 1, 1.0, seed=9).templates
    normed = Side(side.templates, side.people, side.usable, Norms.of(side.templates, cohort))
    one, other = normed.taken(np.array([0])), normed.taken(np.array([5]))
    score = float(one.templates[0] @ other.templates[0])
    wanted = 0.0
    for end in (one, other):
        top = np.sort(cohort @ end.templates[0])[-100:].astype(np.float64)
        wanted += 0.5 * (score - top.mean()) / top.std()
    assert pair_scores(one, other)[0] == pytest.approx(wanted, abs=1e-4)


def test_a_pair_is_normalised_by_strangers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against taking both people out of the cohort and working it out anew for each pair."""
    monkeypatch.setattr(scoring, "BLOCK_ROWS", 11)
    side = crowd(60, 2, 1.2)
    rows = np.arange(0, 90, 2)  # 45 people, one picture each
    normed = with_own_cohort(side, side.taken(rows), top=20)
    scores = all_against_all(normed)
    every = [*zip(scores.genuine, scores.genuine_at, strict=True)]
    every += zip(scores.impostors, scores.impostors_at, strict=True)
    for value, (one, other) in every:
        strangers = rows[~np.isin(side.people[rows], side.people[[one, other]])]
        score = float(side.templates[one] @ side.templates[other])
        wanted = 0.0
        for end in (one, other):
            mean, deviation = cohort_statistics(side.templates[end], side.templates[strangers], 20)
            wanted += 0.5 * (score - mean) / deviation
        assert value == pytest.approx(wanted, abs=2e-3)


def test_a_calibration_has_a_curve_for_each_number_of_frames_and_score() -> None:
    side = crowd(230, 4, 1.5)
    wanted = kinds(side, TemplateKind.SINGLE)
    assert {(k.frames, k.normalisation) for k in wanted} == {
        (n, k) for n in (1, 2, 3) for k in (RAW, SNORM)
    }  # nobody has five pictures
    for kind in (Kind(TemplateKind.SINGLE, 1), Kind(TemplateKind.SINGLE, 3, COHORT, TOP)):
        curve = measured(side, kind, scores_of(side, side, kind, 1), 1, draws=20)
        values = [r.threshold for r in curve.rates]
        assert len(values) >= 3
        assert values == sorted(values)
        for rate in curve.rates:
            assert rate.false_matches == int(rate.fmr * curve.pairs) or kind.cohort
            if rate.interval is not None:
                assert rate.interval.threshold.low <= rate.threshold <= rate.interval.threshold.high
