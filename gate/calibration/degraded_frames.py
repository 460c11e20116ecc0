"""Portraits made into what a gate's camera gives on a bad day: small, tilted, dark, blurred, noisy.

Light is added and multiplied where light adds and multiplies: in linear values. Blur comes after
the light, noise after the blur, eight bits last, as in a camera. The same arguments give the same
frame, bit for bit. Pure.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from gate.errors import InputRejected
from gate.ports import Face, Picture
from gate.ports.values import Plane, Point

WIDTH, HEIGHT = 640, 480

Light = Plane
"""(height, width, 3) float32: linear light of each channel, 0 to 1 (1: white of the sensor)."""

FACES_PX = (40, 400)
"""Widths of a face's box that fit into the frame, in pixels."""

WINDOW = 1.6
"""Light of a window behind a person, as a share of white: it burns out."""


@dataclass(frozen=True, slots=True)
class Degradation:
    """How a frame is worse than the picture it is made of. The defaults are a sound camera.

    `face_px`: width of the face's box in the frame, in pixels. `roll_deg`: the head leans to the
    side, clockwise. `light`: exposure of the whole scene, 1 as in the picture, below it darker.
    `backlight`: exposure of the person before a bright window, None where there is none. `stray`:
    share of white that the window spreads over the whole picture as a veil, 0 to 1.
    `gaussian_px`: standard deviation of a lens out of focus. `motion_px`, `motion_deg`: length and
    direction (0 along the rows) of a movement during the exposure. `noise`: standard deviation of
    the sensor's noise in grey levels at mid grey; it rises with the root of the light.
    """

    face_px: float = 130.0
    roll_deg: float = 0.0
    light: float = 1.0
    backlight: float | None = None
    stray: float = 0.0
    gaussian_px: float = 0.0
    motion_px: float = 0.0
    motion_deg: float = 0.0
    noise: float = 1.0


def degraded(picture: Picture, face: Face, how: Degradation, seed: int) -> Picture:
    """A frame of 640 x 480 with the face in its middle. `face`: where it is in `picture`, uint8 RGB
    of any size. InputRejected for a face that does not fit."""
    frame, centre = placed(picture, face, how.face_px, how.roll_deg)
    light = to_light(frame) * np.float32(how.light)
    if how.backlight is not None:
        light = backlit(light, centre, how.face_px, how.backlight, how.stray)
    light = gaussian_blurred(light, how.gaussian_px)
    light = motion_blurred(light, how.motion_px, how.motion_deg)
    return exposed(light, how.noise, seed)


def placed(
    picture: Picture, face: Face, face_px: float, roll_deg: float = 0.0
) -> tuple[Picture, tuple[float, float]]:
    """The picture, scaled until the face's box is `face_px` wide, and where the face's middle now
    is, (x, y) in pixels.

    Around the picture, where it is smaller than the frame, stands its own surrounding out of focus.
    No second face is made so. InputRejected.
    """
    box_width = float(face.box[2])
    if not FACES_PX[0] <= face_px <= FACES_PX[1] or box_width <= 1:
        raise InputRejected(
            f"A face {face_px:g} px wide does not fit into {WIDTH}x{HEIGHT}: use "
            f"{FACES_PX[0]} to {FACES_PX[1]} px.",
            f"人脸宽度 {face_px:g} 像素不适合 {WIDTH}x{HEIGHT} 的画面：请使用 "
            f"{FACES_PX[0]} 至 {FACES_PX[1]} 像素。",
        )
    scale = face_px / box_width
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    near = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
    x, y = (_middle(face) * scale).tolist()
    turn = math.radians(roll_deg)
    cos, sin = math.cos(turn), math.sin(turn)
    centre = WIDTH / 2, HEIGHT / 2
    across = (cos, sin, x - cos * centre[0] - sin * centre[1])
    down = (-sin, cos, y + sin * centre[0] - cos * centre[1])
    shape = (WIDTH, HEIGHT)
    turned = near.transform(
        shape, Image.Transform.AFFINE, (*across, *down), Image.Resampling.BICUBIC
    )
    inside = Image.new("L", size, 255).transform(shape, Image.Transform.AFFINE, (*across, *down))
    inside = inside.filter(ImageFilter.MinFilter(5)).filter(ImageFilter.GaussianBlur(3))
    behind = near.resize(shape, Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(40))
    return np.asarray(Image.composite(turned, behind, inside)), centre


