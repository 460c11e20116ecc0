"""Where the nose of a turned face is seen, by its pixels and not by landmarks. Pure.

A detector knows heads. So it puts the nose tip of a bent and turned photograph where a head would
have it, and moves eyes and mouth as well. The pixels do not. Take from the frame what a flat
picture of the face would show if it were turned back, by its eyes and mouth corners. These are then
found once more by their pixels, so that the detector's errors cancel. Now the nose of a photograph
lies where it lay before. The nose of a head lies beside that place, as far as the landmarks say.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.models.liveness.face_turn import NOSE, QUAD, Points, flat_change
from gate.models.picture_arrays import grey
from gate.ports import Picture
from gate.ports.values import Landmarks, Plane

PATCH_PX = 120
"""Side of a patch."""
RADIUS_PX = 28.0
"""Root mean square of how far eyes and mouth corners are from their middle, in a patch."""
HALF_PX = 11, 9
"""Half of the piece around a landmark that is looked for: across and down."""
REACH_PX = 18, 4
"""How far the nose is looked for: both ways along the line of the eyes, and across it."""
CORNER_REACH_PX = 7
"""How far an eye or a mouth corner is looked for, each way."""
ALIKE_MIN = 0.4
"""One that is less alike wherever it is looked for counts as found in its place, and for little."""
IN_PLACE = 0.05
"""A nose that is seen less than so far beside, in distances between the eyes, has not moved."""
BESIDE = 0.5, 1.6
"""Where a head's nose is seen, in shares of what the landmarks say."""

PerPoint = npt.NDArray[np.float64]
"""(2,) or (n,) float64."""

Grey = npt.NDArray[np.uint8]
"""(rows, columns) uint8."""

Profile = npt.NDArray[np.float64]
"""(37,) float64, each -1 to 1: how alike the nose is at each shift of at most REACH_PX. From the
face's own right to its left, in pixels of a patch."""


@dataclass(frozen=True, slots=True, eq=False)
class FacePatch:
    """A face, cut out upright and at one size. `pixels`: (PATCH_PX, PATCH_PX) uint8, grey.
    `landmarks`: (5, 2) float64, in them."""

    pixels: Grey
    landmarks: Points

    @property
    def between_eyes(self) -> float:
        """In its pixels."""
        return float(np.hypot(*(self.landmarks[1] - self.landmarks[0])))


def face_patch(picture: Picture, landmarks: Landmarks) -> FacePatch:
    """The patch of a face, black beyond the picture. ValueError: not finite, no distance between
    the eyes.

    `picture`: (h, w, 3) RGB; `landmarks`: (5, 2) pixels."""
    places = landmarks.astype(np.float64)
    quad, line = places[QUAD], places[1] - places[0]
    middle = quad.mean(axis=0)
    radius = float(np.sqrt(((quad - middle) ** 2).sum(axis=1).mean()))
    if not (np.isfinite(places).all() and line.any()):
        raise ValueError("A face needs finite landmarks and two eyes.")
    step = line / np.hypot(*line) * radius / RADIUS_PX
    to_picture = np.array([[step[0], -step[1]], [step[1], step[0]]])
    start = middle - to_picture @ [PATCH_PX / 2, PATCH_PX / 2]
    cut = _warped(picture, np.column_stack([to_picture, start]))
    return FacePatch(grey(cut).astype(np.uint8), (places - start) @ np.linalg.inv(to_picture).T)


def nose_profile(ahead: FacePatch, now: FacePatch) -> Profile | None:
    """How alike the nose is at each place where it may be seen now, once the face is turned back
    as a flat picture. None where the landmarks allow no such turning."""
    change = flat_change(ahead.landmarks, now.landmarks)
    if change is None:
        return None
    back = _TurnedBack(ahead.pixels, now.pixels, change)
    nose, flat = ahead.landmarks[NOSE], _flat_nose(ahead.landmarks, back)
    alike: Profile = back.alike(nose, flat, REACH_PX).max(axis=0).astype(np.float64)
    return alike


def _flat_nose(ahead: Points, back: "_TurnedBack") -> PerPoint:
    """(2,): where the nose of a flat picture is seen, by where its eyes and mouth corners are.
    `ahead`: (5, 2)."""
    corners, reach = ahead[QUAD], CORNER_REACH_PX
    shifts, weights = np.zeros((len(corners), 2)), np.full(len(corners), ALIKE_MIN**2)
    for n, corner in enumerate(corners):
        alike = back.alike(corner, corner, (reach, reach))
        if alike.max() >= ALIKE_MIN:
            row, column = np.unravel_index(int(alike.argmax()), alike.shape)
            shifts[n], weights[n] = (column - reach, row - reach), float(alike.max()) ** 2
    places = np.column_stack([corners, np.ones(len(corners))])
    plane, *_ = np.linalg.lstsq(places * weights[:, None], shifts * weights[:, None], rcond=None)
    shift = np.clip(np.append(ahead[NOSE], 1) @ plane, -reach, reach)
    return np.asarray(ahead[NOSE] + shift)


