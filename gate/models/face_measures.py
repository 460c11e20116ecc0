"""What the pixels of a face tell: sharpness, light, evenness, grain, movement. numpy only.

All take the luma of an aligned face, so that a near and a far face are measured alike. What the
measures mean for a match is not decided here.
"""

import math
from dataclasses import dataclass

import numpy as np

from gate.models.picture_arrays import grey
from gate.ports import Picture
from gate.ports.values import Box, Landmarks, Plane

EYES_TO_CHIN = (slice(16, 96), slice(24, 88))
"""Rows and columns of the aligned face without hair and background."""
BROWS_TO_NOSE = (slice(40, 74), slice(28, 84))
"""Rows and columns of the aligned face: skin that a mask leaves free."""

BURNT_LUMA = 250.0

AROUND = 1.0
"""How far the surrounding of a face reaches beyond its box, in box widths and heights."""
DETAIL_PX = 4
"""Pixels of the aligned face over which detail is measured, 3 along a diagonal: the eyes are 35
apart. A lens that is a little soft leaves it, a movement that misses does not."""

THINNED = 8
"""Every so many-th pixel of the surrounding is looked at: it is only its brightness."""


@dataclass(frozen=True, slots=True)
class FaceLight:
    """Light on a face, luma 0 to 255.

    `mean`; `spread`: standard deviation; `black`, `white`: what 2% of the face lie below and above.
    `evenness`: the darker half of the face against the brighter one, 0 to 1. `burnt`: share of
    overexposed pixels from brows to nose, 0 to 1.
    """

    mean: float
    spread: float
    black: float
    white: float
    evenness: float
    burnt: float


def light_of(luma: Plane) -> FaceLight:
    """The light on an aligned face, (112, 112) luma."""
    centre = luma[EYES_TO_CHIN]
    half = centre.shape[1] // 2
    left, right = float(centre[:, :half].mean()), float(centre[:, half:].mean())
    some = np.sort(centre[::2, ::2], axis=None)
    cut = len(some) // 50
    return FaceLight(
        mean=float(centre.mean()),
        spread=float(centre.std()),
        black=float(some[cut]),
        white=float(some[-1 - cut]),
        evenness=min(left, right) / max(left, right, 1.0),
        burnt=float((luma[BROWS_TO_NOSE] >= BURNT_LUMA).mean()),
    )


def sharpness_of(luma: Plane) -> float:
    """Variance of the 4-neighbour Laplacian."""
    inner = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inner
    return float(laplacian.var())


def detail_of(luma: Plane) -> float:
    """Structure that is left in the direction that has least of it, (112, 112) luma.

    It is the mean square of the second difference over `DETAIL_PX`, least of four directions, in
    variances of the face. So it is the same in dim and bright light. Sound frames have 0.45 to 1.3.
    """
    face, far = luma[EYES_TO_CHIN], DETAIL_PX
    twice = 2 * face[far:-far, far:-far]
    diagonal = round(far / math.sqrt(2))
    least = min(
        float(
            np.square(
                twice - _moved(face, far, down, right) - _moved(face, far, -down, -right)
            ).mean()
        )
        for down, right in ((0, far), (far, 0), (diagonal, diagonal), (diagonal, -diagonal))
    )
    return least / max(float(face.var()), 1.0)


def isotropy_of(luma: Plane) -> float:
    """How alike the finest structure is in all directions, 0 to 1, (112, 112) luma.

    It is the ratio of the eigenvalues of the structure tensor, after a 3 x 3 mean is taken off
    (Bigun and Granlund, ICCV 1987). A movement during the exposure wipes out one direction, a lens
    out of focus none. Sound and soft faces have 0.34 and more; 1 where there is no structure.
    """
    face = luma[EYES_TO_CHIN]
    mean = (face[:-2] + face[1:-1] + face[2:]) / 3
    fine = face[1:-1, 1:-1] - (mean[:, :-2] + mean[:, 1:-1] + mean[:, 2:]) / 3
    right = (fine[:, 2:] - fine[:, :-2])[1:-1]
    down = (fine[2:] - fine[:-2])[:, 1:-1]
    xx, yy, xy = (float((a * b).mean()) for a, b in ((right, right), (down, down), (right, down)))
    apart = math.hypot(xx - yy, 2 * xy)
    return (xx + yy - apart) / (xx + yy + apart) if xx + yy > 0 else 1.0


def surrounding_luma(picture: Picture, box: Box) -> float | None:
    """The luma that a quarter of a face's surrounding exceeds; None where it fills the picture.

    A window behind a person shows here and not in the face. A well exposed white wall has less.
    """
    height, width = picture.shape[:2]
    x, y, w, h = (float(n) for n in box)
    left, right = max(0, round(x - AROUND * w)), min(width, round(x + (1 + AROUND) * w))
    top, bottom = max(0, round(y - AROUND * h)), min(height, round(y + h))
    around = grey(picture[top:bottom:THINNED, left:right:THINNED])
    rows = np.arange(top, bottom, THINNED)[:, None]
    columns = np.arange(left, right, THINNED)[None, :]
    beside = (rows < y) | (columns < x) | (columns > x + w)
    luma = np.sort(around[beside])
    return float(luma[-1 - len(luma) // 4]) if len(luma) else None


def pitch_of(landmarks: Landmarks) -> float:
    """Where the nose tip lies between the line of the eyes, 0, and that of the mouth, 1.

    About 0.6 in a face that looks ahead; more in one that looks down, less in one that looks up.
    """
    eyes = (landmarks[0] + landmarks[1]) / 2
    mouth = (landmarks[3] + landmarks[4]) / 2
    down = mouth - eyes
    length_squared = float(down @ down)
    if length_squared <= 0:
        return 1.0
    return float((landmarks[2] - eyes) @ down) / length_squared


def _moved(face: Plane, margin: int, down: int, right: int) -> Plane:
    """The inner part of a face without `margin`, from so many pixels further on."""
    rows, columns = face.shape
    moved: Plane = face[
        margin + down : rows - margin + down, margin + right : columns - margin + right
    ]
    return moved
