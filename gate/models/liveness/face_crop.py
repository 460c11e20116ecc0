"""The part of a picture that a network of the liveness pair looks at.

As its makers cut it: a rectangle of the face box's form around its middle, some times as large, as
far as the picture goes. A box that would reach outside is moved inside, never padded.
"""

import math

import numpy as np
import numpy.typing as npt

from gate.ports import Picture
from gate.ports.values import Box

SIDE = 80

Crop = npt.NDArray[np.float32]
"""(80, 80, 3) float32, RGB, whole numbers from 0 to 255."""


def crop_rectangle(
    size: tuple[int, int], box: Box, scale: float
) -> tuple[int, int, int, int] | None:
    """First column, first row, last column and last row of the part. `size`: width and height of
    the picture; `scale`: how many times the box. None for a box that is none, or has no pixel in
    the picture.
    """
    x, y, width, height = (float(n) for n in box)
    columns, rows = size
    if not all(map(math.isfinite, (x, y, width, height))) or min(width, height) < 1.0:
        return None
    if x + width <= 0 or y + height <= 0 or x >= columns or y >= rows or min(columns, rows) < 2:
        return None
    scale = min((rows - 1) / height, (columns - 1) / width, scale)
    left, right = _inside(x + width / 2, width * scale, columns - 1)
    top, bottom = _inside(y + height / 2, height * scale, rows - 1)
    return left, top, right, bottom


def face_crop(picture: Picture, box: Box, scale: float) -> Crop | None:
    """The part around `box`, resampled by plain bilinear interpolation between pixel centres. None
    as in `crop_rectangle`."""
    place = crop_rectangle((picture.shape[1], picture.shape[0]), box, scale)
    if place is None:
        return None
    left, top, right, bottom = place
    part = picture[top : bottom + 1, left : right + 1]
    row, next_row, down = _taps(part.shape[0])
    column, next_column, across = _taps(part.shape[1])
    upper, lower = part[row].astype(np.float32), part[next_row].astype(np.float32)
    rows = upper + (lower - upper) * down[:, None, None]
    near, far = rows[:, column], rows[:, next_column]
    crop: Crop = np.rint(near + (far - near) * across[:, None])
    return crop


def _inside(middle: float, length: float, last: int) -> tuple[int, int]:
    """First and last pixel of a stretch that is at most `last` long, moved to lie from 0 to
    `last`. Both are cut to whole numbers as the makers do."""
    low, high = middle - length / 2, middle + length / 2
    if low < 0:
        low, high = 0.0, high - low
    if high > last:
        low, high = low - (high - last), float(last)
    return max(int(low), 0), min(int(high), last)


def _taps(count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """For each of 80 places the two pixels of `count` it lies between, (80,) each. Then how far it
    is from the first to the second, (80,) from 0 to 1."""
    at = np.clip((np.arange(SIDE) + 0.5) * (count / SIDE) - 0.5, 0, count - 1)
    first = np.floor(at).astype(np.intp)
    return first, np.minimum(first + 1, count - 1), (at - first).astype(np.float32)
