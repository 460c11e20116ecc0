"""Faces of five points and an outline, in mm, seen by a plain pinhole camera."""

import numpy as np

from gate.models.liveness.action import FaceObservation
from gate.models.liveness.face_turn import flat_change

FOCAL_PX, FAR_MM, NECK_MM = 600.0, 700.0, 80.0

AHEAD_MM = np.array([(-32, 0, 0), (32, 0, 0), (0, 40, 0), (-25, 68, 0), (25, 68, 0)], np.float64)
"""Eyes, nose tip, mouth corners of a flat face."""
HEAD_MM = AHEAD_MM - np.array([(0, 0, 0), (0, 0, 0), (0, 0, 32), (0, 0, 5), (0, 0, 5)])
"""A head's: the nose stands before the eyes (towards the camera is negative)."""
OUTLINE_MM = np.array([(-72, 20, 0), (72, 20, 0), (0, -55, 0), (0, 115, 0)], np.float64)


def face(
    points: np.ndarray,
    at_s: float,
    yaw: float = 0.0,
    roll: float = 0.0,
    nearer: float = 1.0,
    x: float = 0.0,
    noise_px: float = 0.0,
    seed: int = 0,
) -> FaceObservation:
    """The face turned by `yaw` and `roll` degrees, `nearer` times as large, `x` mm aside.

    A head's outline lies behind its eyes; a flat face's beside them.
    """
    is_head = bool(points[:, 2].any())
    outline = OUTLINE_MM + np.array([0, 0, 60 if is_head else 0])
    a, b = np.radians(yaw), np.radians(roll)
    turned = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    rolled = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    pivot = np.array([0, 0, NECK_MM if is_head else 0.0])

    def seen(mm: np.ndarray) -> np.ndarray:
        where = (mm - pivot) @ turned.T @ rolled.T + pivot + (x, 0, FAR_MM / nearer)
        return FOCAL_PX * where[:, :2] / where[:, 2:] + (320, 240)

    marks = seen(points) + np.random.default_rng(seed).normal(0, noise_px, (5, 2))
    low, high = seen(outline).min(axis=0), seen(outline).max(axis=0)
    box = np.concatenate([low, high - low]).astype(np.float32)
    return FaceObservation(at_s, box, marks.astype(np.float32))


TEXTURES = np.kron(np.random.default_rng(2).integers(0, 255, (5, 7, 9)), np.ones((1, 4, 4)))
"""(5, 28, 36): what each landmark looks like, as fine as the camera sees it."""


def picture(seen: FaceObservation, nose: np.ndarray | None = None) -> np.ndarray:
    """(480, 640, 3) uint8: a grey frame with all five as the landmarks say, or the nose at `nose`
    (2,)."""
    pixels = np.full((480, 640, 3), 128, np.uint8)
    places = seen.landmarks.copy()
    places[2] = places[2] if nose is None else nose
    for texture, (column, row) in zip(TEXTURES, np.rint(places).astype(int), strict=True):
        high, wide = texture.shape
        pixels[row - high // 2 :, column - wide // 2 :][:high, :wide] = texture[..., None]
    return pixels


def flat_nose(ahead: FaceObservation, now: FaceObservation) -> np.ndarray:
    """(2,): where the nose of a photograph is, whose eyes and mouth corners went so far."""
    change = flat_change(ahead.landmarks.astype(float), now.landmarks.astype(float))
    assert change is not None
    where = change @ [*ahead.landmarks[2], 1]
    return where[:2] / where[2]
