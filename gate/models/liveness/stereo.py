"""A head or a sheet: how far the nose stands out beyond what bent paper can do.

Paper and screens can be tilted, bent and folded, but not stretched. Whatever is done to a sheet,
its depth is a plane and a profile across one direction: a roll, a wave, a
crease. A nose is none of that. It rises from between the eyes to its tip and ends above the lip.
On both sides of it the face falls off. So for each direction of bending the sheet that
fits best is taken out. The direction that explains the pictures best without any nose counts. What
stands out beyond that sheet in the shape of a nose is measured in centimetres. Nothing of it
depends on the distance or the tilt.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gate.models.liveness.camera_pair import CameraPair, PerPoint
from gate.models.liveness.face_window import BOTTOM, COLUMNS, LEFT, RIGHT, ROWS, TOP
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.one_face import GAP_S, is_same_face
from gate.models.liveness.relief import INSIDE, SHIFTS, Evidence, relief_of
from gate.models.picture_arrays import grey
from gate.ports.values import Box, Plane

DIRECTIONS, EVERY = 48, 4
"""In which a sheet may be bent, over half a turn; every fourth is tried first, then those around
the best."""
PROFILE = 14
"""Splines of a sheet's profile."""


NOSE_CM = 0.5
"""A nose that stands out so far is scored 0.5. Chosen on trials other than those that are counted:
docs/second-camera.md."""
NOISE_SPREADS = 2.0
"""Both windows were smoothed, so that neighbouring pixels share their noise. It leaves so many
times the doubt that it would leave if each pixel had its own: of 102 sheets, 1.8 to 2.3."""
DOUBT_CM, SURE = 0.15, 3.0
"""A score is given where no more doubt than this is left, or where NOSE_CM is SURE times the doubt
away. The newest frames of one face are taken together until then."""
SURE_DOUBT_CM = 0.4
"""SURE holds for no more doubt than this. A frame that leaves more may be wrong by several times
its doubt: a head at 111 cm was, by 3.8 times 0.9 cm."""
DOUBT_MIN_CM = 0.02
"""Of one frame: less is not believed, whatever the pictures say."""
TURNED_MAX = 30.0
"""A face that is turned further away says nothing, in degrees. One side of a fold hides the other
there, from one camera more than from the other, and that looks like a nose. People look ahead."""
FRAMES_MAX = 16
"""Frames that are taken together at most."""
AROUND_CM = 1.5
"""Above and below NOSE_CM, where the score is 1 and 0. It is wider than the noise of one frame, so
that the mean of scores is the score of the mean."""
EYES_CM = 4.5, 9.5
"""Between the eyes of people, with what a turned head and a calibration by faces add. At 93 cm a
calibration that was told a little wrong made 8.7 cm of 7.2."""


@dataclass(frozen=True, slots=True)
class Protrusion:
    """What frames say. `nose_cm`: how far the nose stands out beyond the best sheet; below 0 it is
    hollow. `doubt_cm`: one standard deviation of it, from the noise of the pictures. `eyes_cm`:
    between the eyes. `correlation`: of both windows, -1 to 1. `turned_away`: degrees between the
    line of sight and what the face is square to, on the whole."""

    nose_cm: float
    doubt_cm: float
    eyes_cm: float
    correlation: float
    turned_away: float = 0.0


def protrusion(evidence: Evidence) -> Protrusion:
    """The nose beyond the sheet that explains the pictures best without one."""
    weight = np.sqrt(evidence.weight)
    free = np.concatenate([SHIFTS * evidence.drop[:, None], evidence.wanted[:, None]], axis=1)
    slope, rest = evidence.slope * weight, free * weight[:, None]
    nose = _nose(evidence.nose, evidence.bridge) * slope

    def beyond(direction: int) -> tuple[float, float, float]:
        sheet = _SHEETS[direction % DIRECTIONS] * slope[:, None]
        return _beyond(np.concatenate([nose[:, None], sheet, rest], axis=1), evidence.noise)

    coarse = {n: beyond(n) for n in range(0, DIRECTIONS, EVERY)}
    best = min(coarse, key=lambda n: coarse[n][0])
    found = min(beyond(best + step) for step in range(1 - EVERY, EVERY))
    return Protrusion(
        nose_cm=found[1],
        doubt_cm=found[2],
        eyes_cm=evidence.eyes_cm,
        correlation=evidence.correlation,
        turned_away=evidence.turned_away,
    )


def _beyond(equations: Plane, noise: float) -> tuple[float, float, float]:
    """What a sheet without a nose leaves unexplained; how far a nose stands out beyond it, in cm;
    the doubt of that. `equations`: (pixels, n), the nose first, what is wanted last."""
    products = (equations.T @ equations).astype(np.float64)
    normal, right = products[:-1, :-1], products[:-1, -1]
    normal += 1e-7 * np.trace(normal) / len(normal) * np.eye(len(normal))
    inverse = np.linalg.inv(normal)
    nose_cm = float(inverse[0] @ right)
    unexplained = -float(right[1:] @ np.linalg.solve(normal[1:, 1:], right[1:]))
    return unexplained, nose_cm, NOISE_SPREADS * float(np.sqrt(noise * inverse[0, 0]))


