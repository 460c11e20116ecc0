"""The window around a face, cut out of a picture, with even brightness. Pure.

The same window is cut out of the pictures of both cameras, so that they can be compared.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.models.liveness.camera_pair import Points
from gate.ports.values import Plane

ROWS, COLUMNS = 76, 72
"""The window in its own pixels."""
LEFT, TOP, RIGHT, BOTTOM = -0.95, -0.5, 0.95, 1.3
"""The window on the face: across in eye distances from the middle between the eyes; down in
distances from the eyes to the mouth."""
MEAN_PX = 9
"""Of the windows on which brightness is made equal, in pixels of the window each way."""

Matrix = npt.NDArray[np.float64]
"""(n, n) or (n, m) float64."""


def window_of(places: Points) -> Matrix | None:
    """(2, 3): from (column, row, 1) of the window to pixels; None where there is no face to see."""
    eyes, mouth = places[:2].mean(axis=0), places[3:].mean(axis=0)
    across, down = places[1] - places[0], mouth - eyes
    area = across[0] * down[1] - across[1] * down[0]
    if not np.isfinite(area) or area < 100:  # an upright face, not a mirror image, with some pixels
        return None
    step_u, step_v = (RIGHT - LEFT) / (COLUMNS - 1), (BOTTOM - TOP) / (ROWS - 1)
    corner = eyes + LEFT * across + TOP * down
    window: Matrix = np.stack([across * step_u, down * step_v, corner], axis=1)
    return window


def cut_of(plane: Plane, window: Matrix, size: tuple[int, int] = (COLUMNS, ROWS)) -> Plane:
    """The window out of a plane, averaged where it is shown smaller; edges go on beyond it."""
    shrink = max(1, int(np.sqrt(abs(np.linalg.det(window[:, :2])))))
    ends = np.array([(0, 0, 1), (size[0], 0, 1), (0, size[1], 1), (*size, 1)]) @ window.T
    low = np.clip(np.floor(ends.min(axis=0)) - 3 * shrink, 0, np.subtract(plane.shape[::-1], 1))
    high = np.clip(np.ceil(ends.max(axis=0)) + 3 * shrink, low + 1, plane.shape[::-1])
    left, top, right, bottom = (int(n) for n in (*low, *high))
    image = Image.fromarray(np.ascontiguousarray(plane[top:bottom, left:right]))
    a = window - [[0, 0, left], [0, 0, top]]
    if shrink > 1:
        image = image.reduce(shrink)
        a = a / shrink
        a[:, 2] += 0.5 / shrink - 0.5
    a[:, 2] += 0.5 - 0.5 * (a[:, 0] + a[:, 1])  # Pillow counts from corners
    coefficients = (a[0, 0], a[0, 1], a[0, 2], a[1, 0], a[1, 1], a[1, 2])
    cut = image.transform(
        size, Image.Transform.AFFINE, coefficients, resample=Image.Resampling.BICUBIC
    )
    return np.asarray(cut, np.float32)


def evened(cut: Plane, radius: int = MEAN_PX) -> Plane:
    """Without differences of light, exposure and contrast that are wider than a feature."""
    soft = _smooth(cut)
    rest = soft - _mean(soft, radius)
    spread = np.sqrt(_mean(rest * rest, radius)) + 2.0
    result: Plane = rest / spread
    return result


def _smooth(cut: Plane) -> Plane:
    """By 1, 2, 1 in each direction; the outermost pixels stay."""
    soft = cut.copy()
    soft[1:-1] = 0.5 * cut[1:-1] + 0.25 * (cut[:-2] + cut[2:])
    across = soft.copy()
    across[:, 1:-1] = 0.5 * soft[:, 1:-1] + 0.25 * (soft[:, :-2] + soft[:, 2:])
    return across


def _mean(cut: Plane, radius: int) -> Plane:
    """Of 2 `radius` + 1 rows and columns; beyond the edge its own values go on."""
    for matrix, axis in ((_box(cut.shape[0], radius), 0), (_box(cut.shape[1], radius), 1)):
        cut = matrix @ cut if axis == 0 else cut @ matrix.T
    return cut


@cache
def _box(length: int, radius: int) -> Plane:
    """(length, length): the running mean of a line, as a matrix. One product costs less than sums
    and differences in Python."""
    places = np.clip(np.arange(length)[:, None] + np.arange(-radius, radius + 1), 0, length - 1)
    box = np.zeros((length, length), np.float32)
    np.add.at(box, (np.arange(length)[:, None], places), np.float32(1 / (2 * radius + 1)))
    return box