@dataclass(frozen=True, slots=True, eq=False)
class _TurnedBack:
    """Pixels of a face that looked ahead, and of one that is turned back as a flat picture, by
    `change` (3, 3)."""

    ahead: Grey
    now: Grey
    change: Points

    def alike(self, place: PerPoint, around: PerPoint, reach: tuple[int, int]) -> Plane:
        """(rows, columns), each -1 to 1: how alike what was at `place`, (2,), is to what is seen
        about `around`, (2,). One for each shift of at most `reach`."""
        half, further = np.array(HALF_PX), np.array(reach)
        piece = _cut(self.ahead, np.eye(3), place - half, 2 * half + 1)
        region = _cut(self.now, self.change, around - half - further, 2 * (half + further) + 1)
        return _correlation(piece, region)


def seen_beside(profile: Profile, nose: float, between_eyes: float) -> float:
    """By how much the nose is more alike where a head's must be than where a photograph's may be.
    -2 to 2, above 0 for a head.

    `nose`: how far the landmarks say that it has moved (`FaceTurn.nose`). `between_eyes`: of the
    patch that looked ahead, in its pixels.
    """
    reach = REACH_PX[0]
    shifts = np.arange(-reach, reach + 1) / max(between_eyes, 1.0) * np.sign(nose)
    low, high = (share * abs(nose) for share in BESIDE)
    head = (shifts > max(low, IN_PLACE)) & (shifts <= high)
    flat = shifts <= IN_PLACE
    if not head.any():
        return -2.0
    return float(profile[head].max() - profile[flat].max())


def _warped(picture: Picture, to_picture: Points) -> Picture:
    """`to_picture`: (2, 3), from pixels of the patch to those of the picture. Only what may be seen
    is taken from the picture."""
    corners = np.array([(0, 0, 1), (0, PATCH_PX, 1), (PATCH_PX, 0, 1), (PATCH_PX, PATCH_PX, 1)])
    ends, limits = corners @ to_picture.T, picture.shape[1::-1]
    scale = max(1, int(np.hypot(*to_picture[:, 0])))
    left, top = (int(n) for n in np.clip(np.floor(ends.min(axis=0)) - scale, 0, limits))
    right, bottom = (int(n) for n in np.clip(np.ceil(ends.max(axis=0)) + scale, 0, limits))
    if right <= left + scale or bottom <= top + scale:
        return np.zeros((PATCH_PX, PATCH_PX, 3), np.uint8)
    image = Image.fromarray(np.ascontiguousarray(picture[top:bottom, left:right]))
    matrix = to_picture - [[0, 0, left], [0, 0, top]]
    if scale > 1:  # a large face: averaged, as a smaller one would be
        image, matrix = image.reduce(scale), matrix / scale
    cut = image.transform(
        (PATCH_PX, PATCH_PX),
        Image.Transform.AFFINE,
        tuple(matrix.reshape(-1).tolist()),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(cut)


def _cut(pixels: Grey, change: Points, corner: PerPoint, size: npt.NDArray[np.intp]) -> Plane:
    """What lies at `corner`, (2,), and on, taken from where `change` (3, 3) says that it is now.
    `size`: (2,), columns and rows."""
    to_now = change @ np.array([[1, 0, corner[0]], [0, 1, corner[1]], [0, 0, 1.0]])
    columns, rows = (int(n) for n in size)
    if abs(to_now[2, 2]) < 1e-9:
        return np.zeros((rows, columns), np.float32)
    coefficients = (to_now / to_now[2, 2]).reshape(-1)[:8].tolist()
    cut = Image.fromarray(pixels).transform(
        (columns, rows), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )
    return np.asarray(cut, np.float32)


def _correlation(piece: Plane, around: Plane) -> Plane:
    """(rows, columns): of the piece with each part of its size."""
    parts = np.lib.stride_tricks.sliding_window_view(around, piece.shape)
    mine = piece - piece.mean()
    theirs = parts - parts.mean(axis=(-1, -2), keepdims=True)
    spread = np.sqrt((theirs**2).sum(axis=(-1, -2)) * float((mine**2).sum()))
    found: Plane = (theirs * mine).sum(axis=(-1, -2)) / np.maximum(spread, 1e-6)
    return found
