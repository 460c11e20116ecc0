"""Training samples: a head, painted or not, seen by some camera in some light."""

import io

import numpy as np
import numpy.typing as npt
from heads import MARGIN, SCALE, Heads
from painter import DARK, FREE, LOWER, UPPER, fringe
from PIL import Image, ImageFilter
from textures import Model, Pixels

from gate.models.alignment import HEAD_SIDE, OUTSIDE

MASK, HAT, SUNGLASSES, FRINGE = range(4)
"""Places of the network's outputs."""

COVERED = (0.36, 0.32, 0.22, 0.13)
"""How often each is painted, each drawn by itself: a third of all samples is uncovered."""

LYING = 0.04
"""How often a head lies or stands upside down, as the detector now and then takes it for an upright
one. That is the recogniser's to tell, not something that covers the face."""

Rng = np.random.Generator
Labels = npt.NDArray[np.float32]


def make(rng: Rng, heads: Heads, row: int, known: Labels) -> tuple[Pixels, Labels]:
    """One sample: uint8[HEAD_SIDE, HEAD_SIDE, 3] and what covers the face, 0 or 1 for each output.
    `known`: what the picture shows already."""
    other = int(rng.integers(len(heads.pixels)))
    if rng.random() < LYING:
        lying = np.rot90(heads.pixels[row], int(rng.integers(1, 4)))
        return _seen(rng, _moved(rng, np.ascontiguousarray(lying))), np.zeros_like(known)
    model = Model(heads.pixels[row], heads.pixels[other])
    painted, labels = _worn(rng, model, known)
    return _seen(rng, _moved(rng, painted)), labels


def _worn(rng: Rng, model: Model, known: Labels) -> tuple[Pixels, Labels]:
    labels = known.copy()
    head = model.head
    for thing, share in FREE:
        if rng.random() < share:
            head = thing(rng, model, head)
    drawn = rng.random(4) < COVERED
    if drawn[SUNGLASSES]:
        head = DARK[rng.integers(len(DARK))](rng, model, head)
        labels[SUNGLASSES] = 1
    elif drawn[FRINGE]:
        head = fringe(rng, model, head)
        labels[FRINGE] = 1
    if drawn[MASK]:
        head = LOWER[rng.integers(len(LOWER))](rng, model, head)
        labels[MASK] = 1
    if drawn[HAT]:
        head = UPPER[rng.integers(len(UPPER))](rng, model, head)
        labels[HAT] = 1
    return head, labels


def _moved(rng: Rng, head: Pixels) -> Pixels:
    """As landmarks err, more where the mouth is guessed: shifted, turned, stretched, mirrored; now
    and then beyond the edge of its picture."""
    side, whole = HEAD_SIDE * SCALE, head.shape[0]
    turn, zoom = rng.normal(0, 0.05), np.exp(rng.normal(0, 0.06))
    stretch = np.exp(rng.normal(0, 0.05))
    c, s = np.cos(turn), np.sin(turn)
    forth = np.array([[c, -s], [s, c]]) @ np.diag([zoom, zoom * stretch])
    if rng.random() < 0.5:
        forth[:, 0] *= -1
    middle = whole / 2 + rng.normal(0, 2.2, 2)
    x, y = middle - forth @ np.array([side / 2, side / 2])
    image = Image.fromarray(_cut(rng, head)).transform(
        (side, side),
        Image.Transform.AFFINE,
        (forth[0, 0], forth[0, 1], x, forth[1, 0], forth[1, 1], y),
        resample=Image.Resampling.BILINEAR,
        fillcolor=OUTSIDE,
    )
    return np.asarray(image.reduce(SCALE))


def _cut(rng: Rng, head: Pixels) -> Pixels:
    """The picture ends above the brows, below the chin or at a cheek."""
    if rng.random() > 0.15:
        return head
    head, edge = head.copy(), MARGIN * SCALE
    depth = edge + int(rng.integers(0, 30))
    where = rng.integers(4)
    fill = OUTSIDE if rng.random() < 0.7 else rng.integers(0, 256, 3)
    if where < 2:
        head[:depth] = fill
    elif where == 2:
        head[-depth:] = fill
    else:
        head[:, :depth] = fill
    return head


def _seen(rng: Rng, head: Pixels) -> Pixels:
    """Light, lens, noise and compression."""
    light = head.astype(np.float32) / 255
    light = light ** np.exp(rng.normal(0, 0.3)) * np.exp(rng.normal(0, 0.25))
    light *= np.exp(rng.normal(0, 0.06, 3))
    if rng.random() < 0.4:
        light *= _sidelight(rng)
    if rng.random() < 0.3:
        light = light.mean() + (light - light.mean()) * rng.uniform(0.4, 1.3)
    if rng.random() < 0.06:
        light[:] = light.mean(axis=2, keepdims=True)
    image = Image.fromarray(np.clip(255 * light, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.3)))
    if rng.random() < 0.25:
        small = int(rng.integers(24, HEAD_SIDE))
        image = image.resize((small, small), Image.Resampling.BILINEAR)
        image = image.resize((HEAD_SIDE, HEAD_SIDE), Image.Resampling.BICUBIC)
    pixels = np.asarray(image, np.float32)
    if rng.random() < 0.5:
        pixels = pixels + rng.normal(0, rng.uniform(1, 14), pixels.shape)
    seen = np.clip(pixels, 0, 255).astype(np.uint8)
    return _compressed(rng, seen) if rng.random() < 0.4 else seen


def _sidelight(rng: Rng) -> npt.NDArray[np.float32]:
    """From one side or from above, up to an eighth on the far side."""
    ramp = np.linspace(-1, 1, HEAD_SIDE, dtype=np.float32)
    x, y = np.meshgrid(ramp, ramp)
    angle = rng.uniform(0, 2 * np.pi)
    slope = rng.normal(0, 0.5) * (np.cos(angle) * x + np.sin(angle) * y)
    return np.exp(np.clip(slope, -1, 1)).astype(np.float32)[..., None]


def _compressed(rng: Rng, pixels: Pixels) -> Pixels:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=int(rng.integers(30, 95)))
    return np.asarray(Image.open(data))
