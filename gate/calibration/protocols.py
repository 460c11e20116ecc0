"""Protocols of evaluation: fold accuracy on listed pairs, cohorts by lot."""

import numpy as np

from gate.calibration.scores import NO_FACE
from gate.calibration.template_sets import Labels, Mask, RowNumbers, Values
from gate.errors import InputRejected
from gate.models.matching import COHORT


def fold_accuracy(scores: Values, same: Mask, folds: Labels) -> float:
    """Mean over the folds of the share judged right at the threshold that is best on the other
    folds (LFW's protocol). With a single fold the threshold is its own: then it is optimistic."""
    rates = []
    for fold in np.unique(folds):
        test = folds == fold
        train = test if test.all() else ~test
        threshold = _best_threshold(scores[train], same[train])
        rates.append(float(np.mean((scores[test] >= threshold) == same[test])))
    return float(np.mean(rates))


def draw_cohort(people: Labels, usable: Mask, seed: int, size: int = COHORT) -> RowNumbers:
    """Rows of a cohort: one picture each of `size` people. InputRejected for too few people.

    Those with the fewest pictures come first, so that few genuine pairs are lost. Else the lot
    decides.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(usable))
    names, first, counts = np.unique(people[rows], return_index=True, return_counts=True)
    if len(names) < size:
        raise InputRejected(
            f"{len(names)} people cannot give a cohort of {size}: name a larger set.",
            f"人数 {len(names)} 不足以组成 {size} 人的参照组：请使用更大的数据集。",
        )
    order = np.lexsort((rng.permutation(len(names)), counts))[:size]
    drawn: RowNumbers = rows[first[order]]
    return drawn


def _best_threshold(scores: Values, same: Mask) -> float:
    """The threshold that judges most pairs right, half way between two scores; of equals the middle
    one.

    A threshold on a genuine score would miss the next that is slightly lower.
    """
    order = np.argsort(scores, kind="stable")
    ordered, genuine = scores[order], same[order]
    wrong_below = np.concatenate(([0], np.cumsum(genuine)))
    wrong_above = np.concatenate((np.cumsum(~genuine[::-1])[::-1], [0]))
    wrong = (wrong_below + wrong_above)[:-1]
    best = np.flatnonzero(wrong == wrong.min())
    place = int(best[len(best) // 2])
    below = ordered[place - 1] if place else NO_FACE
    return float(ordered[place] if below == NO_FACE else (ordered[place] + below) / 2)
