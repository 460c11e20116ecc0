"""Faces of a live frame by two detections instead of one on the whole frame.

The first takes every n-th pixel of the whole frame: who is there, and where. The second takes the
surroundings of the nearest face at full sharpness, for its landmarks. Both together cost half of
one detection at 640x480 and find the landmarks as well. The frame is small to the first network,
and the second sees only the face.

The first detection is made on every frame. So a second person is seen in the same frame as by one
detection on the whole, never later.
"""

import math
from pathlib import Path

import numpy as np

from gate.models.detector import Detector, overlap
from gate.models.network_files import model_path
from gate.ports import Face, Picture
from gate.ports.values import Point

WHOLE, NEAR = "yunet-320x256", "yunet-256x256"

FILLS_MAX = 0.7
"""Share of the second look's side that the face may fill; a larger one is thinned out too."""

SAME_FACE_MIN = 0.3
"""Intersection over union from which the second look shows the face of the first."""

FIRST_WEIGHT = 1 / 3
"""Of the first look in the mean of the landmarks. Two looks err independently: with 1/3 the true
accept rate was that of the 640x480 network, with the second look alone a little less."""


class LiveDetector:
    """Owns two detectors: one thread."""

    def __init__(self, models: Path, threads: int) -> None:
        """ModelDamaged."""
        self.whole = Detector(model_path(models, WHOLE), threads)
        self.near = Detector(model_path(models, NEAR), threads)

    def glance(self, picture: Picture) -> list[Face]:
        """Every face, best score first, landmarks good to a pixel or two. InputRejected."""
        height, width = picture.shape[:2]
        step = max(1, -(-width // self.whole.size[0]), -(-height // self.whole.size[1]))
        return self.whole.detect_thinned(picture, step)

    def closer(self, picture: Picture, face: Face) -> Face:
        """The same face with landmarks from both looks; as it was where it is not found again."""
        side = self.near.size[0]
        x, y, width, height = (float(n) for n in face.box)
        step = max(1, math.ceil(max(width, height) / (FILLS_MAX * side)))
        left = _begin(x + width / 2, side * step, picture.shape[1])
        top = _begin(y + height / 2, side * step, picture.shape[0])
        cut = picture[top : top + side * step, left : left + side * step]
        origin = np.array([left, top], np.float32)
        in_cut = np.array([x - left, y - top, width, height], np.float32)
        for found in self.near.detect_thinned(cut, step):  # best first: nearly always the face
            if overlap(in_cut, found.box[None])[0] >= SAME_FACE_MIN:
                return _joined(face, found, origin)
        return face

    def invoke(self) -> None:
        """Both bare networks, for the benchmark."""
        self.whole.invoke()
        self.near.invoke()


def _begin(middle: float, side: int, length: int) -> int:
    """Where a cut of `side` round `middle` begins, inside the picture as far as it goes."""
    return max(0, min(round(middle - side / 2), length - side))


def _joined(first: Face, second: Face, origin: Point) -> Face:
    box = second.box.copy()
    box[:2] += origin
    landmarks = FIRST_WEIGHT * first.landmarks + (1 - FIRST_WEIGHT) * (second.landmarks + origin)
    return Face(box, landmarks.astype(np.float32), second.score)
