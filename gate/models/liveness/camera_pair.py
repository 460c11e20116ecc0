"""Two cameras that look the same way from some centimetres apart, as one geometry.

Lengths are centimetres in the first camera's frame: x right, y down, z ahead. Pixels are counted
between pixel centres. Lenses are taken as free of distortion, with the middle of the picture on
their axis: `error_px` says what that leaves.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gate.ports.values import Landmarks

Points = npt.NDArray[np.float64]
"""(n, 2) pixels, or (n, 3) centimetres: float64."""

DISTANCES = 25
"""At which a face is looked for in the second picture."""

PerPoint = npt.NDArray[np.float64]
"""(n,) float64."""


@dataclass(frozen=True, slots=True)
class CameraPair:
    """Where the second camera is and how it is turned, from `exam-gate camera pair`.

    `focal_px`, `second_focal_px`: focal lengths. `size`, `second_size`: width and height of the
    pictures these are true for. `rotation`: from the first camera's axes to the second's, as an
    axis times an angle in radians. `position_cm`: where the second camera is. `error_px`: root
    mean square of what is left over in the second picture. `points`: how many were matched.
    `scale`: what said how long a centimetre is, a `board` or `faces`.
    """

    focal_px: float
    second_focal_px: float
    size: tuple[int, int]
    second_size: tuple[int, int]
    rotation: tuple[float, float, float]
    position_cm: tuple[float, float, float]
    error_px: float
    points: int
    scale: str

    @property
    def baseline_cm(self) -> float:
        """The distance between the two cameras."""
        return math.hypot(*self.position_cm)

    def face_in_second(self, landmarks: Landmarks, eyes_cm: tuple[float, float]) -> list[Points]:
        """Where a face of the first picture may be in the second, from near to far.

        Each is its landmarks (5, 2), for eyes
        that are from `eyes_cm[0]` to `eyes_cm[1]` apart."""
        places = np.asarray(landmarks, np.float64)
        eyes_px = float(np.linalg.norm(places[1] - places[0]))
        low, high = (eyes_px / self.focal_px / cm for cm in eyes_cm)
        return [
            self.second_of(places, np.full(len(places), inverse))
            for inverse in np.linspace(low, high, DISTANCES)
        ]

    def second_of(self, points: Points, inverse_depth: PerPoint) -> Points:
        """Where points (n, 2) of the first picture are in the second, in its pixels.

        `inverse_depth`: (n,), 1 / centimetres; 0 is infinitely far.
        """
        rays = rays_of(points, self.focal_px, self.size)
        seen = rays - inverse_depth[:, None] * np.asarray(self.position_cm)
        return pixels_of(
            seen @ rotation_matrix(self.rotation).T, self.second_focal_px, self.second_size
        )


def rays_of(points: Points, focal_px: float, size: tuple[int, int]) -> Points:
    """(n, 3): what pixels look at, one centimetre ahead."""
    middle = (np.asarray(size) - 1) / 2
    rays: Points = np.concatenate([(points - middle) / focal_px, np.ones((len(points), 1))], axis=1)
    return rays


def pixels_of(points_cm: Points, focal_px: float, size: tuple[int, int]) -> Points:
    """(n, 2): the pixels in which points (n, 3) of a camera's own frame are seen."""
    pixels: Points = points_cm[:, :2] / points_cm[:, 2:] * focal_px + (np.asarray(size) - 1) / 2
    return pixels


def rotation_matrix(rotation: tuple[float, float, float] | PerPoint) -> Points:
    """(3, 3) of an axis times an angle in radians (Rodrigues' formula)."""
    angle = math.hypot(*rotation)
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = (float(part) / angle for part in rotation)
    cross = np.array([(0, -z, y), (z, 0, -x), (-y, x, 0)])
    matrix: Points = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return matrix
