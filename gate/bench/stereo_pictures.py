"""What two cameras see of a surface, ray by ray.

Each pixel's ray is followed into the relief until it meets it, so nearer parts hide others as they
do. Brightness is Lambert's with a highlight after Phong; the lens blurs, the sensor adds noise.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from gate.bench.rendered_head import (
    ABOVE_CM,
    HALF_WIDTH_CM,
    STEP_CM,
    Grid,
    Surface,
    Vectors,
    at,
)
from gate.ports import Picture
from gate.ports.values import Plane

Matrix = npt.NDArray[np.float64]
"""(3, 3) float64: a rotation."""

Vector = npt.NDArray[np.float64]
"""(3,) float64."""

Mask = npt.NDArray[np.bool_]
"""(rows, columns) bool: one value a pixel."""

WALL_CM = 260.0
STEPS = 24
"""Heights that a ray is tried at; then it is halved."""
HALVINGS = 2
EDGE_PX = 24
"""Around a surface, how far the room is blurred and noisy too; the rest is never looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A pinhole. `place`: (3,) cm; `turn`: (3, 3), from the room's axes to its own; `gain` and
    `lift`: how it makes grey values of brightness."""

    focal_px: float
    size: tuple[int, int]
    place: Vector
    turn: Matrix
    gain: float
    lift: float
    noise: float
    blur_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Where a surface's origin is, in cm of the room, and how it is turned.

    `turn`: (3, 3), from its own axes. Height towards the camera is -z of the room.
    """

    place: Vector
    turn: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """`towards`: (3,) unit vector to the lamp; `ambient`: 0 to 1, share from all sides."""

    towards: Vector
    ambient: float


FLIP = np.diag([1.0, 1.0, -1.0])
"""From x, y, height to the room's x, y, z."""


def turned(yaw: float, pitch: float, roll: float) -> Matrix:
    """(3, 3) of turns in radians about y, then x, then z."""
    cy, sy, cx, sx, cz, sz = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    about_y = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
    about_x = np.array([(1, 0, 0), (0, cx, -sx), (0, sx, cx)])
    about_z = np.array([(cz, -sz, 0), (sz, cz, 0), (0, 0, 1)])
    matrix: Matrix = about_z @ about_x @ about_y
    return matrix


def in_room(points: Vectors, pose: Pose) -> Vectors:
    """Points (n, 3) of a surface (x, y, height), in cm of the room."""
    placed: Vectors = points @ (pose.turn @ FLIP).T + pose.place
    return placed


def seen_at(points: Vectors, camera: Camera) -> Matrix:
    """(n, 2) pixels of points of the room."""
    own = (points - camera.place) @ camera.turn.T
    pixels: Matrix = own[:, :2] / own[:, 2:] * camera.focal_px + (np.array(camera.size) - 1) / 2
    return pixels


def picture(
    surface: Surface, pose: Pose, camera: Camera, light: Light, *, room: Grid, seed: int
) -> Picture:
    """(height, width, 3) uint8. `room`: what the camera sees behind the surface, as `room_seen`
    has it. `seed`: of the sensor's noise."""
    chance = np.random.default_rng(seed)
    bright = room.copy()
    left, top, right, bottom = _reach(surface, pose, camera)
    if right > left and bottom > top:
        columns, rows = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
        x, y, met = _meet(surface, pose, camera, columns, rows)
        finest = float(0.8 * pose.place[2] / camera.focal_px)
        shade = _shaded(surface, pose, camera, light, finest)
        patch = bright[top:bottom, left:right]
        patch[met] = at(shade, x, y)[met]
    grey = np.clip(255 * (camera.gain * bright + camera.lift), 0, 255).astype(np.uint8)
    inside = (
        slice(max(0, top - EDGE_PX), bottom + EDGE_PX),
        slice(max(0, left - EDGE_PX), right + EDGE_PX),
    )
    near = Image.fromarray(grey[inside]).filter(ImageFilter.GaussianBlur(camera.blur_px))
    noise = chance.standard_normal((near.height, near.width), np.float32) * np.float32(camera.noise)
    grey[inside] = np.clip(np.asarray(near, np.float32) + noise + 0.5, 0, 255)
    return np.repeat(grey[..., None], 3, axis=2)


def photograph(surface: Surface, light: Light) -> Surface:
    """The surface as it is printed: light and shade are in the picture then."""
    diffuse = np.clip(_along(surface, FLIP @ light.towards), 0, None)
    printed = surface.albedo * (light.ambient + (1 - light.ambient) * diffuse)
    printed = np.where(surface.inside > 0.5, 1.4 * printed, 0.55)
    return replace(surface, albedo=np.clip(printed, 0.02, 0.95))


