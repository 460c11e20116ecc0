"""Where a painted thing lies: closed curves in eye distances (see `textures.UNIT`) to masks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter
from textures import ORIGIN, SIDE, UNIT, Pixels

Point = tuple[float, float]
Mask = npt.NDArray[np.float32]


def ellipse(
    middle: Point, half_width: float, half_height: float, power: float = 2.0, turn: float = 0.0
) -> list[Point]:
    """A superellipse: `power` 2 is an ellipse, 5 nearly a rectangle."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    x = half_width * np.sign(x) * np.abs(x) ** (2 / power)
    y = half_height * np.sign(y) * np.abs(y) ** (2 / power)
    c, s = np.cos(turn), np.sin(turn)
    return list(zip(middle[0] + c * x - s * y, middle[1] + s * x + c * y, strict=True))


def arch(
    rng: np.random.Generator, half_width: float, middle_y: float, side_y: float, knots: int = 13
) -> list[Point]:
    """A line from left to right, at `middle_y` over the nose and at `side_y` at both ends."""
    x = np.linspace(-1, 1, knots)
    power = rng.uniform(1.5, 4)
    y = middle_y + (side_y - middle_y) * np.abs(x) ** power
    return list(zip(x * half_width, y + rng.normal(0, 0.012, knots), strict=True))


def filled(shapes: Sequence[Sequence[Point]], blur: float = 0.0) -> Mask:
    """0 to 1 over the plane."""
    image = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    for shape in shapes:
        points = np.asarray(shape) * UNIT + ORIGIN
        draw.polygon([(float(x), float(y)) for x, y in points], fill=255)
    return _mask(image, blur)


def drawn(lines: Sequence[Sequence[Point]], width: float, blur: float = 0.0) -> Mask:
    """Lines of `width` eye distances."""
    image = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    for line in lines:
        points = np.asarray(line) * UNIT + ORIGIN
        flat = [(float(x), float(y)) for x, y in points]
        draw.line(flat, fill=255, width=max(1, round(width * UNIT)), joint="curve")
    return _mask(image, blur)


def _mask(image: Image.Image, blur: float) -> Mask:
    if blur > 0:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(image, np.float32) / 255


def laid_over(head: Pixels, mask: Mask, texture: Pixels) -> Pixels:
    """`texture` over the head where `mask` is 1."""
    share = Image.fromarray((255 * mask).astype(np.uint8))
    return np.asarray(Image.composite(Image.fromarray(texture), Image.fromarray(head), share))
