"""Eyes that are painted shut: the skin of the upper lid is drawn down over the eye.

Real pictures of closed eyes are rare. So the skin between brow and upper lid is stretched to the
lower lid, with a dark line of lashes where the lids meet. `LIDS`: where a face mesh of 468 points
(MediaPipe's) has the lids and brows of the right and of the left eye.
"""

import numpy as np
import numpy.typing as npt

UPPER = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (362, 398, 384, 385, 386, 387, 388, 466, 263),
)
LOWER = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))
BROW = ((70, 63, 105, 66, 107), (336, 296, 334, 293, 300))

Points = npt.NDArray[np.float32]
"""(n, 2) float32, pixels of the head."""


def shut(
    head: npt.NDArray[np.uint8], mesh: Points, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """A copy of `head` with both eyes shut, or nearly. `mesh`: its 468 points."""
    drawn = head.astype(np.float32)
    for eye in (0, 1):
        _draw(drawn, *(_by_column(mesh[list(part[eye])]) for part in (UPPER, LOWER, BROW)), rng)
    return np.clip(drawn, 0, 255).astype(np.uint8)


def _by_column(points: Points) -> Points:
    return points[np.argsort(points[:, 0])]


def _draw(
    head: npt.NDArray[np.float32],
    upper: Points,
    lower: Points,
    brow: Points,
    rng: np.random.Generator,
) -> None:
    before = head.copy()
    slit, thick, dark = rng.uniform(0, 0.12), rng.uniform(0.5, 1.1), rng.uniform(0.25, 0.75)
    first, last = np.floor(upper[0, 0]) - 1, np.ceil(upper[-1, 0]) + 1
    for x in range(int(first) - 1, int(last) + 2):
        above = np.interp(x, upper[:, 0], upper[:, 1]) - 0.7
        below = np.interp(x, lower[:, 0], lower[:, 1]) + 0.3
        edge = float(np.clip(min(x - first, last - x) / 3, 0, 1))
        meets = below - slit * (below - above)
        top = min(float(brow[:, 1].max()) + 1.0, above - 2.0)
        rows = np.arange(int(np.floor(top)), int(np.ceil(below + 1.5)))
        lid = rows <= meets
        stretched = top + (rows - top) * (above - 1.0 - top) / max(meets - top, 1.0)
        source = np.clip(np.where(lid, stretched, rows), 0, len(head) - 2)
        row = np.floor(source).astype(np.int64)
        part = (source - row)[:, None]
        column = before[row, x] * (1 - part) + before[row + 1, x] * part
        skin = np.median(before[int(max(top, 0)) : int(max(above - 1, top + 1)) + 1, x], axis=0)
        column = np.where(lid[:, None], 0.75 * column + 0.25 * skin, column)
        column = np.where((~lid & (rows < below + 1))[:, None], 0.97 * skin, column)
        lashes = np.exp(-(((rows - meets) / thick) ** 2)) * dark * edge
        column *= 1 - lashes[:, None]
        head[rows, x] = head[rows, x] * (1 - edge) + column * edge
