"""One frame to what it shows: finder, alignment, quality and recogniser in a row."""

from pathlib import Path

import numpy as np

from gate.core.reasons import Advice
from gate.errors import InputRejected
from gate.models.alignment import align
from gate.models.augmented_template import LargeDetector, augmented_template
from gate.models.face_track import (
    Observation,
    TrackView,
    is_crowded,
    nearest,
    with_observation,
    with_probe,
)
from gate.models.live_detection import NEAR, WHOLE, LiveDetector
from gate.models.network_files import model_path, models_label
from gate.models.occlusion import OcclusionNetwork
from gate.models.quality import advice, assess, with_feature_norm
from gate.models.recogniser import Recogniser
from gate.ports import Face, Frame, Picture, Probe, Quality, Template
from gate.ports.values import TemplateKind

STILL, RECOGNISER, OCCLUSION = "yunet-544x544", "sface", "occlusion"
LABEL = models_label(WHOLE, NEAR, STILL, RECOGNISER, OCCLUSION)


MASKED = 8.5
"""Feature norm that a face in a mask leaves: of 72 portraits with one drawn over them none had
less. Of 36 portraits on their heads 4 looked masked, with 7.0 to 8.6."""


class FrameAnalysis:
    """Owns the interpreters: one thread. While nobody is there only the finder's first look is
    taken."""

    def __init__(self, models: Path, threads: int) -> None:
        """ModelDamaged."""
        self._finder = LiveDetector(models, threads)
        self._still = LargeDetector(model_path(models, STILL), threads)  # augmented is measured so
        self._recogniser = Recogniser(model_path(models, RECOGNISER), threads)
        self._occlusion = OcclusionNetwork(model_path(models, OCCLUSION))

    def look(
        self, frame: Frame, view: TrackView, eager: bool, kind: TemplateKind = TemplateKind.SINGLE
    ) -> TrackView:
        """`view` with this frame in it. Every frame with a face that is good enough is compared:
        a track must not go on unseen. `eager`: a face is being judged; `kind`: of its
        probe's template. InputRejected for a frame that is no RGB picture."""
        if not eager:
            self._still.rest()
        faces = self._finder.glance(frame.pixels)
        face = nearest(faces)
        if face is None:
            return with_observation(view, Observation(frame.mono_ns, face=False))
        face = self._finder.closer(frame.pixels, face)
        chip, quality, wrong = self._portrait(frame.pixels, face)
        template: Template | None = None
        if wrong is None and quality is not None:
            template, feature_norm = self._recogniser.embed_with_feature_norm(chip)
            quality = with_feature_norm(quality, feature_norm)
            wrong = advice(quality)
        score = quality.score if quality else None
        luma = quality.brightness if quality else None
        observation = Observation(frame.mono_ns, True, is_crowded(faces), wrong, score, luma=luma)
        if wrong is not None or quality is None or template is None:
            return with_observation(view, observation)
        if kind is TemplateKind.AUGMENTED:
            template = augmented_template(self._still.awake(), self._recogniser, frame.pixels, face)
        probe = Probe(template, frame.mono_ns, face, quality, view.track, kind=kind)
        return with_probe(view, observation, probe)

    def _portrait(
        self, pixels: Picture, face: Face
    ) -> tuple[Picture, Quality | None, Advice | None]:
        """Aligned chip, its quality, and what keeps it from being compared. A face that is partly
        outside the picture was not seen."""
        try:
            chip = align(pixels, face.landmarks)
        except InputRejected:
            return np.empty((0, 0, 3), np.uint8), None, Advice.LOOK_STRAIGHT
        quality = assess(chip, face, self._occlusion.of(pixels, face.landmarks))
        wrong = advice(quality)
        if wrong is Advice.REMOVE_MASK:
            _, feature_norm = self._recogniser.embed_with_feature_norm(chip)
            if feature_norm < MASKED:
                wrong = Advice.LOOK_STRAIGHT
        if wrong is None and not is_inside(face, pixels):
            wrong = Advice.LOOK_STRAIGHT
        return chip, quality, wrong


def is_somebody_there(view: TrackView) -> bool:
    """Whether the last frame had a face: then the next one is looked at closely at once."""
    return bool(view.observations) and view.observations[-1].face


def is_inside(face: Face, pixels: Picture) -> bool:
    """Whether all five landmarks lie in the picture."""
    height, width = pixels.shape[:2]
    low, high = face.landmarks.min(axis=0), face.landmarks.max(axis=0)
    return bool((low >= 0).all() and high[0] <= width - 1 and high[1] <= height - 1)
