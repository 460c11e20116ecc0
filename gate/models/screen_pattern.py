"""Signs that a picture was taken of a screen: one fine pattern all over it. A hint, no proof.

A camera that looks at a screen samples a grid of coloured stripes with another grid. What is left
is a periodic pattern (moire), the same in all parts of the picture. Cloth and hair have patterns
too, but in one part only. So spectra of blocks all over the picture are brought together by their
median, and one peak that stands out of it is the sign.
"""

import numpy as np
import numpy.typing as npt

from gate.models.picture_arrays import LUMA
from gate.ports import Picture

BLOCK = 96
"""Pixels of a block's side. A picture with a shorter side is not judged."""
ROWS_MAX, COLUMNS_MAX = 4, 3

_LOWEST, _HIGHEST = 0.07, 0.5
"""Cycles a pixel. Slower patterns are of the person and of the light."""
_GRID = BLOCK // 8
"""Frequencies of the grid of JPEG's blocks."""


def pattern_strength(picture: Picture) -> float | None:
    """How far the highest peak of the common spectrum stands out, None where the picture is too
    small. It is a natural logarithm of power above that of about the same frequency, at least 0."""
    if min(picture.shape[:2]) < BLOCK:
        return None
    places = [
        (top, left)
        for top in _starts(picture.shape[0], ROWS_MAX)
        for left in _starts(picture.shape[1], COLUMNS_MAX)
    ]
    parts = np.stack([picture[y : y + BLOCK, x : x + BLOCK] for y, x in places])
    return _peak(parts.astype(np.float32) @ LUMA)


def _starts(length: int, most: int) -> list[int]:
    """Where blocks begin, evenly from edge to edge, as few as cover it but at most `most`."""
    count = min(most, -(-length // BLOCK))
    return [round(n * (length - BLOCK) / max(1, count - 1)) for n in range(count)]


def _peak(blocks: npt.NDArray[np.float32]) -> float:
    """How far the highest peak stands out. `blocks`: luma, (n, BLOCK, BLOCK) float32."""
    level = blocks - blocks.mean((1, 2), keepdims=True)
    power = np.log(np.abs(np.fft.rfft2(level * _WINDOW)) ** 2 + 1.0)
    common = np.median(power, axis=0)
    highest = 0.0
    for ring in _RINGS:
        values = common[ring]
        highest = max(highest, float(values.max() - np.median(values)))
    return highest


def _rings() -> list[npt.NDArray[np.bool_]]:
    """Bins of about the same frequency, without those of JPEG's grid along the axes. Each:
    (96, 49) bool."""
    down = np.abs(np.fft.fftfreq(BLOCK))[:, None] * BLOCK
    across = np.fft.rfftfreq(BLOCK)[None] * BLOCK
    radius = np.hypot(down, across) / BLOCK
    on_grid_down, on_grid_across = (
        np.minimum(n % _GRID, _GRID - n % _GRID) <= 1 for n in (down, across)
    )
    allowed = (radius > _LOWEST) & (radius < _HIGHEST)
    allowed &= ~((across <= 2) & on_grid_down) & ~((down <= 2) & on_grid_across)
    which = np.floor(radius * BLOCK / 4).astype(np.int64)
    return [found for n in range(int(which.max()) + 1) if (found := allowed & (which == n)).any()]


_WINDOW = np.outer(np.hanning(BLOCK), np.hanning(BLOCK)).astype(np.float32)
_RINGS = _rings()
