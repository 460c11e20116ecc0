"""Pictures for the trials of `exam-gate bench action`: heads and held-up photographs, ray by ray.

A portrait is laid over a surface in millimetres. The surface stands before a pinhole camera of
640 x 480 pixels, turned and moved. Each pixel's ray is followed to the surface. Nothing here knows
how the judge reckons: there are no landmarks in it, only geometry and pixels.

`action_surfaces.py` has the shapes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from gate.bench.action_surfaces import EYES_MM, MIDDLE_MM, Millimetres, Surface
from gate.calibration.picture_folder import is_picture
from gate.errors import InputDamaged, InputRejected, PhotoRejected
from gate.models.photo_file import decode_photo
from gate.models.still_pictures import StillPictures
from gate.ports import Picture
from gate.ports.values import Landmarks

WIDTH, HEIGHT = 640, 480
FOCAL_PX = 600.0
"""A field of view of 56 degrees: of the usual camera modules."""
STEPS = 24
"""Of a ray through the depth of a surface; the last one is divided by a secant."""
PX_PER_MM = 1.0
"""Of a portrait: about as fine as the camera sees it from nearby."""
COARSE = 2
"""Every second pixel's ray is followed, along both axes; what lies between is interpolated."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How the surface stands. Angles in radians, lengths in mm.

    `yaw`: above 0 turns the face to its own left. `pitch`: above 0 looks up. `roll`: in the plane
    of the picture. `x`, `y`, `z`: of the middle between the eyes, before the camera. `pivot`: of
    the axis of turning behind that middle.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 600.0
    pivot: float = 0.0

    def rotation(self) -> npt.NDArray[np.float64]:
        """(3, 3) float64: from the surface's axes to the camera's."""
        (a, b, c), (i, j, k) = (
            (f(self.yaw), f(self.pitch), f(self.roll)) for f in (np.cos, np.sin)
        )
        yaw = np.array([[a, 0, -i], [0, 1, 0], [i, 0, a]])
        pitch = np.array([[1, 0, 0], [0, b, j], [0, -j, b]])
        roll = np.array([[c, -k, 0], [k, c, 0], [0, 0, 1]])
        return np.asarray(roll @ yaw @ pitch)

    def middle(self) -> npt.NDArray[np.float64]:
        """(3,) mm: where the middle between the eyes is, before the camera."""
        behind = np.array([0.0, 0.0, self.pivot])
        turned: npt.NDArray[np.float64] = self.rotation() @ behind
        where: npt.NDArray[np.float64] = np.array([self.x, self.y, self.z]) + behind - turned
        return where


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A picture of somebody. `pixels`: (height, width, 3) RGB, 0 to 255. `eyes`: x, y of the middle
    between the eyes in it. `px_per_mm`: its scale."""

    pixels: npt.NDArray[np.float32]
    eyes: tuple[float, float]
    px_per_mm: float


def portraits(folder: Path, stills: StillPictures) -> list[Portrait]:
    """Every picture of the folder with a face, its eyes level enough. InputDamaged for none."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if is_picture(p)):
        try:
            picture = decode_photo(path.read_bytes())
            face = stills.most_central_face(picture)
        except (InputDamaged, InputRejected, PhotoRejected):
            continue  # one person's odd file does not stop the trial
        if face is not None:
            found.append(portrait_of(picture, stills.refined(picture, face).landmarks))
    if not found:
        raise InputDamaged(
            f"{folder} has no picture with a face: name a folder of JPEG or PNG portraits.",
            f"{folder} 中没有含人脸的图片：请指定存放 JPEG 或 PNG 人像的文件夹。",
            path=str(folder),
        )
    return found


