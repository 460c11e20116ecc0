"""How a face has turned between two views, measured from its five landmarks. Pure.

Eyes and mouth corners lie nearly in a plane, and any picture of a plane is a homography of any
other. So the four of them foretell where the nose tip of a flat picture must be, however it is
turned, tilted or moved. A head's nose stands before that plane: when the head turns, it goes beside
the foretold place.

The box is of the whole face, out to its sides, which lie far behind the eyes. So in a head that
turns the eyes move within the box; in a flat picture they stay. Both together, held against how far
the face has turned, tell a head.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.ports.values import Box, Landmarks

QUAD = [0, 1, 3, 4]
"""Right eye, left eye, right and left mouth corner."""
NOSE = 2

Points = npt.NDArray[np.float64]
"""(n, 2) float64: pixels."""


@dataclass(frozen=True, slots=True)
class FaceTurn:
    """What differs between a face that looked ahead and the same face now.

    `nose`: how far the tip is from where a flat picture would have it, along the line of the eyes.
    In distances between the eyes; above 0 to the face's own left. `nose_up`: the same across that
    line. `eyes`: how far their middle has moved within the box, along their line, in heights of
    the box. `slant`: by how much the face is foreshortened, as an angle in radians, 0 to pi / 2.
    `growth`: how much larger it is; 1 is the same.
    """

    nose: float
    nose_up: float
    eyes: float
    slant: float
    growth: float


@dataclass(frozen=True, slots=True, eq=False)
class FaceView:
    """Where a face's parts are. `landmarks`: (5, 2) from their own middle, in pixels. `eyes`: how
    far the middle of the eyes is beside the middle of the box, as in `FaceTurn`."""

    landmarks: Points
    eyes: float


def face_view(box: Box, landmarks: Landmarks) -> FaceView:
    """The view of one frame. ValueError: not finite, no height, or no distance between the eyes.

    `box`: x, y, width, height. `landmarks`: (5, 2). In pixels.
    """
    points = landmarks.astype(np.float64)
    line = points[1] - points[0]
    if not (np.isfinite(points).all() and np.isfinite(box).all() and line.any() and box[3] > 0):
        raise ValueError("A face needs finite landmarks, two eyes and a box.")
    middle = (points[0] + points[1]) / 2 - (box[:2] + box[2:] / 2)
    beside = float(middle @ line / np.hypot(*line)) / float(box[3])
    return FaceView(points - points.mean(axis=0), beside)


def mean_view(views: Sequence[FaceView]) -> FaceView:
    """The mean of views of one face that has hardly moved: its noise is less."""
    landmarks = np.mean([v.landmarks for v in views], axis=0)
    return FaceView(landmarks, float(np.mean([v.eyes for v in views])))


def face_turn(ahead: FaceView, now: FaceView) -> FaceTurn | None:
    """The difference of two views of one face. None where the landmarks lie so that nothing can be
    said: several in a line, or in one place."""
    before, after = ahead.landmarks, now.landmarks
    across = after[1] - after[0]
    between_eyes = float(np.hypot(*(before[1] - before[0])))
    foretold = _flat_nose(before, after)
    if foretold is None or not across.any() or between_eyes == 0:
        return None
    largest, least = _stretches(before[QUAD], after[QUAD])
    if not 0 < largest < math.inf:
        return None
    line = across / np.hypot(*across)
    beside = (after[NOSE] - foretold) / (largest * between_eyes)
    return FaceTurn(
        nose=float(beside @ line),
        nose_up=float(beside @ (line[1], -line[0])),
        eyes=now.eyes - ahead.eyes,
        slant=math.acos(min(1.0, least / largest)),
        growth=largest,
    )


def flat_change(before: Points, after: Points) -> Points | None:
    """(3, 3) float64: the homography by which a flat picture's eyes and mouth corners came from
    (5, 2) `before` to (5, 2) `after`. None where they lie so that there is none."""
    rows = []
    for (x, y), (u, v) in zip(before[QUAD], after[QUAD], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    try:
        found = np.linalg.solve(np.array(rows), after[QUAD].reshape(-1))
    except np.linalg.LinAlgError:  # three in a line, or wild numbers
        return None
    change = np.append(found, 1.0).reshape(3, 3)
    return change if np.isfinite(change).all() else None


def _flat_nose(before: Points, after: Points) -> Points | None:
    """Where the nose tip is now if all five points lie in a plane: (2,) float64."""
    change = flat_change(before, after)
    if change is None:
        return None
    u, v, w = change @ [*before[NOSE], 1.0]
    return np.array([u / w, v / w]) if abs(w) > 1e-9 else None


def _stretches(before: Points, after: Points) -> tuple[float, float]:
    """The largest and the least stretch of the affine map nearest to the change."""
    a, b = before - before.mean(axis=0), after - after.mean(axis=0)
    linear, *_ = np.linalg.lstsq(a, b, rcond=None)
    largest, least = np.linalg.svd(linear, compute_uv=False)
    return float(largest), float(least)
