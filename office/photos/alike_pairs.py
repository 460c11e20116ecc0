"""All faces against all others, in blocks: memory does not grow with the number of pairs.

How often two people reach each bound stands in docs/roster.md.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from office.photos.folder import number_of
from office.photos.judged_photo import AlikePair, JudgedPhoto, Templates

SAME_FACE_MIN = 0.60
"""Cosine from which two photos show one person."""

LOOK_ALIKE_MIN = 0.55
"""Cosine from which two people should get a stricter threshold at the gate."""

ROWS, COLUMNS = 512, 8192
"""Templates compared at once: 16 MB of similarities."""

PAIRS_A_PHOTO = 20
"""The nearest that are kept for one photo: a folder of copies would fill the memory."""

Hits = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]
"""Row, column and similarity of pairs, (n,) each."""


def alike_pairs(
    photos: Sequence[JudgedPhoto], on_rows: Callable[[int, int], None]
) -> list[AlikePair]:
    """The nearest pairs of different numbers, the most alike first. `on_rows`: photos done, of how
    many."""
    able = [p for p in photos if p.template]
    found = []
    for row, column, score in pairs_above(_stacked(able), LOOK_ALIKE_MIN, on_rows):
        first, second = able[row].file, able[column].file
        if number_of(first) != number_of(second):
            kind = "same-face" if score >= SAME_FACE_MIN else "look-alike"
            found.append(AlikePair(first, second, score, kind))
    return sorted(found, key=lambda p: (-p.similarity, p.first, p.second))


def pairs_above(
    templates: Templates, least: float, on_rows: Callable[[int, int], None]
) -> list[tuple[int, int, float]]:
    """(row, column, cosine) with row < column and at least `least`; of one row the
    `PAIRS_A_PHOTO` highest."""
    count, found = len(templates), []
    for top in range(0, count, ROWS):
        kept = _NO_HITS
        rows = templates[top : top + ROWS]
        for left in range(top, count, COLUMNS):
            hits = _hits(rows, templates[left : left + COLUMNS], top, left, least)
            if len(hits[0]):
                kept = _highest(_together(kept, hits))
        found += list(zip(*(part.tolist() for part in kept), strict=True))
        on_rows(min(top + ROWS, count), count)
    return found


_NO_HITS: Hits = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def _hits(rows: Templates, columns: Templates, top: int, left: int, least: float) -> Hits:
    similarities = rows @ columns.T
    row, column = np.nonzero(similarities >= least)
    beyond = column + left > row + top  # each pair once, none with itself
    row, column = row[beyond], column[beyond]
    return row + top, column + left, similarities[row, column]


def _together(one: Hits, other: Hits) -> Hits:
    return (
        np.concatenate((one[0], other[0])),
        np.concatenate((one[1], other[1])),
        np.concatenate((one[2], other[2])),
    )


def _highest(hits: Hits) -> Hits:
    """Of each row the `PAIRS_A_PHOTO` highest."""
    row, column, score = hits
    order = np.lexsort((-score, row))
    row, column, score = row[order], column[order], score[order]
    first = np.searchsorted(row, row)
    near = np.arange(len(row)) - first < PAIRS_A_PHOTO
    return row[near], column[near], score[near]


def _stacked(able: Sequence[JudgedPhoto]) -> Templates:
    """(n, 128), n may be 0."""
    joined = b"".join(p.template for p in able)
    rows: Templates = np.frombuffer(joined, np.float32).reshape(-1, 128)
    return rows
