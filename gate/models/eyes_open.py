"""Whether the eyes of a portrait are open: a logistic regression of our own on gradients.

Each eye is looked at in 24 x 20 pixels of the aligned head, the left one mirrored. How the weights
were fitted and their error rates stand in docs/ticket-photos.md; the recipe is `scripts/eyes`.
"""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gate.errors import ModelDamaged
from gate.models.alignment import HEAD_EYES, HEAD_MIDDLE, align_head
from gate.models.picture_arrays import grey
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml
from gate.ports import Picture
from gate.ports.values import Landmarks

WEIGHTS = Path(__file__).with_name("eyes_open.toml")
_WEIGHTS_BYTES_MAX = 1 << 16

SCALE = 2
"""Of the aligned head: 28.4 pixels between the eyes."""
WIDTH, HEIGHT = 24, 20
ABOVE = 10
"""Rows of an eye's picture above its landmark."""
DIRECTIONS = 8
CELL = 4
FEATURES = HEIGHT // CELL * (WIDTH // CELL) * DIRECTIONS + HEIGHT // 2 * (WIDTH // 2)

EyePair = npt.NDArray[np.float32]
"""(2, HEIGHT, WIDTH) float32: luma of the right and of the mirrored left eye."""

_NOISE = 6.0
"""Levels of luma that are added to an eye's deviation: dark pictures are mostly noise."""


def closed_eyes(picture: Picture, landmarks: Landmarks) -> float:
    """How surely both eyes are closed, 0 to 1. `landmarks`: in pixels of `picture`.

    InputRejected for landmarks that fall together, ModelDamaged.
    """
    seen = features(eyes_of_head(align_head(picture, landmarks, SCALE)))
    weights, bias = _fitted()
    logit = float(np.mean(seen @ weights)) + bias
    return float(1 / (1 + np.exp(-np.clip(logit, -30.0, 30.0))))


def eyes_of_head(head: Picture, margin: int = 0) -> EyePair:
    """Both eyes of a head that `align_head` cut out with `SCALE` and `margin`."""
    luma = grey(head)
    x, y = (SCALE * (n + margin + 0.5) - 0.5 for n in (HEAD_MIDDLE.real, HEAD_MIDDLE.imag))
    top = round(y) - ABOVE
    right, left = (round(x + side * SCALE * HEAD_EYES / 2) - WIDTH // 2 for side in (-1, 1))
    rows = luma[top : top + HEIGHT]
    return np.stack([rows[:, right : right + WIDTH], rows[:, left : left + WIDTH][:, ::-1]])


def features(eyes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, FEATURES) of `eyes`, (n, HEIGHT, WIDTH): gradients by direction in cells of four pixels,
    and the eye at half the size. Neither light nor contrast changes them."""
    mean, deviation = eyes.mean((1, 2), keepdims=True), eyes.std((1, 2), keepdims=True)
    even = (eyes - mean) / (deviation + np.float32(_NOISE))
    down, across = np.zeros_like(even), np.zeros_like(even)
    down[:, 1:-1] = even[:, 2:] - even[:, :-2]
    across[:, :, 1:-1] = even[:, :, 2:] - even[:, :, :-2]
    strength = np.hypot(across, down)
    turn = (np.arctan2(down, across) / (2 * np.pi) * DIRECTIONS) % DIRECTIONS
    lower = np.floor(turn).astype(np.int64) % DIRECTIONS
    part = (turn - np.floor(turn)).astype(np.float32)
    counted = np.zeros((*even.shape, DIRECTIONS), np.float32)
    np.put_along_axis(counted, lower[..., None], (strength * (1 - part))[..., None], 3)
    upper = ((lower + 1) % DIRECTIONS)[..., None]
    np.put_along_axis(counted, upper, (strength * part)[..., None], 3)
    n, rows, columns = len(eyes), HEIGHT // CELL, WIDTH // CELL
    cells = counted.reshape(n, rows, CELL, columns, CELL, DIRECTIONS).sum((2, 4)).reshape(n, -1)
    small = even.reshape(n, HEIGHT // 2, 2, WIDTH // 2, 2).mean((2, 4)).reshape(n, -1)
    return np.concatenate([np.sqrt(cells), small], axis=1)


@cache
def _fitted() -> tuple[npt.NDArray[np.float32], float]:
    """Weights (FEATURES,) float32 and bias. ModelDamaged."""
    try:
        table = decode_toml(read_regular(WEIGHTS, _WEIGHTS_BYTES_MAX))
        weights, bias = np.array(table["weights"], np.float32), float(table["bias"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise _damaged() from e
    if weights.shape != (FEATURES,) or not np.isfinite(weights).all() or not np.isfinite(bias):
        raise _damaged()
    return weights, bias


def _damaged() -> ModelDamaged:
    return ModelDamaged(
        f"{WEIGHTS} cannot be read: install this program again.",
        f"无法读取 {WEIGHTS}：请重新安装本程序。",
        path=str(WEIGHTS),
    )
