"""A head or a sheet: how far the nose stands out beyond what bent paper can do.

Paper and screens can be tilted, bent and folded, but not stretched. Whatever is done to a sheet,
its depth is a plane and a profile across one direction: a roll, a wave, a
crease. A nose is none of that. It rises from between the eyes to its tip and ends above the lip.
On both sides of it the face falls off. So for each direction of bending the sheet that
fits best is taken out. The direction that explains the pictures best without any nose counts. What
stands out beyond that sheet in the shape of a nose is measured in centimetres. Nothing of it
depends on the distance or the tilt.
"""

from dataclasses import dataclass

import numpy as np

from gate.models.liveness.camera_pair import CameraPair, PerPoint
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.relief import (
    BOTTOM,
    COLUMNS,
    LEFT,
    RIGHT,
    ROWS,
    SPLINES,
    TOP,
    UNKNOWNS,
    VERTICAL,
    WEIGHT,
    Evidence,
    Matrix,
    grey,
    relief_of,
)

DIRECTIONS, EVERY = 48, 4
"""In which a sheet may be bent, over half a turn; every fourth is tried first, then those around
the best."""
PROFILE = 11
"""Splines of a sheet's profile."""


NOSE_CM = 0.45
"""A nose that stands out so far is scored 0.5. Chosen on trials other than those that are counted:
docs/second-camera.md."""
AROUND_CM = 1.5
"""Above and below NOSE_CM, where the score is 1 and 0. It is wider than the noise of one frame, so
that the mean of scores is the score of the mean."""
EYES_CM = 4.5, 8.5
"""Between the eyes of people, with what a turned head and a calibration by faces add."""


@dataclass(frozen=True, slots=True)
class Protrusion:
    """What one frame says. `nose_cm`: how far the nose stands out beyond the best sheet; below 0 it
    is hollow. `doubt_cm`: what the noise of the pictures leaves of doubt. `eyes_cm`: between the
    eyes. `correlation`: of both windows, -1 to 1."""

    nose_cm: float
    doubt_cm: float
    eyes_cm: float
    correlation: float


def protrusion(evidence: Evidence) -> Protrusion:
    """The nose beyond the sheet that explains the pictures best without one."""
    nose = _nose(evidence.nose, evidence.bridge)
    coarse = {n: _beyond(evidence, nose, _SHEETS[n]) for n in range(0, DIRECTIONS, EVERY)}
    best = min(coarse, key=lambda n: coarse[n][0])
    around = ((best + step) % DIRECTIONS for step in range(1 - EVERY, EVERY))
    found = min(_beyond(evidence, nose, _SHEETS[n]) for n in around)
    return Protrusion(found[1], found[2], evidence.eyes_cm, evidence.correlation)


def _beyond(evidence: Evidence, nose: PerPoint, sheet: Matrix) -> tuple[float, float, float]:
    """What a sheet without a nose leaves unexplained; how far a nose stands out beyond it, in cm;
    the doubt of that."""
    free = np.concatenate([nose[:, None], sheet], axis=1)
    model = np.zeros((UNKNOWNS, free.shape[1] + VERTICAL))
    model[:-VERTICAL, : free.shape[1]] = free
    model[-VERTICAL:, free.shape[1] :] = np.eye(VERTICAL)
    normal, right = model.T @ evidence.normal @ model, model.T @ evidence.right
    normal += 1e-7 * np.trace(normal) / len(normal) * np.eye(len(normal))
    inverse = np.linalg.inv(normal)
    nose_cm = float(inverse[0] @ right)
    unexplained = -float(right[1:] @ np.linalg.solve(normal[1:, 1:], right[1:]))
    return unexplained, nose_cm, float(np.sqrt(evidence.noise * inverse[0, 0]))


_ACROSS, _DOWN = np.meshgrid(np.linspace(LEFT, RIGHT, COLUMNS), np.linspace(TOP, BOTTOM, ROWS))
"""Eye distances from the middle of the eyes; distances from eyes to mouth below them."""
_TO_SPLINES = np.linalg.pinv(SPLINES)


def _as_splines(relief: Matrix) -> Matrix:
    """The splines nearest to reliefs (ROWS * COLUMNS, n) of the window."""
    heights: Matrix = _TO_SPLINES @ relief
    return heights


def _nose(tip: PerPoint, bridge: PerPoint) -> PerPoint:
    """Splines of a nose 1 cm high whose tip is seen at `tip`: turned heads show it aside."""
    across = (tip[0] - bridge[0]) * (RIGHT - LEFT)
    down = max((tip[1] - bridge[1]) * (BOTTOM - TOP), 0.25)
    length = np.clip(_DOWN / down, 0, 1)
    rise = length**1.3
    fall = np.clip(1 - (_DOWN - down) / 0.16, 0, 1)
    beside = (_ACROSS - across * length) / (0.12 + 0.12 * length)
    relief = rise * fall * np.exp(-0.5 * beside**2)
    heights: PerPoint = _as_splines(relief.reshape(-1, 1))[:, 0]
    return heights


def _sheet(direction: float) -> Matrix:
    """(KNOTS ** 2, n): splines of everything that a sheet bent across `direction` may be.

    A profile, a twist, and the second order that a tilt adds in perspective.
    """
    x, y = _ACROSS.ravel(), (_DOWN.ravel() - 0.4) * 1.05
    across = x * np.cos(direction) + y * np.sin(direction)
    along = y * np.cos(direction) - x * np.sin(direction)
    reach = np.abs(across[WEIGHT.ravel() > 0]).max()
    place = (across / reach + 1) / 2 * (PROFILE - 3)
    far = np.abs(place[:, None] - np.arange(-1, PROFILE - 1)[None])
    profile = np.where(far < 1, 2 / 3 - far**2 + far**3 / 2, np.clip(2 - far, 0, None) ** 3 / 6)
    rest = np.stack([along, along * across, along**2], axis=1)
    return _as_splines(np.concatenate([profile, rest], axis=1))


_SHEETS = [_sheet(np.pi * n / DIRECTIONS) for n in range(DIRECTIONS)]


class StereoLayer:
    """The layer `geometry`, of a second colour camera. It keeps nothing between frames."""

    def __init__(self, pair: CameraPair) -> None:
        self._pair = pair

    @property
    def name(self) -> str:
        """As decisions and status name it."""
        return "geometry"

    def score(self, seen: LayerInput) -> float | None:
        """0.0 to 1.0, in proportion to how far the nose stands out.

        None where the second camera
        gave no picture or does not show this face."""
        look = self.look(seen)
        return None if look is None else stereo_score(look)

    def look(self, seen: LayerInput) -> Protrusion | None:
        """What the frame says in centimetres; None as `score`."""
        if seen.second is None:
            return None
        evidence = relief_of(seen.picture, grey(seen.second), seen.landmarks, self._pair)
        return None if evidence is None else protrusion(evidence)


def stereo_score(look: Protrusion) -> float:
    """0.0 to 1.0. A face of another size than people's is 0: a telephone's, a poster's."""
    if not EYES_CM[0] <= look.eyes_cm <= EYES_CM[1] or not np.isfinite(look.nose_cm):
        return 0.0
    return float(np.clip(0.5 + (look.nose_cm - NOSE_CM) / (2 * AROUND_CM), 0, 1))