_ACROSS, _DOWN = (
    part.ravel()[INSIDE]
    for part in np.meshgrid(np.linspace(LEFT, RIGHT, COLUMNS), np.linspace(TOP, BOTTOM, ROWS))
)
"""Eye distances from the middle of the eyes; distances from eyes to mouth below them."""


def _nose(tip: PerPoint, bridge: PerPoint) -> Plane:
    """(pixels,) float32: a nose 1 cm high, its tip seen at `tip`: turned heads show it aside."""
    across = (tip[0] - bridge[0]) * (RIGHT - LEFT)
    down = max((tip[1] - bridge[1]) * (BOTTOM - TOP), 0.25)
    length = np.clip(_DOWN / down, 0, 1)
    rise = length**1.3
    fall = np.clip(1 - (_DOWN - down) / 0.16, 0, 1)
    beside = (_ACROSS - across * length) / (0.12 + 0.12 * length)
    relief: Plane = (rise * fall * np.exp(-0.5 * beside**2)).astype(np.float32)
    return relief


def _sheet(direction: float) -> Plane:
    """(pixels, n) float32: everything that a sheet bent across `direction` may be.

    A profile, a twist, and the second order that a tilt adds in perspective.
    """
    x, y = _ACROSS, (_DOWN - 0.4) * 1.05
    across = x * np.cos(direction) + y * np.sin(direction)
    along = y * np.cos(direction) - x * np.sin(direction)
    reach = np.abs(across).max()
    place = (across / reach + 1) / 2 * (PROFILE - 3)
    far = np.abs(place[:, None] - np.arange(-1, PROFILE - 1)[None])
    profile = np.where(far < 1, 2 / 3 - far**2 + far**3 / 2, np.clip(2 - far, 0, None) ** 3 / 6)
    rest = np.stack([along, along * across, along**2], axis=1)
    sheet: Plane = np.concatenate([profile, rest], axis=1).astype(np.float32)
    return sheet


_SHEETS = [_sheet(np.pi * n / DIRECTIONS) for n in range(DIRECTIONS)]


class StereoLayer:
    """The layer `geometry`, of a second colour camera. One thread.

    It keeps what the last frames of one face showed, and nothing of their pictures.
    """

    def __init__(self, pair: CameraPair) -> None:
        self._pair = pair
        self._newest: deque[tuple[float, Box, Protrusion]] = deque(maxlen=FRAMES_MAX)
        self._track = 0

    @property
    def name(self) -> str:
        """As decisions and status name it."""
        return "geometry"

    def score(self, seen: LayerInput) -> float | None:
        """0.0 to 1.0, in proportion to how far the nose stands out.

        None where the second camera gave no picture or does not show this face, and where it is
        turned away. Also while its frames leave too much doubt: too far off, too dark, too few.
        """
        look = self.look(seen)
        if look is None or look.turned_away > TURNED_MAX:
            return None
        if seen.track != self._track or (
            self._newest and not _goes_on(*self._newest[-1][:2], seen)
        ):
            self._newest.clear()
        self._track = seen.track
        self._newest.append((seen.at_s, seen.box, look))
        together = certain([look for *_, look in self._newest])
        return None if together is None else stereo_score(together)

    def forget(self) -> None:
        """What the frames of this face said is dropped."""
        self._newest.clear()

    def look(self, seen: LayerInput) -> Protrusion | None:
        """What this frame alone says in centimetres; None where it shows no such face."""
        if seen.second is None:
            return None
        evidence = relief_of(seen.picture, grey(seen.second), seen.landmarks, self._pair)
        return None if evidence is None else protrusion(evidence)


def _goes_on(last_s: float, last: Box, seen: LayerInput) -> bool:
    """Whether a frame shows the face of the frame before. The same frame twice counts once."""
    return 0 < seen.at_s - last_s <= GAP_S and is_same_face(last, seen.box)


def certain(looks: Sequence[Protrusion]) -> Protrusion | None:
    """The mean of the newest looks, oldest first; each counts by how little doubt it leaves. As
    many are taken as make it certain (DOUBT_CM, SURE, SURE_DOUBT_CM); None where not even all of
    them do."""
    nose = eyes = correlation = weights = 0.0
    for look in reversed(looks):
        if not np.isfinite(look.nose_cm + look.doubt_cm):
            continue
        weight = 1 / max(look.doubt_cm, DOUBT_MIN_CM) ** 2
        weights += weight
        nose += weight * look.nose_cm
        eyes += weight * look.eyes_cm
        correlation += weight * look.correlation
        mean, doubt_cm = nose / weights, weights**-0.5
        is_sure = doubt_cm <= SURE_DOUBT_CM and abs(mean - NOSE_CM) >= SURE * doubt_cm
        if doubt_cm <= DOUBT_CM or is_sure:
            return Protrusion(mean, doubt_cm, eyes / weights, correlation / weights)
    return None


def stereo_score(look: Protrusion) -> float:
    """0.0 to 1.0. A face of another size than people's is 0: a telephone's, a poster's."""
    if not EYES_CM[0] <= look.eyes_cm <= EYES_CM[1] or not np.isfinite(look.nose_cm):
        return 0.0
    return float(np.clip(0.5 + (look.nose_cm - NOSE_CM) / (2 * AROUND_CM), 0, 1))
