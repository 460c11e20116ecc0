"""People's other pictures as frames of a bad day, matched against their ticket pictures.

Drawn by seed: the same folder, networks and seed give the same samples.
"""

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gate.calibration.degraded_frames import Degradation, degraded
from gate.calibration.face_set import FaceSet, decode_picture
from gate.core.reasons import Advice
from gate.errors import InputDamaged
from gate.models.frame_analysis import FrameAnalysis
from gate.models.photo_file import decode_photo
from gate.models.quality import with_feature_norm
from gate.models.still_pictures import StillPictures
from gate.ports import Picture, Quality, Template

TICKET = (295, 413)
TICKET_FACE = 2.0
"""Width of a ticket picture in widths of its face."""
TICKET_JPEG = (60, 80)
"""Quality of its JPEG, from and to."""
PICTURES_MIN = 4
"""A person with fewer is left out: one is the ticket, the others are frames."""
PEOPLE = 90

Draw = Callable[[np.random.Generator], Degradation]


@dataclass(frozen=True, slots=True, eq=False)
class LiveSample:
    """One frame of a known person.

    `person`: the number in the set. `condition`: its name in `CONDITIONS`. `found`: a face was
    found. `advice`: what the gate says of it, None where the frame is compared. `cosine`: with the
    person's own ticket picture; `others`: the highest one with a ticket picture of anybody else.
    All but `found` are None without a face.
    """

    person: int
    condition: str
    found: bool
    advice: Advice | None = None
    quality: Quality | None = None
    cosine: float | None = None
    others: float | None = None


def _sound(lot: np.random.Generator, **worse: float) -> Degradation:
    """A frame of a sound camera, but for what is `worse`."""
    sound = {"face_px": lot.uniform(90, 160), "noise": lot.uniform(0.5, 2.0)}
    return Degradation(**(sound | worse))


def _log_uniform(lot: np.random.Generator, low: float, high: float) -> float:
    return math.exp(lot.uniform(math.log(low), math.log(high)))


CONDITIONS: dict[str, Draw] = {
    "sound": _sound,
    "small": lambda lot: _sound(lot, face_px=lot.uniform(50, 90)),
    "dark": lambda lot: _sound(lot, light=_log_uniform(lot, 0.01, 0.12), noise=lot.uniform(1, 4)),
    "backlight": lambda lot: _sound(
        lot, backlight=_log_uniform(lot, 0.02, 0.25), stray=lot.uniform(0, 0.25)
    ),
    "out of focus": lambda lot: _sound(lot, gaussian_px=lot.uniform(1, 5)),
    "motion": lambda lot: _sound(lot, motion_px=lot.uniform(5, 25), motion_deg=lot.uniform(0, 180)),
    "noise": lambda lot: _sound(lot, noise=lot.uniform(5, 35)),
    "roll": lambda lot: _sound(lot, roll_deg=lot.choice([-1, 1]) * lot.uniform(8, 40)),
    "bright": lambda lot: _sound(lot, light=_log_uniform(lot, 2.5, 8)),
}
"""What each condition does to a frame, by lot. Mild and hopeless frames are in each."""


class SampleDrawer:
    """Owns the networks: one thread."""

    def __init__(self, faces: FaceSet, analysis: FrameAnalysis, stills: StillPictures) -> None:
        self._faces = faces
        self._analysis = analysis
        self._stills = stills
        self._tickets: dict[int, Template] = {}

    def samples(
        self, frames: int, seed: int, progress: Callable[[int, int], None]
    ) -> Iterator[LiveSample]:
        """`frames` frames, the conditions in turn, the people in turn. InputDamaged for a set
        without people of `PICTURES_MIN` pictures, or a picture that cannot be read."""
        lot = np.random.default_rng(seed)
        pictures = self._people(lot)
        for person, rows in pictures.items():
            ticket = self._ticket(rows[0], lot)
            if ticket is not None:
                self._tickets[person] = ticket
        people, names = list(self._tickets), list(CONDITIONS)
        for n in range(frames):
            person = people[n // len(names) % len(people)]
            row = int(lot.choice(pictures[person][1:]))
            yield self._sample(person, row, names[n % len(names)], lot)
            progress(n + 1, frames)

    def _people(self, lot: np.random.Generator) -> dict[int, list[int]]:
        """Rows of the pictures of `PEOPLE` people, or of as many as there are."""
        rows = [np.flatnonzero(self._faces.people == p) for p in np.unique(self._faces.people)]
        many = [own for own in rows if len(own) >= PICTURES_MIN]
        if not many:
            raise InputDamaged(
                f"Nobody in this folder has {PICTURES_MIN} pictures: name one with more of each.",
                f"该文件夹中没有人有 {PICTURES_MIN} 张以上的图片：请换一个。",
            )
        drawn = [many[n] for n in lot.permutation(len(many))[:PEOPLE]]
        return {int(self._faces.people[own[0]]): own.tolist() for own in drawn}

    def _picture(self, row: int) -> Picture:
        return decode_picture(self._faces.pictures[row][1])

    def _ticket(self, row: int, lot: np.random.Generator) -> Template | None:
        """The template of a picture as an office has it: cut, 295 x 413, JPEG."""
        picture = self._picture(row)
        face = self._stills.most_central_face(picture)
        if face is None:
            return None
        x, y = (face.box[:2] + face.box[2:] / 2).tolist()
        width = TICKET_FACE * float(face.box[2])
        height = width * TICKET[1] / TICKET[0]
        cut = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        ticket = Image.fromarray(picture).transform(
            TICKET, Image.Transform.EXTENT, cut, Image.Resampling.BICUBIC
        )
        jpeg = io.BytesIO()
        ticket.save(jpeg, "JPEG", quality=int(lot.integers(*TICKET_JPEG, endpoint=True)))
        taken = decode_photo(jpeg.getvalue())
        found = self._stills.most_central_face(taken)
        if found is None:
            return None
        return self._stills.augmented(taken, self._stills.refined(taken, found))

    def _sample(self, person: int, row: int, name: str, lot: np.random.Generator) -> LiveSample:
        picture = self._picture(row)
        face = self._stills.most_central_face(picture)
        how, seed = CONDITIONS[name](lot), int(lot.integers(2**31))
        if face is None:
            return LiveSample(person, name, found=False)
        frame = degraded(picture, face, how, seed)
        seen = self._analysis.nearest_face(frame)
        if seen is None or seen.quality is None:
            return LiveSample(person, name, found=False)
        quality, template = seen.quality, seen.template
        if template is None:  # refused before the recogniser was asked: its word counts here too
            template, norm = self._stills.single_view(self._stills.chip(frame, seen.face))
            quality = with_feature_norm(quality, norm)
        scores = {p: float(ticket @ template) for p, ticket in self._tickets.items()}
        own = scores.pop(person)
        others = max(scores.values(), default=-1.0)
        return LiveSample(person, name, True, seen.advice, quality, own, others)
