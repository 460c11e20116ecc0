"""Finer landmarks for one face: the mean over several scales and mirror images.

YuNet's landmarks move by a good pixel when the same face is shown to it a little larger or
mirrored. The mean of several views takes most of that away, which the recogniser rewards about as
much as a better network would. A ticket photo has the time for it, a live frame only when the first
look has left it open.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.models.detector import Detector, overlap
from gate.ports import Face, Picture
from gate.ports.values import Box, Landmarks, Point

AROUND = 1.6
"""Side of the square that is looked at again, in box sides."""

SIDES = (0.65, 0.83, 0.993)
"""How large that square is shown, in sides of the detector's input: 166, 212 and 254 of 256."""

SAME_FACE_MIN = 0.5
"""Overlap with the first box from which a box is the same face."""

MIRRORED = [1, 0, 2, 4, 3]
"""Right and left change places in a mirror."""


def refine(detector: Detector, picture: Picture, face: Face) -> Face:
    """`face` with the mean landmarks of all views, the first one among them."""
    region, origin, side = _square(picture, face)
    views = [face.landmarks]
    for share in SIDES:
        target = round(share * min(detector.size))
        width, height = (max(1, round(n * target / side)) for n in region.size)
        size = (width, height)
        shown = np.asarray(region.resize(size, Image.Resampling.BICUBIC))
        scale = np.array(size) / region.size
        box = _in_view(face.box, origin, scale)
        for mirror in (False, True):
            found = _look(detector, shown, box, mirror)
            if found is not None:
                views.append((found + 0.5) / scale - 0.5 + origin)
    return Face(face.box, np.mean(views, axis=0, dtype=np.float32), face.score)


def _square(picture: Picture, face: Face) -> tuple[Image.Image, Point, float]:
    """What surrounds the face inside the picture, where it begins, and its full side."""
    side = AROUND * float(face.box[2:].max())
    middle = face.box[:2] + face.box[2:] / 2
    limits = (picture.shape[1], picture.shape[0])
    low = np.floor(np.clip(middle - side / 2, 0, np.subtract(limits, 1))).astype(int)
    high = np.ceil(np.clip(middle + side / 2, low + 1, limits)).astype(int)
    region = np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]])
    return Image.fromarray(region), low.astype(np.float32), side


def _in_view(box: Box, origin: Point, scale: npt.NDArray[np.float64]) -> Box:
    """`box` in pixels of what is shown; `scale`: (2,) float64, along x and y."""
    shown: Box
    shown = np.concatenate([(box[:2] - origin) * scale, box[2:] * scale]).astype(np.float32)
    return shown


def _look(detector: Detector, shown: Picture, box: Box, mirror: bool) -> Landmarks | None:
    """Landmarks of the face at `box`, in pixels of `shown`; None if it is not found again."""
    width = shown.shape[1]
    faces = detector.detect(shown[:, ::-1] if mirror else shown)
    if not faces:
        return None
    boxes = np.array([f.box for f in faces])
    points = np.array([f.landmarks for f in faces])
    if mirror:
        boxes[:, 0] = width - boxes[:, 0] - boxes[:, 2]
        points[..., 0] = width - 1 - points[..., 0]
        points = points[:, MIRRORED]
    overlaps = overlap(box, boxes)
    best = int(overlaps.argmax())
    landmarks: Landmarks = points[best]
    return landmarks if overlaps[best] >= SAME_FACE_MIN else None
