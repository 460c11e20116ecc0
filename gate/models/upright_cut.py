"""A leaning face cut out of a picture so that it stands upright, and the way back. Pure."""

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.ports import Face, Picture
from gate.ports.values import Box, Landmarks

LEANS = math.radians(9)
"""Lean below which landmarks are as good as those of a level face."""
AROUND = 3.0
"""Side of the surroundings of a face, in sides of its box."""

Places = npt.NDArray[np.complex128]
"""(n,) complex128: x + yj, in pixels."""
_CENTRE = 0.5 + 0.5j
"""Landmarks count from the centre of the first pixel, boxes and cuts from its corner."""


@dataclass(frozen=True, slots=True, eq=False)
class UprightCut:
    """`pixels`: (side, side, 3) uint8 RGB, black outside the picture. A point of the cut is
    `turn` * point + `begin` in the picture, x + yj."""

    pixels: Picture
    turn: complex
    begin: complex

    def in_picture(self, face: Face) -> Face:
        """A face found in the cut, where the picture has it. Its box is as large, and level."""
        x, y, width, height = face.box.tolist()
        middle = self.turn * complex(x + width / 2, y + height / 2) + self.begin
        return _placed(face, middle, abs(self.turn), lambda at: self.turn * at + self.begin)

    def of_picture(self, face: Face) -> Face:
        """The face that this was cut for, where the cut has it."""
        middle = complex(self.pixels.shape[1], self.pixels.shape[0]) / 2
        return _placed(face, middle, 1 / abs(self.turn), lambda at: (at - self.begin) / self.turn)


def _placed(face: Face, middle: complex, scale: float, place: Callable[[Places], Places]) -> Face:
    """The same face elsewhere. `middle`: of its box there, x + yj; `place`: of points, from the
    corner of the first pixel."""
    size = scale * face.box[2:]
    box: Box = np.concatenate([(middle.real, middle.imag) - size / 2, size]).astype(np.float32)
    points = np.ascontiguousarray(face.landmarks, np.float64).view(np.complex128)[:, 0]
    placed = place(points + _CENTRE) - _CENTRE
    landmarks: Landmarks = np.stack([placed.real, placed.imag], axis=1).astype(np.float32)
    return Face(box, landmarks, face.score)


def lean(face: Face) -> float:
    """Of the line through the eyes, in radians, clockwise; 0 where they fall together."""
    across, down = (face.landmarks[1] - face.landmarks[0]).tolist()
    return math.atan2(down, across)


def upright_cut(
    picture: Picture, face: Face, turned: float, side: int, step: int = 1
) -> UprightCut:
    """The surroundings of a face that leans by `turned` radians, with the face in their middle.
    `side`: of the cut, in pixels. It shows `side` * `step` pixels of the picture."""
    turn = step * cmath.rect(1, turned)
    middle = complex(*(face.box[:2] + face.box[2:] / 2).tolist())
    reach = math.ceil(side * abs(turn) / math.sqrt(2)) + 1
    left, right = _span(middle.real, reach, picture.shape[1])
    top, bottom = _span(middle.imag, reach, picture.shape[0])
    begin = middle - turn * complex(side, side) / 2
    origin = begin - complex(left, top)
    cut = Image.fromarray(np.ascontiguousarray(picture[top:bottom, left:right])).transform(
        (side, side),
        Image.Transform.AFFINE,
        (turn.real, -turn.imag, origin.real, turn.imag, turn.real, origin.imag),
        resample=Image.Resampling.BILINEAR,
    )
    return UprightCut(np.asarray(cut), turn, begin)


def upright_surroundings(picture: Picture, face: Face) -> tuple[Picture, Face]:
    """The surroundings of a face that leans, upright, and the face in them; both as they are where
    it does not."""
    turned = lean(face)
    if abs(turned) <= LEANS:
        return picture, face
    cut = upright_cut(picture, face, turned, math.ceil(AROUND * float(max(face.box[2:]))))
    return cut.pixels, cut.of_picture(face)


def _span(middle: float, reach: int, length: int) -> tuple[int, int]:
    """First pixel and the one after the last, inside a picture of `length`; never empty."""
    first = max(0, min(math.floor(middle) - reach, length - 1))
    return first, max(first + 1, min(math.ceil(middle) + reach, length))