def portrait_of(picture: Picture, landmarks: Landmarks) -> Portrait:
    """A picture with the landmarks of its face.

    It is no finer than PX_PER_MM: a finer picture than the camera's would flicker.
    """
    between = float(np.hypot(*(landmarks[1] - landmarks[0])))
    x, y = (landmarks[0] + landmarks[1]) / 2
    scale = min(1.0, PX_PER_MM * EYES_MM / between)
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    smaller = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
    eyes = (float(x) * scale, float(y) * scale)
    return Portrait(np.asarray(smaller, np.float32), eyes, between * scale / EYES_MM)


def draw(portrait: Portrait, surface: Surface, pose: Pose, behind: Picture) -> Picture:
    """(480, 640, 3) uint8: the portrait on its surface, before what is behind."""
    rotation, middle = pose.rotation(), pose.middle()
    if surface.depth_mm == (0.0, 0.0):
        return _drawn_flat(portrait, surface, rotation, middle, behind)
    rows, columns = _region(surface, rotation, middle)
    v, u = np.mgrid[rows.start : rows.stop : COARSE, columns.start : columns.stop : COARSE]
    rays = np.stack(
        [(u - WIDTH / 2) / FOCAL_PX, (v - HEIGHT / 2) / FOCAL_PX, np.ones(u.shape)], axis=-1
    )
    way = (rays @ rotation).astype(np.float32)  # into the surface's axes
    start = (-middle @ rotation).astype(np.float32)
    x, y = (_finer(n) for n in surface.place(*_hit(surface, start, way)))
    seen, inside = _sample(
        portrait.pixels,
        portrait.eyes[0] + x * portrait.px_per_mm,
        portrait.eyes[1] + y * portrait.px_per_mm,
    )
    inside &= (np.abs(x) < surface.half_size_mm[0]) & (
        np.abs(y - MIDDLE_MM) < surface.half_size_mm[1]
    )
    frame = behind.copy()
    rows, columns = (
        slice(r.start, r.start + n) for r, n in zip((rows, columns), x.shape, strict=True)
    )
    frame[rows, columns] = np.where(inside[..., None], seen + 0.5, frame[rows, columns])
    return frame


def _drawn_flat(
    portrait: Portrait,
    surface: Surface,
    rotation: npt.NDArray[np.float64],
    middle: npt.NDArray[np.float64],
    behind: Picture,
) -> Picture:
    """The same for a plane: one perspective transform, by Pillow. `rotation`: (3, 3); `middle`:
    (3,) mm."""
    way = rotation.T @ np.linalg.inv(
        np.array([[FOCAL_PX, 0, WIDTH / 2], [0, FOCAL_PX, HEIGHT / 2], [0, 0, 1]])
    )
    sx, sy, sz = -middle @ rotation
    on_plane = np.stack([sx * way[2] - sz * way[0], sy * way[2] - sz * way[1], way[2]])
    scale, (left, top) = portrait.px_per_mm, portrait.eyes
    to_pixels = np.array([[scale, 0, left], [0, scale, top], [0, 0, 1]]) @ on_plane
    coefficients = (to_pixels / to_pixels[2, 2]).reshape(-1)[:8].tolist()
    seen = Image.fromarray(portrait.pixels.astype(np.uint8)).transform(
        (WIDTH, HEIGHT), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )
    wide, high = surface.half_size_mm
    corners = [(x, y) for x, y in ((-wide, -high), (wide, -high), (wide, high), (-wide, high))]
    outline = project(np.array([(x, y + MIDDLE_MM, 0.0) for x, y in corners]), rotation, middle)
    covered = Image.new("L", (WIDTH, HEIGHT), 0)
    ImageDraw.Draw(covered).polygon([(float(u), float(v)) for u, v in outline], fill=255)
    frame = Image.fromarray(behind)
    frame.paste(seen, mask=covered)
    return np.asarray(frame)


