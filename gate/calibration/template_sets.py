"""What is compared: templates of people, with what they are normalised with, and how many.

numpy only. The symmetric s-norm is that of `matching.py`, for whole matrices of cosines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from gate.models.matching import SAME_PERSON, TOP
from gate.ports.values import TemplateRows

Values = npt.NDArray[np.float32]
"""(n,) float32: one value a row, a pair or a score."""

Matrix = npt.NDArray[np.float32]
"""(rows, columns) float32: rows of one side, columns of the other."""

Labels = npt.NDArray[np.int64]
"""(n,) int64: who each row is, or where it belongs."""

Mask = npt.NDArray[np.bool_]
"""(n,) bool: which rows."""

PairMask = npt.NDArray[np.bool_]
"""(rows, columns) bool: which pairs of two sides."""

RowNumbers = npt.NDArray[np.intp]
"""(n,) intp: places of rows."""

Members = npt.NDArray[np.intp]
"""(probes, frames) intp: the rows that each probe is made of."""

PerPerson = npt.NDArray[np.float64]
"""(people,) float64: one figure a person."""

PerDraw = npt.NDArray[np.float64]
"""(draws,) float64: one figure a draw."""

Weights = npt.NDArray[np.float64]
"""(draws, people) float64: how often each draw has each person."""

BLOCK_ROWS = 512
"""Rows that are compared at once."""

BELOW = 50.0
"""So far below the lowest threshold, in deviations, lies a cosine that is 2 below its floor. It is
the slope of normalised scores, about 25 for a cosine of 1."""


class Normalising(Protocol):
    """What the rows of a side are normalised with."""

    def taken(self, rows: RowNumbers | slice) -> Self:
        """Those of some rows."""

    def against(self, other: Self) -> tuple[Matrix, Matrix]:
        """Mean and deviation of every own row with every row of `other`, as arrays that fit a
        matrix of own rows and other rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Norms:
    """Mean and deviation of each row's highest similarities to a cohort."""

    mean: Values
    deviation: Values

    @classmethod
    def of(cls, templates: TemplateRows, cohort: TemplateRows, top: int = TOP) -> "Norms":
        """`matching.cohort_statistics` of every row at once; a cohort of more than `top` rows."""
        parts = [
            _top_statistics(templates[start : start + BLOCK_ROWS] @ cohort.T, top)
            for start in range(0, max(1, len(templates)), BLOCK_ROWS)
        ]
        mean, deviation = np.concatenate(parts, axis=1).astype(np.float32)
        return cls(mean, deviation)

    def taken(self, rows: RowNumbers | slice) -> "Norms":
        """The statistics of these rows."""
        return Norms(self.mean[rows], self.deviation[rows])

    def against(self, other: "Norms") -> tuple[Matrix, Matrix]:
        """The same for every row of `other`."""
        return self.mean[:, None], self.deviation[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class FlooredScale:
    """Both bounds of the gate as one score.

    A cosine is placed on the scale of the normalised score where its floor has the same rate. The
    lesser of the two reaches a rate's threshold when both bounds of that rate are reached.
    `floors`, `thresholds`: (rates,) float64, ascending.
    """

    floors: npt.NDArray[np.float64]
    thresholds: npt.NDArray[np.float64]

    @classmethod
    def of(cls, thresholds: Mapping[float, float], floors: Mapping[float, float]) -> "FlooredScale":
        """Both by rate."""
        rates = sorted(thresholds, reverse=True)
        return cls(np.array([floors[r] for r in rates]), np.array([thresholds[r] for r in rates]))

    def bounded(self, normalised: Matrix, cosine: Matrix) -> Matrix:
        """The lesser of the two. A cosine below every floor is placed below every threshold."""
        floors = np.concatenate([[self.floors[0] - 2.0], self.floors])
        thresholds = np.concatenate([[self.thresholds[0] - BELOW], self.thresholds])
        placed = np.interp(cosine, floors, thresholds, right=np.inf)
        result: Matrix = np.minimum(normalised, placed.astype(np.float32))
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of the comparisons.

    `people`: who each row is. `usable`: a face was found. `rows`: the picture that each row stands
    for where this side is part of a set, None for its place. `scale`: of the floor beside a
    normalised score, None without a floor.
    """

    templates: TemplateRows
    people: Labels
    usable: Mask
    norms: Any = None  # a Normalising
    rows: RowNumbers | None = None
    scale: FlooredScale | None = None

    def taken(self, rows: RowNumbers | slice) -> "Side":
        """The part of this side at these rows."""
        norms = None if self.norms is None else self.norms.taken(rows)
        people, usable = self.people[rows], self.usable[rows]
        return Side(self.templates[rows], people, usable, norms, self.pictures[rows], self.scale)

    @property
    def pictures(self) -> RowNumbers:
        """(n,): the number of each row's picture."""
        return np.arange(len(self.people)) if self.rows is None else self.rows


def subset(side: Side, rows: Sequence[int] | RowNumbers) -> Side:
    """Some rows of a side."""
    return side.taken(np.asarray(rows, np.intp))


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonCounts:
    """How many rows each person has on either side. `unordered`: one side with itself."""

    one: PerPerson
    other: PerPerson
    unordered: bool

    @classmethod
    def of(cls, one: Side, other: Side | None = None) -> "ComparisonCounts":
        """Counts of the rows of each person, for `one` against `other` or against itself."""
        sides = (one, one if other is None else other)
        size = max(int(s.people.max(initial=-1)) for s in sides) + 1
        counts = [np.bincount(s.people, minlength=size).astype(np.float64) for s in sides]
        return cls(counts[0], counts[1], other is None)

    def impostor_pairs(self, weights: Weights | None = None) -> PerDraw:
        """Pairs of different people, of each draw; () without `weights`."""
        size = len(self.one)
        w = np.ones(size) if weights is None else weights[..., :size].astype(np.float64)
        pairs = (w @ self.one) * (w @ self.other) - (w * w) @ (self.one * self.other)
        return pairs / 2 if self.unordered else pairs


_Norms = TypeVar("_Norms", bound=Normalising)


def normalised(cosine: Matrix, one: _Norms | None, other: _Norms | None) -> Matrix:
    """The symmetric s-norm of a matrix of cosines; the cosines themselves without norms."""
    if one is None or other is None:
        return cosine
    mean, deviation = one.against(other)
    result: Matrix = (cosine - mean) / deviation
    mean, deviation = other.against(one)
    result += (cosine - mean.T) / deviation.T
    result *= 0.5
    return result


def _top_statistics(scores: Matrix, top: int) -> npt.NDArray[np.float64]:
    """(2, rows) float64: mean and deviation of each row's highest scores, without those of the
    template itself."""
    others = np.where(scores < SAME_PERSON, scores, -np.inf)
    highest = np.partition(others, others.shape[1] - top, axis=1)[:, -top:].astype(np.float64)
    return np.stack([highest.mean(axis=1), np.maximum(highest.std(axis=1), 1e-6)])
