"""The printed board that shows two cameras the same points: dots in rows, three of them rings.

The rings stand in three corners and say which way up the board is. Dots are found as dark spots of
the right shape; their middles are exact to a small part of a pixel.
"""

import itertools

import numpy as np
import numpy.typing as npt

from gate.models.liveness.camera_pair import Points
from gate.ports.values import Plane

COLUMNS, ROWS = 5, 7
SPACING_CM, DOT_CM, HOLE_CM = 3.0, 1.5, 0.7
"""Between middles of dots; across a dot; across a ring's hole."""
RINGS = (0, COLUMNS - 1, (ROWS - 1) * COLUMNS)
"""The dots with a hole: top left, top right, bottom left."""
BOARD = np.array([(c, r) for r in range(ROWS) for c in range(COLUMNS)], np.float64) * SPACING_CM
"""(35, 2): where each dot is on the board, in cm."""
MARGIN_CM = 2.0
SPOT_PX = 10, 20_000
"""Least and largest area of a spot that may be a dot."""
AROUND_PX = 30
"""A spot is dark beside the mean of what lies so far around."""
DARK = 0.75

Mask = npt.NDArray[np.bool_]
"""(height, width) bool."""


def board_picture(px_per_cm: float) -> npt.NDArray[np.uint8]:
    """The board to be printed: (height, width) uint8, black on white."""
    width = 2 * MARGIN_CM + (COLUMNS - 1) * SPACING_CM
    height = 2 * MARGIN_CM + (ROWS - 1) * SPACING_CM
    y, x = np.mgrid[0 : round(height * px_per_cm), 0 : round(width * px_per_cm)] / px_per_cm
    picture = np.full(x.shape, 255, np.uint8)
    for number, (column, row) in enumerate(BOARD + MARGIN_CM):
        far = np.hypot(x - column, y - row)
        inner = HOLE_CM / 2 if number in RINGS else 0.0
        picture[(far < DOT_CM / 2) & (far >= inner)] = 0
    return picture


def find_board(plane: Plane) -> Points | None:
    """(35, 2): pixels of the dots of the board in grey values (height, width); None where it is not
    seen whole."""
    dark = plane < DARK * _around(plane)
    spots, rings = _spots(dark, plane)
    if len(rings) > 12:  # leaves against the sky: not a board
        return None
    for corner, right, below in itertools.permutations(rings, 3):
        ends = np.array([corner, right, below])
        if np.linalg.det(ends[1:] - ends[0]) > 0:
            found = _grown(ends, spots)
            if found is not None:
                return found
    return None


def _around(plane: Plane) -> Plane:
    side = 2 * AROUND_PX + 1
    sums = np.pad(np.pad(plane, AROUND_PX, "edge").cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    total = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    around: Plane = total / side**2
    return around


def _spots(dark: Mask, plane: Plane) -> tuple[Points, Points]:
    """Middles of all round dark spots, (n, 2), and of those with a light middle, (m, 2)."""
    labels = _labelled(dark)
    inside = labels >= 0
    label, (row, column) = labels[inside], np.nonzero(inside)
    count = int(label.max()) + 1 if label.size else 0
    area = np.bincount(label, minlength=count)
    heavy = np.maximum(
        _around(plane)[inside] - plane[inside], 1e-3
    )  # how dark: finer than in or out
    weight = np.bincount(label, heavy, count)
    x, y = (np.bincount(label, heavy * p, count) / np.maximum(weight, 1e-9) for p in (column, row))
    left, top = np.full(count, 1 << 20), np.full(count, 1 << 20)
    right, bottom = np.full(count, -1), np.full(count, -1)
    for lowest, part in ((left, column), (top, row)):
        np.minimum.at(lowest, label, part)
    for highest, part in ((right, column), (bottom, row)):
        np.maximum.at(highest, label, part)
    wide, high = right - left + 1, bottom - top + 1
    filled = area / np.maximum(wide * high * np.pi / 4, 1)
    height, width = plane.shape
    whole = (left > 0) & (top > 0) & (right < width - 1) & (bottom < height - 1)
    sized = (area >= SPOT_PX[0]) & (area <= SPOT_PX[1])
    good = whole & sized & (wide < 3 * high) & (high < 3 * wide) & (filled > 0.5) & (filled < 1.3)
    middles = np.stack([x, y], axis=1)[good]
    at = np.rint(middles).astype(int)
    hollow = ~dark[at[:, 1], at[:, 0]] if len(at) else np.zeros(0, bool)
    return middles, middles[hollow]


def _labelled(mask: Mask) -> npt.NDArray[np.intp]:
    """(height, width): the number of the spot each pixel belongs to, -1 outside; four neighbours.

    Runs of a row are joined with those they touch in the row above.
    """
    labels = np.full(mask.shape, -1, np.intp)
    parent: list[int] = []

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    for y in range(len(mask)):
        starts, ends = (np.flatnonzero(edges[y] == way) for way in (1, -1))
        for first, last in zip(starts, ends, strict=True):
            touched = np.unique(labels[y - 1, first:last]) if y else np.array([-1])
            roots = sorted({root(int(n)) for n in touched if n >= 0})
            if roots:
                own = roots[0]
                for other in roots[1:]:
                    parent[other] = own
            else:
                own = len(parent)
                parent.append(own)
            labels[y, first:last] = own
    if not parent:
        return labels
    _, numbers = np.unique([root(n) for n in range(len(parent))], return_inverse=True)
    return np.where(labels >= 0, numbers[labels], -1)


def _grown(ends: Points, spots: Points) -> Points | None:
    """All dots, from the three rings outwards; None unless each one lies on a spot of its own."""
    rings = BOARD[list(RINGS)]
    spread = np.linalg.solve(rings[1:] - rings[0], ends[1:] - ends[0])
    guess = ends[0] + (BOARD - rings[0]) @ spread
    nearest = np.zeros(len(BOARD), np.intp)
    for _ in range(8):
        far = np.linalg.norm(guess[:, None] - spots[None], axis=-1)
        nearest = far.argmin(axis=1)
        sure = far.min(axis=1) < 0.35 * SPACING_CM * np.sqrt(abs(np.linalg.det(spread)))
        if sure.sum() < 6:
            return None
        guess = projected(homography(BOARD[sure], spots[nearest[sure]]), BOARD)
    if not sure.all() or len(set(nearest.tolist())) < len(BOARD):
        return None
    return spots[nearest]


def homography(board: Points, seen: Points) -> Points:
    """(3, 3): the projective map of least algebraic error from points (n, 2) to points (n, 2)."""
    middle, scale = seen.mean(axis=0), seen.std() + 1e-9
    near = (seen - middle) / scale
    one = np.concatenate([board, np.ones((len(board), 1))], axis=1)
    zero = np.zeros_like(one)
    rows = np.concatenate(
        [
            np.concatenate([one, zero, -near[:, :1] * one], axis=1),
            np.concatenate([zero, one, -near[:, 1:] * one], axis=1),
        ]
    )
    solved = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    back = np.array([(scale, 0, middle[0]), (0, scale, middle[1]), (0, 0, 1)])
    matrix: Points = back @ solved
    return matrix


def projected(matrix: Points, points: Points) -> Points:
    """(n, 2): where a projective map takes points (n, 2)."""
    taken = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    result: Points = taken[:, :2] / taken[:, 2:]
    return result
