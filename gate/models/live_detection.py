"""Faces of a live frame by two detections instead of one on the whole frame.

The first takes every n-th pixel of the whole frame: who is there, and where. The second takes the
surroundings of the nearest face at full sharpness, for its landmarks. Both together cost half of
one detection at 640x480 and find the landmarks as well. The frame is small to the first network,
and the second sees only the face.

A face that leans is looked at once or twice more, turned upright. The network learned from upright
heads. Of a lean of 20 degrees the first look sees 3 and the second 12. A template by such landmarks
misses its own ticket photo.

The first detection is made on every frame. So a second person is seen in the same frame as by one
detection on the whole, never later.
"""

import math
from pathlib import Path

import numpy as np

from gate.models.detector import Detector, overlap
from gate.models.network_files import model_path
from gate.models.upright_cut import lean, upright_cut
from gate.ports import Face, Picture
from gate.ports.values import Box, Point

WHOLE, NEAR = "yunet-320x256", "yunet-256x256"

FILLS_MAX = 0.7
"""Share of the second look's side that the face may fill; a larger one is thinned out too."""

SAME_FACE_MIN = 0.3
"""Intersection over union from which the second look shows the face of the first."""

FIRST_WEIGHT = 1 / 3
"""Of the first look in the mean of the landmarks. Two looks err independently: with 1/3 the true
accept rate was that of the 640x480 network, with the second look alone a little less."""

LEANS = math.radians(5)
"""Lean in the second look from which the face is looked at upright. It leans by 9 degrees then."""
UNDERSEEN = 1.6
"""How much more a face leans than the second look sees: of 10, 14, 20 and 30 degrees it saw 0.55,
0.59, 0.58 and 0.52."""
UPRIGHT_LOOKS = 2


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
        """The same face with landmarks from all looks; as it was where it is not found again."""
        second = self._level(picture, face)
        if second is None:
            return face
        if abs(lean(second)) > LEANS:
            return self._upright(picture, second) or _joined(face, second)
        return _joined(face, second)

    def _level(self, picture: Picture, face: Face) -> Face | None:
        """The face at full sharpness; None where it is not found again."""
        side = self.near.size[0]
        x, y, width, height = (float(n) for n in face.box)
        step = self._step(face)
        left = _begin(x + width / 2, side * step, picture.shape[1])
        top = _begin(y + height / 2, side * step, picture.shape[0])
        cut = picture[top : top + side * step, left : left + side * step]
        expected = np.array([x - left, y - top, width, height], np.float32)
        found = self._found(cut, step, expected)
        return None if found is None else _moved(found, np.array([left, top], np.float32))

    def _upright(self, picture: Picture, face: Face) -> Face | None:
        """The same, turned by the lean that the look before saw."""
        side, step = self.near.size[0], self._step(face)
        turned, seen = UNDERSEEN * lean(face), None
        for _ in range(UPRIGHT_LOOKS):
            cut = upright_cut(picture, face, turned, side, step)
            size = face.box[2:] / step
            found = self._found(cut.pixels, 1, np.concatenate([(side - size) / 2, size]))
            if found is None:
                break
            seen = cut.in_picture(found)
            if abs(lean(found)) <= LEANS:
                break
            turned, face = turned + UNDERSEEN * lean(found), seen
        return seen

    def _found(self, cut: Picture, step: int, expected: Box) -> Face | None:
        """The best face that overlaps with `expected`, in pixels of `cut`."""
        found = self.near.detect_thinned(cut, step)
        return next((f for f in found if overlap(expected, f.box[None])[0] >= SAME_FACE_MIN), None)

    def _step(self, face: Face) -> int:
        """The second look takes every so many-th pixel, so that the face fits in."""
        longer = float(max(face.box[2:]))
        return max(1, math.ceil(longer / (FILLS_MAX * self.near.size[0])))

    def invoke(self) -> None:
        """Both bare networks, for the benchmark."""
        self.whole.invoke()
        self.near.invoke()


def _begin(middle: float, side: int, length: int) -> int:
    """Where a cut of `side` round `middle` begins, inside the picture as far as it goes."""
    return max(0, min(round(middle - side / 2), length - side))


def _moved(face: Face, origin: Point) -> Face:
    """A face of a cut that begins at `origin`, where the picture has it."""
    box = face.box.copy()
    box[:2] += origin
    return Face(box, face.landmarks + origin, face.score)


def _joined(first: Face, second: Face) -> Face:
    landmarks = FIRST_WEIGHT * first.landmarks + (1 - FIRST_WEIGHT) * second.landmarks
    return Face(second.box, landmarks.astype(np.float32), second.score)
