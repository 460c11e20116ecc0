"""Heads and printed sheets as relief grids with a brightness, for trials of a second camera.

A head is a sum of simple shapes, of the sizes that surveys give:

* Zhuang and Bradtmiller, J Occup Environ Hyg 2(11), 2005: 3,997 people in the USA
* Du and others, Ann Occup Hyg 52(8), 2008: 3,000 workers in China, wider faces, flatter noses
* Farkas and others, J Craniofac Surg 16(4), 2005: 1,470 people of 25 groups

Sizes are drawn evenly from ranges wider than the spread of these groups. So flat noses and narrow
eyes are more frequent here than anywhere.

Lengths are centimetres: x to the right of the picture, y down, height towards the camera; the
origin lies between the eyes. Nothing here is shared with what judges (gate/models/liveness).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Grid = npt.NDArray[np.float64]
"""(rows, columns) float64: one value every STEP_CM."""

Vectors = npt.NDArray[np.float64]
"""(n, 3) float64, centimetres."""

STEP_CM = 0.06
HALF_WIDTH_CM, ABOVE_CM, BELOW_CM = 9.0, 10.0, 13.0
"""What a grid covers."""
X, Y = np.meshgrid(
    np.arange(-HALF_WIDTH_CM, HALF_WIDTH_CM + STEP_CM / 2, STEP_CM),
    np.arange(-ABOVE_CM, BELOW_CM + STEP_CM / 2, STEP_CM),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of one head in centimetres, and which way round its parts are."""

    between_eyes: float
    face_width: float
    face_depth: float
    nose_protrusion: float
    nose_width: float
    nose_length: float
    mouth_width: float
    eye_hollow: float
    lips: float
    chin: float
    brow: float
    cheeks: float


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A relief with what it looks like. `height`: cm; `albedo`: 0 to 1; `inside`: 1 where there is
    a surface. `landmarks`: (5, 3) cm, in the order of the detector. `gloss`: of its highlights."""

    height: Grid
    albedo: Grid
    inside: Grid
    landmarks: Vectors
    gloss: float


def random_shape(chance: np.random.Generator) -> Shape:
    """A head with every size drawn evenly from its range."""
    return Shape(
        between_eyes=chance.uniform(5.4, 7.2),
        face_width=chance.uniform(12.4, 15.4),
        face_depth=chance.uniform(7.5, 10.5),
        nose_protrusion=chance.uniform(1.2, 2.7),
        nose_width=chance.uniform(2.8, 4.6),
        nose_length=chance.uniform(4.2, 5.8),
        mouth_width=chance.uniform(4.2, 5.8),
        eye_hollow=chance.uniform(0.4, 1.1),
        lips=chance.uniform(0.3, 0.9),
        chin=chance.uniform(0.3, 1.1),
        brow=chance.uniform(0.1, 0.6),
        cheeks=chance.uniform(0.0, 0.5),
    )


def head(shape: Shape, chance: np.random.Generator) -> Surface:
    """The surface of a head, with a skin of its own."""
    height, inside = _relief(shape)
    eye, mouth_y, tip_y = shape.between_eyes / 2, shape.nose_length + 2.1, 0.82 * shape.nose_length
    places = [(-eye, 0), (eye, 0), (0, tip_y)]
    places += [(-shape.mouth_width / 2, mouth_y), (shape.mouth_width / 2, mouth_y)]
    landmarks = np.array([(x, y, at(height, np.array([x]), np.array([y]))[0]) for x, y in places])
    albedo = _skin(shape, mouth_y, tip_y, chance)
    return Surface(height, albedo, inside, landmarks, chance.uniform(0.0, 0.25))


def _bump(x: float, y: float, wide: float, high: float) -> Grid:
    grid: Grid = np.exp(-0.5 * (((X - x) / wide) ** 2 + ((Y - y) / high) ** 2))
    return grid


def _relief(shape: Shape) -> tuple[Grid, Grid]:
    eye, mouth_y = shape.between_eyes / 2, shape.nose_length + 2.1
    chin_y = mouth_y + 3.6
    ellipse = (X / (shape.face_width / 2)) ** 2 + ((Y - 1.5) / 11.0) ** 2
    inside = (ellipse < 0.97).astype(np.float64)
    skull = shape.face_depth * (np.sqrt(np.clip(1 - ellipse, 0.03, None)) - 1)
    skull += shape.brow * _bump(0, -1.9, 4.0, 0.8)
    for side in (-1, 1):
        skull -= shape.eye_hollow * _bump(side * eye, 0, 1.25, 0.9)
        skull += 0.35 * _bump(side * eye, 0.05, 0.8, 0.6)  # the eyeball behind its lids
        skull += shape.cheeks * _bump(side * (eye + 1.2), 3.2, 1.7, 1.4)
    skull += shape.lips * (_bump(0, mouth_y - 0.5, 1.9, 0.45) + _bump(0, mouth_y + 0.6, 1.6, 0.5))
    skull += shape.chin * _bump(0, chin_y, 1.7, 1.1)
    return skull + _nose(shape), inside


def _nose(shape: Shape) -> Grid:
    """A ridge that rises from between the eyes to the tip and falls off to the lip."""
    along = Y / shape.nose_length
    rise = 0.18 + 0.82 * np.clip((along + 0.05) / 0.87, 0, 1) ** 1.3
    fall = 1 / (1 + np.exp((along - 0.98) / 0.045))
    start = 1 / (1 + np.exp(-(along + 0.05) / 0.08))
    half = 0.55 + (shape.nose_width / 2 - 0.55) * np.clip(along, 0, 1) ** 1.5
    beside = np.abs(X / (0.8 * half)) ** 2.4
    nose: Grid = shape.nose_protrusion * rise * fall * start * np.exp(-beside)
    return nose


def _skin(shape: Shape, mouth_y: float, tip_y: float, chance: np.random.Generator) -> Grid:
    tone, eye = chance.uniform(0.25, 0.75), shape.between_eyes / 2
    skin = tone * (1 + 0.05 * _spots(chance, 0.12) + 0.05 * _spots(chance, 0.5))
    skin *= 1 + 0.06 * _spots(chance, 2.0)
    brow_y, brow_dark = -chance.uniform(1.6, 2.3), chance.uniform(0.2, 0.75)
    for side in (-1, 1):
        skin *= 1 - brow_dark * _bump(side * (eye + 0.2), brow_y, 1.2, 0.3)
        opening = ((X - side * eye) / 1.4) ** 2 + (Y / 0.5) ** 2 < 1
        skin = np.where(opening, min(0.8, tone + 0.25), skin)
        iris = (X - side * eye) ** 2 + Y**2 < 0.36
        skin = np.where(opening & iris, chance.uniform(0.04, 0.15), skin)
        skin *= 1 - 0.5 * _bump(side * eye, -0.5, 1.2, 0.14)
        skin *= 1 - 0.6 * _bump(side * shape.nose_width / 5, tip_y + 0.75, 0.32, 0.18)
        skin *= 1 - 0.15 * _bump(side * shape.nose_width / 2, tip_y + 0.2, 0.2, 0.6)
    lips = _bump(0, mouth_y, shape.mouth_width / 2.6, 0.55)
    skin *= 1 - chance.uniform(0.15, 0.4) * lips
    skin *= 1 - 0.55 * _bump(0, mouth_y, shape.mouth_width / 2.4, 0.12)
    hair = 1 / (1 + np.exp((Y + chance.uniform(5.0, 7.5) + 0.3 * _spots(chance, 0.5)) / 0.15))
    dark = 0.06 * (1 + 0.6 * _spots(chance, 0.1))
    whole: Grid = np.clip(skin * (1 - hair) + dark * hair, 0.01, 0.95)
    return whole


def _spots(chance: np.random.Generator, size_cm: float) -> Grid:
    """Noise of about unit deviation whose spots are `size_cm` wide."""
    rows, columns = X.shape
    factor = max(size_cm / STEP_CM, 1)
    coarse = chance.standard_normal((int(rows / factor) + 3, int(columns / factor) + 3))
    r, c = np.arange(rows) / factor, np.arange(columns) / factor
    return 1.3 * bilinear(coarse, *np.meshgrid(c, r))


SheetProfile = Callable[[Grid, Grid], Grid]
"""The height of a sheet at (across, along) its bend, in cm."""


def sheet(picture: Surface, profile: SheetProfile, turn: float, scale: float) -> Surface:
    """`picture` printed `scale` times as large on paper that is bent across the direction `turn`
    (radians). Paper is bent and never stretched: what is printed keeps its length along the bend.
    """
    across = X * np.cos(turn) + Y * np.sin(turn)
    along = Y * np.cos(turn) - X * np.sin(turn)
    height = profile(across, along)
    line = np.linspace(-25, 25, 5001)
    bent = profile(line, np.zeros_like(line))
    arc = np.concatenate([[0], np.cumsum(np.hypot(np.diff(line), np.diff(bent)))])
    arc -= np.interp(0, line, arc)
    on_paper = np.interp(across, line, arc)
    px = (on_paper * np.cos(turn) - along * np.sin(turn)) / scale
    py = (on_paper * np.sin(turn) + along * np.cos(turn)) / scale
    albedo = at(picture.albedo, px, py)
    beyond = (np.abs(px) > HALF_WIDTH_CM) | (py < -ABOVE_CM) | (py > BELOW_CM)
    albedo = np.where(beyond, 0.85, albedo)  # the paper's white edge
    flat = picture.landmarks[:, :2] * scale
    far = flat[:, 0] * np.cos(turn) + flat[:, 1] * np.sin(turn)
    kept = flat[:, 1] * np.cos(turn) - flat[:, 0] * np.sin(turn)
    reached = np.interp(far, arc, line)
    places = np.stack(
        [
            reached * np.cos(turn) - kept * np.sin(turn),
            reached * np.sin(turn) + kept * np.cos(turn),
            profile(reached, kept),
        ],
        axis=1,
    )
    return Surface(height, albedo, np.ones_like(height), places, picture.gloss)


def at(grid: Grid, x: Grid, y: Grid) -> Grid:
    """Values of a grid at places in centimetres; beyond its edge those of the edge."""
    return bilinear(grid, (x + HALF_WIDTH_CM) / STEP_CM, (y + ABOVE_CM) / STEP_CM)


def bilinear(grid: Grid, column: Grid, row: Grid) -> Grid:
    """Values between the points of a grid."""
    rows, columns = grid.shape
    column, row = np.clip(column, 0, columns - 1.001), np.clip(row, 0, rows - 1.001)
    left, top = column.astype(np.intp), row.astype(np.intp)
    u, v = column - left, row - top
    flat, first = grid.ravel(), top * columns + left
    upper = flat[first] * (1 - u) + flat[first + 1] * u
    lower = flat[first + columns] * (1 - u) + flat[first + columns + 1] * u
    values: Grid = upper * (1 - v) + lower * v
    return values
