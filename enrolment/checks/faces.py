"""Faces of uploads: what is found, the template, and whether two templates are one person."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gate.errors import InputRejected
from gate.models.quality import assess
from gate.models.still_pictures import StillPictures
from gate.ports import Face, Picture, Quality, Template

SAME_PERSON_MIN = 0.52
"""Cosine from which on a card's portrait and a face are one person; docs/enrolment-checks.md."""

RIVAL_SCORE, RIVAL_SIZE = 0.75, 0.4
"""A second face counts when it is so sure and so large beside the first."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """`template`: unit length; `feature_norm`: how much of a face the recogniser saw."""

    face: Face
    template: Template
    feature_norm: float
    quality: Quality


class Faces:
    """Owns the gate's networks for still pictures: one thread at a time."""

    def __init__(self, models: Path) -> None:
        """ModelDamaged."""
        self._stills = StillPictures(models)

    def found(self, picture: Picture) -> list[Face]:
        """Every face that counts, the largest first."""
        faces = sorted(self._stills.faces(picture), key=_height, reverse=True)
        if not faces:
            return []
        largest = _height(faces[0])
        rivals = [
            f for f in faces[1:] if f.score >= RIVAL_SCORE and _height(f) >= RIVAL_SIZE * largest
        ]
        return [faces[0], *rivals]

    def seen(self, picture: Picture, face: Face) -> SeenFace | None:
        """The face's template; None where the landmarks fall together."""
        try:
            refined = self._stills.refined(picture, face)
            chip = self._stills.chip(picture, refined)
            template, norm = self._stills.single_view(chip)
        except InputRejected:
            return None
        quality = assess(chip, refined, self._stills.occlusion(picture, refined))
        return SeenFace(refined, template, norm, quality)

    def of_card(self, card: Picture) -> SeenFace | None:
        """The portrait on a card: the largest face of the picture."""
        shown = Image.fromarray(card)
        shown.thumbnail((1200, 1200))
        picture = np.asarray(shown)
        found = self.found(picture)
        return self.seen(picture, found[0]) if found else None


def similarity(one: Template, other: Template) -> float:
    """Cosine, -1 to 1."""
    return float(np.dot(one, other))


def is_same_person(one: Template, other: Template, at_least: float = SAME_PERSON_MIN) -> bool:
    """Whether two unit templates are alike enough."""
    return similarity(one, other) >= at_least


def _height(face: Face) -> float:
    return float(face.box[3])
