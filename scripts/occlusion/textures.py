"""What a painted thing is made of: each gives uint8[SIDE, SIDE, 3] for the whole plane."""

import colorsys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from heads import MARGIN, SCALE
from PIL import Image, ImageDraw

from gate.models.alignment import HEAD_EYES, HEAD_MIDDLE, HEAD_SIDE

SIDE = SCALE * (HEAD_SIDE + 2 * MARGIN)
UNIT = SCALE * HEAD_EYES
"""Pixels between the eyes. Shapes are written in this unit, from the middle between the eyes, x to
the right, y down. The tip of the nose is at 0.57, the mouth at 1.15, the chin near 1.85. The brows
are near -0.4 and the hair begins near -1.2."""

ORIGIN = np.array(
    [
        SCALE * (HEAD_MIDDLE.real + MARGIN) + (SCALE - 1) / 2,
        SCALE * (HEAD_MIDDLE.imag + MARGIN) + (SCALE - 1) / 2,
    ]
)

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Who is painted on, and somebody else whose picture lends patches."""

    head: Pixels
    other: Pixels


def part(head: Pixels, x: tuple[float, float], y: tuple[float, float]) -> Pixels:
    """The pixels between two places of the plane."""
    left, right = (round(ORIGIN[0] + n * UNIT) for n in x)
    top, bottom = (round(ORIGIN[1] + n * UNIT) for n in y)
    return head[max(top, 0) : bottom, max(left, 0) : right]


def colour(rng: np.random.Generator) -> tuple[float, float, float]:
    """Dark, light or any; 0 to 255."""
    kind = rng.random()
    if kind < 0.35:
        hsv = rng.random(), rng.uniform(0, 0.6), rng.uniform(0.03, 0.3)
    elif kind < 0.65:
        hsv = rng.random(), rng.uniform(0, 0.25), rng.uniform(0.7, 1.0)
    else:
        hsv = rng.random(), rng.uniform(0.2, 1.0), rng.uniform(0.25, 0.95)
    r, g, b = colorsys.hsv_to_rgb(*(float(n) for n in hsv))
    return 255 * r, 255 * g, 255 * b


def flat(rng: np.random.Generator, model: Model) -> Pixels:
    return _shaded(rng, np.array(colour(rng)), light=0.12 * rng.random(), grain=3 * rng.random())


def cloth(rng: np.random.Generator, model: Model) -> Pixels:
    """Shaded and grained, now and then striped, checked or pleated."""
    texture = _shaded(rng, np.array(colour(rng)), light=0.25, grain=12 * rng.random())
    kind = rng.random()
    if kind < 0.45:
        return texture
    image = Image.fromarray(texture)
    draw = ImageDraw.Draw(image)
    second = tuple(round(n) for n in colour(rng))
    step = round(UNIT * rng.uniform(0.12, 0.5))
    width = max(1, round(step * rng.uniform(0.1, 0.6)))
    for at in range(0, SIDE, step):
        if kind < 0.85:
            draw.line((0, at, SIDE, at), second, width)
        if kind > 0.7:
            draw.line((at, 0, at, SIDE), second, width)
    return np.asarray(image)


def skin(rng: np.random.Generator, model: Model) -> Pixels:
    """Of the person: a hand."""
    cheeks = part(model.head, (-0.7, 0.7), (0.3, 0.9)).reshape(-1, 3)
    return _shaded(rng, np.median(cheeks, axis=0) * rng.uniform(0.75, 1.2), light=0.3, grain=4)


def patch(rng: np.random.Generator, model: Model) -> Pixels:
    """Any part of another picture, enlarged: scarves, books, telephones, whatever is held up."""
    size = int(rng.integers(24, 120))
    left, top = rng.integers(0, SIDE - size, 2)
    cut = np.ascontiguousarray(model.other[top : top + size, left : left + size])
    return np.asarray(Image.fromarray(cut).resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def paper(rng: np.random.Generator, model: Model) -> Pixels:
    """White with lines of print."""
    image = Image.fromarray(_shaded(rng, np.full(3, rng.uniform(200, 255)), 0.1, grain=2))
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.7:
        step, ink = int(rng.integers(5, 14)), int(rng.integers(0, 120))
        for at in range(int(rng.integers(0, step)), SIDE, step):
            begin, end = sorted(rng.integers(0, SIDE, 2))
            draw.line((begin, at, end, at), (ink,) * 3, max(1, step // 3))
    return np.asarray(image)


def hair(rng: np.random.Generator, model: Model) -> Pixels:
    """The person's own as a rule, in strands."""
    above = part(model.head, (-0.7, 0.7), (-1.75, -1.25)).reshape(-1, 3)
    own = rng.random() < 0.75 and len(above)
    base = np.median(above, axis=0) if own else np.array(HAIR[rng.integers(len(HAIR))])
    strands = rng.normal(0, rng.uniform(6, 28), (int(rng.integers(2, 9)), SIDE))
    rows = Image.fromarray(strands.astype(np.float32)).resize(
        (SIDE, SIDE), Image.Resampling.BICUBIC
    )
    return _painted(base, _light(rng, 0.3), np.asarray(rows))


HAIR = ((18, 15, 14), (45, 32, 25), (80, 55, 35), (150, 115, 70), (190, 165, 125), (170, 170, 170))


_NOISE = np.random.default_rng(0).standard_normal((2 * SIDE, 2 * SIDE), np.float32)


def _shaded(
    rng: np.random.Generator, base: npt.NDArray[np.float64], light: float, grain: float
) -> Pixels:
    x, y = rng.integers(0, SIDE, 2)
    return _painted(base, _light(rng, light), grain * _NOISE[y : y + SIDE, x : x + SIDE])


def _painted(
    base: npt.NDArray[np.float64], light: npt.NDArray[np.float32], grain: npt.NDArray[np.float32]
) -> Pixels:
    pixels = np.empty((SIDE, SIDE, 3), np.uint8)
    for channel in range(3):
        values = np.float32(base[channel]) * light + grain
        pixels[..., channel] = np.clip(values, 0, 255)
    return pixels


def _light(rng: np.random.Generator, strength: float) -> npt.NDArray[np.float32]:
    """Slowly varying, about 1."""
    knots = rng.normal(1, strength, (4, 4)).astype(np.float32)
    return np.asarray(Image.fromarray(knots).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