def _reach(surface: Surface, pose: Pose, camera: Camera) -> tuple[int, int, int, int]:
    """The pixels that the surface may touch: left, top, right, bottom."""
    corners = np.array([(x, y, h) for x in (-9, 9) for y in (-10, 13) for h in (-9, 4)], float)
    pixels = seen_at(in_room(corners, pose), camera)
    low = np.clip(np.floor(pixels.min(axis=0)), 0, camera.size).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)), 0, camera.size).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _meet(
    surface: Surface, pose: Pose, camera: Camera, columns: Grid, rows: Grid
) -> tuple[Grid, Grid, Mask]:
    """x and y of the surface where each pixel's ray meets it, and whether it does."""
    middle = (np.array(camera.size) - 1) / 2
    rays = np.stack(
        [
            (columns - middle[0]) / camera.focal_px,
            (rows - middle[1]) / camera.focal_px,
            np.ones_like(columns, dtype=float),
        ],
        axis=-1,
    )
    own = FLIP @ pose.turn.T
    rays = rays @ camera.turn @ own.T
    start = own @ (camera.place - pose.place)
    slope_x, slope_y = rays[..., 0] / rays[..., 2], rays[..., 1] / rays[..., 2]
    zero_x, zero_y = start[0] - start[2] * slope_x, start[1] - start[2] * slope_y

    def above(level: Grid) -> Grid:
        return level - at(surface.height, zero_x + level * slope_x, zero_y + level * slope_y)

    upper, lower, found = _bracketed(surface, (zero_x, zero_y), (slope_x, slope_y))
    for _ in range(HALVINGS):
        half = (upper + lower) / 2
        under = above(half) <= 0
        lower, upper = np.where(under, half, lower), np.where(under, upper, half)
    a, b = above(upper), above(lower)
    level = upper + (lower - upper) * a / np.maximum(a - b, 1e-9)
    x, y = zero_x + level * slope_x, zero_y + level * slope_y
    on_grid = (np.abs(x) < 9) & (y > -10) & (y < 13)
    return x, y, found & on_grid & (at(surface.inside, x, y) > 0.5)


def _bracketed(
    surface: Surface, zero: tuple[Grid, Grid], slope: tuple[Grid, Grid]
) -> tuple[Grid, Grid, Mask]:
    """The last height at which each ray is above the surface, and the first at which it is below;
    whether there is one. Heights of the nearest grid point serve here."""
    rows, columns = surface.height.shape
    flat = surface.height.astype(np.float32).ravel()
    first_c, step_c = (
        (a / STEP_CM).astype(np.float32) for a in (zero[0] + HALF_WIDTH_CM, slope[0])
    )
    first_r, step_r = ((a / STEP_CM).astype(np.float32) for a in (zero[1] + ABOVE_CM, slope[1]))
    high, low = float(flat.max()) + 0.01, float(flat.min()) - 0.01
    levels = np.linspace(high, low, STEPS, dtype=np.float32)
    met = np.full(zero[0].shape, STEPS, np.int32)
    for number in range(STEPS - 1, 0, -1):
        level = levels[number]
        column = np.clip((first_c + level * step_c).astype(np.int32), 0, columns - 1)
        row = np.clip((first_r + level * step_r).astype(np.int32), 0, rows - 1)
        met[flat[row * columns + column] >= level] = number
    found = met < STEPS
    gap = (high - low) / (STEPS - 1)
    lower = levels[np.minimum(met, STEPS - 1)].astype(np.float64)
    return lower + 1.5 * gap, lower - 0.5 * gap, found


def _shaded(surface: Surface, pose: Pose, camera: Camera, light: Light, finest_cm: float) -> Grid:
    """Brightness of every place of the grid for this camera, no finer than its pixels."""
    own = FLIP @ pose.turn.T
    lamp, eye = own @ light.towards, own @ (camera.place - pose.place)
    diffuse = np.clip(_along(surface, lamp), 0, None)
    half = lamp + eye / np.linalg.norm(eye)
    glint = _fortieth(np.clip(_along(surface, half / np.linalg.norm(half)), 0, None))
    shade = surface.albedo * (light.ambient + (1 - light.ambient) * diffuse)
    shade = shade + surface.gloss * (1 - light.ambient) * glint
    return box_mean(shade, round(finest_cm / STEP_CM / 2))


def _along(surface: Surface, way: Vector) -> Grid:
    """How far each place of the surface faces `way`, a unit vector: -1 to 1."""
    across, down, up = _normals(surface)
    facing: Grid = across * way[0] + down * way[1] + up * way[2]
    return facing


@lru_cache(maxsize=2)
def _normals(surface: Surface) -> tuple[Grid, Grid, Grid]:
    """Unit vectors away from the surface, by their parts. The frames of one case share them."""
    down, across = np.gradient(surface.height, STEP_CM)
    length = np.sqrt(across**2 + down**2 + 1)
    return -across / length, -down / length, 1 / length


def _fortieth(grid: Grid) -> Grid:
    """To the power of 40."""
    eighth = grid * grid
    eighth = eighth * eighth
    eighth = eighth * eighth
    sixteenth = eighth * eighth
    return eighth * sixteenth * sixteenth


def box_mean(grid: Grid, radius: int) -> Grid:
    """Each value's mean over 2 `radius` + 1 rows and columns."""
    side = 2 * radius + 1
    for axis in (0, 1) if radius else ():
        padded = np.pad(grid, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], "edge")
        shifted = np.lib.stride_tricks.sliding_window_view(padded, side, axis)
        grid = np.add.reduce([shifted[..., n] for n in range(side)]) / side
    return grid


def room_seen(camera: Camera, wall: Plane) -> Grid:
    """The room behind, far away, as the camera sees it. `wall`: pixels of 2 cm."""
    width, height = camera.size
    scale = WALL_CM / camera.focal_px / 2
    left = camera.place[0] / 2 + wall.shape[1] / 2 - scale * width / 2
    top = camera.place[1] / 2 + wall.shape[0] / 2 - scale * height / 2
    seen = Image.fromarray(wall).transform(
        (width, height),
        Image.Transform.AFFINE,
        (scale, 0, left, 0, scale, top),
        resample=Image.Resampling.BILINEAR,
    )
    return np.array(seen, np.float64)
