"""Error rates from templates: fold accuracy, true accept rate at a false match rate, thresholds.

numpy only, in blocks of rows, so that a hundred million pairs fit in memory: of the impostor
scores only the upper tail is kept, of the genuine ones all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gate.errors import InputRejected
from gate.models.matching import COHORT, SAME_PERSON, TOP

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

FMRS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
BLOCK_ROWS = 512
FALSE_MATCHES_MIN = 5
"""A threshold that fewer false matches than this rest on is not stated."""

NO_FACE = np.float32(-1e9)
"""The score of a pair of which one picture shows no face: never a match."""


@dataclass(frozen=True, slots=True, eq=False)
class Norms:
    """Mean and deviation of each row's highest similarities to a cohort."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, templates: Floats, cohort: Floats, top: int = TOP) -> "Norms":
        """`matching.cohort_statistics` of every row at once; a cohort of more than `top` rows."""
        parts = [
            _top_statistics(templates[start : start + BLOCK_ROWS] @ cohort.T, top)
            for start in range(0, max(1, len(templates)), BLOCK_ROWS)
        ]
        mean, deviation = np.concatenate(parts, axis=1).astype(np.float32)
        return cls(mean, deviation)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of the comparisons. `people`: who each row is; `usable`: a face was found."""

    templates: Floats
    people: Labels
    usable: npt.NDArray[np.bool_]
    norms: Norms | None = None

    def taken(self, rows: npt.NDArray[np.intp] | slice) -> "Side":
        norms = self.norms and Norms(self.norms.mean[rows], self.norms.deviation[rows])
        return Side(self.templates[rows], self.people[rows], self.usable[rows], norms)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """`genuine`: all, ascending; `impostors`: the highest of `impostor_pairs`, descending."""

    genuine: Floats
    impostors: Floats
    impostor_pairs: int

    def threshold(self, fmr: float) -> float | None:
        """The least score at which no more than `fmr` of the impostor pairs pass; None where
        fewer than `FALSE_MATCHES_MIN` of them would."""
        passing = int(fmr * self.impostor_pairs)
        if passing < FALSE_MATCHES_MIN or passing >= len(self.impostors):
            return None
        return float(np.nextafter(self.impostors[passing], np.float32(np.inf)))

    def tar(self, threshold: float) -> float:
        """Share of the genuine pairs at or above the threshold."""
        below = int(np.searchsorted(self.genuine, np.float32(threshold), side="left"))
        return 1.0 - below / max(1, len(self.genuine))


def pair_scores(one: Side, other: Side) -> Floats:
    """Score of row n of one with row n of the other."""
    cosine = np.einsum("nd,nd->n", one.templates, other.templates)
    scores = _normalised(cosine, one.norms, other.norms, np.s_[:])
    return np.where(one.usable & other.usable, scores, NO_FACE).astype(np.float32)


def all_against_all(side: Side) -> Scores:
    """Every unordered pair of rows once."""
    return gather(_triangle(side))


def probes_against_references(
    probes: Side, references: Side, members: npt.NDArray[np.intp]
) -> Scores:
    """Every probe with every reference but those rows that it was made of (`members`, a row of
    places among the references for each probe)."""
    return gather(_rectangle(probes, references, members))


def gather(blocks: Iterator[tuple[Floats, Floats]]) -> Scores:
    """Blocks of (genuine, impostor) scores, pooled."""
    genuine, tail, pairs = [np.empty(0, np.float32)], np.empty(0, np.float32), 0
    for block_genuine, impostors in blocks:
        genuine.append(block_genuine)
        pairs += impostors.size
        keep = int(pairs * max(FMRS)) + FALSE_MATCHES_MIN + 1
        tail = _highest(np.concatenate([tail, _highest(impostors, keep)]), keep)
    return Scores(np.sort(np.concatenate(genuine)), -np.sort(-tail), pairs)


def fold_accuracy(scores: Floats, same: npt.NDArray[np.bool_], folds: Labels) -> float:
    """Mean over the folds of the share judged right at the threshold that is best on the other
    folds (LFW's protocol). With a single fold the threshold is its own: then it is optimistic."""
    rates = []
    for fold in np.unique(folds):
        test = folds == fold
        train = test if test.all() else ~test
        threshold = _best_threshold(scores[train], same[train])
        rates.append(float(np.mean((scores[test] >= threshold) == same[test])))
    return float(np.mean(rates))


def draw_cohort(people: Labels, usable: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.intp]:
    """Rows of a cohort: one picture each of `COHORT` people, those with the fewest pictures first
    (so that few genuine pairs are lost), else by lot. InputRejected for too few people."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(usable))
    names, first, counts = np.unique(people[rows], return_index=True, return_counts=True)
    if len(names) < COHORT:
        raise InputRejected(
            f"{len(names)} people cannot give a cohort of {COHORT}: name a larger set.",
            f"人数 {len(names)} 不足以组成 {COHORT} 人的参照组：请使用更大的数据集。",
        )
    order = np.lexsort((rng.permutation(len(names)), counts))[:COHORT]
    drawn: npt.NDArray[np.intp] = rows[first[order]]
    return drawn


def _top_statistics(scores: Floats, top: int) -> npt.NDArray[np.float64]:
    """Mean and deviation of each row's highest scores, without those of the template itself."""
    others = np.where(scores < SAME_PERSON, scores, -np.inf)
    highest = np.partition(others, others.shape[1] - top, axis=1)[:, -top:].astype(np.float64)
    return np.stack([highest.mean(axis=1), np.maximum(highest.std(axis=1), 1e-6)])


def _best_threshold(scores: Floats, same: npt.NDArray[np.bool_]) -> float:
    """The threshold that judges most pairs right: half way between two scores, since one that
    sits on a genuine score would miss the next that is a hair lower. Of equals the middle one."""
    order = np.argsort(scores, kind="stable")
    ordered, genuine = scores[order], same[order]
    wrong_below = np.concatenate(([0], np.cumsum(genuine)))
    wrong_above = np.concatenate((np.cumsum(~genuine[::-1])[::-1], [0]))
    wrong = (wrong_below + wrong_above)[:-1]
    best = np.flatnonzero(wrong == wrong.min())
    place = int(best[len(best) // 2])
    below = ordered[place - 1] if place else NO_FACE
    return float(ordered[place] if below == NO_FACE else (ordered[place] + below) / 2)


def _highest(values: Floats, count: int) -> Floats:
    return values if len(values) <= count else np.partition(values, len(values) - count)[-count:]


def _triangle(side: Side) -> Iterator[tuple[Floats, Floats]]:
    for start in range(0, len(side.people), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        block = side.taken(rows)
        rest = side.taken(np.s_[start:])
        above = np.arange(len(rest.people)) > np.arange(len(block.people))[:, None]
        yield _block(block, rest, above)


def _rectangle(
    probes: Side, references: Side, members: npt.NDArray[np.intp]
) -> Iterator[tuple[Floats, Floats]]:
    for start in range(0, len(probes.people), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        block = probes.taken(rows)
        wanted = np.ones((len(block.people), len(references.people)), bool)
        np.put_along_axis(wanted, members[rows], False, axis=1)
        yield _block(block, references, wanted)


def _block(one: Side, other: Side, wanted: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    scores = _normalised(one.templates @ other.templates.T, one.norms, other.norms, np.s_[:, None])
    scores = np.where(one.usable[:, None] & other.usable, scores, NO_FACE).astype(np.float32)
    same = one.people[:, None] == other.people
    return scores[wanted & same], scores[wanted & ~same]


def _normalised(cosine: Floats, one: Norms | None, other: Norms | None, rows: Any) -> Floats:
    if one is None or other is None:
        return cosine
    first = (cosine - one.mean[rows]) / one.deviation[rows]
    result: Floats = 0.5 * (first + (cosine - other.mean) / other.deviation)
    return result


def subset(side: Side, rows: Sequence[int] | npt.NDArray[np.intp]) -> Side:
    """Some rows of a side."""
    return side.taken(np.asarray(rows, np.intp))
