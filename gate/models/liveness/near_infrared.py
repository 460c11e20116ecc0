"""A second camera that sees near infrared: the same face must be there too, alike and lit.

At 850 nm a screen is dark: it sends out no such light and throws little of the lamp's back. Most
inks let it through, so a print is white paper there. A face that the first camera sees must be
found by the second, at the place where the geometry of the pair puts it. It must be the same face.

What this cannot stop: a print whose black is carbon (a laser printer's, most newspapers'), which
keeps the face, and a mask. docs/second-camera.md says what stops those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gate.models.alignment import align
from gate.models.live_detection import LiveDetector
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.layers import LayerInput, SecondPicture
from gate.models.picture_arrays import as_rgb, grey
from gate.models.recogniser import Recogniser
from gate.ports import Face, Picture, Template
from gate.ports.values import Landmarks

DARK_MAX = 8.0
"""Mean grey value of a whole picture that shows nothing at all: its lamp is off, or it is covered.
A screen does not do that, because hands and clothes around it are lit."""
EYES_CM = 4.6, 8.4
"""Distances between the eyes of people, with some room for a head that is turned."""
ASIDE_MAX = 0.35
"""How far the face may be from where it must be, in distances between the eyes."""
SIZE_MAX = 1.3
"""How much larger or smaller it may be seen."""
ALIKE_LOW, ALIKE_HIGH = 0.20, 0.50
"""Cosine of both templates that is no sign of the same face, and that is a sure one. Two kinds of
light lower it: two visible pictures of one person stand above 0.36 far more often. It is a weak
rule on purpose; the matcher compares the visible face with the ticket photo."""
FACES_MAX = 3
"""Faces of one picture that are looked at, the surest first."""
GREY_CONTRAST = 6.0
"""Deviation of grey values over the face below which it has vanished, though an outline is left."""

FindFaces = Callable[[Picture], Sequence[Face]]
Embed = Callable[[Picture, Landmarks], Template]


@dataclass(frozen=True, slots=True)
class InfraredLook:
    """What the second camera shows of a face. `found`: a face is there.
    `aside`: how far from its
    place, in distances between the eyes.
    `alike`: cosine with the visible face. `contrast`:
    deviation of grey values over it. None where no face was found."""

    found: bool
    aside: float | None = None
    alike: float | None = None
    contrast: float | None = None


class NearInfraredLayer:
    """The layer `nir`. One owner: it runs the detector and the recogniser that it is given."""

    def __init__(self, pair: CameraPair, find: FindFaces, embed: Embed) -> None:
        """`find`: faces of a picture; `embed`: the template of the face with these landmarks."""
        self._pair, self._find, self._embed = pair, find, embed

    @property
    def name(self) -> str:
        """As decisions and status name it."""
        return "nir"

    def score(self, seen: LayerInput) -> float | None:
        """0.0 to 1.0; None without a picture of the second camera, or with one that is dark."""
        if seen.second is None or not is_lit(seen.second):
            return None
        return infrared_score(self.look(seen, as_rgb(seen.second)))

    def forget(self) -> None:
        """Each frame is judged alone: there is nothing to forget."""

    def look(self, seen: LayerInput, second: Picture) -> InfraredLook:
        """What the second camera shows of the face. `second`: (h, w, 3) RGB."""
        faces = self._find(second)
        placed = [(_aside(self._pair, seen.landmarks, f.landmarks), f) for f in faces]
        near = min(placed, key=lambda found: found[0], default=None)
        if near is None:
            return InfraredLook(False)
        aside, face = near
        if aside > ASIDE_MAX:
            return InfraredLook(True, aside)
        visible = self._embed(seen.picture, seen.landmarks)
        infrared = self._embed(second, face.landmarks)
        return InfraredLook(True, aside, float(visible @ infrared), _contrast(second, face))


def layer_of_networks(
    pair: CameraPair, detector: LiveDetector, recogniser: Recogniser
) -> NearInfraredLayer:
    """The layer with the gate's own detector and recogniser, for the thread that owns them."""

    def find(picture: Picture) -> list[Face]:
        return [detector.closer(picture, face) for face in detector.glance(picture)[:FACES_MAX]]

    def embed(picture: Picture, landmarks: Landmarks) -> Template:
        return recogniser.embed(align(picture, landmarks))

    return NearInfraredLayer(pair, find, embed)


def is_lit(second: SecondPicture) -> bool:
    """Whether the picture shows anything."""
    return float(second[::4, ::4].mean()) > DARK_MAX


def infrared_score(look: InfraredLook) -> float:
    """0.0 to 1.0, of what was seen: no face, one at another place or a faint one is 0."""
    if look.alike is None or look.contrast is None or look.contrast < GREY_CONTRAST:
        return 0.0
    return float(np.clip((look.alike - ALIKE_LOW) / (ALIKE_HIGH - ALIKE_LOW), 0, 1))


def _aside(pair: CameraPair, first: Landmarks, second: Landmarks) -> float:
    """How far the face is from the nearest place at which one with eyes of EYES_CM may be seen.

    In distances between the eyes; infinite for another size."""
    eyes_px = float(np.linalg.norm(first[1] - first[0]))
    second_px = float(np.linalg.norm(second[1] - second[0]))
    wanted_px = eyes_px * pair.second_focal_px / pair.focal_px
    if not 1 / SIZE_MAX < second_px / max(wanted_px, 1e-6) < SIZE_MAX:
        return float("inf")
    return (
        min(
            float(np.linalg.norm((seen - second).mean(axis=0)))
            for seen in pair.face_in_second(first, EYES_CM)
        )
        / wanted_px
    )


def _contrast(second: Picture, face: Face) -> float:
    """Deviation of grey values between brows and mouth."""
    low = np.floor(face.landmarks.min(axis=0)).astype(int)
    high = np.ceil(face.landmarks.max(axis=0)).astype(int)
    wide = max(2, int(0.3 * (high[0] - low[0])))
    rows = slice(max(0, low[1] - wide), max(0, high[1] + wide))
    columns = slice(max(0, low[0] - wide), max(0, high[0] + wide))
    inside = grey(second[rows, columns])
    return float(inside.std()) if inside.size else 0.0
