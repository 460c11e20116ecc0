"""Is the background of a portrait plain, and of the colour that is asked?

Colour is judged against the skin in the same picture: warm, cold or little light changes both
alike. Skin differs too much for pale colours. So white must besides be a colour that white takes on
in the light of the sun, the sky or a lamp. Bounds and their error rates: docs/ticket-photos.md.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from gate.models.person_mask import SIDE, Mask
from gate.ports import Picture
from gate.ports.values import Box

KINDS = ("any", "plain", "white", "blue")
"""What an exam may ask, the least first."""

SURELY_BEHIND = 0.02
"""Mask below which a pixel is background."""

SHARE_MIN = 0.03
"""Less background than this is not judged."""

UNLIKE_LEVELS = 40
UNEVEN_MAX = 0.15
"""Share of the background that may lie more than `UNLIKE_LEVELS` (of 255, in any channel) from its
median."""

BLUE_OVER_RED_MIN = 2.6
BLUE_OVER_GREEN_MIN = 1.15
WHITE_OVER_RED = (1.05, 2.4)
WHITE_LUMA_MIN = 1.05
WHITE_TINT_MAX = 0.06

LAMP_CURVE = 0.12
"""White paper in the light of a glowing body of 2,500 to 9,000 K, as a camera without white balance
shows it in sRGB. There log(G / sqrt(RB)) is this times log(B / R) squared, within 0.05."""

LUMA = np.array([0.299, 0.587, 0.114])
CHEEKS = (slice(0.25, 0.75), slice(0.45, 0.65))
"""Share of the face's box, across and down: cheeks and nose."""


@dataclass(frozen=True, slots=True)
class Background:
    """Colour and evenness of a portrait's background.

    `over_red`, `over_green`: blue over red and over green, each relative to the same of the skin.
    `luma`: relative to the skin's. `tint`: how green (above 0) or purple it is for white paper in
    the light of sun, sky or lamp, as a natural logarithm. `uneven`, `share`: 0 to 1, of the
    background and of the picture.
    """

    over_red: float
    over_green: float
    luma: float
    tint: float
    uneven: float
    share: float


def measure(picture: Picture, mask: Mask, box: Box) -> Background | None:
    """Colour and evenness of the background of `picture`, (height, width, 3) uint8.

    `box`: of the face, in pixels of `picture`. None where too little is background.
    """
    small = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    behind = small[mask < SURELY_BEHIND].astype(np.float64)
    skin = _skin(picture, box)
    if len(behind) < SHARE_MIN * SIDE * SIDE or skin is None:
        return None
    middle = np.median(behind, axis=0)
    relative = (middle + 1) / (skin + 1)  # 1: black has a colour too
    unlike = np.abs(behind - middle).max(axis=1) > UNLIKE_LEVELS
    return Background(
        over_red=float(relative[2] / relative[0]),
        over_green=float(relative[2] / relative[1]),
        luma=float((middle @ LUMA + 1) / (skin @ LUMA + 1)),
        tint=_tint(middle),
        uneven=float(unlike.mean()),
        share=len(behind) / (SIDE * SIDE),
    )


def is_as_asked(background: Background, asked: str) -> bool:
    """Whether the background is of the colour that the exam asks for.

    `asked`: of `KINDS`.
    """
    if asked == "any":
        return True
    if background.uneven > UNEVEN_MAX:
        return False
    if asked == "blue":
        blue = background.over_red >= BLUE_OVER_RED_MIN
        return blue and background.over_green >= BLUE_OVER_GREEN_MIN
    if asked == "white":
        low, high = WHITE_OVER_RED
        colourless = low <= background.over_red <= high and abs(background.tint) <= WHITE_TINT_MAX
        return colourless and background.luma >= WHITE_LUMA_MIN
    return True


def _tint(colour: npt.NDArray[np.float64]) -> float:
    """`colour`: (3,) float64, 0 to 255."""
    red, green, blue = (math.log(float(level) + 1) for level in colour)
    return green - (red + blue) / 2 - LAMP_CURVE * (blue - red) ** 2


def _skin(picture: Picture, box: Box) -> npt.NDArray[np.float64] | None:
    """Median colour of the cheeks, (3,) float64; None where the box lies outside."""
    x, y, width, height = (float(n) for n in box)
    across, down = CHEEKS
    left, right = (max(0, int(x + width * n)) for n in (across.start, across.stop))
    top, bottom = (max(0, int(y + height * n)) for n in (down.start, down.stop))
    cheeks = picture[top:bottom, left:right].reshape(-1, 3)
    return np.asarray(np.median(cheeks, axis=0), np.float64) if len(cheeks) else None
