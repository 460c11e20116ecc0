"""The augmented template of a face: all that was measured to help, for five times the cost.

The mean of `TURNS` slight turns of the face, each with its mirror image, all aligned finely by the
mean landmarks of several looks. Ticket photos always get it; a live face does while the first
comparison has left it open who stands there. What each step gains stands in
docs/models-and-accuracy.md.
"""

import numpy as np

from gate.models.alignment import align_finely
from gate.models.detector import Detector
from gate.models.landmarks import refine
from gate.models.recogniser import Recogniser, unit
from gate.ports import Face, Picture, Template

TURNS = (-0.07, 0.07)
"""Radians. Four degrees are what the landmarks themselves leave open; what a template says of a
face should not hang on them. An upright view between the two adds nothing that was measured."""


def augmented_template(
    detector: Detector, recogniser: Recogniser, picture: Picture, face: Face
) -> Template:
    """Unit vector. `face`: of one look, in pixels of `picture`. InputRejected for landmarks that
    fall together."""
    return turned_template(recogniser, picture, refine(detector, picture, face))


def turned_template(recogniser: Recogniser, picture: Picture, face: Face) -> Template:
    """Unit vector of a face whose landmarks are refined already."""
    chips = [align_finely(picture, face.landmarks, turn) for turn in TURNS]
    views = [recogniser.embed(view) for chip in chips for view in (chip, chip[:, ::-1])]
    return unit(np.sum(views, axis=0, dtype=np.float32))
