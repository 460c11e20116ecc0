"""From five landmarks to the 112 x 112 picture that the recogniser was trained on.

It is the similarity transform (turn, scale, shift) with the least squared error between the
landmarks and the template. See Umeyama, IEEE PAMI 13(4), 1991. In the plane it is one complex
division.
"""

import cmath
import math

import numpy as np
from PIL import Image

from gate.errors import InputRejected
from gate.ports import Picture
from gate.ports.values import Landmarks

SIDE = 112
TEMPLATE = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ]
)
"""Where right eye, left eye, nose tip and corners of the mouth belong, in pixel centres (as in
ArcFace, whose template SFace was trained with)."""

HEAD_SIDE = 64
HEAD_EYES = 14.2
HEAD_MIDDLE = 31.5 + 28.5j
"""The head with hair or hat: side of the picture, pixels between the eyes, and where the middle
between them lies. 2.0 eye distances above the eyes, 2.5 below them and 2.25 beside their middle."""

OUTSIDE = (127, 127, 127)
"""What the head's picture shows beyond the edge: a photo that is cut at the hair wears no hat."""

_TARGET_CENTRE = complex(*TEMPLATE.mean(axis=0))
_TARGET = TEMPLATE.view(np.complex128)[:, 0] - _TARGET_CENTRE

MARGIN_PX = 2
"""Pixels around the face that bilinear sampling may touch."""


def similarity(landmarks: Landmarks) -> tuple[complex, complex]:
    """(a, b) with template = a * landmarks + b, points as complex numbers.

    InputRejected where all landmarks fall together.
    """
    points = np.ascontiguousarray(landmarks, np.float64).view(np.complex128)[:, 0]
    centre = complex(points.mean())
    centred = points - centre
    spread = float(np.vdot(centred, centred).real)
    a = complex(np.vdot(centred, _TARGET)) / spread if spread > 0 else 0j
    if not cmath.isfinite(a) or abs(a) < 1e-9:
        raise InputRejected(
            "The landmarks of this face fall together: take another picture.",
            "人脸关键点无效：请换一张图片。",
        )
    return a, _TARGET_CENTRE - a * centre


def align(picture: Picture, landmarks: Landmarks) -> Picture:
    """The face upright in 112 x 112 x 3. `landmarks`: in pixels of `picture`.

    What lies outside the picture is black. InputRejected for landmarks that fall together.
    """
    a, b = similarity(landmarks)
    left, top, region = _surroundings(picture, a, b)
    if not region.size:
        return np.zeros((SIDE, SIDE, 3), np.uint8)
    image = Image.fromarray(np.ascontiguousarray(region))  # 15 times faster than from a view
    shrink = max(1, int(1 / abs(a) / 1.5))
    if shrink > 1:  # a large face: average first, or fine texture would fold into the small one
        image = image.reduce(shrink)
    chip = image.transform(
        (SIDE, SIDE),
        Image.Transform.AFFINE,
        _coefficients(a, b, left, top, shrink),
        resample=Image.Resampling.BILINEAR,
    )
    return np.asarray(chip)


def align_finely(picture: Picture, landmarks: Landmarks, turn: float = 0.0) -> Picture:
    """As `align`, but sampled twice as finely by bicubic interpolation and then averaged, for
    three times its cost. `turn`: radians that the face is turned about the middle besides.
    InputRejected as there."""
    a, b = similarity(landmarks)
    middle, spin = complex(SIDE, SIDE) / 2, complex(np.exp(1j * turn))
    a, b = a * spin, (b - middle) * spin + middle
    left, top, region = _surroundings(picture, a, b)
    if not region.size:
        return np.zeros((SIDE, SIDE, 3), np.uint8)
    image = Image.fromarray(np.ascontiguousarray(region))
    shrink = max(1, int(0.5 / abs(a) / 1.5))
    if shrink > 1:
        image = image.reduce(shrink)
    half = 0.5 + 0.5j  # pixel centres of the finer picture
    fine = image.transform(
        (2 * SIDE, 2 * SIDE),
        Image.Transform.AFFINE,
        _coefficients(2 * a, 2 * b + half, left, top, shrink),
        resample=Image.Resampling.BICUBIC,
    )
    return np.asarray(fine.reduce(2))


def align_head(picture: Picture, landmarks: Landmarks, scale: int = 1, margin: int = 0) -> Picture:
    """The head upright, `HEAD_SIDE` + 2 `margin` pixels a side, times `scale`; grey outside the
    picture. Sampled twice as finely and then averaged. InputRejected as `align`."""
    a, b = similarity(landmarks)
    side, fine = 2 * scale * (HEAD_SIDE + 2 * margin), 2 * scale
    eyes = complex(*TEMPLATE[:2].mean(axis=0))
    zoom = HEAD_EYES / float(np.hypot(*(TEMPLATE[1] - TEMPLATE[0])))
    b = (b - eyes) * zoom + HEAD_MIDDLE + margin * (1 + 1j)
    a, b = fine * a * zoom, fine * b + (fine - 1) / 2 * (1 + 1j)
    left, top, region = _surroundings(picture, a, b, side)
    if not region.size:
        return np.full((side // 2, side // 2, 3), OUTSIDE, np.uint8)
    image = Image.fromarray(np.ascontiguousarray(region))
    shrink = max(1, int(1 / abs(a) / 1.5))
    if shrink > 1:
        image = image.reduce(shrink)
    head = image.transform(
        (side, side),
        Image.Transform.AFFINE,
        _coefficients(a, b, left, top, shrink),
        resample=Image.Resampling.BILINEAR,
        fillcolor=OUTSIDE,
    )
    return np.asarray(head.reduce(2))


def _surroundings(
    picture: Picture, a: complex, b: complex, side: int = SIDE
) -> tuple[int, int, Picture]:
    """The part of the picture that the aligned face is taken from, and where it begins."""
    corners = [(corner - b) / a for corner in (0, side, side * 1j, side * (1 + 1j))]
    margin = MARGIN_PX + 2 / abs(a)
    left, right = _span([c.real for c in corners], margin, picture.shape[1])
    top, bottom = _span([c.imag for c in corners], margin, picture.shape[0])
    return left, top, picture[top:bottom, left:right]


def _span(places: list[float], margin: float, length: int) -> tuple[int, int]:
    """First pixel and the one after the last, inside a picture of `length`."""
    low, high = math.floor(min(places) - margin), math.ceil(max(places) + margin)
    return max(0, min(low, length)), max(0, min(high, length))


def _coefficients(
    a: complex, b: complex, left: int, top: int, shrink: int
) -> tuple[float, float, float, float, float, float]:
    """Pillow's affine map from the aligned picture back to the region.

    Pillow counts from pixel corners, landmarks and template from pixel centres: half a pixel.
    """
    turn = 1 / a / shrink
    half = 0.5 + 0.5j
    origin = ((-half - b) / a + half - complex(left, top)) / shrink
    return turn.real, -turn.imag, origin.real, turn.imag, turn.real, origin.imag
