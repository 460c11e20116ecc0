"""All faces against all others, in blocks. Neither memory nor the list grows with the pairs.

How often two people reach each bound stands in docs/ticket-photos.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
"""The nearest that are listed for one photo: a folder of copies would fill the list."""

PAIRS_MAX = 100_000
"""The nearest that are listed at all. Of 500,000 photos more are alike by chance."""

Hits = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]
"""Row, column and similarity of pairs, (n,) each."""

Numbers = npt.NDArray[np.int64]
"""(n,) int64: the same for photos of one number."""


@dataclass(frozen=True, slots=True)
class FoundPairs:
    """`listed`: the most alike first; `same_face`, `look_alike`: how many pairs there are, those
    that are not listed too."""

    listed: tuple[AlikePair, ...]
    same_face: int
    look_alike: int


def alike_pairs(photos: Sequence[JudgedPhoto], on_rows: Callable[[int, int], None]) -> FoundPairs:
    """The pairs of different numbers. `on_rows`: photos done, of how many."""
    able = [p for p in photos if p.template]
    known: dict[str, int] = {}
    numbers = [known.setdefault(number_of(p.file), len(known)) for p in able]
    hits, counts = pairs_above(
        _stacked(able),
        np.array(numbers, np.int64),
        (LOOK_ALIKE_MIN, SAME_FACE_MIN),
        on_rows,
    )
    listed = [
        AlikePair(
            able[row].file,
            able[column].file,
            score,
            "same-face" if score >= SAME_FACE_MIN else "look-alike",
        )
        for row, column, score in zip(*(part.tolist() for part in hits), strict=True)
    ]
    listed.sort(key=lambda p: (-p.similarity, p.first, p.second))
    return FoundPairs(tuple(listed), counts[1], counts[0] - counts[1])


def pairs_above(
    templates: Templates,
    numbers: Numbers,
    bounds: tuple[float, float],
    on_rows: Callable[[int, int], None],
) -> tuple[Hits, tuple[int, int]]:
    """Pairs of different numbers, row < column, whose cosine reaches the first bound. Beside them
    how many reach each bound.

    The `PAIRS_A_PHOTO` highest of one row and the `PAIRS_MAX` highest of all are given. All are
    counted.
    """
    count, kept, reached = len(templates), _NO_HITS, (0, 0)
    for top in range(0, count, ROWS):
        of_rows = _NO_HITS
        rows = templates[top : top + ROWS]
        for left in range(top, count, COLUMNS):
            hits = _hits(rows, templates[left : left + COLUMNS], top, left, bounds[0])
            hits = _only(hits, numbers[hits[0]] != numbers[hits[1]])
            if len(hits[0]):
                high = int((hits[2] >= np.float32(bounds[1])).sum())
                reached = reached[0] + len(hits[0]), reached[1] + high
                of_rows = _highest_of_rows(_together(of_rows, hits))
        kept = _highest(_together(kept, of_rows))
        on_rows(min(top + ROWS, count), count)
    return kept, reached


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


def _only(hits: Hits, wanted: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Hits:
    row, column, score = hits
    return row[wanted], column[wanted], score[wanted]


def _highest_of_rows(hits: Hits) -> Hits:
    """Of each row the `PAIRS_A_PHOTO` highest."""
    row, _, score = hits
    order = np.lexsort((-score, row))
    place = np.arange(len(row)) - np.searchsorted(row[order], row[order])
    return _only(hits, order[place < PAIRS_A_PHOTO])


def _highest(hits: Hits) -> Hits:
    """The `PAIRS_MAX` highest."""
    if len(hits[0]) <= PAIRS_MAX:
        return hits
    return _only(hits, np.argsort(-hits[2], kind="stable")[:PAIRS_MAX])


def _stacked(able: Sequence[JudgedPhoto]) -> Templates:
    """(n, 128), n may be 0."""
    joined = b"".join(p.template for p in able)
    rows: Templates = np.frombuffer(joined, np.float32).reshape(-1, 128)
    return rows