def backlit(
    light: Light, centre: tuple[float, float], face_px: float, exposure: float, stray: float
) -> Light:
    """A person before a window. All but head and shoulders is bright. The person is exposed by
    `exposure`, and `stray` of white lies over the whole as a veil."""
    person = silhouette(centre, face_px)[:, :, None]
    window = np.float32(WINDOW)
    lit = person * light * np.float32(exposure) + (1 - person) * window
    return lit * np.float32(1 - stray) + np.float32(stray)


def silhouette(centre: tuple[float, float], face_px: float) -> Plane:
    """(HEIGHT, WIDTH) float32: 1 on a person whose face is in the middle, 0 beside.

    The edge is soft. One ellipse is the head, one the shoulders.
    """
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    x, y = (columns - centre[0]) / face_px, (rows - centre[1]) / face_px
    head = np.hypot(x / 0.72, (y + 0.06) / 0.95)
    shoulders = np.hypot(x / 1.45, (y - 2.1) / 1.25)
    edge = np.minimum(head, shoulders)
    return np.asarray(np.clip((1.05 - edge) / 0.1, 0, 1), np.float32)


def gaussian_blurred(light: Light, sigma_px: float) -> Light:
    """A lens out of focus; unchanged where `sigma_px` is 0."""
    if sigma_px <= 0:
        return light
    reach = math.ceil(3 * sigma_px)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1, dtype=np.float32) / sigma_px) ** 2)
    kernel /= kernel.sum()
    along = _weighted(light, [(0, n - reach, w) for n, w in enumerate(kernel.tolist())])
    return _weighted(along, [(n - reach, 0, w) for n, w in enumerate(kernel.tolist())])


def motion_blurred(light: Light, length_px: float, direction_deg: float) -> Light:
    """A movement by `length_px` during the exposure; unchanged up to one pixel."""
    if length_px <= 1:
        return light
    turn = math.radians(direction_deg)
    steps = np.linspace(-length_px / 2, length_px / 2, math.ceil(2 * length_px))
    taps: dict[tuple[int, int], float] = {}
    for step in steps.tolist():
        down, right = step * math.sin(turn), step * math.cos(turn)
        for row, row_share in _split(down):
            for column, share in _split(right):
                at = (row, column)
                taps[at] = taps.get(at, 0.0) + row_share * share / len(steps)
    return _weighted(light, [(row, column, w) for (row, column), w in taps.items()])


def exposed(light: Light, noise: float, seed: int) -> Picture:
    """What a sensor of eight bits makes of it: shot and read noise, then the curve of sRGB."""
    values = from_light(light)
    if noise > 0:
        spread = noise * np.sqrt(0.25 + 0.75 * np.clip(values, 0, 255) / 128)
        drawn = np.random.default_rng(seed).standard_normal(values.shape, np.float32)
        values = values + spread * drawn
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def to_light(frame: Picture) -> Light:
    """Linear light of sRGB values."""
    return _LIGHT[frame]


def from_light(light: Light) -> Plane:
    """sRGB values 0 to 255 of linear light; what is brighter than white burns out."""
    held = np.clip(light, 0, 1)
    curved = np.where(held <= 0.0031308, 12.92 * held, 1.055 * held ** (1 / 2.4) - 0.055)
    return np.asarray(curved * 255, np.float32)


def _light_table() -> Plane:
    values = np.arange(256) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


_LIGHT = _light_table()


def _middle(face: Face) -> Point:
    """The middle of the face's box."""
    return np.asarray(face.box[:2] + face.box[2:] / 2, np.float32)


def _split(place: float) -> tuple[tuple[int, float], tuple[int, float]]:
    """The two whole pixels round a place, and how much of it each takes."""
    low = math.floor(place)
    return (low, low + 1 - place), (low + 1, place - low)


def _weighted(light: Light, taps: list[tuple[int, int, float]]) -> Light:
    """The sum of shifted copies, (rows down, columns right, weight); edges are repeated."""
    taps = [tap for tap in taps if tap[2] > 1e-9]
    reach = max(max(abs(row), abs(column)) for row, column, _ in taps)
    height, width = light.shape[:2]
    wide = np.pad(light, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    total = np.zeros_like(light)
    for row, column, weight in taps:
        top, left = reach + row, reach + column
        total += np.float32(weight) * wide[top : top + height, left : left + width]
    return total
