"""How far each part of a face stands out, from one frame of each of two cameras.

A window around the face is cut out of both pictures (`face_window.py`). They would be equal if the
face were a plane at one distance, square to the first camera. What is left of their difference is
relief. It is found by least squares on the grey values themselves (Lucas and Kanade, 1981), as a
smooth field of cubic splines. So a hundredth of a pixel counts where hundreds of pixels agree.

`Evidence` is the least squares problem at its solution. Any model of the relief, pixel by pixel,
can be held against it without touching the pictures again.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.models.liveness.camera_pair import CameraPair, PerPoint, Points
from gate.models.liveness.face_window import (
    COLUMNS,
    MEAN_PX,
    ROWS,
    Matrix,
    cut_of,
    evened,
    window_of,
)
from gate.models.picture_arrays import grey
from gate.ports import Picture
from gate.ports.values import Landmarks, Plane

KNOTS = 8
"""Splines along each side of the window."""
VERTICAL = 3
"""A plane of vertical shift is free: cameras that are not exposed at once, or have moved a little.
"""
ROUNDS = (6, 3)
REWEIGHTED = 3
"""Rounds that look at the slopes and at outliers anew."""
STIFFNESS = 2e-4
STEP_MAX_PX = 1.5
"""The most that a spline moves in one round, in pixels of the window."""
CORRELATION_MIN = 0.45
"""Of both windows at the best distance; below it the second camera does not show this face."""
EYES_CM = 3.5, 11.0
"""Distances between the eyes that are looked for."""

Pixels = npt.NDArray[np.intp]
"""(n,) intp: numbers of pixels of the window, row by row."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the pictures say of the relief, as equations: one for each pixel of INSIDE.

    `slope` * relief + `drop` * shift = `wanted`, each counting by `weight`; (n,) float32. Relief is
    in cm towards the first camera; shift is vertical, of VERTICAL parts (SHIFTS). `noise`: variance
    of one equation. `distance_cm`: of the plane that the window was cut for. `eyes_cm`: between the
    eyes, at the relief found. `correlation`: of both windows once the relief is taken out, -1 to 1.
    `turned_away`: degrees between the line of sight and what the relief is square to, on the whole.
    `nose`: (2,), where its tip is seen in the window, 0 to 1 across and down; `bridge`: (2,), the
    middle between the eyes.
    """

    slope: Plane
    drop: Plane
    wanted: Plane
    weight: Plane
    noise: float
    distance_cm: float
    eyes_cm: float
    correlation: float
    turned_away: float
    nose: PerPoint
    bridge: PerPoint


def relief_of(
    picture: Picture, second: Plane, landmarks: Landmarks, pair: CameraPair
) -> Evidence | None:
    """The evidence of one frame of each camera; None where the second does not show this face.

    `second`: (height, width) float32 grey values.
    """
    places = np.asarray(landmarks, np.float64)
    window = window_of(places)
    if window is None:
        return None
    first = evened(cut_of(grey(picture), window))
    found = _distance(first, second, window, places, pair)
    if found is None:
        return None
    inverse, correlation = found
    if correlation < CORRELATION_MIN:
        return None
    return _solved(first, second, window, places, pair=pair, inverse=inverse)


def _second_window(window: Matrix, pair: CameraPair, inverse: float) -> Matrix:
    """The same window of a plane at one distance, in the second picture."""
    corners = np.array([(0, 0), (COLUMNS - 1, 0), (0, ROWS - 1)], np.float64)
    seen = corners @ window[:, :2].T + window[:, 2]
    second = pair.second_of(seen, np.full(3, inverse))
    across = (second[1] - second[0]) / (COLUMNS - 1)
    down = (second[2] - second[0]) / (ROWS - 1)
    return np.stack([across, down, second[0]], axis=1)


def _per_inverse(window: Matrix, pair: CameraPair, inverse: float) -> PerPoint:
    """(2,): how far the middle of the second window moves, in its own pixels, for 1 / cm."""
    step = 1e-4
    middle = np.array([(COLUMNS - 1) / 2, (ROWS - 1) / 2])
    seen = (window[:, :2] @ middle + window[:, 2])[None]
    low, high = (pair.second_of(seen, np.array([inverse + d])) for d in (-step, step))
    moved: PerPoint = np.linalg.solve(
        _second_window(window, pair, inverse)[:, :2], (high - low)[0] / (2 * step)
    )
    return moved


def _distance(
    first: Plane, second: Plane, window: Matrix, places: Points, pair: CameraPair
) -> tuple[float, float] | None:
    """(1 / cm, correlation) of the distance at which both windows are most alike.

    Coarsely over
    every distance that a face may have, then finely around the best."""
    eyes_px = float(np.linalg.norm(places[1] - places[0]))
    nearest, farthest = (eyes_px / pair.focal_px / cm for cm in EYES_CM)
    moved = float(np.hypot(*_per_inverse(window, pair, (nearest + farthest) / 2)))
    if not moved * (nearest - farthest) > 1:  # the second camera is too near to see otherwise
        return None
    coarse = 3 / moved
    half = _Compared(first[::2, ::2], 2)
    count = int(np.clip((nearest - farthest) / coarse, 6, 120))
    best = max(
        (half.correlation(second, window, pair, float(i)), float(i))
        for i in np.linspace(farthest, nearest, count)
    )
    whole = _Compared(first, 1)
    fine = best[1] + np.arange(-4, 5) * coarse / 4
    correlation, inverse = max(
        (whole.correlation(second, window, pair, float(i)), float(i)) for i in fine if i > 0
    )
    return inverse, correlation


class _Compared:
    """The first camera's window, every `step`-th pixel of it, without its edge."""

    def __init__(self, first: Plane, step: int) -> None:
        self._step = step
        self._inner = (slice(10 // step, -10 // step), slice(10 // step, -10 // step))
        mine = first[self._inner]
        mine = mine - mine.mean()
        self._mine: Plane = mine / max(float(np.linalg.norm(mine)), 1e-9)

    def correlation(self, second: Plane, window: Matrix, pair: CameraPair, inverse: float) -> float:
        """-1 to 1, with the second camera's window for 1 / cm."""
        wanted = _second_window(window, pair, inverse) * (self._step, self._step, 1)
        size = (-(-COLUMNS // self._step), -(-ROWS // self._step))
        theirs = evened(cut_of(second, wanted, size), MEAN_PX // self._step)[self._inner]
        theirs = theirs - theirs.mean()
        return float((self._mine * theirs).sum()) / max(float(np.linalg.norm(theirs)), 1e-9)


def _splines() -> Matrix:
    """(ROWS * COLUMNS, KNOTS ** 2): each spline's height in every pixel of the window."""

    def along(count: int) -> Matrix:
        place = np.linspace(0, KNOTS - 3, count)[:, None] - np.arange(-1, KNOTS - 1)[None]
        far = np.abs(place)
        near = np.where(far < 1, 2 / 3 - far**2 + far**3 / 2, np.clip(2 - far, 0, None) ** 3 / 6)
        return near

    rows, columns = along(ROWS), along(COLUMNS)
    product: Matrix = (rows[:, None, :, None] * columns[None, :, None, :]).reshape(
        ROWS * COLUMNS, KNOTS * KNOTS
    )
    return product


SPLINES = _splines()
UNKNOWNS = KNOTS * KNOTS + VERTICAL
_U, _V = np.meshgrid(np.linspace(-1, 1, COLUMNS), np.linspace(-1, 1, ROWS))
WEIGHT = np.clip(4 * (1 - np.maximum(_U**2 * 1.05 + np.clip(_V, 0, 1) ** 2 * 0.35, _V**2)), 0, 1)
"""(ROWS, COLUMNS): 1 on the face, falling off to 0 where its outline may be."""
INSIDE = np.flatnonzero(WEIGHT > 0)
"""Pixels of the window, row by row, that count."""
_SPLINES_INSIDE = SPLINES[INSIDE].astype(np.float32)
_WEIGHT_INSIDE = WEIGHT.ravel()[INSIDE]
_SHIFTS_ALL = np.stack([np.ones(_U.size), _U.ravel(), _V.ravel()], axis=1).astype(np.float32)
SHIFTS = _SHIFTS_ALL[INSIDE]
_TO_PLANE = np.linalg.pinv(SHIFTS * _WEIGHT_INSIDE[:, None]) * _WEIGHT_INSIDE
"""(3, pixels): the level and both slopes of a relief."""
_ROW, _COLUMN = (part.astype(np.float64) for part in np.divmod(INSIDE, COLUMNS))


def _stiff() -> Matrix:
    """(UNKNOWNS, UNKNOWNS): penalty on second differences of neighbouring splines, so that skin
    without texture follows what lies around it; a trace on each unknown."""
    difference = np.diff(np.eye(KNOTS), 2, axis=0)
    bend = difference.T @ difference
    stiff = 0.01 * np.eye(UNKNOWNS)
    stiff[:-VERTICAL, :-VERTICAL] += 40 * (
        np.kron(bend, np.eye(KNOTS)) + np.kron(np.eye(KNOTS), bend)
    )
    return stiff


_STIFF = _stiff()


def _solved(
    first: Plane,
    second: Plane,
    window: Matrix,
    places: Points,
    *,
    pair: CameraPair,
    inverse: float,
) -> Evidence:
    """The relief that makes both windows equal."""
    raw = cut_of(second, _second_window(window, pair, inverse))
    moved = _per_inverse(window, pair, inverse) * inverse**2  # window pixels for a centimetre
    length = float(np.hypot(*moved))
    along, beside = moved / length, np.array([-moved[1], moved[0]]) / length
    mine, slopes = first.ravel()[INSIDE], _slopes(first, along, beside)
    whole = np.zeros(UNKNOWNS)
    for rounds in ROUNDS:
        theirs = evened(_warped(raw, whole, moved, beside))
        seen = _slopes(theirs, along, beside)
        heights = np.zeros(UNKNOWNS)
        for turn in range(rounds):
            relief = _SPLINES_INSIDE @ heights[:-VERTICAL] * length
            shift = SHIFTS @ heights[-VERTICAL:]
            column = _COLUMN + relief * along[0] + shift * beside[0]
            row = _ROW + relief * along[1] + shift * beside[1]
            shown = _at(theirs, column, row)
            rest = mine - shown
            if turn % REWEIGHTED == 0:
                slope, drop = _mean_slopes(slopes, seen, column, row)
                slope = slope * np.float32(length)
                equations = np.concatenate(
                    [_SPLINES_INSIDE * slope[:, None], SHIFTS * drop[:, None]], axis=1
                )
                spread = 1.4826 * float(np.median(np.abs(rest))) + 0.02
                weight = _WEIGHT_INSIDE / (1 + (rest / (3 * spread)) ** 2)
                weighted = equations * weight[:, None].astype(np.float32)
                normal = (weighted.T @ equations).astype(np.float64)
                stiffness = STIFFNESS * float(np.trace(normal)) / UNKNOWNS
                solve = np.linalg.inv(normal + stiffness * _STIFF)
            wanted = rest + equations @ (whole + heights)
            pull = weighted.T @ rest.astype(np.float32) - stiffness * (_STIFF @ (whole + heights))
            most = STEP_MAX_PX / length
            heights = heights + np.clip(solve @ pull, -most, most)
        whole = whole + heights
    heights = whole
    nose, bridge = (_in_window(window, p) for p in (places[2], places[:2].mean(axis=0)))
    return Evidence(
        slope,
        drop,
        wanted.astype(np.float32),
        weight.astype(np.float32),
        float((weight * rest * rest).sum() / weight.sum()),
        1 / inverse,
        _eyes_cm(heights, window, places, pair, inverse),
        float(np.corrcoef(mine, shown)[0, 1]),
        _turned_away(heights, window, pair, inverse, moved),
        nose,
        bridge,
    )


def _warped(raw: Plane, heights: PerPoint, moved: PerPoint, beside: PerPoint) -> Plane:
    """The second window as it is once a relief is taken out."""
    if not heights.any():
        return raw
    relief, shift = SPLINES @ heights[:-VERTICAL], _SHIFTS_ALL @ heights[-VERTICAL:]
    rows, columns = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    column = columns + relief * moved[0] + shift * beside[0]
    row = rows + relief * moved[1] + shift * beside[1]
    return _at(raw, column, row).reshape(ROWS, COLUMNS).astype(np.float32)


def _slopes(plane: Plane, along: PerPoint, beside: PerPoint) -> tuple[Plane, Plane]:
    """How grey values change along both directions of shift."""
    down, across = np.gradient(plane)
    return along[0] * across + along[1] * down, beside[0] * across + beside[1] * down


def _mean_slopes(
    mine: tuple[Plane, Plane], theirs: tuple[Plane, Plane], column: PerPoint, row: PerPoint
) -> tuple[Plane, Plane]:
    """Of both windows, in each pixel of INSIDE: it makes a step right to the second order."""
    place = _nearest(column, row)
    relief, drop = (
        ((m.ravel()[INSIDE] + t.ravel()[place]) / 2).astype(np.float32)
        for m, t in zip(mine, theirs, strict=True)
    )
    return relief, drop


def _nearest(column: PerPoint, row: PerPoint) -> Pixels:
    places = np.clip(np.rint(row), 0, ROWS - 1) * COLUMNS + np.clip(np.rint(column), 0, COLUMNS - 1)
    nearest: Pixels = places.astype(np.intp)
    return nearest


def _at(plane: Plane, column: PerPoint, row: PerPoint) -> PerPoint:
    """Values between pixels, by cubic convolution in each direction (Keys, 1981)."""
    rows, columns = plane.shape
    column, row = np.clip(column, 1, columns - 2.001), np.clip(row, 1, rows - 2.001)
    left, top = column.astype(np.intp), row.astype(np.intp)
    wide, high = _keys(column - left), _keys(row - top)
    flat, start = plane.ravel(), (top - 1) * columns + left - 1
    value = np.zeros_like(column)
    for down in range(4):
        line = start + down * columns
        value += high[down] * sum(wide[k] * flat[line + k] for k in range(4))
    return value


def _keys(t: PerPoint) -> tuple[PerPoint, PerPoint, PerPoint, PerPoint]:
    return (
        ((-0.5 * t + 1) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1,
        ((-1.5 * t + 2) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )


def _in_window(window: Matrix, place: PerPoint) -> PerPoint:
    inside = np.linalg.solve(window[:, :2], place - window[:, 2])
    return np.asarray(inside / (COLUMNS - 1, ROWS - 1))


def _eyes_cm(
    heights: PerPoint, window: Matrix, places: Points, pair: CameraPair, inverse: float
) -> float:
    """The distance between both eyes in the room."""
    ends = []
    middle = (np.asarray(pair.size) - 1) / 2
    for place in places[:2]:
        across, down = _in_window(window, place)
        pixel = round(down * (ROWS - 1)) * COLUMNS + round(across * (COLUMNS - 1))
        nearer = float(SPLINES[pixel] @ heights[:-VERTICAL])
        depth = 1 / max(inverse + nearer * inverse**2, 1e-6)
        ends.append(np.append((place - middle) / pair.focal_px * depth, depth))
    return float(np.linalg.norm(ends[1] - ends[0]))


def _turned_away(
    heights: PerPoint, window: Matrix, pair: CameraPair, inverse: float, moved: PerPoint
) -> float:
    """0 to 180 degrees: of the plane nearest to the relief.

    A focal length that is told wrong makes one picture larger, and that looks like a turn. But it
    makes it larger across the shift too, where no relief shows: that much is taken off both ways.
    """
    level, *slopes = _TO_PLANE @ (_SPLINES_INSIDE @ heights[:-VERTICAL])
    length, half = float(np.hypot(*moved)), (np.array([COLUMNS, ROWS]) - 1) / 2
    along, beside = moved / length, np.array([-moved[1], moved[0]]) / length
    larger = float(heights[1 - VERTICAL :] / half @ beside)
    across, down = slopes - larger * along * half / length
    middle, points = (np.asarray(pair.size) - 1) / 2, []
    for u, v in ((-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5)):
        pixel = np.array([(u + 1) / 2 * (COLUMNS - 1), (v + 1) / 2 * (ROWS - 1)])
        seen = window[:, :2] @ pixel + window[:, 2]
        depth = 1 / max(inverse + (level + across * u + down * v) * inverse**2, 1e-6)
        points.append(np.append((seen - middle) / pair.focal_px, 1) * depth)
    square = np.cross(points[2] - points[0], points[1] - points[0])
    sight = -np.mean(points, axis=0)
    length = float(np.linalg.norm(square) * np.linalg.norm(sight))
    return float(np.degrees(np.arccos(np.clip(square @ sight / max(length, 1e-9), -1, 1))))