def project(
    points: npt.NDArray[np.float64],
    rotation: npt.NDArray[np.float64],
    middle: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """(n, 2) pixels of (n, 3) points in the surface's axes, in mm."""
    seen = points @ rotation.T + middle
    return np.asarray(
        FOCAL_PX * seen[:, :2] / np.maximum(seen[:, 2:], 80) + (WIDTH / 2, HEIGHT / 2)
    )


def _region(
    surface: Surface, rotation: npt.NDArray[np.float64], middle: npt.NDArray[np.float64]
) -> tuple[slice, slice]:
    """Rows and columns that the surface can reach. `rotation`: (3, 3); `middle`: (3,) mm."""
    wide, high = surface.half_size_mm
    corners = np.array(
        [(x, MIDDLE_MM + y, z) for x in (-wide, wide) for y in (-high, high) for z in (-40.0, 60.0)]
    )
    u, v = project(corners, rotation, middle).T
    return (
        slice(int(np.clip(v.min(), 0, HEIGHT - 9)), int(np.clip(v.max() + 1, 8, HEIGHT))),
        slice(int(np.clip(u.min(), 0, WIDTH - 9)), int(np.clip(u.max() + 1, 8, WIDTH))),
    )


def _finer(coarse: Millimetres) -> Millimetres:
    """Every pixel from every second one: the means of neighbours between them."""
    rows = np.empty((2 * coarse.shape[0] - 1, coarse.shape[1]), np.float32)
    rows[::2], rows[1::2] = coarse, (coarse[1:] + coarse[:-1]) / 2
    fine = np.empty((rows.shape[0], 2 * rows.shape[1] - 1), np.float32)
    fine[:, ::2], fine[:, 1::2] = rows, (rows[:, 1:] + rows[:, :-1]) / 2
    return fine


def _hit(
    surface: Surface, start: npt.NDArray[np.float32], way: npt.NDArray[np.float32]
) -> tuple[Millimetres, Millimetres]:
    """x and y where each ray first meets the surface. `start`: (3,) mm; `way`: (rows,
    columns, 3)."""
    deep, high = surface.depth_mm
    first = (-high - start[2]) / way[..., 2]
    if high == deep:
        return start[0] + first * way[..., 0], start[1] + first * way[..., 1]
    step = (high - deep) / STEPS / way[..., 2]
    found = np.full(first.shape, np.nan, np.float32)
    before = np.full(first.shape, -1.0, np.float32)
    for n in range(STEPS + 1):
        far = first + n * step
        x, y = start[0] + far * way[..., 0], start[1] + far * way[..., 1]
        below = start[2] + far * way[..., 2] + surface.relief(x, y)
        crossed = np.isnan(found) & (below >= 0)
        back = np.clip(below / np.maximum(below - before, 1e-6), 0, 1) if n else 0
        found = np.where(crossed, far - back * step, found)
        before = below
    found = np.where(np.isnan(found), 1e6, found)
    return start[0] + found * way[..., 0], start[1] + found * way[..., 1]


def _sample(
    pixels: npt.NDArray[np.float32], x: Millimetres, y: Millimetres
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Bilinear colours at x, y, (rows, columns, 3); and whether that is inside the portrait.
    `pixels`: (height, width, 3)."""
    height, width = pixels.shape[:2]
    inside = (x >= 0) & (y >= 0) & (x < width - 1) & (y < height - 1)
    x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    right_part, lower_part = (x - left)[..., None], (y - top)[..., None]
    upper = pixels[top, left] * (1 - right_part) + pixels[top, left + 1] * right_part
    lower = pixels[top + 1, left] * (1 - right_part) + pixels[top + 1, left + 1] * right_part
    return upper * (1 - lower_part) + lower * lower_part, inside


NOISE = np.random.default_rng(1).normal(0, 2, (HEIGHT, WIDTH, 1)).round().astype(np.int16)


def with_noise(drawn: Picture, chance: np.random.Generator) -> Picture:
    """A frame of the camera: with the noise of its sensor."""
    noise = np.roll(NOISE, chance.integers(0, HEIGHT, 2), axis=(0, 1))
    pixels: Picture = np.clip(drawn + noise, 0, 255).astype(np.uint8)
    return pixels
