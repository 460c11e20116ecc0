"""Every comparison of one set of templates with another: scores, where they come from, how many.

numpy only, in blocks of rows, so that a hundred million pairs fit in memory. Of the impostor scores
only the upper tail is kept. Of the genuine ones all are kept, each with its two pictures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gate.calibration.template_sets import (
    BLOCK_ROWS,
    ComparisonCounts,
    Matrix,
    Members,
    PairMask,
    RowNumbers,
    Side,
    Values,
    normalised,
)

Places = npt.NDArray[np.int32]
"""(n, 2) int32: the two pictures of each pair."""

FMRS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
FALSE_MATCHES_MIN = 5
"""A threshold that fewer false matches than this rest on is not stated."""

NO_FACE = np.float32(-1e9)
"""The score of a pair of which one picture shows no face: never a match."""

BUFFER = 1_000_000
"""Scores that wait above the tail before it is cut again."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of all comparisons.

    `genuine`: all, ascending. `impostors`: the highest of `impostor_pairs`, descending;
    `genuine_at`, `impostors_at`: the two pictures of each. `counts`: what the pairs came from.
    """

    genuine: Values
    impostors: Values
    impostor_pairs: int
    genuine_at: Places
    impostors_at: Places
    counts: tuple[ComparisonCounts, ...] = ()

    def threshold(self, fmr: float) -> float | None:
        """The least score at which no more than `fmr` of the impostor pairs pass; None where
        fewer than `FALSE_MATCHES_MIN` of them would."""
        passing = int(fmr * self.impostor_pairs)
        if passing < FALSE_MATCHES_MIN or passing >= len(self.impostors):
            return None
        return float(np.nextafter(self.impostors[passing], np.float32(np.inf)))

    def tar(self, threshold: float) -> float:
        """Share of the genuine pairs at or above the threshold."""
        return 1.0 - self.missed(threshold) / max(1, len(self.genuine))

    def missed(self, threshold: float) -> int:
        """Genuine pairs below the threshold."""
        return int(np.searchsorted(self.genuine, np.float32(threshold), side="left"))

    def passing(self, threshold: float) -> int:
        """Impostor pairs at or above the threshold; exact while the tail reaches below it."""
        return int(np.searchsorted(-self.impostors, -np.float32(threshold), side="right"))


def pair_scores(one: Side, other: Side) -> Values:
    """Score of row n of one with row n of the other."""
    scores = np.einsum("nd,nd->n", one.templates, other.templates)
    if one.norms is not None and other.norms is not None:
        sides = ((scores - n.mean) / n.deviation for n in (one.norms, other.norms))
        scores = 0.5 * sum(sides)
    return np.where(one.usable & other.usable, scores, NO_FACE).astype(np.float32)


def all_against_all(side: Side) -> Scores:
    """Every unordered pair of rows once."""
    return _gathered(own_blocks(side), ComparisonCounts.of(side))


def probes_against_references(probes: Side, references: Side, members: Members) -> Scores:
    """Every probe with every reference but those rows that it was made of (`members`, a row of
    places among the references for each probe)."""
    return _gathered(
        _rectangle(probes, references, members), ComparisonCounts.of(probes, references)
    )


def pooled(parts: Sequence[Scores]) -> Scores:
    """The pairs of all parts, as if they were one measurement."""
    genuine = np.concatenate([p.genuine for p in parts])
    impostors = np.concatenate([p.impostors for p in parts])
    up, down = np.argsort(genuine, kind="stable"), np.argsort(-impostors, kind="stable")
    return Scores(
        genuine[up],
        impostors[down],
        sum(p.impostor_pairs for p in parts),
        np.concatenate([p.genuine_at for p in parts])[up],
        np.concatenate([p.impostors_at for p in parts])[down],
        tuple(t for p in parts for t in p.counts),
    )


class Block(NamedTuple):
    """Scores of some rows with others, and which of them are pairs of one person or of two."""

    scores: Matrix
    genuine: PairMask
    impostor: PairMask
    one: Side
    other: Side

    def places(self, row: RowNumbers, column: RowNumbers) -> Places:
        """(n, 2) int32: the pictures of both sides at these rows and columns, each (n,)."""
        pictures = (self.one.pictures[row], self.other.pictures[column])
        places: Places = np.stack(pictures, axis=1).astype(np.int32)
        return places


class _Tail:
    """The `keep` highest scores of all that are added, and where they come from."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._floor = np.float32(-np.inf)
        self._values = [np.empty(0, np.float32)]
        self._at = [np.empty((0, 2), np.int32)]

    def add(self, block: Block) -> None:
        row, column = np.nonzero(block.impostor & (block.scores >= self._floor))
        self._values.append(block.scores[row, column])
        self._at.append(block.places(row, column))
        if sum(map(len, self._values)) > self._keep + BUFFER:
            self._cut()

    def descending(self) -> tuple[Values, Places]:
        values, at = self._cut()
        order = np.argsort(-values, kind="stable")
        return values[order], at[order]

    def _cut(self) -> tuple[Values, Places]:
        values, at = np.concatenate(self._values), np.concatenate(self._at)
        if len(values) > self._keep:
            kept = np.argpartition(values, len(values) - self._keep)[-self._keep :]
            values, at = values[kept], at[kept]
            self._floor = values.min()
        self._values, self._at = [values], [at]
        return values, at


def _gathered(blocks: Iterator[Block], counted: ComparisonCounts) -> Scores:
    pairs = round(float(counted.impostor_pairs()))
    tail = _Tail(int(pairs * max(FMRS)) + FALSE_MATCHES_MIN + 1)
    genuine, places = [np.empty(0, np.float32)], [np.empty((0, 2), np.int32)]
    for block in blocks:
        tail.add(block)
        row, column = np.nonzero(block.genuine)
        genuine.append(block.scores[row, column])
        places.append(block.places(row, column))
    scores, at = np.concatenate(genuine), np.concatenate(places)
    order = np.argsort(scores, kind="stable")
    impostors, impostors_at = tail.descending()
    return Scores(scores[order], impostors, pairs, at[order], impostors_at, (counted,))


def own_blocks(side: Side) -> Iterator["Block"]:
    """Every unordered pair of rows once, a block of rows at a time."""
    for start in range(0, len(side.people), BLOCK_ROWS):
        block = side.taken(np.s_[start : start + BLOCK_ROWS])
        rest = side.taken(np.s_[start:])
        above = np.arange(len(rest.people)) > np.arange(len(block.people))[:, None]
        yield _block(block, rest, above)


def _rectangle(probes: Side, references: Side, members: Members) -> Iterator[Block]:
    for start in range(0, len(probes.people), BLOCK_ROWS):
        rows = np.s_[start : start + BLOCK_ROWS]
        block = probes.taken(rows)
        wanted = np.ones((len(block.people), len(references.people)), bool)
        np.put_along_axis(wanted, members[rows], False, axis=1)
        yield _block(block, references, wanted)


def _block(one: Side, other: Side, wanted: PairMask) -> Block:
    cosine = one.templates @ other.templates.T
    scores = normalised(cosine, one.norms, other.norms)
    if one.scale is not None:
        scores = one.scale.bounded(scores, cosine)
    scores = np.where(one.usable[:, None] & other.usable, scores, NO_FACE).astype(np.float32)
    same = one.people[:, None] == other.people
    return Block(scores, wanted & same, wanted & ~same, one, other)
