"""95% intervals by bootstrap over people.

Pictures of one person are alike and one person stands in thousands of pairs, so pairs are not
independent. So people are drawn again, with replacement. This is the subset bootstrap of Bolle,
Ratha and Pankanti, Computer Vision and Image Understanding 93(1), 2004.

A pair counts as often as the product of its people's draws. Only the sorted tail is weighted and
summed up; nothing is scored or sorted again. A thousand draws over seven million pairs take about a
second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.calibration.scores import Scores
from gate.calibration.template_sets import Labels, PerDraw, Values, Weights

Passing = npt.NDArray[np.float64]
"""(draws, scores) float64: the weight of all pairs down to each score."""

DRAWS = 1000
LEVEL = (2.5, 97.5)
CELLS = 4_000_000
"""Weights that are in memory at once (32 MB)."""

TAIL_MARGIN = 4.0
"""How far below a rate's threshold the tail is looked at: a draw's own threshold lies nearby."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95% of what the draws gave."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AtRate:
    """At the threshold for one false match rate, chosen anew in every draw."""

    threshold: Interval
    fnmr: Interval


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """At one threshold that was fixed elsewhere. `fmr` is None where no pair passes: no draw of
    the same people can show any."""

    fmr: Interval | None
    fnmr: Interval | None


def at_rates(
    scores: Scores, people: Labels, fmrs: Sequence[float], seed: int, draws: int = DRAWS
) -> dict[float, AtRate]:
    """For each rate that bears a threshold. `people`: who is on each picture of the set. Rates of
    at most a quarter of the highest in `FMRS`: the tail must reach below a draw's threshold."""
    stated = [f for f in fmrs if scores.threshold(f) is not None]
    if not stated:
        return {}
    tail = _Tail.of(scores, people, int(max(stated) * scores.impostor_pairs * TAIL_MARGIN) + 100)
    misses = _Misses(scores, people)
    found: dict[float, list[tuple[Values, PerDraw]]] = {f: [] for f in stated}
    for weights in _weights(people, seed, draws, len(tail.values)):
        passing = tail.weighted(weights)
        pairs = _pairs(scores, weights)
        for fmr in stated:
            thresholds = tail.thresholds(passing, fmr * pairs)
            found[fmr].append((thresholds, misses.rate(weights, thresholds)))
    return {
        fmr: AtRate(*(_interval(np.concatenate(column)) for column in zip(*parts, strict=True)))
        for fmr, parts in found.items()
    }


def at_threshold(
    scores: Scores, people: Labels, threshold: float, seed: int, draws: int = DRAWS
) -> AtThreshold:
    """Rates at a threshold fixed elsewhere."""
    passing = scores.passing(threshold)
    tail = _Tail.of(scores, people, passing)
    misses = _Misses(scores, people)
    false_matches, false_non_matches = [], []
    for weights in _weights(people, seed, draws, passing):
        matched = weights[:, tail.one] * weights[:, tail.other]
        false_matches.append(matched.sum(axis=1) / np.maximum(_pairs(scores, weights), 1))
        false_non_matches.append(misses.rate(weights, np.full(len(weights), threshold)))
    return AtThreshold(
        _interval(np.concatenate(false_matches)) if passing else None,
        _interval(np.concatenate(false_non_matches)) if len(scores.genuine) else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Tail:
    """Impostor scores, descending, and the two people of each."""

    values: Values
    one: Labels
    other: Labels

    @classmethod
    def of(cls, scores: Scores, people: Labels, count: int) -> "_Tail":
        at = people[scores.impostors_at[:count]].reshape(-1, 2)
        return cls(scores.impostors[:count], at[:, 0], at[:, 1])

    def weighted(self, weights: Weights) -> Passing:
        """Weight of all pairs down to each score, a row a draw."""
        matched = weights[:, self.one] * weights[:, self.other]
        result: Passing = np.cumsum(matched, axis=1)
        return result

    def thresholds(self, passing: Passing, allowed: PerDraw) -> Values:
        """The least score of each draw at which no more than `allowed` passes."""
        places = [
            np.searchsorted(p, a, side="right") for p, a in zip(passing, allowed, strict=True)
        ]
        at = self.values[np.minimum(places, len(self.values) - 1)]
        above: Values = np.nextafter(at, np.float32(np.inf))
        return above


class _Misses:
    """Genuine scores, ascending, and the person of each."""

    def __init__(self, scores: Scores, people: Labels) -> None:
        self._values = scores.genuine
        self._people = people[scores.genuine_at[:, 0]].reshape(-1)
        self._count = np.bincount(self._people, minlength=int(people.max()) + 1).astype(np.float64)

    def rate(self, weights: Weights, thresholds: Values) -> PerDraw:
        """False non-match rate of each draw at its threshold."""
        places = np.searchsorted(self._values, thresholds.astype(np.float32), side="left")
        below = np.zeros((len(weights), int(places.max(initial=0)) + 1))
        if below.shape[1] > 1:
            low = self._people[: below.shape[1] - 1]
            np.cumsum(weights[:, low], axis=1, out=below[:, 1:])
        missed = below[np.arange(len(weights)), places]
        result: PerDraw = missed / np.maximum(weights @ self._count, 1)
        return result


def _weights(people: Labels, seed: int, draws: int, width: int) -> Iterator[Weights]:
    """How often each person was drawn, in parts of some draws each. The same for equal seeds,
    whatever the size of the parts, so that intervals do not depend on it."""
    rng = np.random.default_rng(seed)
    present = np.unique(people)
    chances = np.full(len(present), 1 / len(present))
    size = int(people.max()) + 1
    part = max(1, min(draws, CELLS // max(1, width, size)))
    for start in range(0, draws, part):
        count = min(part, draws - start)
        weights = np.zeros((count, size))
        weights[:, present] = rng.multinomial(len(present), chances, size=count)
        yield weights


def _pairs(scores: Scores, weights: Weights) -> PerDraw:
    result: PerDraw = sum(
        (t.impostor_pairs(weights) for t in scores.counts), np.zeros(len(weights))
    )
    return result


def _interval(values: PerDraw | Values) -> Interval:
    low, high = np.percentile(values, LEVEL)
    return Interval(float(low), float(high))
