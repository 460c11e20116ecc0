"""A portrait on a screen, photographed: for tests and for the error rates in the documents.

A physical model, no real screens: a pixel of the screen is three stripes of light with dark gaps.
The camera sees it a little turned and from a little aside. Its lens blurs. Its sensor has one
colour a place (Bayer's), which is filled up, and some noise. Then the picture is trimmed, scaled
and stored as what is handed in.
"""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

Picture = npt.NDArray[np.uint8]
Light = npt.NDArray[np.float32]

GAMMA = 2.2
CAMERAS = ((600, 800), (760, 1012))
"""Pixels of the camera that the portrait covers."""
_DEMOSAIC = np.array([[0.25, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 0.25]], np.float32)


def photographed(
    portrait: Picture, rng: np.random.Generator, size: tuple[int, int], pitch: float | None = None
) -> bytes:
    """JPEG of `size` (width, height). `pitch`: pixels of the camera for one of the screen; drawn
    from 0.45 to 2.6 where it is not given."""
    width, height = CAMERAS[int(rng.integers(len(CAMERAS)))]
    light = _on_screen(portrait, rng, (width, height), pitch or rng.uniform(0.45, 2.6))
    light = _blurred(light, rng.uniform(0.35, 0.8)) * np.float32(rng.uniform(0.7, 1.0))
    light = np.clip(light + rng.normal(0, 0.006, light.shape), 0, 1).astype(np.float32)
    seen = np.clip(_through_bayer(light), 0, 1) ** (1 / GAMMA) * 255
    image = Image.fromarray(seen.astype(np.uint8))
    image = image.crop(tuple(round(n * s) for n in (0.04, 0.96) for s in (width, height)))
    filters = (Image.Resampling.LANCZOS, Image.Resampling.BILINEAR)
    image = image.resize(size, filters[int(rng.integers(2))])
    target = io.BytesIO()
    image.save(target, "JPEG", quality=int(rng.integers(75, 95)))
    return target.getvalue()


def _on_screen(
    portrait: Picture, rng: np.random.Generator, camera: tuple[int, int], pitch: float
) -> Light:
    """The light that each pixel of the camera gets, from nine places of the pixel."""
    width, height = camera
    columns, rows = int(width / pitch), int(height / pitch)
    shown = Image.fromarray(portrait).resize((columns, rows), Image.Resampling.BICUBIC)
    glow = (np.asarray(shown, np.float32) / 255) ** np.float32(GAMMA)
    angle, tilt = np.radians(rng.uniform(-4, 4)), rng.uniform(-6e-5, 6e-5, 2)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    total = np.zeros((height, width, 3), np.float32)
    for place in range(9):
        right = x + np.float32((place % 3 - 1) / 3) - width / 2
        down = y + np.float32((place // 3 - 1) / 3) - height / 2
        depth = np.float32(1) + np.float32(tilt[0]) * right + np.float32(tilt[1]) * down
        u = ((cos * right - sin * down) / depth + width / 2) / np.float32(pitch)
        v = ((sin * right + cos * down) / depth + height / 2) / np.float32(pitch)
        column, row = np.floor(u), np.floor(v)
        stripe = np.minimum((u - column) * 3, np.float32(2.999))
        inside, along = stripe - np.floor(stripe), v - row
        lit = (inside > 0.12) & (inside < 0.88) & (along > 0.08) & (along < 0.92)
        light = glow[
            np.clip(row, 0, rows - 1).astype(np.int32),
            np.clip(column, 0, columns - 1).astype(np.int32),
        ]
        for colour in range(3):
            own = lit & (np.floor(stripe) == colour)
            total[..., colour] += light[..., colour] * np.where(own, 3 / (0.76 * 0.84), 0.02)
    return total / 9


def _blurred(light: Light, sigma: float) -> Light:
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    for axis in (0, 1):
        padding = [(reach, reach) if n == axis else (0, 0) for n in range(3)]
        padded, length = np.pad(light, padding, mode="edge"), light.shape[axis]
        parts = (np.take(padded, range(n, n + length), axis) for n in range(2 * reach + 1))
        light = sum(w * p for w, p in zip(weights.astype(np.float32), parts, strict=True))
    return light


def _through_bayer(light: Light) -> Light:
    height, width = light.shape[:2]
    there = np.zeros_like(light)
    there[0::2, 0::2, 0] = there[0::2, 1::2, 1] = there[1::2, 0::2, 1] = there[1::2, 1::2, 2] = 1

    def spread(plane: Light) -> Light:
        padded = np.pad(plane, 1, mode="edge")
        parts = (
            _DEMOSAIC[i, j] * padded[i : i + height, j : j + width]
            for i in range(3)
            for j in range(3)
        )
        return sum(parts, np.zeros_like(plane))

    planes = [spread(light[..., c] * there[..., c]) / spread(there[..., c]) for c in range(3)]
    return np.stack(planes, axis=2)
